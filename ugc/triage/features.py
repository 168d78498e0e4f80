"""What a decision may rest on, as numbers with names, and the same in words. Pure.

Of a review neither the stars nor the sentiment nor its words go in (L-01, decision 0145); of no item goes in what a decision
itself changes: rights, products, age, what it sold.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy
from numpy.typing import NDArray

from ugc.scoring.signals.base import HASHTAG, counted, words_of
from ugc.texts.base import Reading

Vector = NDArray[numpy.float32]
REVIEW = "review"

AFTERWARDS = frozenset({"freshness", "rights_readiness", "product_relevance", "performance"})
"""Parts of the score that change because an item was approved, or with time: they would tell the answer, not foretell it."""
NOT_OF_REVIEWS = frozenset({"engagement"})
"""Helpful votes follow the stars."""
KNOWN = 4.0
"""A creator counts as average until about so many of his items were decided."""


@dataclass(frozen=True, slots=True)
class Signalled:
    """A part of the score: what it is called, its value from 0 to 1 where it applies, and its reason for people."""

    label: str
    value: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known of an item before it is decided on. What is unknown is None or empty."""

    kind: str
    source: str = ""
    title: str = ""
    body: str = ""
    parts: Mapping[str, Signalled] = field(default_factory=dict)
    reading: Reading | None = None
    names_product: bool = False
    approved: int = 0
    """Of the same creator, decided earlier."""
    rejected: int = 0
    is_twin: bool = False
    """Looks or reads like another item."""
    colours: tuple[str, ...] = ()
    """The commonest of its picture, as `#rrggbb`."""
    picture: Vector | None = None
    words: Vector | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """An item as numbers; what is not there is unknown."""

    scalars: Mapping[str, float]
    blocks: Mapping[str, Vector] = field(default_factory=dict)


def row_of(facts: Facts) -> Row:
    """The numbers of an item. The part of a name before the colon is its group, which is explained as one."""
    is_review = facts.kind == REVIEW
    scalars = {f"part/{name}:value": part.value for name, part in facts.parts.items() if counts(name, part, is_review)}
    scalars |= {f"kind/{facts.kind}:is": 1.0, f"source/{facts.source}:is": 1.0, "twin:is": float(facts.is_twin)}
    scalars |= creator_row(facts) | reading_row(facts.reading, is_review) | colour_row(facts.colours)
    blocks = {"picture": facts.picture}
    if not is_review:
        scalars |= caption_row(facts)
        blocks["words"] = facts.words
    known = {name: float(value) for name, value in scalars.items() if value is not None and math.isfinite(value)}
    return Row(known, {name: vector for name, vector in blocks.items() if vector is not None})


def counts(name: str, part: Signalled, is_review: bool) -> bool:
    """Whether a part of the score may be looked at."""
    return part.value is not None and name not in AFTERWARDS and not (is_review and name in NOT_OF_REVIEWS)


def creator_row(facts: Facts) -> dict[str, float]:
    """The creator's earlier items, nothing for one who is new: -1 all rejected, 1 all approved, nearer to 0 the fewer they are."""
    decided = facts.approved + facts.rejected
    return {"creator:share": (facts.approved - facts.rejected) / (decided + KNOWN), "creator:known": math.log1p(decided)}


def colour_row(colours: tuple[str, ...]) -> dict[str, float]:
    """How light, warm, green and strong the commonest colours are on average, 0–1 or -1–1."""
    if not colours:
        return {}
    red, green, blue = (sum(int(one[place : place + 2], 16) for one in colours) / len(colours) / 255 for place in (1, 3, 5))
    return {
        "colours:light": (red + green + blue) / 3,
        "colours:warm": red - blue,
        "colours:green": green - (red + blue) / 2,
        "colours:strong": max(red, green, blue) - min(red, green, blue),
    }


def reading_row(reading: Reading | None, is_review: bool) -> dict[str, float]:
    """What was found in the text; topics only where words may count."""
    if reading is None:
        return {}
    found = {
        "spam:p": reading.spam.p,
        "offence:p": reading.offence.p,
        "personal:p": max((one.p for one in reading.personal_data), default=0.0),
        "useful:value": reading.usefulness.p,
    }
    topics = {} if is_review else {f"topic/{topic.label}:p": topic.p for topic in reading.topics}
    return found | topics


