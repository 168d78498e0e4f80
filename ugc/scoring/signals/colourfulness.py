"""Is the picture colourful? Hasler and Süsstrunk (2003): 0 not, 15 slightly, 33 moderately, 45 averagely, 59 quite."""

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


def measure(facts: Facts) -> Measured:
    """M3 against 59."""
    if not facts.has_picture or "colourfulness" not in facts.measures:
        return NO_PICTURE
    found = max(0.0, facts.measures["colourfulness"])
    word = next(word for least, word in STEPS if found >= least)
    return Measured(within(found / FULL), f"{word}: {found:.0f} against {FULL}")


SIGNAL = Signal("colourfulness", "Colourfulness", 6, measure)
