"""How much was lost between the scene and the file? A model learnt from photos spoilt by known amounts (decision 0130)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy
from numpy.typing import NDArray

from ugc.modelling.artefacts import Artefact, DamagedModel, OtherFormat, read_shipped
from ugc.scoring.signals import photo_likeness
from ugc.scoring.signals.base import NO_PICTURE, Facts, Measured, Signal, within

KIND, FORMAT = "technical_quality", 2
WAYS = ("blur", "motion", "noise", "compression", "dark", "bright")
WORDS = {
    "blur": "out of focus", "motion": "camera shake", "noise": "grain", "compression": "coarse compression",
    "dark": "too little light", "bright": "too much light",
}  # fmt: skip
LOGARITHMS = ("sharpness", "detail_2", "detail_4", "detail_8", "noise", "noise_2", "noise_colour", "blockiness")
"""These span powers of ten."""
ROOTS = ("clipped_dark", "clipped_light")
PLAIN = (
    "blur_across", "blur_down", "brightness", "contrast", "tone_dark", "tone_middle", "tone_light", "colourfulness", "flat_share",
    "straight_share", *(f"scene_{what}_{scale}" for scale in (1, 2) for what in ("spread", "shape", "across", "down", "flat")),
)  # fmt: skip
NEEDED = (*LOGARITHMS, *ROOTS, *PLAIN)
# Beyond that no training photo lay; a network's answer there is worth nothing.
FARTHEST = 5.0
# Losses below a quarter of the worst step are there in most photos and seen by few.
LITTLE = 0.25
# Standard deviation of the luma below which there is nothing to see, so nothing to lose.
EMPTY = 3.0
# Where one measure alone is proof: it begins above what untouched photos have and ends at the worst step of training.
SOFT, GRAIN, BLOCKS = (0.4, 0.9), (3.0, 32.0), (1.5, 25.0)
# What the sum of the losses is worth: the worst step of one way leaves .3.
STEEPNESS = 1.2
# How much of the whole is what the order of copies taught (decision 0132); the rest is the sum of the ways.
ORDERED = 0.7
# How sharply the whole bends at 0: never quite, so that of two clean copies the better one still is.
BEND = 8.0

Numbers = NDArray[numpy.float64]


@dataclass(frozen=True, slots=True)
class Losses:
    """How badly a picture was spoilt in each way: 0 not at all, 1 as badly as in the worst step of training."""

    ways: Mapping[str, float]
    whole: float
    """All that was lost."""

    @property
    def quality(self) -> float:
        """1 without loss, falling with the whole."""
        return math.exp(-STEEPNESS * self.whole)


def features_of(measures: Mapping[str, float]) -> Numbers:
    """What the model is given: measures on even scales, and the ratios of detail between octaves."""
    logarithms = [math.log1p(max(0.0, measures[name])) for name in LOGARITHMS]
    roots = [math.sqrt(max(0.0, measures[name])) for name in ROOTS]
    finest, fine, coarse, coarser, grain, grain_2, grain_colour, _ = logarithms
    across, down = measures["blur_across"], measures["blur_down"]
    ratios = [
        finest - fine, fine - coarse, coarse - coarser, grain - finest / 2, grain - grain_2, grain_colour - grain,
        abs(across - down), max(across, down),
    ]  # fmt: skip
    return numpy.array([*logarithms, *roots, *(measures[name] for name in PLAIN), *ratios], dtype=numpy.float64)


def predict(model: Artefact, features: Numbers) -> tuple[Numbers, Numbers]:
    """Losses per row and way, at least 0, from networks of one hidden layer, averaged; and the whole per row, above 0."""
    arrays = model.arrays
    rows = numpy.clip((features - arrays["mean"]) / arrays["deviation"], -FARTHEST, FARTHEST)
    hidden = numpy.maximum(0, numpy.einsum("rf,nfh->nrh", rows, arrays["hidden"]) + arrays["hidden_bias"][:, None])
    found = numpy.einsum("nrh,nhw->nrw", hidden, arrays["output"]) + arrays["output_bias"][:, None]
    losses: Numbers = numpy.maximum(0, found.mean(axis=0))
    seen = numpy.concatenate([rows, *hidden], axis=1)
    whole = ORDERED * (seen @ arrays["order"] + arrays["order_bias"]) + (1 - ORDERED) * losses.sum(axis=1)
    return losses, numpy.logaddexp(0, BEND * whole) / BEND


def losses_of(measures: Mapping[str, float]) -> Losses | None:
    """The losses of a measured picture; None where it was measured by an earlier release, or the model can't be read."""
    if any(name not in measures for name in NEEDED):
        return None
    try:
        model = read_shipped("ugc.scoring", "technical", kind=KIND, format=FORMAT)
    except (DamagedModel, OtherFormat, OSError):
        return None
    losses, whole = predict(model, features_of(measures)[None])
    ways = dict(zip(WAYS, (float(loss) for loss in losses[0]), strict=True))
    raised = at_least(ways, measures)
    return Losses(raised, float(whole[0]) + sum(raised.values()) - sum(ways.values()))


