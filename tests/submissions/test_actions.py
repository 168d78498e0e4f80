"""Submissions on a real database: one item with its permission, or nothing; the way back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tests import make
from tests.submissions import sent
from tests.submissions.sent import NOW
from ugc.accounts.models import AuditEntry, Brand
from ugc.galleries import render
from ugc.kit import signing
from ugc.kit.db import Base
from ugc.kit.errors import TooMany
from ugc.kit.limiting import Limiter
from ugc.library import actions as library_actions
from ugc.library import queries as library_queries
from ugc.library.models import Creator, Item, Kind, RightsState, State
from ugc.media.models import File
from ugc.rights import queries as rights_queries
from ugc.rights.models import Evidence, LedgerEntry
from ugc.runtime import Runtime
from ugc.submissions import actions, jobs, queries, rules, uploads
from ugc.submissions.models import PartialUpload, SpentStamp, Submission, Terms


@pytest.fixture
def acme(runtime: Runtime) -> int:
    return sent.brand(runtime)


def only(runtime: Runtime, model: Any) -> Any:
    with runtime.transaction() as session:
        [row] = session.scalars(select(model))
        return row


def count(runtime: Runtime, model: Any) -> int:
    with runtime.transaction() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def nothing_is_left(runtime: Runtime) -> bool:
    files = [path for path in runtime.settings.data_dir.rglob("*") if path.is_file()]
    return files == [] and not any(count(runtime, model) for model in (Item, File, Submission, PartialUpload))


def test_what_is_sent_becomes_one_item_with_the_permission(runtime: Runtime, acme: int) -> None:
    """T-65: several files are one item; evidence names the exact terms, the boxes, the time, the network."""
    tokens = [sent.upload(runtime, sent.picture(number), f"{number}.jpg") for number in (1, 2, 3)]
    outcome = sent.submit(runtime, *tokens, stars="5", text="I drink from it every day", ads="yes")
    assert outcome.is_new
    with runtime.transaction() as session:
        item = library_queries.get_item(session, acme, only(runtime, Item).id)
        assert (item.kind, item.state, item.rating, item.rights_state) == (Kind.REVIEW, State.INBOX, 5, RightsState.GRANTED)
        assert [media.file.name for media in item.media] == ["1.jpg", "2.jpg", "3.jpg"]
        assert [each.product.sku for each in item.products] == ["MUG/1"]
        assert item.creator is not None
        assert (item.creator.name, item.source, item.incentivised) == ("Anna K.", "upload", False)
        [evidence] = session.scalars(select(Evidence))
        [terms] = session.scalars(select(Terms))
        for part in (f"version 1, SHA-256 of the exact text {terms.sha256}", "Channels: shop, ads", "203.0.113.0/24"):
            assert part in evidence.text
        assert terms.text.startswith("What you send stays yours. You allow Acme to show it")
        key = runtime.key("rights-ledger")
        assert rights_queries.verify_chain(session, acme, key).faults == ()
        [entry] = session.scalars(select(LedgerEntry))
        assert len(entry.file_sha256.split()) == 3
    assert list(uploads.parts(runtime).root.iterdir()) == []
    assert count(runtime, PartialUpload) == 0


def test_an_address_is_nowhere_in_plain(runtime: Runtime, acme: int) -> None:
    """The sealed one can be opened, nothing else tells it; nor is the sender's own network address kept."""
    sent.submit(runtime, sent.upload(runtime, sent.picture()))
    row = only(runtime, Submission)
    assert signing.unseal(runtime.key("submission-email"), row.email_sealed) == "anna@example.com"
    with runtime.transaction() as session:
        names = session.scalars(text("select tablename from pg_tables where schemaname = 'public'")).all()
        for name in names:
            whole = session.scalar(text(f"select coalesce(string_agg(t::text, ''), '') from {name} t")) or ""
            assert "anna@example.com" not in whole, name
            assert sent.HOME not in whole, name


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({}, Kind.PHOTO),
        ({"stars": "4"}, Kind.PHOTO),
        ({"text": "words"}, Kind.PHOTO),
        ({"text": "words", "stars": "1"}, Kind.REVIEW),
    ],
)
def test_words_with_stars_are_a_review(runtime: Runtime, acme: int, given: dict[str, str], kind: Kind) -> None:
    sent.submit(runtime, sent.upload(runtime, sent.picture()), given=given)
    assert only(runtime, Item).kind is kind


def test_stars_alone_are_a_review(runtime: Runtime, acme: int) -> None:
    sent.submit(runtime, stars="1", others="")
    assert (only(runtime, Item).kind, only(runtime, Item).rating) == (Kind.REVIEW, 1)


