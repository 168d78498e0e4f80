"""Writes: settings and terms, a submission with its item and permission, the way back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ugc.accounts import actions as accounts_actions
from ugc.accounts import queries as accounts_queries
from ugc.accounts.models import Brand
from ugc.catalog import queries as catalog_queries
from ugc.kit import db, jobs, signing
from ugc.kit.errors import NotFound, TooLarge, Unprocessable
from ugc.kit.limiting import Limiter
from ugc.kit.parts import NoSuchPart
from ugc.library import actions as library_actions
from ugc.library import creators
from ugc.library import queries as library_queries
from ugc.library import rules as library_rules
from ugc.library.models import Item, Kind, RightsState, State
from ugc.library.rules import CreatorData, ItemData, NewItem, ProductTag
from ugc.media import actions as media_actions
from ugc.media.actions import Received
from ugc.media.models import File, FileKind
from ugc.rights import actions as rights_actions
from ugc.rights.rules import EvidenceData
from ugc.runtime import Runtime
from ugc.submissions import queries, rules, uploads
from ugc.submissions.models import PartialUpload, RefusedCount, SpentStamp, Submission, SubmissionSettings, Terms
from ugc.submissions.queries import Page
from ugc.submissions.rules import BadForm, KeptFile, RefusedFile, Sent, Stamp

ACTOR = "creator"
SOURCE = "upload"


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that came with the form itself."""

    stream: BinaryIO
    name: str


@dataclass(frozen=True, slots=True)
class Post:
    """A form as a browser sent it."""

    form: Mapping[str, str]
    uploads: Sequence[str]
    attached: Sequence[Attached]
    address: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a form: the token of its link, none for what was here before and for what only looks accepted."""

    token: str = ""
    is_new: bool = True


# Settings and terms.


def set_page(
    session: Session, brand_id: int, *, is_open: bool, origins: Iterable[str], least_age: int, accent: str, actor: str,
    now: datetime,
) -> None:  # fmt: skip
    """Choose whether the page is open, which sites may carry the element, the least age and the colour."""
    if not 13 <= least_age <= 21:
        raise Unprocessable("the least age is from 13 to 21")
    values = {
        "is_open": is_open,
        "origins": sorted({rules.clean_origin(origin) for origin in origins}),
        "least_age": least_age,
        "accent": rules.check_colour(accent),
    }
    made = insert(SubmissionSettings).values(brand_id=brand_id, **values)
    session.execute(made.on_conflict_do_update(index_elements=["brand_id"], set_=values))
    session.expire_all()
    accounts_actions.audit(
        session, brand_id=brand_id, actor=actor, action="submissions.set_page", subject_type="brand", subject_id=brand_id, now=now,
        **values,
    )  # fmt: skip


def set_terms(session: Session, brand: Brand, text: str, *, actor: str, now: datetime) -> int:
    """A new version of the terms, unless the words are those that hold already; the version that holds."""
    clean = rules.check_terms(text)
    hold_terms(session, brand.id)
    current = keep_terms(session, brand)
    if clean == current.text:
        return current.version
    version = current.version + 1
    session.add(Terms(brand_id=brand.id, version=version, text=clean, sha256=queries.digest_of(clean), actor=actor, created=now))
    session.flush()
    accounts_actions.audit(
        session, brand_id=brand.id, actor=actor, action="submissions.set_terms", subject_type="brand", subject_id=brand.id,
        now=now, version=version, sha256=queries.digest_of(clean),
    )  # fmt: skip
    return version


def keep_terms(session: Session, brand: Brand) -> Terms:
    """The row of the terms that hold until the commit; the shipped text is stored when it is first relied on."""
    hold_terms(session, brand.id, shared=True)
    current = queries.get_terms(session, brand)
    row = {"brand_id": brand.id, "version": current.version, "text": current.text, "sha256": current.sha256, "actor": "system"}
    session.execute(insert(Terms).values(**row).on_conflict_do_nothing())
    return session.scalars(select(Terms).where(Terms.brand_id == brand.id, Terms.version == current.version)).one()


def hold_terms(session: Session, brand_id: int, *, shared: bool = False) -> None:
    """Let nobody else make a version of this brand's terms until the commit; who only relies on them shares the hold.

    Submissions don't wait for each other so: storing a video in a bucket takes seconds.
    """
    lock = func.pg_advisory_xact_lock_shared if shared else func.pg_advisory_xact_lock
    session.execute(select(lock(func.hashtextextended(f"terms:{brand_id}", 60))))


# Refusals are counted in a transaction of their own: they must be known although, and because, nothing else is kept.


def count_refused(runtime: Runtime, brand_id: int, reason: str, now: datetime) -> None:
    """One more submission that was refused today, for this reason."""

    def write(session: Session) -> None:
        made = insert(RefusedCount).values(brand_id=brand_id, day=now.date(), reason=reason, count=1)
        names = ["brand_id", "day", "reason"]
        session.execute(made.on_conflict_do_update(index_elements=names, set_={"count": RefusedCount.count + 1}))

    db.record(runtime.sessions, write)


def spend_stamp(runtime: Runtime, stamp: Stamp, now: datetime) -> None:
    """Let this very form never be sent again."""
    row = insert(SpentStamp).values(fingerprint=signing.fingerprint(stamp.nonce), at=now).on_conflict_do_nothing()
    db.record(runtime.sessions, lambda session: session.execute(row))


# A submission.


def get_page(runtime: Runtime, slug: str) -> Page:
    """What a brand's page rests on, read in a short transaction; raises NoSuchBrand."""
    with runtime.transaction() as session:
        return queries.get_page(session, accounts_queries.get_brand(session, slug))


