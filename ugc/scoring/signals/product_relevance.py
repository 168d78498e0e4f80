"""Does the item show something that is for sale? Tagged, pointed at, and named in the text."""

from __future__ import annotations

from ugc.library.models import Kind
from ugc.scoring.signals.base import Facts, Measured, Signal, counted, words_of

TAGGED, POINTED, NAMED = 0.6, 0.2, 0.2
# Shorter words of a title ("the", "with") name nothing.
LONG = 4


def measure(facts: Facts) -> Measured:
    """.6 for a tagged product, .2 for a hotspot (a text has no use for one and gets it), .2 for a word of its title."""
    if facts.products is None:
        return Measured(None, "Products unknown")
    if not facts.products:
        return Measured(0.0, "No product tagged")
    said = {word.lower() for word in words_of(f"{facts.title} {facts.body}")}
    named = any(len(word) >= LONG and word.lower() in said for title in facts.products for word in words_of(title))
    pointed = facts.hotspots > 0 or (facts.kind is Kind.REVIEW and not facts.has_picture)
    notes = [
        counted(len(facts.products), "product"),
        *(["with a hotspot"] if facts.hotspots else []),
        *(["named in the text"] if named else []),
    ]
    return Measured(TAGGED + POINTED * pointed + NAMED * named, ", ".join(notes))


SIGNAL = Signal("product_relevance", "Product", 15, measure)
