"""TurnTo's catalogue: tab-separated, its headers in any order; each kind of product code in a column of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ugc.catalog import rules
from ugc.catalog.formats.base import Entry
from ugc.catalog.formats.table import fault_of, named_cells
from ugc.kit import rows

SIGNATURE = frozenset({"sku", "itemurl", "imageurl"})
FIELDS = {
    "id": ("sku",), "title": ("title",), "link": ("itemurl",), "image_link": ("imageurl",), "price": ("price",),
    "currency": ("currency",), "mpn": ("mpn", "manufacturer part number"), "gtin": ("ean", "upc", "jan", "isbn", "gtin"),
    "brand": ("brand",), "product_type": ("category", "categorypathjson", "category path"),
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
        yield Entry(row.line, {name: next((cells[key] for key in keys if cells.get(key)), "") for name, keys in FIELDS.items()})