@pytest.mark.parametrize("relation", ["gifted", "paid", "employee", "relative"])
def test_a_tie_to_the_brand_is_disclosed(runtime: Runtime, acme: int, relation: str) -> None:
    """L-03, L-06: marked on the item, found by its tag, kept beside it."""
    sent.submit(runtime, sent.upload(runtime, sent.picture()), relation=relation)
    with runtime.transaction() as session:
        item = library_queries.get_item(session, acme, only(runtime, Item).id)
        assert item.incentivised
        assert [each.tag.name for each in item.tags] == [relation]
        assert item.extra["relation"] == relation
        assert render.badges_of(item) == ["incentivised", relation]


def test_an_unknown_product_is_left_out_and_remembered(runtime: Runtime, acme: int) -> None:
    with runtime.transaction() as session:
        make.product(session, session.get_one(Brand, sent.brand(runtime, "other")), sku="NO/1")
    sent.submit(runtime, sent.upload(runtime, sent.picture()), product="NO/1")
    with runtime.transaction() as session:
        item = library_queries.get_item(session, acme, only(runtime, Item).id)
        assert item.products == []
        assert item.extra["unknown_sku"] == "NO/1"


def test_two_people_of_one_name_are_two_creators(runtime: Runtime, acme: int) -> None:
    for number, email in enumerate(("a@example.com", "b@example.com", "a@example.com")):
        sent.submit(runtime, sent.upload(runtime, sent.picture(number)), email=email)
    with runtime.transaction() as session:
        creators = session.scalars(select(Item.creator_id).order_by(Item.id)).all()
    assert creators[0] == creators[2] != creators[1]


def test_the_same_request_again_is_the_same_submission(runtime: Runtime, acme: int) -> None:
    """T-62, F-03: a double click, a lost answer; also with the file in the form itself."""
    token = sent.upload(runtime, sent.picture())
    fields = sent.form(runtime)
    first = actions.submit(runtime, Limiter(), "acme", sent.post(fields, token), now=NOW)
    again = actions.submit(runtime, Limiter(), "acme", sent.post(fields, token), now=NOW + timedelta(minutes=1))
    assert first.token == again.token
    assert (first.is_new, again.is_new) == (True, False)
    plain = sent.form(runtime)
    outcomes = [actions.submit(runtime, Limiter(), "acme", sent.post(plain, attached=sent.picture(2)), now=NOW) for _ in range(2)]
    assert outcomes[0].token == outcomes[1].token
    assert count(runtime, Item) == 2
    assert list(uploads.parts(runtime).root.iterdir()) == []


def test_another_photo_from_the_same_open_page_is_another_item(runtime: Runtime, acme: int) -> None:
    """Somebody goes back and sends the next one."""
    fields = sent.form(runtime)
    for number in (1, 2):
        token = sent.upload(runtime, sent.picture(number))
        assert actions.submit(runtime, Limiter(), "acme", sent.post(fields, token), now=NOW).is_new
    assert count(runtime, Item) == 2


def test_the_same_content_of_the_same_person_adds_nothing(runtime: Runtime, acme: int) -> None:
    """And gives no link to what is there: whoever has the file is not yet its sender."""
    sent.submit(runtime, sent.upload(runtime, sent.picture()))
    again = sent.submit(runtime, sent.upload(runtime, sent.picture()))
    assert (again.token, again.is_new) == ("", False)
    assert count(runtime, Item) == 1
    sent.submit(runtime, sent.upload(runtime, sent.picture()), email="ben@example.com")
    assert count(runtime, Item) == 2


def test_what_was_taken_back_can_be_sent_again(runtime: Runtime, acme: int) -> None:
    first = sent.submit(runtime, sent.upload(runtime, sent.picture()))
    with runtime.transaction() as session:
        actions.withdraw(runtime, session, first.token, now=NOW)
    assert sent.submit(runtime, sent.upload(runtime, sent.picture())).is_new
    assert count(runtime, Item) == 2


def test_ten_of_one_request_at_once_are_one_item(live: Runtime) -> None:
    """T-62: whenever the others come, also just when the first one has used the files up."""
    sent.brand(live)
    for number in range(1, 6):
        fields, token = sent.form(live), sent.upload(live, sent.picture(number))
        posts = [sent.post(fields, token) for _ in range(10)]
        with ThreadPoolExecutor(10) as pool:
            outcomes = list(pool.map(lambda post: actions.submit(live, Limiter(), "acme", post, now=NOW), posts))
        assert len({each.token for each in outcomes}) == 1
        assert [each.is_new for each in outcomes].count(True) == 1
        assert (count(live, Item), count(live, Submission), count(live, LedgerEntry)) == (number, number, number)


