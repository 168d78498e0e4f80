"""Olapic's product feed: XML; variants name their parent, which makes them one family."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.etree.ElementTree import Element

from ugc.catalog.formats.base import Entry
from ugc.kit import markup
from ugc.kit.markup import text_of

ROOTS = {"Products", "Feed", "ProductFeed", "OlapicProductFeed"}


def is_one(root: str, attributes: Mapping[str, str]) -> bool:
    """Whether the root is an Olapic feed's, by its schema or its name."""
    return any("olapic" in value.lower() for value in attributes.values()) or root in ROOTS


def read_entries(path: Path) -> Iterator[Entry]:
    """The feed's products. A parent is of its own family, so that it stands with its variants."""
    for line, product in markup.read_records(path, {"Product"}):
        yield Entry(line, attributes_of(product))


def attributes_of(product: Element) -> dict[str, str]:
    """A product by Google's names; a colour is a part of the title."""
    name, colour = text_of(product, "Name"), text_of(product, "Color")
    titled = f"{name} – {colour}" if name and colour and colour.lower() not in name.lower() else name
    id = text_of(product, "ProductUniqueID")
    return {
        "id": id,
        "title": titled,
        "description": text_of(product, "Description"),
        "link": text_of(product, "ProductUrl"),
        "image_link": text_of(product, "ImageUrl"),
        "item_group_id": text_of(product, "ParentID") or id,
        "product_type": text_of(product, "Category") or text_of(product, "CategoryID"),
        "price": text_of(product, "Price"),
        "currency": text_of(product, "Currency"),
        "gtin": text_of(product, "EAN") or text_of(product, "UPC"),
    }
