"""Does grain or the grid of coarse compression show? Immerkær's noise (1996) and steps at block edges, as they were measured."""

from __future__ import annotations

import math

from ugc.scoring.signals.base import NO_PICTURE, Facts, Measured, Signal, within

# Levels of luma: a good photo's grain is below one, at twenty it is all that one sees. Each doubling is worth the same.
GRAIN = (1.5, 20.0)
# How much steeper steps at block edges are than others: at quality 80 one and a half, at 15 five, at 5 twenty times.
BLOCKS = (1.8, 16.0)
SHOWS, DISTURBS = 0.1, 0.5
# Below this standard deviation nothing can show.
EMPTY = 3.0


def measure(facts: Facts) -> Measured:
    """What neither grain nor blocks take, on logarithmic scales."""
    found = facts.measures
    if not facts.has_picture:
        return NO_PICTURE
    if "noise" not in found or "blockiness" not in found:
        return Measured(None, "Not measured yet")
    if found.get("contrast", EMPTY) < EMPTY:
        return Measured(None, "One tone all over: nothing could show")
    grain, blocks = share(found["noise"], GRAIN), share(found["blockiness"], BLOCKS)
    notes = [
        *([f"{'strong ' if grain > DISTURBS else 'some '}grain ({found['noise']:.0f} of 255 levels)"] if grain > SHOWS else []),
        *(
            [f"{'coarse' if blocks > DISTURBS else 'visible'} blocks of compression ({found['blockiness']:.0f} times as steep)"]
            if blocks > SHOWS
            else []
        ),
    ]
    text = " and ".join(notes) or "neither grain nor blocks show"
    return Measured((1 - grain) * (1 - blocks), text[0].upper() + text[1:])


def share(value: float, span: tuple[float, float]) -> float:
    """How far along a span, in doublings."""
    return within(math.log(max(value, 1e-9) / span[0]) / math.log(span[1] / span[0]))


SIGNAL = Signal("cleanness", "Grain and compression", 4, measure)
