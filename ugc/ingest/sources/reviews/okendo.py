"""Okendo. A review is shown only where both of its columns say so; pictures that the shop rejected stay away."""

from __future__ import annotations

from ugc.ingest.sources.reviews.base import MEANINGS, Format

FORMAT = Format(
    name="okendo",
    label="Okendo",
    signatures=(
        frozenset({"body", "datecreated", "isapproved"}),
        frozenset({"body", "datecreated", "imageurls"}),
        frozenset({"body", "datecreated", "isverifiedbuyer"}),
    ),
    columns=MEANINGS | {"product": ("sku", "productid"), "author": ("name",), "title": ("title",)},
    left_out=frozenset({"rejectedimageurls", "countrycode"}),
)
