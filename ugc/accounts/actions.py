"""Writes: brands, people, sign-ins and sign-outs, keys, the audit log."""

from __future__ import annotations

import base64
import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ugc.accounts import queries, rules
from ugc.accounts.models import ApiKey, AuditEntry, Brand, FailedAttempt, KeyKind, Membership, Person, Role, SignIn
from ugc.kit import db, jobs, passwords, signing
from ugc.kit.errors import Conflict
from ugc.runtime import Runtime

# Two live secrets per source, so that a shop can change its secret without losing a webhook (T-83).
MAX_WEBHOOK_SECRETS = 2


class BrandTaken(Conflict):
    """There is a brand of this name already."""


class AlreadyMember(Conflict):
    """This person belongs to the brand already."""


class LastOwner(Conflict):
    """A brand keeps at least one owner."""


def add_brand(session: Session, slug: str, name: str, *, currency: str = "EUR", shop_url: str = "") -> Brand:
    """A new brand with its publishable key; raises BrandTaken, BadName."""
    brand = Brand(slug=rules.check_slug(slug), name=name, currency=rules.check_currency(currency), shop_url=shop_url)
    try:
        with session.begin_nested():
            session.add(brand)
    except IntegrityError as cause:
        raise BrandTaken(f"there is a brand {slug!r} already") from cause
    session.refresh(brand)
    add_key(session, brand, KeyKind.PUBLISHABLE, seal_key=b"")
    return brand


def add_person(
    session: Session, email: str, brand: Brand, role: Role, *,
    name: str = "", password: str | None = None, cost: passwords.Cost = passwords.COST,
) -> tuple[Person, str]:  # fmt: skip
    """A person in a brand, with the password in plain (a one-time one unless given).

    Somebody who is known already gets the role in this brand and keeps the password; the plain password is then empty.
    """
    email = rules.clean_email(email)
    person = session.scalars(select(Person).where(Person.email == email)).one_or_none()
    plain = ""
    if person is None:
        plain = passwords.make_password() if password is None else rules.check_password(password, email)
        person = Person(email=email, name=name, password_hash=passwords.hash_password(plain, cost))
        session.add(person)
        session.flush()
    try:
        with session.begin_nested():
            session.add(Membership(person_id=person.id, brand_id=brand.id, role=role))
    except IntegrityError as cause:
        raise AlreadyMember() from cause
    return person, plain


def sign_in(
    runtime: Runtime, session: Session, email: str, password: str, *,
    address: str, now: datetime, replaces: str = "", cost: passwords.Cost = passwords.COST,
) -> tuple[SignIn, str]:  # fmt: skip
    """A new sign-in and its token; the answer is the same, and as slow, for a wrong password and an unknown address.

    `replaces` is the token that the browser held before: it dies, whoever planted it (T-93). Raises WrongPassword,
    TooManyAttempts, NoBrand.
    """
    email = email.strip().lower()[:254]
    attempt = note_attempt(runtime, email, address, now)
    person = session.scalars(select(Person).where(Person.email == email)).one_or_none()
    stored = person.password_hash if person else None
    fits = len(password) <= rules.MAX_PASSWORD and passwords.verify(stored, password, cost)
    if not fits or person is None or person.disabled_at is not None:
        raise rules.WrongPassword()
    forget_attempts(session, attempt)
    if passwords.is_outdated(person.password_hash, cost):
        person.password_hash = passwords.hash_password(password, cost)
    memberships = queries.find_memberships(session, person.id)
    if not memberships:
        raise rules.NoBrand()
    sign_out(session, replaces)
    return open_sign_in(session, person, memberships[0].brand, now)


def open_sign_in(session: Session, person: Person, brand: Brand, now: datetime) -> tuple[SignIn, str]:
    """The row and the token of a new sign-in."""
    token = signing.make_token()
    made = SignIn(
        token_fingerprint=signing.fingerprint(token),
        person_id=person.id,
        brand_id=brand.id,
        seen_at=now,
        expires_at=now + rules.LIFETIME,
    )
    session.add(made)
    session.flush()
    audit(
        session,
        brand_id=brand.id,
        actor=f"person:{person.id}",
        action="sign_in",
        subject_type="person",
        subject_id=person.id,
        now=now,
    )
    return made, token


