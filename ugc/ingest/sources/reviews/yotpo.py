"""Yotpo, exported or imported, also under the labels of its pages. Only `verified_buyer` is a purchase."""

from __future__ import annotations

from ugc.ingest.sources.reviews.base import MEANINGS, Format

FORMAT = Format(
    name="yotpo",
    label="Yotpo",
    signatures=(frozenset({"review content", "review score"}),),
    columns=MEANINGS
    | {
        "product": ("product id", "sku"),
        "date": ("date", "review date", "created at"),
        "verified": ("user type", "reviewer type", "verified buyer"),
        "reply": ("comment content", "comment"),
        "pictures": ("published image url", "image url"),
    },
    verified=frozenset({"verified_buyer", "verified buyer", "true", "yes"}),
    left_out=frozenset({"unpublished image url", "product image url", "product description"}),
)
