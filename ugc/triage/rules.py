"""What held-out decisions allow: bounds with a guarantee, calibration, agreement, and what is never decided alone. Pure."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy
from numpy.typing import NDArray

from ugc.kit.errors import Unprocessable
from ugc.library.models import Kind, Reason
from ugc.triage.models import Decides, Mode

Numbers = NDArray[Any]

NEEDED = 60
"""Decisions before anything is learnt; below, a guess would be read as knowledge."""
NEEDED_OF_EACH = 8
"""Of them approved, and of them rejected."""
NEWEST = 10_000
"""So many of the newest decisions are learnt from: taste changes, and training stays a matter of seconds."""
DOUBT = 0.05
"""The risk of a bound that stands alone."""
STARTS = {0: DOUBT, 6: DOUBT / 2, 12: DOUBT / 2}
"""The steps at which a walk to wider bounds may begin, with the risk of that walk: 10 % in all that agreement is in truth below
what was asked (decision 0148)."""
Z = 1.96
"""Of 95 % intervals, as they are drawn."""
CHECKED_SHARE = 20
"""One item of so many that could be decided goes to a person, to measure agreement as it is now."""
FINDING = 0.5
"""From this probability on spam and offence are findings: a person looks."""


class BadBounds(Unprocessable):
    """Bounds need a mode, an agreement from 80 to 99.9 %, at least one kind, and a limit from 1 to 100,000 a day."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a brand lets the machine do."""

    mode: Mode = Mode.SUGGEST
    agreement: float = 0.98
    kinds: tuple[str, ...] = (Kind.PHOTO.value, Kind.VIDEO.value, Kind.POST.value)
    decides: Decides = Decides.APPROVE
    per_day: int = 200
    note: str = ""


def check_wanted(wanted: Wanted) -> None:
    """Raise BadBounds for what can't be."""
    sound = 0.8 <= wanted.agreement <= 0.999 and 1 <= wanted.per_day <= 100_000
    if not sound or not wanted.kinds or not set(wanted.kinds) <= set(Kind):
        raise BadBounds


# Measures of predictions on held-out decisions.


def log_loss(p: Numbers, y: Numbers) -> float:
    """The mean surprise: 0 for certain and right, .69 for not knowing."""
    sure = numpy.clip(p, 1e-6, 1 - 1e-6)
    return float(-(y * numpy.log(sure) + (1 - y) * numpy.log(1 - sure)).mean())


def calibration_error(p: Numbers, y: Numbers, bins: int = 10) -> float:
    """Expected calibration error over bins of equal size: how far stated and true shares are apart, on average."""
    order = numpy.argsort(p, kind="stable")
    parts = [part for part in numpy.array_split(order, bins) if len(part)]
    return float(sum(len(part) * abs(p[part].mean() - y[part].mean()) for part in parts) / max(len(p), 1))


@dataclass(frozen=True, slots=True)
class Bin:
    """A point of the reliability curve: what was said of some decisions, and how many of them were approved."""

    said: float
    count: int
    approved: int
    low: float
    high: float

    @property
    def true(self) -> float:
        """The share that was approved."""
        return self.approved / self.count


