"""A brand's own topics, words and competitors: what they may look like, reads, writes. Every change has its texts read again."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ugc.accounts import actions as accounts_actions
from ugc.kit import jobs
from ugc.kit.errors import Conflict, NotFound, Unprocessable
from ugc.texts import folding, lexicon
from ugc.texts.models import TextTerm, Use

MOST_TERMS = 2_000
"""Words of one brand; each is looked up, not compared, so that this bounds memory and not time."""
LONGEST_TERM = 80
LONGEST_TOPIC = 40


class BadTerm(Unprocessable):
    """This word can't be looked for."""


class TooManyTerms(Conflict):
    """There are as many words as there may be; remove some first."""


@dataclass(frozen=True, slots=True)
class Own:
    """The words of one brand, ready for a context."""

    topics: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """blocked, allowed."""
    competitors: tuple[str, ...] = ()
    version: int = 0
    """Another as soon as a word is another; 0 without words."""


def clean_term(written: str) -> str:
    """A word as it is kept; raises BadTerm."""
    term = " ".join(written.replace("\0", " ").split())
    if not term or len(term) > LONGEST_TERM:
        raise BadTerm(f"a word has 1 to {LONGEST_TERM} characters")
    words = lexicon.parse("", term, 1.0).words
    if not words:
        raise BadTerm(f"“{term}” holds no letter or digit")
    for word in words:
        if "*" in word and len(word.strip("*")) < lexicon.MIN_STEM:
            raise BadTerm(f"“{term}”: at least {lexicon.MIN_STEM} letters before a star, or it would mean every other word")
    return term


def clean_topic(written: str) -> str:
    """A topic's name as it is kept: `Arch support` → `arch_support`; raises BadTerm."""
    name = "_".join(folding.WORD.findall(written.replace("_", " ").lower()))
    if not name or len(name) > LONGEST_TOPIC:
        raise BadTerm(f"a topic's name has 1 to {LONGEST_TOPIC} letters or digits")
    return name


def find_terms(session: Session, brand_id: int) -> list[TextTerm]:
    """The brand's words by use, topic and word."""
    query = select(TextTerm).where(TextTerm.brand_id == brand_id).order_by(TextTerm.use, TextTerm.topic, TextTerm.term)
    return list(session.scalars(query))


def own_of(session: Session, brand_id: int) -> Own:
    """The brand's words, sorted by what they are for."""
    terms = find_terms(session, brand_id)
    topics: dict[str, list[str]] = {}
    for term in terms:
        if term.use is Use.TOPIC:
            topics.setdefault(term.topic, []).append(term.term)
    words = {use.value: tuple(term.term for term in terms if term.use is use) for use in (Use.BLOCKED, Use.ALLOWED)}
    return Own(
        topics={topic: tuple(listed) for topic, listed in topics.items()},
        words=words,
        competitors=tuple(term.term for term in terms if term.use is Use.COMPETITOR),
        version=version_of(terms),
    )


def version_of(terms: Iterable[TextTerm]) -> int:
    """A checksum of words; 0 of none."""
    sums = 0
    for term in terms:
        sums = zlib.crc32("\0".join((term.use, term.topic, term.term)).encode("utf-8", "surrogatepass"), sums)
    return sums


def add_terms(
    session: Session, brand_id: int, use: Use, terms: Sequence[str], *, topic: str = "", actor: str, now: datetime
) -> int:  # fmt: skip
    """Take words in, those that are there already once; how many were new. Raises BadTerm, TooManyTerms."""
    named = clean_topic(topic) if use is Use.TOPIC else ""
    cleaned = list(dict.fromkeys(clean_term(term) for term in terms if term.strip()))
    if not cleaned:
        raise BadTerm("write at least one word")
    if count_terms(session, brand_id) + len(cleaned) > MOST_TERMS:
        raise TooManyTerms(f"a brand has up to {MOST_TERMS:,} words of its own; remove some first")
    rows = [{"brand_id": brand_id, "use": use, "topic": named, "term": term, "created": now} for term in cleaned]
    added = session.scalars(insert(TextTerm).values(rows).on_conflict_do_nothing().returning(TextTerm.term)).all()
    if added:
        changed(session, brand_id, "add_words", actor=actor, now=now, use=use.value, topic=named, words=sorted(added))
    return len(added)


def count_terms(session: Session, brand_id: int) -> int:
    """How many words the brand has."""
    return session.scalar(select(func.count()).select_from(TextTerm).where(TextTerm.brand_id == brand_id)) or 0


def remove_term(session: Session, brand_id: int, term_id: int, *, actor: str, now: datetime) -> None:
    """Look for a word no more; raises NotFound."""
    term = session.scalar(select(TextTerm).where(TextTerm.id == term_id, TextTerm.brand_id == brand_id))
    if term is None:
        raise NotFound("there is no such word")
    session.delete(term)
    changed(
        session, brand_id, "remove_word", actor=actor, now=now, use=term.use.value, topic=term.topic, words=[term.term]
    )  # fmt: skip


def changed(session: Session, brand_id: int, verb: str, *, actor: str, now: datetime, **facts: Any) -> None:
    """Write it down, and have the brand's texts read again in the background; many changes in a row are one reading."""
    accounts_actions.audit(
        session, brand_id=brand_id, actor=actor, action=f"texts.{verb}", subject_type="brand", subject_id=brand_id, now=now,
        **{name: value for name, value in facts.items() if value},
    )  # fmt: skip
    jobs.enqueue(session, "texts.read_brand", once=f"texts.read_brand:{brand_id}", brand_id=brand_id)
