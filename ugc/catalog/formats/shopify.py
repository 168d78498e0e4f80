"""Shopify's product CSV: a row for each variant and each further picture, what they share only in the product's first row."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from html import unescape
from urllib.parse import quote

from ugc.catalog import rules
from ugc.catalog.formats.base import Entry
from ugc.catalog.formats.table import fault_of, named_cells
from ugc.kit import rows

SIGNATURES = (
    frozenset({"handle", "option1 value", "variant price"}),
    frozenset({"handle", "title", "variant sku"}),
    frozenset({"url handle", "option1 value", "price"}),
)
# Headers as they are since 2024 → as most files have them.
RENAMED = {
    "url handle": "handle", "description": "body html", "price": "variant price", "sku": "variant sku",
    "barcode": "variant barcode", "inventory quantity": "variant inventory qty", "inventory tracker": "variant inventory tracker",
    "continue selling when out of stock": "variant inventory policy", "product image url": "image src",
    "variant image url": "variant image", "published on online store": "published",
}  # fmt: skip
SHARED = ("title", "body html", "vendor", "type", "product category", "published", "status", "image src")
OPTIONS = ("option1 value", "option2 value", "option3 value")
NO_OPTION = "Default Title"
YES = {"true", "yes", "1", "continue"}


def is_one(header: Sequence[str]) -> bool:
    """Whether the header is that of Shopify's export."""
    names = {rules.normal(cell) for cell in header}
    return any(signature <= names for signature in SIGNATURES)


def read_entries(header: Sequence[str], records: Iterator[rows.Row]) -> Iterator[Entry]:
    """The variants as products; rows that only add a picture give none."""
    shared: dict[str, str] = {}
    handle = ""
    count = 0
    for row in records:
        if fault := fault_of(row, len(header)):
            yield Entry(row.line, {}, fault)
            continue
        cells = {RENAMED.get(name, name): text for name, text in named_cells(header, row).items()}
        if not cells.get("handle"):
            yield Entry(row.line, {}, "the row has no Handle, which names its product")
            continue
        if cells["handle"] != handle:
            handle, count, shared = cells["handle"], 0, {name: cells.get(name, "") for name in SHARED}
        if not is_variant(cells):
            continue
        count += 1
        yield Entry(row.line, attributes_of(cells, shared, count))


def is_variant(cells: Mapping[str, str]) -> bool:
    """Whether the row is something that can be bought, not a further picture."""
    return any(cells.get(name) for name in ("variant sku", "variant price", "option1 value"))


def attributes_of(cells: Mapping[str, str], shared: Mapping[str, str], number: int) -> dict[str, str]:
    """A variant by Google's names; without a SKU the first goes by the product's handle, the others by that and their options."""
    handle = cells["handle"]
    options = [text for name in OPTIONS if (text := cells.get(name, "")) and text != NO_OPTION]
    title = shared["title"] or handle
    return {
        "id": cells.get("variant sku") or (handle if number == 1 else f"{handle}:{'/'.join(options) or number}"),
        "title": f"{title} – {' / '.join(options)}" if options else title,
        "description": plain(shared["body html"]),
        "path": f"/products/{quote(handle)}",
        "image_link": cells.get("variant image") or shared["image src"],
        "price": cells.get("variant price", ""),
        "availability": availability_of(cells, shared),
        "item_group_id": handle,
        "brand": shared["vendor"],
        "product_type": shared["type"] or shared["product category"],
        "gtin": cells.get("variant barcode", "").lstrip("'"),
    }


def availability_of(cells: Mapping[str, str], shared: Mapping[str, str]) -> str:
    """In stock unless the product is not on sale, or its stock is counted and gone."""
    if shared["status"].lower() in {"draft", "archived"} or shared["published"].lower() in {"false", "no", "0"}:
        return "out of stock"
    quantity = cells.get("variant inventory qty", "")
    counted = cells.get("variant inventory tracker", "shopify")
    if counted and re.fullmatch(r"-?\d+", quantity) and int(quantity) <= 0:
        return "backorder" if cells.get("variant inventory policy", "").lower() in YES else "out of stock"
    return "in stock"


def plain(html: str) -> str:
    """A description without its markup."""
    return unescape(re.sub(r"<[^<>]*>", " ", html))
