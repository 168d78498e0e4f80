"""TurnTo's catalogue: tab-separated, its headers in any order; each kind of product code in a column of its own.

Rows may be categories (`ISCATEGORY`), addresses relative to the shop's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from ugc.catalog import rules
from ugc.catalog.formats.base import Entry
from ugc.catalog.formats.table import fault_of, named_cells
from ugc.kit import rows

SIGNATURE = frozenset({"sku", "itemurl", "imageurl"})
FIELDS = {
    "id": ("sku",), "title": ("title",), "link": ("itemurl",), "image_link": ("imageurl",), "price": ("price",),
    "currency": ("currency",), "mpn": ("mpn", "manufacturer part number"), "gtin": ("ean", "upc", "jan", "isbn", "gtin"),
    "brand": ("brand",), "product_type": ("category", "category path"),
    "item_group_id": ("virtualparentcode", "virtual parent code", "parentsku"), "description": ("description",),
    "availability": ("instock", "in stock"),
}  # fmt: skip


def is_one(header: Sequence[str]) -> bool:
    """Whether the header is TurnTo's."""
    return {rules.normal(cell) for cell in header} >= SIGNATURE


def read_entries(header: Sequence[str], records: Iterator[rows.Row]) -> Iterator[Entry]:
    """The rows as products; of several codes the first that is there counts."""
    for row in records:
        if fault := fault_of(row, len(header)):
            yield Entry(row.line, {}, fault)
            continue
        cells = named_cells(header, row)
        if cells.get("iscategory", "").lower() not in {"y", "yes", "true", "1"}:
            yield Entry(row.line, attributes_of(cells))


def attributes_of(cells: Mapping[str, str]) -> dict[str, str]:
    """A product by Google's names."""
    given = {name: text for name, keys in FIELDS.items() if (text := next((cells[key] for key in keys if cells.get(key)), ""))}
    if given.get("link", "").startswith("/") and not given["link"].startswith("//"):
        given["path"] = given.pop("link")
    return given | ({"product_type": path} if (path := path_of(cells.get("categorypathjson", ""))) else {})


def path_of(text: str) -> str:
    """The names of a category's path, the root first: `[{"id": "1", "name": "Kitchen"}, …]`; empty where it can't be read."""
    try:
        steps = json.loads(text) if text else []
    except (ValueError, RecursionError):
        return ""
    if not isinstance(steps, list):
        return ""
    return " > ".join(name for step in steps if isinstance(step, dict) and isinstance(name := step.get("name"), str) and name)
