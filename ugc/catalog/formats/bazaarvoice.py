"""Bazaarvoice ProductFeed 14.x: brands and a tree of categories beside the products, families as attributes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element

from ugc.catalog.formats.base import Entry
from ugc.kit import markup
from ugc.kit.markup import text_of, texts_of

NAMESPACE = "bazaarvoice.com/xs/PRR/ProductFeed/"
# More names than any shop has; a hostile feed must not fill memory (T-39).
MAX_NAMES = 200_000
MAX_DEPTH = 12


@dataclass(slots=True)
class Names:
    """What the feed says once and its products refer to."""

    brands: dict[str, str] = field(default_factory=dict)
    categories: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Id → (parent's id, name)."""

    def path_of(self, category: str) -> list[str]:
        """The names from the root to the category; a circle ends where it would close."""
        path: list[str] = []
        seen: set[str] = set()
        while category in self.categories and category not in seen and len(path) < MAX_DEPTH:
            seen.add(category)
            category, name = self.categories[category]
            path.insert(0, name)
        return path


def is_one(root: str, attributes: Mapping[str, str]) -> bool:
    """Whether the root is a Bazaarvoice feed's."""
    return root == "Feed" and any(NAMESPACE in value for key, value in attributes.items() if key.startswith("xmlns"))


def read_entries(path: Path) -> Iterator[Entry]:
    """The feed's products; its brands and categories are read before, wherever they stand."""
    names = read_names(path)
    for line, product in markup.read_records(path, {"Product"}):
        yield Entry(line, attributes_of(product, names))


def read_names(path: Path) -> Names:
    """Brands and categories by their ids."""
    names = Names()
    try:
        for _, element in markup.read_records(path, {"Brand", "Category", "Product"}):
            id, name = text_of(element, "ExternalId"), name_of(element)
            if element.tag == "Brand" and len(names.brands) < MAX_NAMES:
                names.brands[id] = name
            elif element.tag == "Category" and len(names.categories) < MAX_NAMES:
                names.categories[id] = (text_of(element, "ParentExternalId"), name)
    except markup.BrokenOff:
        return names
    return names


def name_of(element: Element, one: str = "Name", many: str = "Names/Name") -> str:
    """The text in the feed's own language, else the first of those by locale."""
    return text_of(element, one) or next(iter(texts_of(element, many)), "")


def attributes_of(product: Element, names: Names) -> dict[str, str]:
    """A product by Google's names."""
    path = names.path_of(text_of(product, "CategoryExternalId"))
    brand = names.brands.get(text_of(product, "BrandExternalId"), "") or text_of(product, "Brand/Name")
    codes = (text for kind in ("EANs/EAN", "UPCs/UPC", "ISBNs/ISBN") for text in texts_of(product, kind))
    removed = product.get("removed", "").lower() == "true" or product.get("disabled", "").lower() == "true"
    return {
        "id": text_of(product, "ExternalId"),
        "title": name_of(product),
        "description": name_of(product, "Description", "Descriptions/Description"),
        "link": name_of(product, "ProductPageUrl", "ProductPageUrls/ProductPageUrl"),
        "image_link": name_of(product, "ImageUrl", "ImageUrls/ImageUrl"),
        "item_group_id": family_of(product),
        "line": brand or (path[0] if path else ""),
        "product_type": " > ".join(path),
        "gtin": next(codes, ""),
        "mpn": next(iter(texts_of(product, "ManufacturerPartNumbers/ManufacturerPartNumber")), ""),
        "availability": "out of stock" if removed else "",
    }


def family_of(product: Element) -> str:
    """The family whose members share what customers say: the first one of BV_FE_FAMILY."""
    for attribute in product.iterfind("Attributes/Attribute"):
        if attribute.get("id") == "BV_FE_FAMILY" and (family := text_of(attribute, "Value")):
            return family
    return ""