def test_submissions_do_not_wait_for_each_other_but_new_terms_do(live: Runtime) -> None:
    """One that is storing a large video holds up nobody, and can rely on the terms until it is done."""
    brand_id = sent.brand(live)
    sent.submit(live, stars="5", email="first@example.com")
    with live.transaction() as session:
        brand = session.get_one(Brand, brand_id)
        actions.keep_terms(session, brand)
        assert sent.submit(live, stars="4").is_new
        with live.transaction() as other:
            other.execute(text("set local lock_timeout = '50ms'"))
            with pytest.raises(OperationalError, match="lock timeout"):
                actions.set_terms(other, brand, "Other terms, long enough to be taken for terms at all.", actor="person:1", now=NOW)
            other.rollback()


def test_a_refused_file_is_named_and_the_others_stay(runtime: Runtime, acme: int) -> None:
    good, bad = sent.upload(runtime, sent.picture()), sent.upload(runtime, b"<svg onload=alert(1)>", "x.svg")
    with pytest.raises(rules.BadForm) as refused:
        sent.submit(runtime, good, bad)
    assert [(each.upload, each.name, each.code) for each in refused.value.files] == [(bad, "x.svg", "wrong_format")]
    assert [each.upload for each in refused.value.kept] == [good]
    assert count(runtime, Item) == 0
    assert sent.submit(runtime, good).is_new


def test_files_that_came_with_a_faulty_form_stay(runtime: Runtime, acme: int) -> None:
    """Without scripts too nobody chooses a photo twice."""
    wrong = sent.post(sent.form(runtime, email="nonsense"), attached=sent.picture())
    with pytest.raises(rules.BadForm) as refused:
        actions.submit(runtime, Limiter(), "acme", wrong, now=NOW)
    assert set(refused.value.fields) == {"email"}
    [kept] = refused.value.kept
    assert kept.name == "photo.jpg"
    assert sent.submit(runtime, kept.upload).is_new


def test_an_unfinished_or_foreign_upload_is_not_taken(runtime: Runtime, acme: int) -> None:
    sent.brand(runtime, "other")
    half = uploads.begin(runtime, Limiter(), "acme", 9, "a.jpg", "", address=sent.HOME, now=NOW).token
    foreign = sent.upload(runtime, sent.picture(), slug="other")
    with pytest.raises(rules.BadForm) as refused:
        sent.submit(runtime, half, foreign)
    assert {each.upload: each.code for each in refused.value.files} == {half: "upload_unfinished", foreign: "no_such_upload"}
    assert uploads.find(runtime, "other", foreign, now=NOW).received > 0


def test_too_much_at_a_time_is_refused(runtime: Runtime, acme: int) -> None:
    """T-12"""
    token = sent.upload(runtime, sent.picture())
    with runtime.transaction() as session:
        row = session.scalars(select(PartialUpload)).one()
        row.length = row.received = rules.MAX_TOTAL_BYTES + 1
    with pytest.raises(rules.BadForm) as refused:
        sent.submit(runtime, token)
    assert set(refused.value.fields) == {"file"}


def test_a_script_that_fills_the_hidden_field_is_thanked_and_nothing_is_kept(runtime: Runtime, acme: int) -> None:
    token = sent.upload(runtime, sent.picture())
    assert sent.submit(runtime, token, given={rules.TRAP: "http://spam.test"}) == actions.Outcome()
    assert nothing_is_left(runtime)
    assert refused(runtime, acme) == {"trap": 1}


def refused(runtime: Runtime, brand_id: int) -> dict[str, int]:
    with runtime.transaction() as session:
        return queries.count_refused(session, brand_id, now=NOW)


def test_a_form_that_comes_too_quickly_is_asked_for_again(runtime: Runtime, acme: int) -> None:
    stamp = sent.stamp(runtime, at=NOW)
    for seconds in (0, 1, 2):
        with pytest.raises(rules.TooQuick):
            sent.submit(runtime, stars="5", stamp=stamp, now=NOW + timedelta(seconds=seconds))
    assert refused(runtime, acme) == {"quick": 3}
    assert sent.submit(runtime, stars="5", stamp=stamp, now=NOW + timedelta(seconds=4)).is_new