def submit(runtime: Runtime, limiter: Limiter, slug: str, post: Post, *, now: datetime) -> Outcome:
    """Take a form with its files in: one item with a permission, or every reason against it.

    No transaction is open while files are decoded. The same request again gives the same outcome (T-62).
    """
    page = get_page(runtime, slug)
    if not page.is_open:
        raise rules.Closed()
    if rules.is_trapped(post.form):
        uploads.drop(runtime, page.brand_id, post.uploads)
        count_refused(runtime, page.brand_id, "trap", now)
        return Outcome()
    stamp = check_stamp(runtime, page, post, now)
    check_age(runtime, page, post, stamp, now)
    for limit in rules.SUBMISSIONS_OF_ADDRESS:
        limiter.take(limit, "submit", slug, rules.line_of(post.address))
    kept, digests = keep_attached(runtime, page, post, now)
    tokens = [*dict.fromkeys(post.uploads), *kept]
    request = rules.request_digest(runtime.key("submissions"), stamp.nonce, post.form, [*post.uploads, *digests])
    if known := find_answered(runtime, page.brand_id, request):
        uploads.drop(runtime, page.brand_id, kept)
        return known
    try:
        check_form(runtime, limiter, page, post.form, tokens, now)
        return accept(runtime, page, rules.read_form(post.form), request, tokens, rules.network_of(post.address), now)
    except BadForm:
        known = find_answered(runtime, page.brand_id, request)  # its twin was quicker and used the files up
        if known is None:
            raise
        uploads.drop(runtime, page.brand_id, kept)
        return known


def check_stamp(runtime: Runtime, page: Page, post: Post, now: datetime) -> Stamp:
    """The form's own mark; raises FormTooOld, TooQuick, TooYoung for a form that was closed for good."""
    stamp = rules.read_stamp(runtime.key("submission-form"), page.slug, post.form.get("stamp", ""), now)
    try:
        rules.check_pace(stamp, now)
    except rules.TooQuick:
        count_refused(runtime, page.brand_id, "quick", now)
        raise
    with runtime.transaction() as session:
        if session.get(SpentStamp, signing.fingerprint(stamp.nonce)) is not None:
            raise rules.TooYoung()
    return stamp


