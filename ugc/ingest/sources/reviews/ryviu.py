"""Ryviu."""

from __future__ import annotations

from ugc.ingest.sources.reviews.base import MEANINGS, Format

FORMAT = Format(
    name="ryviu",
    label="Ryviu",
    signatures=(frozenset({"product handle", "body text", "author"}), frozenset({"body text", "photo urls"})),
    columns=MEANINGS | {"product": (), "body": ("body text",), "pictures": ("photo urls",)},
)
