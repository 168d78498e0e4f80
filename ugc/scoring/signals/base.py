"""What every signal is given and gives back."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ugc.library.models import Kind, RightsState


@dataclass(frozen=True, slots=True)
class Performance:
    """How an item did where it was shown, against others in the same places; see ugc/insights/performance.py."""

    impressions: int
    clicks: int
    expected: float
    """Clicks that the brand's average item would have got there."""
    orders: int
    orders_expected: float
    prior: float
    lift: float
    low: float
    high: float
    value: float

    @property
    def is_proven(self) -> bool:
        """Whether it was seen enough to say more than its score did: an average item would have been clicked five times."""
        return self.expected >= ENOUGH


ENOUGH = 5.0


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a score may rest on. What is unknown is None or empty, and the signals that need it don't apply."""

    kind: Kind
    now: datetime
    title: str = ""
    body: str = ""
    width: int | None = None
    """Pixels of the first finished picture."""
    height: int | None = None
    measures: Mapping[str, float] = field(default_factory=dict)
    """Its pixel measures, see ugc/media/measures."""
    likes: int = 0
    comments: int = 0
    helpful: int = 0
    products: tuple[str, ...] | None = None
    """Titles of the tagged products."""
    hotspots: int = 0
    published_at: datetime | None = None
    usefulness: float | None = None
    """Of a review, by the brand's own model: the share of its reviews that help less. None without such a model."""
    useful_words: tuple[str, ...] = ()
    """What made it."""
    rights_state: RightsState | None = None
    rights_from: datetime | None = None
    rights_until: datetime | None = None
    performance: Performance | None = None

    @property
    def has_picture(self) -> bool:
        """Whether a picture was measured."""
        return self.width is not None and bool(self.measures)


@dataclass(frozen=True, slots=True)
class Measured:
    """A value from 0 to 1, or None where the signal does not apply, and the reason for people."""

    value: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing that makes an item better or worse."""

    name: str
    label: str
    default_weight: float
    measure: Callable[[Facts], Measured]


NO_PICTURE = Measured(None, "No picture")
WORD = re.compile(r"[^\W\d_][\w'’-]*")
HASHTAG = re.compile(r"#\w+")
NOISE = re.compile(r"https?://\S+|[#@]\w+")


def words_of(text: str) -> list[str]:
    """The words of a text without addresses, hashtags and handles."""
    return WORD.findall(NOISE.sub(" ", text))


def shouting(words: list[str]) -> float:
    """The share of words of three letters or more that are all capitals; short texts may shout."""
    long = [word for word in words if len(word) > 2]
    return sum(word.isupper() for word in long) / len(long) if len(long) >= 5 else 0.0


def within(value: float) -> float:
    """The value, held between 0 and 1."""
    return max(0.0, min(1.0, value))


def counted(count: int, one: str, many: str = "") -> str:
    """`1 word`, `3 words`, `1,200 words`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