def test_of_somebody_too_young_nothing_is_kept(runtime: Runtime, acme: int) -> None:
    """L-14: not the file, not the form; the same form with another birthday is refused too."""
    token, stamp = sent.upload(runtime, sent.picture()), sent.stamp(runtime)
    with pytest.raises(rules.TooYoung):
        sent.submit(runtime, token, birth_year="2014", name="", stamp=stamp)
    assert nothing_is_left(runtime)
    with pytest.raises(rules.TooYoung):
        sent.submit(runtime, stars="5", birth_year="1980", stamp=stamp)
    assert nothing_is_left(runtime)
    assert refused(runtime, acme) == {"age": 1}
    assert count(runtime, SpentStamp) == 1


def test_terms_that_changed_are_read_again(runtime: Runtime, acme: int) -> None:
    fields = sent.form(runtime, stars="5")
    with runtime.transaction() as session:
        actions.set_terms(session, session.get_one(Brand, acme), "Other terms. " * 10, actor="person:1", now=NOW)
    with pytest.raises(rules.TermsChanged):
        actions.submit(runtime, Limiter(), "acme", sent.post(fields), now=NOW)
    assert count(runtime, Item) == 0
    assert sent.submit(runtime, stars="5").is_new


def test_a_version_of_the_terms_never_changes(runtime: Runtime, acme: int) -> None:
    """T-65: what somebody agreed to stays what it was; the same words make no new version."""
    sent.submit(runtime, stars="5")
    with runtime.transaction() as session:
        brand = session.get_one(Brand, acme)
        for words, version in (("New words. " * 10, 2), ("  " + "New words. " * 10, 2), ("Newer words. " * 10, 3)):
            assert actions.set_terms(session, brand, words, actor="person:1", now=NOW) == version
        kept = [(terms.version, used) for terms, used in queries.find_terms(session, acme)]
        assert kept == [(3, 0), (2, 0), (1, 1)]
        for terms, _ in queries.find_terms(session, acme):
            assert queries.digest_of(terms.text) == terms.sha256


def test_one_person_and_one_address_send_so_often_and_no_more(runtime: Runtime, acme: int) -> None:
    limiter = Limiter()

    def one(number: int, email: str, address: str = sent.HOME) -> None:
        post = sent.post(sent.form(runtime, stars="5", text=str(number), email=email), address=address)
        actions.submit(runtime, limiter, "acme", post, now=NOW)

    for number in range(10):
        one(number, "anna@example.com")
    with pytest.raises(TooMany):
        one(10, " Anna@Example.com", "198.51.100.1")
    for number in range(10):
        one(number, f"other{number}@example.com")
    with pytest.raises(TooMany):
        one(20, "another@example.com")
    one(21, "another@example.com", "198.51.100.2")


# The way back.


def public_ids(session: Session, brand_id: int) -> list[int]:
    return list(session.scalars(select(Item.id).where(Item.brand_id == brand_id, library_queries.publishable(NOW))))


def test_taking_back_takes_it_out_of_every_gallery(runtime: Runtime, acme: int) -> None:
    """L-09: and its file's public address dies."""
    outcome = sent.submit(runtime, sent.upload(runtime, sent.picture()))
    with runtime.transaction() as session:
        item = session.scalars(select(Item)).one()
        item.state = State.APPROVED
        name = item.media[0].file.public_name
        session.flush()
        assert public_ids(session, acme) == [item.id]
        actions.withdraw(runtime, session, outcome.token, now=NOW)
        assert public_ids(session, acme) == []
        session.refresh(item)
        assert item.rights_state is RightsState.REVOKED
        assert item.media[0].file.public_name != name


def test_fifty_clicks_take_back_once(live: Runtime) -> None:
    """T-62: one effect, fifty equal answers."""
    sent.brand(live)
    token = sent.submit(live, sent.upload(live, sent.picture())).token

    def one(_: int) -> object:
        with live.transaction() as session:
            return actions.withdraw(live, session, token, now=NOW).withdrawn_at

    with ThreadPoolExecutor(5) as pool:
        answers = set(pool.map(one, range(50)))
    assert answers == {NOW}
    assert count(live, LedgerEntry) == 2
    with live.transaction() as session:
        assert session.scalar(select(func.count()).where(AuditEntry.action == "submission.withdrawn")) == 1


def test_a_wrong_link_leads_nowhere(runtime: Runtime, acme: int) -> None:
    """T-61: each digit counts."""
    token = sent.submit(runtime, stars="5").token
    assert len(token) * 4 >= 128
    with runtime.transaction() as session:
        for place in range(len(token)):
            wrong = token[:place] + ("0" if token[place] != "0" else "1") + token[place + 1 :]
            with pytest.raises(queries.NoSuchSubmission):
                queries.get_submission(session, wrong)
        assert token not in repr(vars(session.scalars(select(Submission)).one()))


