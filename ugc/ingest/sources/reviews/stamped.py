"""Stamped."""

from __future__ import annotations

from ugc.ingest.sources.reviews.base import MEANINGS, Format

FORMAT = Format(
    name="stamped",
    label="Stamped",
    signatures=(frozenset({"product id", "producturl", "rating", "body"}), frozenset({"productimageurl", "rating", "body"})),
    columns=MEANINGS
    | {
        "product": ("product id", "productid"),
        "pictures": ("photos", "photo urls", "photo url", "reviewphotos", "images"),
        "videos": ("videos", "video urls", "video url", "reviewvideos", "video"),
    },
    left_out=frozenset({"productimageurl"}),
)