def caption_row(facts: Facts) -> dict[str, float]:
    """How a caption is written."""
    text = f"{facts.title} {facts.body}"
    return {
        "hashtags:count": math.log1p(len(HASHTAG.findall(text))),
        "length:words": math.log1p(len(words_of(text))),
        "named:is": float(facts.names_product),
    }


ALWAYS_THERE = ("kind/", "source/", "topic/")
"""Names of which an item has few: one that it does not have is 0, not unknown."""


TOGETHER = {"part/caption": "length"}
"""Groups that tell people the same."""


def group_of(name: str) -> str:
    """The group of a number, which is explained as one: of kinds and of sources an item has just one."""
    group = name.rpartition(":")[0]
    return group.partition("/")[0] if group.startswith(("kind/", "source/")) else TOGETHER.get(group, group)


def words_for(group: str, facts: Facts, speaks_for: bool) -> str:
    """What a group of numbers says of an item, as a person would."""
    head, _, name = group.partition("/")
    if head == "part":
        part = facts.parts.get(name)
        return f"{part.label}: {part.reason[:1].lower()}{part.reason[1:]}" if part else name
    told = TOLD.get(head)
    return told(facts, name, speaks_for) if told else group


def creator_words(facts: Facts, name: str, speaks_for: bool) -> str:
    """How often the creator's items were approved."""
    decided = facts.approved + facts.rejected
    return f"{facts.approved} of {counted(decided, 'item')} of this creator approved" if decided else "Creator not known yet"


def caption_words(facts: Facts) -> str:
    """How long the caption is; a review has none, and its text is judged as a review."""
    return "No caption" if facts.kind == REVIEW else f"{counted(len(words_of(text_of(facts))), 'word')} of caption"


def text_of(facts: Facts) -> str:
    """Title and caption."""
    return f"{facts.title} {facts.body}"


def share_of(facts: Facts, name: str) -> float:
    """The probability of a finding in the text."""
    return 0.0 if facts.reading is None else float(getattr(facts.reading, name).p)


TOLD: Mapping[str, Any] = {
    "kind": lambda facts, name, speaks_for: f"It is a {facts.kind}",
    "source": lambda facts, name, speaks_for: f"It came by {facts.source or 'an unknown way'}",
    "twin": lambda facts, name, speaks_for: "Looks or reads like another item" if facts.is_twin else "Nothing else is like it",
    "creator": creator_words,
    "spam": lambda facts, name, speaks_for: f"Spam: {share_of(facts, 'spam'):.0%} likely",
    "offence": lambda facts, name, speaks_for: f"Offensive: {share_of(facts, 'offence'):.0%} likely",
    "personal": lambda facts, name, speaks_for: (
        "Names personal data" if facts.reading and facts.reading.personal_data else "No personal data found"
    ),
    "useful": lambda facts, name, speaks_for: f"Useful text: {share_of(facts, 'usefulness'):.0%}",
    "topic": lambda facts, name, speaks_for: f"About {name}" if topic_is(facts, name) else f"Not about {name}",
    "hashtags": lambda facts, name, speaks_for: counted(len(HASHTAG.findall(text_of(facts))), "hashtag"),
    "length": lambda facts, name, speaks_for: caption_words(facts),
    "named": lambda facts, name, speaks_for: "Names a product of yours" if facts.names_product else "Names none of your products",
    "colours": lambda facts, name, speaks_for: f"Its colours: like what you {'approve' if speaks_for else 'reject'}",
    "picture": lambda facts, name, speaks_for: f"Looks like what you {'approve' if speaks_for else 'reject'}",
    "words": lambda facts, name, speaks_for: f"Worded like what you {'approve' if speaks_for else 'reject'}",
}
"""By group: its words, of the facts, the rest of the group's name and whether it speaks for the item."""


def topic_is(facts: Facts, name: str) -> bool:
    """Whether the text is about a topic."""
    return facts.reading is not None and any(topic.label == name for topic in facts.reading.topics)
