"""Reads: a brand's settings and terms, unfinished uploads, submissions, counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from ugc.accounts.models import Brand
from ugc.kit import signing
from ugc.kit.db import among
from ugc.kit.errors import NotFound
from ugc.submissions import rules
from ugc.submissions.models import PartialUpload, RefusedCount, Submission, SubmissionSettings, Terms


class NoSuchUpload(NotFound):
    """There is no such upload; it may have ended, been sent or run out of time."""


class NoSuchSubmission(NotFound):
    """This link leads nowhere; look whether it was copied whole."""


@dataclass(frozen=True, slots=True)
class TermsData:
    """The terms that hold now."""

    version: int
    text: str
    sha256: str

    @property
    def name(self) -> str:
        """What a form carries to say which terms its sender saw."""
        return f"{self.version}:{self.sha256}"


@dataclass(frozen=True, slots=True)
class Page:
    """What a brand's upload page rests on."""

    brand_id: int
    slug: str
    name: str
    shop_url: str
    is_open: bool
    least_age: int
    accent: str
    origins: frozenset[str]
    terms: TermsData


def get_page(session: Session, brand: Brand) -> Page:
    """A brand's settings and terms, as chosen or as shipped."""
    chosen = session.get(SubmissionSettings, brand.id) or SubmissionSettings(is_open=True, origins=[], least_age=16, accent="")
    return Page(
        brand.id, brand.slug, brand.name, brand.shop_url, chosen.is_open, chosen.least_age, chosen.accent,
        rules.allowed_origins(brand.shop_url, chosen.origins), get_terms(session, brand),
    )  # fmt: skip


def find_origins(session: Session, brand_id: int) -> list[str]:
    """The sites that the brand named besides its shop."""
    chosen = session.get(SubmissionSettings, brand_id)
    return list(chosen.origins) if chosen else []


def get_terms(session: Session, brand: Brand) -> TermsData:
    """The newest version; the shipped text where the brand never used or changed any."""
    newest = session.scalars(select(Terms).where(Terms.brand_id == brand.id).order_by(Terms.version.desc()).limit(1)).one_or_none()
    if newest is not None:
        return TermsData(newest.version, newest.text, newest.sha256)
    text = rules.wording(rules.DEFAULT_TERMS, brand.name).strip()
    return TermsData(1, text, digest_of(text))


def digest_of(text: str) -> str:
    """SHA-256 over a text's UTF-8."""
    return sha256(text.encode()).hexdigest()


def find_terms(session: Session, brand_id: int) -> list[tuple[Terms, int]]:
    """Every stored version, newest first, with how many submissions rest on it."""
    used = select(func.count()).where(Submission.terms_id == Terms.id).scalar_subquery()
    rows = session.execute(select(Terms, used).where(Terms.brand_id == brand_id).order_by(Terms.version.desc()))
    return [(terms, count) for terms, count in rows]


def get_upload(session: Session, brand_id: int, token: str, *, now: datetime) -> PartialUpload:
    """An upload by the id in its address; raises NoSuchUpload, also when its time is over."""
    found = session.scalars(
        select(PartialUpload).where(
            PartialUpload.brand_id == brand_id,
            PartialUpload.fingerprint == signing.fingerprint(token),
            PartialUpload.expires_at > now,
        )
    ).one_or_none()
    if found is None:
        raise NoSuchUpload()
    return found


def find_uploads(session: Session, brand_id: int, tokens: Iterable[str], *, now: datetime) -> dict[str, PartialUpload]:
    """The uploads that are there, by the id in their address."""
    names = {signing.fingerprint(token): token for token in tokens}
    wanted = select(PartialUpload).where(
        PartialUpload.brand_id == brand_id, among(PartialUpload.fingerprint, names), PartialUpload.expires_at > now
    )
    return {names[row.fingerprint]: row for row in session.scalars(wanted)}


def count_waiting_bytes(session: Session, brand_id: int, *, now: datetime) -> int:
    """The announced lengths of a brand's unfinished uploads."""
    wanted = select(func.sum(PartialUpload.length)).where(PartialUpload.brand_id == brand_id, PartialUpload.expires_at > now)
    return int(session.scalar(wanted) or 0)


def find_by_request(session: Session, brand_id: int, request_digest: str) -> Submission | None:
    """What this very request made before."""
    wanted = select(Submission).where(Submission.brand_id == brand_id, Submission.request_digest == request_digest)
    return session.scalars(wanted).one_or_none()


def get_submission(session: Session, token: str, *, lock: bool = False) -> Submission:
    """The submission behind a link; raises NoSuchSubmission."""
    wanted = select(Submission).where(Submission.token_fingerprint == signing.fingerprint(token))
    wanted = wanted.with_for_update(of=Submission) if lock else wanted.options(joinedload(Submission.terms))
    found = session.scalars(wanted).one_or_none()
    if found is None:
        raise NoSuchSubmission()
    return found


def count_refused(session: Session, brand_id: int, *, now: datetime, days: int = 30) -> dict[str, int]:
    """How many submissions were refused in the last days, by reason."""
    wanted = select(RefusedCount.reason, func.sum(RefusedCount.count)).where(
        RefusedCount.brand_id == brand_id, RefusedCount.day > (now - timedelta(days=days)).date()
    )
    return {reason: int(count) for reason, count in session.execute(wanted.group_by(RefusedCount.reason).order_by("reason"))}
