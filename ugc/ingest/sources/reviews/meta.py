"""Meta's product review feed for Shops: what may be several stands as a JSON list; who asked not to be named has no name."""

from __future__ import annotations

import json

from ugc.ingest.rules import YES
from ugc.ingest.sources.reviews.base import MEANINGS, Format

LISTS = ("product", "gtin", "mpn")


def unlisted(given: dict[str, str]) -> dict[str, str]:
    """The first of each product's codes, and no name where the reviewer is anonymous."""
    tidy = given | {name: first_of(given.get(name, "")) for name in LISTS}
    tidy["product"] = tidy["product"] or tidy["mpn"]
    return tidy | ({"author": ""} if given.get("anonymous", "").lower() in YES else {})


def first_of(text: str) -> str:
    """The first text of a JSON list; what is no list stays as it is."""
    if not text.startswith("["):
        return text
    try:
        return next((each.strip() for each in json.loads(text) if isinstance(each, str) and each.strip()), "")
    except (ValueError, RecursionError):
        return text


FORMAT = Format(
    name="meta",
    label="Meta product review feed",
    signatures=(frozenset({"store name", "reviewid", "content"}), frozenset({"aggregator", "reviewid", "content"})),
    columns=MEANINGS
    | {
        "id": ("reviewid",),
        "product": ("product productidentifiers skus", "product id", "sku"),
        "gtin": (*(f"product productidentifiers {code}" for code in ("gtins", "eans", "upcs", "isbns")), "gtin"),
        "mpn": ("product productidentifiers mpns",),
        "anonymous": ("reviewer isanonymous",),
        "product_title": ("product name",),
        "product_url": ("product url",),
        "author": ("reviewer name",),
        "date": ("created at", "createdat"),
        "verified": ("has verified purchase", "hasverifiedpurchase"),
        "pictures": ("review image urls", "reviewimageurls"),
        "videos": ("review video urls", "reviewvideourls"),
        "reply": (),
    },
    left_out=frozenset(
        {
            "aggregator",
            "store name",
            "store id",
            "store storeurls",
            "updated at",
            "updatedat",
            "reviewer reviewerid",
            "product imageurls",
        }
    ),
    tidy=unlisted,
)