def reliability(p: Numbers, y: Numbers, bins: int = 8) -> list[Bin]:
    """The reliability curve in bins of about equal size, with Wilson's intervals."""
    order = numpy.argsort(p, kind="stable")
    parts = [part for part in numpy.array_split(order, min(bins, max(1, len(p) // 12))) if len(part)]
    counted = [(float(p[part].mean()), len(part), int(y[part].sum())) for part in parts]
    return [Bin(said, count, approved, *wilson(approved, count)) for said, count, approved in counted]


def wilson(right: int, count: int, z: float = Z) -> tuple[float, float]:
    """Wilson's interval of a share (1927); everything is possible where nothing was counted."""
    if count == 0:
        return 0.0, 1.0
    share, square = right / count, z * z / count
    middle = (share + square / 2) / (1 + square)
    half = z / (1 + square) * math.sqrt(share * (1 - share) / count + square / (4 * count))
    return max(0.0, middle - half), min(1.0, middle + half)


def chance_of_at_most(wrong: int, count: int, rate: float) -> float:
    """The binomial probability of so few errors, were their true rate this one."""
    log = [
        math.lgamma(count + 1)
        - math.lgamma(k + 1)
        - math.lgamma(count - k + 1)
        + k * math.log(rate)
        + (count - k) * math.log1p(-rate)
        for k in range(wrong + 1)
    ]
    return min(1.0, sum(math.exp(term) for term in log))


def lower_bound(right: int, count: int, doubt: float = DOUBT) -> float:
    """The one-sided exact bound (Clopper and Pearson, 1934): agreement is below it with at most this risk."""
    low, high = 0.0, 1.0
    if right == 0:
        return 0.0
    for _ in range(40):
        middle = (low + high) / 2
        if chance_of_at_most(count - right, count, 1 - middle) <= doubt:
            low = middle
        else:
            high = middle
    return low


def least_count(agreement: float) -> int:
    """So many decisions without one error are needed before this agreement can be claimed at all."""
    return math.ceil(math.log(DOUBT) / math.log(agreement))


# Bounds.


@dataclass(frozen=True, slots=True)
class Bounds:
    """From which probability on, and up to which, decisions may be left to the machine; None where they may not."""

    approve_at: float | None
    reject_at: float | None
    of: int
    """Held-out decisions in all."""
    decided: int
    """Of them inside the bounds."""
    agreed: int
    low: float
    """The lower bound of agreement among them."""
    missing: int = 0
    """About so many decisions more are needed before there are bounds; 0 where there are."""

    @property
    def coverage(self) -> float:
        """The share that would be decided."""
        return self.decided / self.of if self.of else 0.0

    def decision(self, p: float) -> bool | None:
        """True to approve, False to reject, None for a person."""
        if self.approve_at is not None and p >= self.approve_at:
            return True
        return False if self.reject_at is not None and p <= self.reject_at else None


def choose_bounds(p: Numbers, y: Numbers, agreement: float, may: Numbers | None = None) -> Bounds:
    """The widest bounds whose lower limit of agreement is what was asked, going from the surest decision downwards; `may` says
    which decisions the machine may take at all.

    The steps are few and fixed in advance, and a walk ends at its first failure: trying many bounds on the same decisions and
    taking the best would find one that only luck made good.
    """
    mine = numpy.flatnonzero(may) if may is not None else numpy.arange(len(p))
    order = mine[numpy.argsort(-numpy.abs(p[mine] - 0.5), kind="stable")]
    right = (p[order] >= 0.5) == (y[order] > 0.5)
    wrong = numpy.cumsum(~right)
    chosen, risk = 0, 0.0
    for place, count in enumerate(steps(len(order), least_count(agreement))):
        risk = risk or STARTS.get(place, 0.0)
        if chance_of_at_most(int(wrong[count - 1]), count, 1 - agreement) <= risk:
            chosen = count
        elif chosen:
            break
        else:
            risk = 0.0
    return bounds_at(p, order[:chosen], right, agreement)


def may_decide(p: Numbers, kinds: Numbers, wanted: Wanted) -> Numbers:
    """Which of some predictions lead to a decision that the machine may take: no review is rejected (L-01)."""
    approves = p >= 0.5
    rejects = ~approves & (kinds != Kind.REVIEW.value) & (wanted.decides is Decides.BOTH)
    may: Numbers = approves | rejects
    return may


def steps(count: int, least: int) -> list[int]:
    """How many of the surest decisions are tried: from the fewest that can do, a tenth of all more each time."""
    stride = max(1, count // 20)
    return sorted({*range(least, count + 1, stride), count} if count >= least else set())


def bounds_at(p: Numbers, chosen: Numbers, right: Numbers, agreement: float) -> Bounds:
    """The bounds that hold exactly the chosen decisions."""
    if not len(chosen):
        return Bounds(None, None, len(p), 0, 0, 0.0, missing_of(right, len(p), agreement))
    approved, rejected = p[chosen][p[chosen] >= 0.5], p[chosen][p[chosen] < 0.5]
    agreed = int(right[: len(chosen)].sum())
    return Bounds(
        float(approved.min()) if len(approved) else None,
        float(rejected.max()) if len(rejected) else None,
        len(p), len(chosen), agreed, lower_bound(agreed, len(chosen)),
    )  # fmt: skip


def missing_of(right: Numbers, of: int, agreement: float) -> int:
    """About how many decisions more: the surest ones before the second error, as a share, must become enough of them."""
    errors = numpy.flatnonzero(~right)
    sure = int(errors[1]) if len(errors) > 1 else len(right)
    return max(10, math.ceil(of * (least_count(agreement) / max(sure, 10) - 1)))


@dataclass(frozen=True, slots=True)
class Side:
    """Precision and recall of one side of the bounds."""

    name: str
    decided: int
    right: int
    of: int
    """Decisions of this outcome in all."""

    @property
    def precision(self) -> float | None:
        """Of those decided so, the share that people decided so too."""
        return self.right / self.decided if self.decided else None

    @property
    def recall(self) -> float | None:
        """Of those that people decided so, the share that is decided here."""
        return self.right / self.of if self.of else None


def sides(p: Numbers, y: Numbers, may: Numbers, bounds: Bounds) -> tuple[Side, Side]:
    """How approving and rejecting do at the bounds, of what the machine may take."""
    yes = may & (p >= (bounds.approve_at if bounds.approve_at is not None else 2.0))
    no = may & (p <= (bounds.reject_at if bounds.reject_at is not None else -1.0))
    approve = Side("approve", int(yes.sum()), int((y[yes] > 0.5).sum()), int((y > 0.5).sum()))
    return approve, Side("reject", int(no.sum()), int((y[no] < 0.5).sum()), int((y < 0.5).sum()))


def have_enough(outcomes: Sequence[bool]) -> tuple[int, int]:
    """Decisions that there are and that are needed, both outcomes among them."""
    ones = sum(outcomes)
    least = max(NEEDED_OF_EACH - ones, NEEDED_OF_EACH - (len(outcomes) - ones), 0)
    return len(outcomes), max(NEEDED, len(outcomes) + least)


# Live.


def has_dropped(wrong: int, count: int, agreement: float) -> bool:
    """Whether so many errors are hardly possible, were agreement what was asked."""
    return wrong > 0 and 1 - chance_of_at_most(wrong - 1, count, 1 - agreement) <= DOUBT


def is_checked(item_id: int) -> bool:
    """Whether an item belongs to the sample that always goes to a person; the same answer every time (Knuth's hash)."""
    return item_id * 2654435761 % 2**32 // 2**12 % CHECKED_SHARE == 0


def barriers(*, spam: float, offence: float, personal: int, flags: int, is_twin: bool) -> list[str]:
    """What keeps an item from being decided on alone, in words; empty where nothing does."""
    found = (
        (spam >= FINDING, "reads like spam"),
        (offence >= FINDING, "may offend"),
        (personal > 0, "names personal data"),
        (flags > 0, "is flagged"),
        (is_twin, "looks or reads like another item"),
    )
    return [words for holds, words in found if holds]


def reason_of(groups: Mapping[str, float]) -> Reason:
    """Why the machine rejects: what weighs most against, as one of two reasons that accuse nobody (decision 0147)."""
    worst = min(groups, key=lambda name: groups[name], default="")
    return Reason.OFF_TOPIC if worst.startswith(("picture", "words", "topic/", "named", "kind", "source")) else Reason.LOW_QUALITY


# The order that teaches most.


def teaching(probabilities: Sequence[float], likes: Sequence[Collection[str]]) -> list[float]:
    """What a decision on each would teach, 0–1: its uncertainty, halved for each surer-to-come item of its likes before it.

    `likes`: what makes items alike (a creator, a place on the map of pictures); the most uncertain of its like comes first.
    """
    uncertain = [1.0 - abs(2.0 * p - 1.0) for p in probabilities]
    seen: dict[str, int] = {}
    worth = [0.0] * len(uncertain)
    for place in sorted(range(len(uncertain)), key=lambda place: (-uncertain[place], place)):
        before = max((seen.get(like, 0) for like in likes[place]), default=0)
        worth[place] = round(uncertain[place] * 0.8**before, 4)
        for like in likes[place]:
            seen[like] = seen.get(like, 0) + 1
    return worth


def words_of(p: float) -> str:
    """A probability as people say it."""
    said = ((0.9, "very likely approved"), (0.7, "likely approved"), (0.3, "could go either way"), (0.1, "likely rejected"))
    return next((words for least, words in said if p >= least), "very likely rejected")


def everything(wanted: Wanted) -> Wanted:
    """The same agreement and kinds, with all that may be decided at all."""
    return replace(wanted, decides=Decides.BOTH)
