"""Shopify Product Reviews, the app that many shops still have an export of."""

from __future__ import annotations

from ugc.ingest.sources.reviews.base import MEANINGS, Format

FORMAT = Format(
    name="shopify",
    label="Shopify Product Reviews",
    signatures=(frozenset({"product handle", "state", "rating", "author", "body"}),),
    columns=MEANINGS | {"product": (), "status": ("state",)},
)
