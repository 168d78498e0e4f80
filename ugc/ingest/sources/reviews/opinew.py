"""Opinew; the order of its columns is fixed, their names are too."""

from __future__ import annotations

from ugc.ingest.sources.reviews.base import MEANINGS, Format

FORMAT = Format(
    name="opinew",
    label="Opinew",
    signatures=(
        frozenset({"body", "review date", "state", "reviewer name", "region"}),
        frozenset({"body", "review date", "state", "reviewer name", "picture urls", "sku"}),
    ),
    columns=MEANINGS | {"product": ("sku", "product id"), "status": ("state",)},
    left_out=frozenset({"region"}),
)
