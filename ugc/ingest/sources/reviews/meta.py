"""Meta's product review feed for Shops."""

from __future__ import annotations

from ugc.ingest.sources.reviews.base import MEANINGS, Format

FORMAT = Format(
    name="meta",
    label="Meta product review feed",
    signatures=(frozenset({"store name", "reviewid", "content"}), frozenset({"aggregator", "reviewid", "content"})),
    columns=MEANINGS
    | {
        "id": ("reviewid",),
        "product": ("product productidentifiers skus", "product id", "sku"),
        "gtin": ("product productidentifiers gtins", "gtin"),
        "product_title": ("product name",),
        "product_url": ("product url",),
        "author": ("reviewer name",),
        "date": ("created at",),
        "verified": ("has verified purchase",),
        "pictures": ("review image urls",),
        "videos": ("review video urls",),
        "reply": (),
    },
    left_out=frozenset(
        {"aggregator", "store name", "store id", "store storeurls", "updated at", "reviewer reviewerid", "product imageurls"}
    ),
)
