"""Is the picture colourful, and are the colours the things' own? Hasler and Süsstrunk (2003): 0 not, 15 slightly, 33 moderately,
45 averagely, 59 quite; a cast by Gasparini and Schettini (2004).
"""

from __future__ import annotations

from ugc.scoring.signals.base import NO_PICTURE, Facts, Measured, Signal, within

# "Quite colourful"; more than that is a matter of taste and not rewarded.
FULL = 59
STEPS = (
    (59, "Quite colourful"),
    (45, "Colourful"),
    (33, "Moderately colourful"),
    (15, "Slightly colourful"),
    (0, "Hardly any colour"),
)


# Nine of ten photos lie below the first; at the second the light has dyed everything.
CAST = (0.8, 2.5)


def measure(facts: Facts) -> Measured:
    """M3 against 59, less up to half for a cast."""
    if not facts.has_picture or "colourfulness" not in facts.measures:
        return NO_PICTURE
    found = max(0.0, facts.measures["colourfulness"])
    word = next(word for least, word in STEPS if found >= least)
    cast = within((facts.measures.get("colour_cast", 0.0) - CAST[0]) / (CAST[1] - CAST[0])) if found >= STEPS[-2][0] else 0.0
    note = ", with a strong cast" if cast > 0.5 else ", with a cast" if cast > 0 else ""
    return Measured(within(found / FULL) * (1 - cast / 2), f"{word}: {found:.0f} against {FULL}{note}")


SIGNAL = Signal("colourfulness", "Colour", 4, measure)
