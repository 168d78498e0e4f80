"""Feefo: each row rates the service and the product; where nobody rated the product, the row is a review of the shop."""

from __future__ import annotations

from ugc.ingest.sources.reviews.base import MEANINGS, Format


def product_or_service(given: dict[str, str]) -> dict[str, str]:
    """The product's stars and words; the service's where there are none, and then no product is named."""
    if given.get("rating") or given.get("body"):
        return given
    shop = {"rating": given.get("service_rating", ""), "body": given.get("service_body", ""), "product": ""}
    return given | shop


FORMAT = Format(
    name="feefo",
    label="Feefo",
    signatures=(frozenset({"feedback date", "product comment"}), frozenset({"service rating", "product rating"})),
    columns=MEANINGS
    | {
        "product": ("product id", "product code", "sku"),
        "author": ("name", "customer name"),
        "rating": ("product rating",),
        "body": ("product comment",),
        "date": ("feedback date",),
        "service_rating": ("service rating",),
        "service_body": ("service comment",),
        "reply": ("product response", "response"),
    },
    left_out=frozenset({"sale date"}),
    tidy=product_or_service,
)