def check_age(runtime: Runtime, page: Page, post: Post, stamp: Stamp, now: datetime) -> None:
    """Raise TooYoung below the least age: what came is removed, and the form can't be sent again (L-14)."""
    birth = rules.read_birth(post.form, now)
    if birth is not None and not rules.is_old_enough(*birth, page.least_age, now):
        uploads.drop(runtime, page.brand_id, post.uploads)
        spend_stamp(runtime, stamp, now)
        count_refused(runtime, page.brand_id, "age", now)
        raise rules.TooYoung()


def keep_attached(runtime: Runtime, page: Page, post: Post, now: datetime) -> tuple[list[str], list[str]]:
    """Files that came with the form as finished uploads, so that they stay when something else is wrong; ids and digests."""
    kept, digests = [], []
    for each in post.attached[: rules.MAX_FILES]:
        token, digest = uploads.store_whole(runtime, page.brand_id, each.stream, each.name, now=now)
        if token:
            kept.append(token)
            digests.append(digest)
    return kept, digests


def check_form(
    runtime: Runtime, limiter: Limiter, page: Page, form: Mapping[str, str], tokens: Sequence[str], now: datetime
) -> None:
    """Raise BadForm with everything that is wrong, TermsChanged, or TooMany of one person."""
    with runtime.transaction() as session:
        found = queries.find_uploads(session, page.brand_id, tokens, now=now)
    lost = [RefusedFile(token, "", "no_such_upload", queries.NoSuchUpload.message()) for token in tokens if token not in found]
    lost += [
        RefusedFile(token, row.name, "upload_unfinished", "This file has not come completely yet; wait until it has.")
        for token, row in found.items()
        if row.received != row.length
    ]
    wrong = rules.find_wrong(form, len(tokens), page.name, now)
    if sum(row.length for row in found.values()) > rules.MAX_TOTAL_BYTES:
        wrong["file"] = f"Send at most {rules.MAX_TOTAL_BYTES // 1024**2} MB at a time."
    if wrong or lost:
        gone = {each.upload for each in lost}
        raise BadForm(
            fields=wrong, files=lost, kept=[KeptFile(token, row.name) for token, row in found.items() if token not in gone]
        )
    if form.get("terms") != page.terms.name:
        raise rules.TermsChanged()
    for limit in rules.SUBMISSIONS_OF_PERSON:
        limiter.take(limit, "person", page.slug, person_digest(runtime, form["email"]))


def person_digest(runtime: Runtime, email: str) -> str:
    """What stands for an e-mail address where only sameness matters."""
    return signing.keyed_digest(runtime.key("submission-person"), email.strip().lower().encode())


def find_answered(runtime: Runtime, brand_id: int, request: str) -> Outcome | None:
    """What this request was answered with."""
    with runtime.transaction() as session:
        known = queries.find_by_request(session, brand_id, request)
    return Outcome(token_of(runtime, request), is_new=False) if known else None


def token_of(runtime: Runtime, request: str) -> str:
    """The token of the link to withdraw: 256 bits that only the secret gives, so that a repeated request gets the same link."""
    return signing.keyed_digest(runtime.key("submission-link"), request.encode())


def accept(
    runtime: Runtime, page: Page, sent: Sent, request: str, tokens: Sequence[str], network: str, now: datetime
) -> Outcome:  # fmt: skip
    """Decode the files in the limited child, then write everything in one transaction."""
    with ExitStack() as stack:
        received, refused = receive_all(runtime, page.brand_id, tokens, stack, now)
        if refused:
            gone = [each.upload for each in refused]
            uploads.drop(runtime, page.brand_id, gone)
            raise BadForm(files=refused, kept=[KeptFile(token, each.name) for token, each in received.items()])
        with runtime.transaction() as session:
            outcome = write(runtime, session, page, sent, request, list(received.values()), network, now)
            names = uploads.forget(session, page.brand_id, tokens)
    uploads.remove(runtime, names)
    return outcome


