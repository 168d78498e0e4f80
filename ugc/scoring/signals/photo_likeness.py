"""Is it a photo, rather than a screenshot, a page of text, a collage or a picture in a frame?"""

from __future__ import annotations

from collections.abc import Mapping

from ugc.scoring.signals.base import NO_PICTURE, Facts, Measured, Signal, within

# From where something is suspected to where it is sure. Of 196 photos of three kinds 2 % lie above the first of each pair; of
# 60 screenshots 95 % and of 40 collages 95 % lie above it.
FLAT, TEXT = (0.45, 0.75), (0.04, 0.10)
MUCH_TEXT = (0.08, 0.2)
STRAIGHT, GRAPHIC = (0.22, 0.32), (0.55, 0.80)
BLOCKS = (4.0, 10.0)
SOFT = (0.4, 0.6)
SEAM = (0.62, 0.82)
BORDER = (0.03, 0.15)
# A collage shows photos still, a framed photo is one.
COLLAGE_COSTS, BORDER_COSTS = 0.7, 0.4


def ramp(value: float, span: tuple[float, float]) -> float:
    """0 below the span, 1 above it, even between."""
    return within((value - span[0]) / (span[1] - span[0]))


def drawn(measures: Mapping[str, float]) -> float:
    """How surely a screen, not a camera, made it: text on plain ground, or straight edges between plain areas."""
    flat = measures.get("flat_share", 0.0)
    text = ramp(measures.get("text_share", 0.0), TEXT) * ramp(flat, FLAT)
    straight = ramp(measures.get("straight_share", 0.0), STRAIGHT) * ramp(flat, GRAPHIC)
    return max(text, straight) * unspoilt(measures)


def unspoilt(measures: Mapping[str, float]) -> float:
    """1, falling to 0 where a photo would look drawn: coarse compression makes plain blocks with straight edges, blur plain areas.
    What a screen shows is sharp.
    """
    soft = min(measures.get("blur_across", 0.0), measures.get("blur_down", 0.0))
    return (1 - ramp(measures.get("blockiness", 0.0), BLOCKS)) * (1 - ramp(soft, SOFT))


def findings(measures: Mapping[str, float]) -> list[tuple[float, str]]:
    """What speaks against a photo: what it costs, and its name."""
    border = measures.get("border_share", 0.0)
    return [
        (drawn(measures), "Looks like a screenshot or drawing"),
        (ramp(measures.get("text_share", 0.0), MUCH_TEXT) * unspoilt(measures), "Much text in it"),
        (COLLAGE_COSTS * ramp(measures.get("seam", 0.0), SEAM), "Looks like a collage: a straight seam runs through it"),
        (BORDER_COSTS * ramp(border, BORDER), f"A plain border takes {border:.0%} of it"),
    ]


def measure(facts: Facts) -> Measured:
    """1 less what the strongest finding costs."""
    if not facts.has_picture or "flat_share" not in facts.measures:
        return NO_PICTURE if not facts.has_picture else Measured(None, "Not measured yet")
    if facts.measures.get("border_share", 0.0) >= 1:
        return Measured(0.0, "One colour all over")
    costs, name = max(findings(facts.measures), key=lambda each: each[0])
    return Measured(1 - costs, name if costs >= 0.1 else "Looks like a photo")


SIGNAL = Signal("photo_likeness", "Looks like a photo", 7, measure)