def note_attempt(runtime: Runtime, email: str, address: str, now: datetime) -> FailedAttempt:
    """Count the guess before it is tried, so that guesses sent at once can't slip through; raises TooManyAttempts."""
    key = runtime.key("attempts")
    account_digest = signing.keyed_digest(key, b"account:" + email.encode())
    address_digest = signing.keyed_digest(key, b"address:" + address.encode())

    def write(session: Session) -> FailedAttempt | None:
        session.execute(text("select pg_advisory_xact_lock(hashtextextended(:digest, 7))"), {"digest": address_digest})
        if rules.must_wait(*queries.count_failures(session, account_digest, address_digest, now=now)):
            return None
        made = FailedAttempt(at=now, account_digest=account_digest, address_digest=address_digest)
        session.add(made)
        return made

    made = db.record(runtime.sessions, write)
    if made is None:
        raise rules.TooManyAttempts()
    return made


def forget_attempts(session: Session, attempt: FailedAttempt) -> None:
    """A right password clears this address's guesses at this account."""
    session.execute(
        delete(FailedAttempt).where(
            FailedAttempt.account_digest == attempt.account_digest, FailedAttempt.address_digest == attempt.address_digest
        )
    )


def touch_sign_in(runtime: Runtime, sign_in: SignIn, now: datetime) -> None:
    """Note that the person is still there, at most once a minute; it counts even when the page then refuses something."""
    if now - sign_in.seen_at >= rules.SEEN_STEP:
        moved = update(SignIn).where(SignIn.id == sign_in.id, SignIn.seen_at < now - rules.SEEN_STEP).values(seen_at=now)
        db.record(runtime.sessions, lambda session: session.execute(moved))


def switch_brand(session: Session, sign_in: SignIn, brand: Brand) -> None:
    """Look at another of the person's brands; raises NoSuchPerson where the person has no role in it."""
    queries.get_membership(session, sign_in.person_id, brand.id)
    sign_in.brand_id = brand.id
    session.flush()


def sign_out(session: Session, token: str) -> None:
    """End the sign-in behind a token; nothing happens if there is none."""
    if token:
        session.execute(delete(SignIn).where(SignIn.token_fingerprint == signing.fingerprint(token)))


def sign_out_everywhere(session: Session, person_id: int) -> None:
    """End every sign-in of a person, at once."""
    session.execute(delete(SignIn).where(SignIn.person_id == person_id))


def change_role(session: Session, person_id: int, brand_id: int, role: Role, *, actor: str, now: datetime) -> None:
    """Another role in the brand; the person signs in again (T-93). Raises LastOwner, NoSuchPerson."""
    membership = queries.get_membership(session, person_id, brand_id)
    if membership.role == Role.OWNER and role != Role.OWNER:
        keep_an_owner(session, brand_id, person_id)
    membership.role = role
    sign_out_everywhere(session, person_id)
    audit(
        session,
        brand_id=brand_id,
        actor=actor,
        action="change_role",
        subject_type="person",
        subject_id=person_id,
        now=now,
        role=role,
    )


def remove_person(session: Session, person_id: int, brand_id: int, *, actor: str, now: datetime) -> None:
    """End a person's membership of a brand; raises LastOwner, NoSuchPerson."""
    membership = queries.get_membership(session, person_id, brand_id)
    if membership.role == Role.OWNER:
        keep_an_owner(session, brand_id, person_id)
    session.delete(membership)
    sign_out_everywhere(session, person_id)
    audit(session, brand_id=brand_id, actor=actor, action="remove", subject_type="person", subject_id=person_id, now=now)


def keep_an_owner(session: Session, brand_id: int, leaving: int) -> None:
    """Raise LastOwner when no other owner would remain; the rows are locked, so that two owners can't both leave."""
    owners = select(Membership.person_id).where(Membership.brand_id == brand_id, Membership.role == Role.OWNER).with_for_update()
    if set(session.scalars(owners)) <= {leaving}:
        raise LastOwner()


def disable_person(session: Session, person: Person, *, now: datetime) -> None:
    """Bar a person from every brand, at once."""
    person.disabled_at = now
    sign_out_everywhere(session, person.id)