def test_deleting_deletes_item_file_words_and_address(runtime: Runtime, acme: int) -> None:
    """L-10: the chain of permissions still verifies."""
    outcome = sent.submit(runtime, sent.upload(runtime, sent.picture()), text="words")
    with runtime.transaction() as session:
        actions.withdraw(runtime, session, outcome.token, now=NOW, erase=True)
    jobs.erase(runtime, brand_id=acme, submission_id=only(runtime, Submission).id)
    jobs.erase(runtime, brand_id=acme, submission_id=only(runtime, Submission).id)
    assert (count(runtime, Item), count(runtime, Evidence), count(runtime, Creator)) == (0, 0, 0)
    row = only(runtime, Submission)
    assert (row.email_sealed, row.person_digest, row.network, row.item_id) == ("", "", "", None)
    with runtime.transaction() as session:
        assert rights_queries.verify_chain(session, acme, runtime.key("rights-ledger")).faults == ()


def test_deleting_reaches_the_words_of_a_permission_whose_item_the_brand_deleted(runtime: Runtime, acme: int) -> None:
    """L-10: evidence names the sender and outlives the item, so the sender's own link reaches it still."""
    outcome = sent.submit(runtime, sent.upload(runtime, sent.picture()))
    with runtime.transaction() as session:
        library_actions.remove_items(runtime, session, acme, [only(runtime, Item).id], actor="person:1", now=NOW)
    assert count(runtime, Evidence) == 1
    with runtime.transaction() as session:
        actions.withdraw(runtime, session, outcome.token, now=NOW, erase=True)
    jobs.erase(runtime, brand_id=acme, submission_id=only(runtime, Submission).id)
    assert count(runtime, Evidence) == 0
    with runtime.transaction() as session:
        assert rights_queries.verify_chain(session, acme, runtime.key("rights-ledger")).faults == ()


def test_after_deletion_no_table_tells_of_the_sender(runtime: Runtime, acme: int) -> None:
    """L-10: neither name, words, address and its digests, network, nor the picture's hashes."""
    outcome = sent.submit(runtime, sent.upload(runtime, sent.picture(), "anna-in-her-kitchen.jpg"), text="My kitchen")
    row, file = only(runtime, Submission), only(runtime, File)
    traces = ["Anna K.", "anna k.", "anna-in-her-kitchen", "My kitchen", row.person_digest, row.content_digest, row.email_sealed]
    traces += ["anna@example.com", "203.0.113.", file.public_name]
    assert [trace for trace in traces if not tables_with(runtime, trace)] == ["anna@example.com"]
    with runtime.transaction() as session:
        actions.withdraw(runtime, session, outcome.token, now=NOW, erase=True)
    jobs.erase(runtime, brand_id=acme, submission_id=row.id)
    with runtime.transaction() as session:
        session.execute(text("delete from procrastinate_jobs"))
    assert {trace: found for trace in traces if (found := tables_with(runtime, trace))} == {}
    # The ledger keeps the digest of the bytes, so that the chain can be verified; the bytes themselves go with the worker's job.
    assert tables_with(runtime, file.sha256) == ["rights_ledger"]


def tables_with(runtime: Runtime, trace: str) -> list[str]:
    """The tables in any of whose rows a text stands."""
    with runtime.transaction() as session:
        return [
            name
            for name in Base.metadata.tables
            if session.scalar(text(f'select count(*) from "{name}" as r where strpos(r::text, :trace) > 0'), {"trace": trace})
        ]


def test_an_item_whose_right_ended_otherwise_stays_as_it_is(runtime: Runtime, acme: int) -> None:
    token = sent.submit(runtime, stars="5").token
    with runtime.transaction() as session:
        session.scalars(select(Item)).one().rights_state = RightsState.NONE
        session.flush()
        assert actions.withdraw(runtime, session, token, now=NOW).withdrawn_at == NOW
    assert count(runtime, LedgerEntry) == 1


def test_old_addresses_are_forgotten(runtime: Runtime, acme: int) -> None:
    """L-11"""
    sent.submit(runtime, stars="5")
    with runtime.transaction() as session:
        session.scalars(select(Submission)).one().created = NOW - timedelta(days=800)
    jobs.forget_old(runtime)
    assert only(runtime, Submission).email_sealed == ""
