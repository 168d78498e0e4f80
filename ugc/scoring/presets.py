"""Weights to begin with, and the groups in which people meet the signals."""

from __future__ import annotations

from dataclasses import dataclass

from ugc.scoring import rules
from ugc.scoring.signals.base import Signal

PICTURE, WORDS, SALES, READY = "Picture", "Words", "Reactions and sales", "Readiness"
GROUPS = (PICTURE, WORDS, SALES, READY)

ELSEWHERE = {
    "caption": WORDS, "review_text": WORDS, "engagement": SALES, "performance": SALES, "product_relevance": READY,
    "freshness": READY, "rights_readiness": READY,
}  # fmt: skip
"""Signals that look at something else than the picture."""


@dataclass(frozen=True, slots=True)
class Preset:
    """Weights under a name, made from the defaults by how much each group counts."""

    name: str
    label: str
    about: str
    weights: dict[str, float]


def group_of(signal: Signal) -> str:
    """The group of a signal."""
    return ELSEWHERE.get(signal.name, PICTURE)


def grouped() -> list[tuple[str, list[Signal]]]:
    """Every signal, group by group."""
    return [(group, [signal for signal in rules.SIGNALS if group_of(signal) == group]) for group in GROUPS]


def scaled(times: dict[str, float]) -> dict[str, float]:
    """The defaults, each as many times as its group or it itself says, within bounds."""
    made = {}
    for signal in rules.SIGNALS:
        factor = times.get(signal.name, times.get(group_of(signal), 1.0))
        made[signal.name] = float(min(rules.MAX_WEIGHT, round(signal.default_weight * factor)))
    return made


PRESETS = (
    Preset("balanced", "Balanced", "The defaults: a bit of everything.", dict(rules.DEFAULT_WEIGHTS)),
    Preset(
        "visual", "Visual quality", "What a photo editor would pick: the picture first.",
        scaled({PICTURE: 2.0, WORDS: 0.5, SALES: 0.5, READY: 0.5}),
    ),
    Preset(
        "reviews", "Reviews", "What helps others decide: words first, pictures as a bonus.",
        scaled({PICTURE: 0.5, WORDS: 2.0, SALES: 0.8, READY: 0.8}),
    ),
    Preset(
        "sells", "What sells", "What visitors clicked and bought from, where it was measured.",
        scaled({PICTURE: 0.6, WORDS: 0.5, SALES: 1.5, READY: 0.6, "performance": 4.0, "product_relevance": 1.6}),
    ),
)  # fmt: skip


def preset_of(weights: dict[str, float]) -> str:
    """The name of the preset that these weights are; empty = none."""
    return next((one.name for one in PRESETS if rules.key_of(one.weights) == rules.key_of(weights)), "")