def change_password(session: Session, person: Person, password: str, *, cost: passwords.Cost = passwords.COST) -> None:
    """A new password; every sign-in ends. Raises WeakPassword."""
    person.password_hash = passwords.hash_password(rules.check_password(password, person.email), cost)
    sign_out_everywhere(session, person.id)


def add_key(session: Session, brand: Brand, kind: KeyKind, *, source: str = "", seal_key: bytes) -> tuple[ApiKey, str]:
    """A new key and its text, which is shown once (a publishable one again and again: galleries carry it)."""
    if kind == KeyKind.WEBHOOK:
        return add_webhook_secret(session, brand, source or "generic", seal_key)
    token = signing.make_token("sk_" if kind == KeyKind.SECRET else "pk_", 24)
    shown = token if kind == KeyKind.PUBLISHABLE else f"{token[:7]}…"
    key = ApiKey(brand_id=brand.id, kind=kind, fingerprint=signing.fingerprint(token), shown=shown)
    session.add(key)
    session.flush()
    return key, token


def add_webhook_secret(session: Session, brand: Brand, source: str, seal_key: bytes) -> tuple[ApiKey, str]:
    """A signing secret in the form of Standard Webhooks; the source's oldest ones beyond two are revoked."""
    token = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    key = ApiKey(
        brand_id=brand.id, kind=KeyKind.WEBHOOK, source=rules.check_slug(source), fingerprint=signing.fingerprint(token),
        shown=f"{token[:10]}…", sealed=signing.seal(seal_key, token),
    )  # fmt: skip
    session.add(key)
    session.flush()
    kept = (
        select(ApiKey.id)
        .where(queries.live(brand.id), ApiKey.kind == KeyKind.WEBHOOK, ApiKey.source == source)
        .order_by(ApiKey.id.desc())
        .limit(MAX_WEBHOOK_SECRETS)
    )
    session.execute(
        update(ApiKey)
        .where(
            queries.live(brand.id),
            ApiKey.kind == KeyKind.WEBHOOK,
            ApiKey.source == source,
            ApiKey.id.not_in(kept.scalar_subquery()),
        )
        .values(revoked_at=func.now())
        .execution_options(synchronize_session=False)
    )
    return key, token


def revoke_key(session: Session, key: ApiKey, *, actor: str, now: datetime) -> None:
    """End a key, at once; galleries that carry it are made anew."""
    key.revoked_at = now
    if key.kind == KeyKind.PUBLISHABLE:
        bump_content(session, key.brand_id)
        jobs.announce(session, "accounts.key_revoked", brand_id=key.brand_id)
    audit(session, brand_id=key.brand_id, actor=actor, action="revoke", subject_type="key", subject_id=key.id, now=now)


def audit(
    session: Session, *, brand_id: int | None, actor: str, action: str, subject_type: str, subject_id: int | None,
    now: datetime, **detail: Any,
) -> None:  # fmt: skip
    """Note who did what to which thing, in the transaction that does it."""
    session.add(
        AuditEntry(
            brand_id=brand_id, at=now, actor=actor, action=action, subject_type=subject_type, subject_id=subject_id, detail=detail
        )
    )


def set_product_identifier(session: Session, brand_id: int, identifier: str) -> None:
    """Choose which column of the catalogue is the SKU."""
    session.execute(update(Brand).where(Brand.id == brand_id).values(product_identifier=identifier))


def bump_content(session: Session, brand_id: int) -> None:
    """Say that something changed which a gallery could show; waits for snapshots being put in place."""
    session.execute(
        update(Brand)
        .where(Brand.id == brand_id)
        .values(content_version=Brand.content_version + 1)
        .execution_options(synchronize_session=False)
    )


def forget_old(session: Session, *, now: datetime) -> None:
    """Remove ended sign-ins, and refused attempts that no longer count."""
    session.execute(delete(SignIn).where((SignIn.expires_at < now) | (SignIn.seen_at < now - rules.IDLE)))
    session.execute(delete(FailedAttempt).where(FailedAttempt.at < now - rules.FAILURE_WINDOW))
