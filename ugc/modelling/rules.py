"""Which kinds of models there are, and what tells people about them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ugc.kit.errors import NotFound


class NoSuchKind(NotFound):
    """There is no kind of model of this name."""


@dataclass(frozen=True, slots=True)
class ModelKind:
    """A kind of model: what it is called, what it does, and the job that trains it for a brand."""

    name: str
    label: str
    about: str
    job: str
    """Its name; the job takes `brand_id` and runs in a room above this one."""


def kinds(*listed: ModelKind) -> dict[str, ModelKind]:
    """By name, in the order in which they are shown."""
    return {kind.name: kind for kind in listed}


KINDS = kinds(
    ModelKind("approval", "Approve or reject", "How likely you approve an item, from your decisions.", "triage.train_approval"),
    ModelKind("tags", "Tags", "What an item shows, from your tags.", "suggestions.train_tags"),
    ModelKind(
        "products", "Products", "Which product an item shows, from what you tagged and refused.", "suggestions.train_products"
    ),
    ModelKind("sentiment", "Sentiment", "How people of your shop sound, from reviews with stars.", "texts.train_sentiment"),
    ModelKind("usefulness", "Usefulness", "Which reviews help others, from helpful votes.", "texts.train_usefulness"),
    ModelKind("topics", "Topics found", "What your customers write about, from all texts.", "texts.train_topics"),
    ModelKind("spam", "Spam", "What is spam, from what you called so.", "texts.train_spam"),
    ModelKind("offence", "Offence", "What offends, from what you rejected as unsafe.", "texts.train_offence"),
    ModelKind("text_space", "Similar texts", "Which words mean about the same, from all texts.", "similarity.train_text_space"),
)


def get_kind(name: str) -> ModelKind:
    """The kind of a name; raises NoSuchKind."""
    try:
        return KINDS[name]
    except KeyError:
        raise NoSuchKind(f"there is no model {name!r}; there are: {', '.join(KINDS)}") from None


def need_words(have: int, needed: int, of: str) -> str:
    """`needs 63 more decisions`."""
    missing = max(0, needed - have)
    one = of.removesuffix("s")
    return f"needs {missing:,} more {one if missing == 1 else of}"


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure of a model on held-out rows, beside that of the one before it."""

    label: str
    value: str
    before: str
    """Empty where there was none."""
    is_better: bool


# Name → how it is called and whether less is better. What is not listed is called by its own name, and more is better.
METRICS = {
    "accuracy": ("Right", False), "f1": ("F1", False), "macro_f1": ("F1 over the classes", False),
    "precision": ("Precision", False),
    "recall": ("Recall", False), "spearman": ("Rank agreement", False), "auc": ("Area under the curve", False),
    "ece": ("Calibration error", True), "log_loss": ("Log loss", True), "brier": ("Brier score", True),
    "coverage": ("Decides for you", False), "agreement": ("Agrees with you", False), "precision_at_1": ("First is right", False),
    "recall_at_3": ("Among three", False),
    "calibration_error": ("Calibration error", True), "halves_found": ("Halves found", False),
    "stars": ("Rank agreement with stars, not wanted", True),
    "explained": ("Variance explained", False), "coherence": ("Coherence", False),
}  # fmt: skip
# These have no upper end at 1 and are not shares.
RAW = {"log_loss", "brier", "spearman", "f1", "macro_f1", "auc", "coherence", "ece"}


def metrics_of(metrics: Mapping[str, float], incumbent: Mapping[str, float] | None) -> list[Metric]:
    """What a page shows of a model's metrics."""
    before = incumbent or {}
    return [
        Metric(
            METRICS.get(name, (name.replace("_", " ").capitalize(), False))[0],
            shown(name, value),
            shown(name, before[name]) if name in before else "",
            name not in before or (value < before[name]) == METRICS.get(name, ("", False))[1],
        )
        for name, value in metrics.items()
    ]


def shown(name: str, value: float) -> str:
    """`93 %` for a share, `.931` for a figure that is none."""
    if name in RAW or not 0 <= value <= 1:
        return f"{value:,.3f}" if abs(value) < 10 else f"{value:,.0f}"
    return f"{100 * value:.1f} %"


MEASURED_BY = frozenset({"digest"})
"""Facts of the data that tell versions apart and tell people nothing."""
A_DAY = 10
"""Letters of a date before its time."""


def facts_of(data: Mapping[str, Any]) -> dict[str, str]:
    """What a page shows of the rows that a model learnt from."""
    return {name: fact_of(value) for name, value in data.items() if name not in MEASURED_BY}


def fact_of(value: Any) -> str:
    """`negative 216, neutral 255` for counts by name; a day for a time."""
    if isinstance(value, Mapping):
        return ", ".join(f"{str(name).replace('_', ' ')} {fact_of(one)}" for name, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(fact_of(one) for one in value)
    text = str(value)
    return text[:A_DAY] if re.match(r"\d{4}-\d\d-\d\dT", text) else text
