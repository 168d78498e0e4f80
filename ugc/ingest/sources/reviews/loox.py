"""Loox: the table that it imports."""

from __future__ import annotations

from ugc.ingest.sources.reviews.base import MEANINGS, Format

FORMAT = Format(
    name="loox",
    label="Loox import",
    signatures=(
        frozenset({"product handle", "author", "body", "photo url"}),
        frozenset({"product handle", "author", "body", "replied at", "verified purchase"}),
    ),
    columns=MEANINGS | {"product": ("product id",), "pictures": ("photo url",), "status": ()},
)