def at_least(ways: Mapping[str, float], measures: Mapping[str, float]) -> dict[str, float]:
    """Losses raised to what one measure shows by itself: a network knows nothing of pictures worse than those of its training."""
    soft = along(min(measures["blur_across"], measures["blur_down"]), SOFT)
    blocks = along(math.log(max(measures["blockiness"], 1e-9)), (math.log(BLOCKS[0]), math.log(BLOCKS[1])))
    return {
        **ways,
        "blur": max(ways["blur"], soft - ways["motion"]),
        "noise": max(ways["noise"], along(measures["noise"], GRAIN) + max(0.0, math.log2(max(1.0, measures["noise"] / GRAIN[1])))),
        "compression": max(ways["compression"], blocks),
    }


def along(value: float, span: tuple[float, float]) -> float:
    """How far along a span."""
    return within((value - span[0]) / (span[1] - span[0]))


def measure(facts: Facts) -> Measured:
    """exp(−1.2 × all that was lost), less where the picture is none that a camera took; the reason names what weighs most."""
    if not facts.has_picture:
        return NO_PICTURE
    if facts.measures.get("contrast", EMPTY) < EMPTY:
        return Measured(0.0, "Nothing to see: one tone all over")
    losses = losses_of(facts.measures)
    if losses is None:
        return Measured(None, "Not measured yet")
    drawn = photo_likeness.drawn(facts.measures)
    if drawn > 0.5:
        return Measured(losses.quality * (1 - drawn), "Not a photo: no lens, no light, nothing to judge")
    return Measured(losses.quality * (1 - drawn), reason_of(losses))


def reason_of(losses: Losses) -> str:
    """What weighs most, with its share of all that was lost."""
    if losses.whole < LITTLE:
        return "Clean: hardly anything lost"
    named = sum(losses.ways.values()) or 1.0
    first, second = sorted(losses.ways, key=lambda way: -losses.ways[way])[:2]
    words = [
        f"{WORDS[way]} ({losses.ways[way] / named:.0%})" for way in (first, second) if way == first or losses.ways[way] >= named / 5
    ]
    return f"{degree(losses.whole)}: {' and '.join(words)}"


def degree(whole: float) -> str:
    """How bad, in a word or two."""
    return "Slightly spoilt" if whole < 2 * LITTLE else "Spoilt" if whole < 4 * LITTLE else "Badly spoilt"


def stacked(layers: Sequence[NDArray[numpy.float64]]) -> NDArray[numpy.float32]:
    """The networks' arrays of one kind as one."""
    return numpy.stack(layers).astype(numpy.float32)


SIGNAL = Signal("technical", "Technical quality", 20, measure)