def receive_all(
    runtime: Runtime, brand_id: int, tokens: Sequence[str], stack: ExitStack, now: datetime
) -> tuple[dict[str, Received], list[RefusedFile]]:
    """Each file decoded, or why it is refused."""
    with runtime.transaction() as session:
        found = queries.find_uploads(session, brand_id, tokens, now=now)
    received: dict[str, Received] = {}
    refused = []
    for token in tokens:
        try:
            received[token] = stack.enter_context(receive_one(runtime, found.get(token)))
        except (Unprocessable, TooLarge, NotFound) as error:
            name = found[token].name if token in found else ""
            refused.append(RefusedFile(token, name, error.code, error.detail))
    return received, refused


def receive_one(runtime: Runtime, upload: PartialUpload | None) -> Received:
    """One file decoded once; raises a Refusal or NoSuchPart."""
    if upload is None:
        raise NoSuchPart()
    with uploads.parts(runtime).open(upload.fingerprint) as file:
        return media_actions.receive(runtime, file, upload.name)


def write(
    runtime: Runtime, session: Session, page: Page, sent: Sent, request: str, received: Sequence[Received], network: str,
    now: datetime,
) -> Outcome:  # fmt: skip
    """Submission, files, item and permission; the same content of the same person adds nothing."""
    brand = accounts_queries.get_brand_by_id(session, page.brand_id)
    terms = keep_terms(session, brand)
    if f"{terms.version}:{terms.sha256}" != page.terms.name:
        raise rules.TermsChanged()
    submission_id = add_submission(runtime, session, page, sent, request, terms, [one.sha256 for one in received], network, now)
    if submission_id is None:
        known = queries.find_by_request(session, page.brand_id, request)
        return Outcome(token_of(runtime, request) if known else "", is_new=False)
    files = [media_actions.keep(runtime, session, page.brand_id, one)[0] for one in received]
    item_id = add_item(runtime, session, page, sent, terms, request, files, network, now)
    session.get_one(Submission, submission_id).item_id = item_id
    return Outcome(token_of(runtime, request))


def add_submission(
    runtime: Runtime, session: Session, page: Page, sent: Sent, request: str, terms: Terms, files: Sequence[str], network: str,
    now: datetime,
) -> int | None:  # fmt: skip
    """The row; None where the same request or the same content is there. Waits for a twin that is being written."""
    row = {
        "brand_id": page.brand_id, "terms_id": terms.id, "request_digest": request,
        "content_digest": rules.content_digest(runtime.key("submissions"), sent, files),
        "token_fingerprint": signing.fingerprint(token_of(runtime, request)),
        "person_digest": person_digest(runtime, sent.email),
        "email_sealed": signing.seal(runtime.key("submission-email"), sent.email),
        "relationship_kind": sent.relation.value, "channels": list(sent.channels), "network": network, "created": now,
    }  # fmt: skip
    return session.scalar(insert(Submission).values(**row).on_conflict_do_nothing().returning(Submission.id))


