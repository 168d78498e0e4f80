"""Loox: the table that it exports."""

from __future__ import annotations

from ugc.ingest.sources.reviews.base import MEANINGS, Format

FORMAT = Format(
    name="loox-export",
    label="Loox export",
    signatures=(
        frozenset({"review", "rating", "nickname", "full name", "productid"}),
        frozenset({"review", "img", "nickname", "status"}),
    ),
    columns=MEANINGS | {"product": ("productid",), "author": ("nickname",), "pictures": ("img",)},
)
