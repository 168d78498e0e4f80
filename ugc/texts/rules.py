"""When there is enough to learn from, and when what was learnt is better. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ugc.modelling.artefacts import Artefact

MOST_ROWS = 12_000
"""Newest texts that a model is trained on: seconds of work and a few hundred megabytes, and last year's words matter most."""
LEARNT_LETTERS = 2_000
"""Letters of a text that training looks at."""
STARRED_NEEDED, CLASS_NEEDED = 100, 15
"""Starred reviews with a text; and of each of two classes at least."""
HELPFUL_NEEDED = 60
"""Reviews with a helpful vote."""
TOPIC_TEXTS_NEEDED = 200
MARGIN = 0.002
"""What counts as better: less than this is chance, and every swap has all texts read again."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A candidate, with its figures and those of what it would replace, on rows that neither was fitted on."""

    artefact: Artefact
    rows: int
    data: dict[str, Any]
    metrics: dict[str, float]
    incumbent: dict[str, float] | None
    better: bool
    why: str


@dataclass(frozen=True, slots=True)
class Need:
    """What is missing before there is something to learn."""

    have: int
    needed: int
    of: str


def is_better(name: str, metrics: Mapping[str, float], others: Mapping[str, Mapping[str, float]]) -> tuple[bool, str]:
    """Whether a metric beats that of all others by a margin, and the sentence that says so."""
    worst = max(others, key=lambda other: others[other][name])
    best = others[worst][name]
    better = metrics[name] >= best + MARGIN
    words = {"shipped": "what comes with the program", "incumbent": "the model in use", "formula": "the formula"}
    verb = "better than" if better else "not better than"
    return better, f"{name.replace('_', ' ')} {metrics[name]:.3f} on held-out texts, {verb} {words[worst]} ({best:.3f})"


def sentiment_need(stars: Sequence[int]) -> Need | None:
    """What the sentiment model needs; None with enough of at least two classes."""
    sides = sorted((sum(each <= 2 for each in stars), sum(each == 3 for each in stars), sum(each >= 4 for each in stars)))
    if len(stars) < STARRED_NEEDED:
        return Need(len(stars), STARRED_NEEDED, "starred reviews")
    # The second largest class: two must be there to be told apart.
    return Need(sides[1], CLASS_NEEDED, "reviews with other stars") if sides[1] < CLASS_NEEDED else None


def usefulness_need(helpful: Sequence[int]) -> Need | None:
    """What the usefulness model needs; None with enough reviews that somebody found helpful."""
    voted = sum(count > 0 for count in helpful)
    return Need(voted, HELPFUL_NEEDED, "reviews with helpful votes") if voted < HELPFUL_NEEDED else None


def topics_need(count: int) -> Need | None:
    """What discovered topics need."""
    return Need(count, TOPIC_TEXTS_NEEDED, "texts") if count < TOPIC_TEXTS_NEEDED else None