def add_item(
    runtime: Runtime, session: Session, page: Page, sent: Sent, terms: Terms, request: str, files: Sequence[File], network: str,
    now: datetime,
) -> int:  # fmt: skip
    """One item in the inbox with the permission that the sender gave."""
    known_sku = bool(sent.sku) and sent.sku in catalog_queries.find_skus(session, page.brand_id, [sent.sku])
    person = person_digest(runtime, sent.email)
    data = ItemData(
        kind=kind_of(sent, files), body=sent.text, rating=sent.stars, source=SOURCE, external_id=request, published_at=now,
        creator=CreatorData(sent.name, handle=handle_of(person, sent.name), network=SOURCE),
        incentivised=sent.relation is not rules.Relation.NONE, extra=rules.extra_of(sent, known_sku),
    )  # fmt: skip
    row = NewItem(
        data,
        tuple(dict.fromkeys(file.id for file in files)),
        (ProductTag(sent.sku),) if known_sku else (),
        tuple(rules.disclosure_tags(sent, page.shop_url)),
    )
    words = rules.evidence_text(sent, page.name, terms.version, terms.sha256, network, person, now)
    evidence = EvidenceData(words, given_by=sent.name)
    added = rights_actions.add_items(
        runtime, session, page.brand_id, [row], RightsState.GRANTED, evidence, state=State.INBOX, actor=ACTOR, now=now
    )[0]
    accounts_actions.audit(
        session, brand_id=page.brand_id, actor=ACTOR, action="item.added", subject_type="item", subject_id=added.item_id, now=now,
        source=SOURCE,
    )  # fmt: skip
    return added.item_id


def kind_of(sent: Sent, files: Sequence[File]) -> Kind:
    """A review where words or nothing else come with stars, else what the first file is."""
    if sent.stars is not None and (sent.text or not files):
        return Kind.REVIEW
    return {FileKind.PICTURE: Kind.PHOTO, FileKind.VIDEO: Kind.VIDEO, FileKind.AUDIO: Kind.AUDIO}[FileKind(files[0].kind)]


def handle_of(person: str, name: str) -> str:
    """What tells senders apart: the same person under the same name is the same creator; no address can be read from it."""
    return f"{person[:20]}.{library_rules.clean_text(name).lower()}"


# The way back.


def withdraw(runtime: Runtime, session: Session, token: str, *, now: datetime, erase: bool = False) -> Submission:
    """Take the permission back, at once; with `erase` everything that was sent is deleted too. Once done it stays done (T-62)."""
    found = queries.get_submission(session, token, lock=True)
    if found.withdrawn_at is None:
        found.withdrawn_at = now
        end_permission(runtime, session, found, now)
    if erase and found.erased_at is None:
        found.erased_at, found.email_sealed = now, ""
        jobs.enqueue(session, "submissions.erase", brand_id=found.brand_id, submission_id=found.id)
    session.flush()
    return found


def end_permission(runtime: Runtime, session: Session, found: Submission, now: datetime) -> None:
    """The item leaves every gallery with this commit; an item whose right ended otherwise stays as it is."""
    accounts_actions.audit(
        session, brand_id=found.brand_id, actor=ACTOR, action="submission.withdrawn", subject_type="item",
        subject_id=found.item_id, now=now,
    )  # fmt: skip
    item = find_item(session, found)
    if item is not None and item.rights_state in library_rules.SHOWABLE_RIGHTS:
        rights_actions.withdraw(runtime, session, item, text="Withdrawn by the sender through the link.", actor=ACTOR, now=now)


def find_item(session: Session, found: Submission) -> Item | None:
    """What became of a submission; None where the brand deleted it or its sender had it erased."""
    return library_queries.map_items(session, found.brand_id, [found.item_id]).get(found.item_id) if found.item_id else None


def erase(runtime: Runtime, session: Session, brand_id: int, submission_id: int, *, now: datetime) -> None:
    """Delete a submission's item with files and evidence, and what names its sender; the chain of permissions still verifies.

    The evidence goes also where the brand had deleted the item before.
    """
    found = session.scalars(select(Submission).where(Submission.brand_id == brand_id, Submission.id == submission_id)).one()
    found.person_digest = found.network = found.email_sealed = found.content_digest = ""
    if found.item_id is None:
        return
    item = find_item(session, found)
    creator_id = item.creator_id if item else None
    item_id, found.item_id = found.item_id, None
    rights_actions.erase_evidence(session, brand_id, [item_id], actor=ACTOR, now=now)
    library_actions.remove_items(runtime, session, brand_id, [item_id], actor=ACTOR, now=now)
    if creator_id is not None:
        creators.remove_idle(session, brand_id, creator_id)
