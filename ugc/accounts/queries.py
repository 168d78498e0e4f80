"""Reads of brands, memberships, sign-ins, keys and the audit log."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, joinedload

from ugc.accounts import rules
from ugc.accounts.models import ApiKey, AuditEntry, Brand, FailedAttempt, KeyKind, Membership, Person, SignIn
from ugc.kit import signing
from ugc.kit.errors import NotFound


class NoSuchBrand(NotFound):
    """There is no such brand."""


class NoSuchPerson(NotFound):
    """There is no such person."""


def get_brand(session: Session, slug: str) -> Brand:
    """The brand by its short name; raises NoSuchBrand."""
    brand = session.scalars(select(Brand).where(Brand.slug == slug)).one_or_none()
    if brand is None:
        raise NoSuchBrand(f"there is no brand {slug!r}")
    return brand


def get_brand_by_id(session: Session, brand_id: int) -> Brand:
    """The brand; raises NoSuchBrand."""
    brand = session.get(Brand, brand_id)
    if brand is None:
        raise NoSuchBrand()
    return brand


def find_brands(session: Session) -> list[Brand]:
    """All brands by name."""
    return list(session.scalars(select(Brand).order_by(Brand.name, Brand.id)))


def get_person(session: Session, email: str) -> Person:
    """The person with this address; raises NoSuchPerson."""
    person = session.scalars(select(Person).where(Person.email == rules.clean_email(email))).one_or_none()
    if person is None:
        raise NoSuchPerson()
    return person


def find_memberships(session: Session, person_id: int) -> list[Membership]:
    """A person's brands with the role in each, by the brand's name."""
    chosen = select(Membership).join(Brand).where(Membership.person_id == person_id).options(joinedload(Membership.brand))
    return list(session.scalars(chosen.order_by(Brand.name, Brand.id)))


def find_members(session: Session, brand_id: int) -> list[Membership]:
    """A brand's people with their roles, by address."""
    chosen = select(Membership).join(Person).where(Membership.brand_id == brand_id).options(joinedload(Membership.person))
    return list(session.scalars(chosen.order_by(Person.email)))


def get_membership(session: Session, person_id: int, brand_id: int) -> Membership:
    """A person's place in a brand; raises NoSuchPerson."""
    chosen = select(Membership).where(Membership.person_id == person_id, Membership.brand_id == brand_id)
    membership = session.scalars(chosen).one_or_none()
    if membership is None:
        raise NoSuchPerson()
    return membership


def get_sign_in(session: Session, token: str, *, now: datetime) -> SignIn:
    """The live sign-in behind a cookie's token, of a person who is not disabled; raises SignInEnded."""
    found = session.scalars(
        select(SignIn)
        .join(Person)
        .where(SignIn.token_fingerprint == signing.fingerprint(token), Person.disabled_at.is_(None))
        .options(joinedload(SignIn.person), joinedload(SignIn.brand))
    ).one_or_none()
    if found is None or not rules.is_live(found.seen_at, found.expires_at, now):
        raise rules.SignInEnded()
    return found


def get_principal(session: Session, sign_in: SignIn) -> rules.Principal:
    """Who asks, with the role that the person has in the brand at this moment; raises SignInEnded."""
    chosen = select(Membership.role).where(Membership.person_id == sign_in.person_id, Membership.brand_id == sign_in.brand_id)
    role = session.scalars(chosen).one_or_none()
    if role is None:
        raise rules.SignInEnded()
    person_id = sign_in.person_id
    return rules.Principal(sign_in.brand_id, sign_in.brand.slug, role, f"person:{person_id}", person_id)


def get_key(session: Session, token: str) -> ApiKey:
    """The live secret or publishable key; raises WrongKey."""
    key = session.scalars(
        select(ApiKey)
        .where(
            ApiKey.fingerprint == signing.fingerprint(token),
            ApiKey.kind != KeyKind.WEBHOOK,
            ApiKey.revoked_at.is_(None),
        )
        .options(joinedload(ApiKey.brand))
    ).one_or_none()
    if key is None:
        raise rules.WrongKey()
    return key


def get_publishable_key(session: Session, brand_id: int) -> str:
    """The brand's newest live publishable key, or nothing where it has none."""
    chosen = select(ApiKey.shown).where(live(brand_id), ApiKey.kind == KeyKind.PUBLISHABLE)
    return session.scalars(chosen.order_by(ApiKey.id.desc()).limit(1)).one_or_none() or ""


def find_keys(session: Session, brand_id: int) -> list[ApiKey]:
    """A brand's live keys, newest first."""
    return list(session.scalars(select(ApiKey).where(live(brand_id)).order_by(ApiKey.id.desc())))


def find_webhook_secrets(session: Session, brand_id: int, source: str, *, seal_key: bytes) -> list[str]:
    """The live secrets of a source, newest first: two during a change of secret (T-83)."""
    chosen = select(ApiKey.sealed).where(live(brand_id), ApiKey.kind == KeyKind.WEBHOOK, ApiKey.source == source)
    return [signing.unseal(seal_key, sealed) for sealed in session.scalars(chosen.order_by(ApiKey.id.desc()))]


def live(brand_id: int) -> ColumnElement[bool]:
    """The brand's keys that were not revoked."""
    return (ApiKey.brand_id == brand_id) & ApiKey.revoked_at.is_(None)


def find_audit(session: Session, brand_id: int, subject_type: str, subject_id: int) -> list[AuditEntry]:
    """What was done to a thing, newest first."""
    chosen = select(AuditEntry).where(
        AuditEntry.brand_id == brand_id, AuditEntry.subject_type == subject_type, AuditEntry.subject_id == subject_id
    )
    return list(session.scalars(chosen.order_by(AuditEntry.at.desc(), AuditEntry.id.desc())))


def find_log(session: Session, brand_id: int, *, before: int | None = None, limit: int = 50) -> list[AuditEntry]:
    """What was done in a brand, newest first; `before` is the id of the last entry seen."""
    chosen = select(AuditEntry).where(AuditEntry.brand_id == brand_id)
    if before is not None:
        chosen = chosen.where(AuditEntry.id < before)
    return list(session.scalars(chosen.order_by(AuditEntry.id.desc()).limit(limit)))


def count_failures(session: Session, account_digest: str, address_digest: str, *, now: datetime) -> tuple[int, int]:
    """The address's recent refused sign-ins: for this account, and for any."""
    since = now - rules.FAILURE_WINDOW
    counted = select(
        func.count().filter(FailedAttempt.account_digest == account_digest),
        func.count(),
    ).where(FailedAttempt.address_digest == address_digest, FailedAttempt.at > since)
    for_account, for_any = session.execute(counted).one()
    return for_account, for_any
