"""Does the eye find one subject, well placed? Saliency by spectral residual (Hou and Zhang 2007), thirds or the middle."""

from __future__ import annotations

import math
from itertools import product

from ugc.scoring.signals.base import NO_PICTURE, Facts, Measured, Signal, within

THIRDS = tuple(product((1 / 3, 2 / 3), repeat=2))
MIDDLE = (0.5, 0.5)
# A quarter of the picture away from each of these places the subject slips out of it.
REACH = 0.25
# Of all saliency, what one region holds where nothing or one thing stands out: the tenth and nine tenths of 60 photos.
FOCUS = (0.02, 0.4)
# A region smaller than this is a speck.
SIZE = (0.003, 0.02)
UNCLEAR = 0.2
# Crete's blur from where on there is no subject, only a blot.
BLOT = (0.6, 0.9)


def measure(facts: Facts) -> Measured:
    """.5 where nothing stands out; from there towards 1 or 0 by how well placed the subject is, as far as it stands out."""
    found = facts.measures
    if not facts.has_picture:
        return NO_PICTURE
    if "subject_x" not in found:
        return Measured(None, "Not measured yet")
    at = found["subject_x"], found["subject_y"]
    third, middle = min(math.dist(at, place) for place in THIRDS), math.dist(at, MIDDLE)
    placed = 1 - min(1.0, min(third, middle) / REACH)
    clear = along(found["subject_focus"], FOCUS) * along(found["subject_share"], SIZE)
    clear *= 1 - along(min(found.get("blur_across", 0.0), found.get("blur_down", 0.0)), BLOT)
    return Measured(0.5 + clear * (placed - 0.5), words(clear, placed, third < middle))


def along(value: float, span: tuple[float, float]) -> float:
    """How far along a span."""
    return within((value - span[0]) / (span[1] - span[0]))


def words(clear: float, placed: float, near_third: bool) -> str:
    """Where the subject is."""
    if clear < UNCLEAR:
        return "No single subject stands out"
    place = "close to the edge" if placed < 1 / 3 else "near a third" if near_third else "in the middle"
    return f"{'One clear subject' if clear > 0.6 else 'A subject'} {place}"


SIGNAL = Signal("composition", "Composition", 4, measure)
