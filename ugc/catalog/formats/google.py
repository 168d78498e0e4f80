"""Google Merchant feeds: RSS 2.0 and Atom with `g:` attributes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.etree.ElementTree import Element

from ugc.catalog import rules
from ugc.catalog.formats.base import Entry, NotAFeed
from ugc.kit import markup

GOOGLE = "http://base.google.com/"
ROOTS = {"rss", "feed", "rdf"}
ITEMS = {"item", "entry", "Item", "Entry"}

PLAIN_NAMES = {"summary": "description", "content": "description", "group id": "item_group_id"}
"""Names of Atom and of other dialects for Google's attributes."""


class Prefix:
    """Which prefix stands for Google's names in one file."""

    def __init__(self) -> None:
        self.text = "g"

    def open_root(self, name: str, attributes: Mapping[str, str]) -> None:
        """Refuse what is not a feed by its root; find the prefix."""
        if name.lower() not in ROOTS:
            kind = "a sitemap" if name.lower() in {"urlset", "sitemapindex"} else "not a product feed"
            raise NotAFeed(f"the root element <{name[:60]}> makes it {kind}; expected RSS 2.0 or Atom with g: attributes")
        spaces = (key[6:] for key, value in attributes.items() if key[:6] == "xmlns:" and value.startswith(GOOGLE))
        self.text = next(spaces, "g")


def read_entries(path: Path) -> Iterator[Entry]:
    """The feed's items, each as soon as it ends."""
    prefix = Prefix()
    for line, item in markup.read_records(path, ITEMS, prefix.open_root, prefixes=True):
        yield Entry(line, attributes_of(item, prefix.text))


def attributes_of(item: Element, prefix: str) -> dict[str, str]:
    """The item's direct children by Google's names; prefixed ones win over plain ones of the same name."""
    attributes: dict[str, str] = {}
    for child in item:
        before, _, local = child.tag.rpartition(":")
        name = PLAIN_NAMES.get(rules.normal(local), re.sub(r"\W", "", local.lower()))
        text = markup.text_of(child)
        if child.tag == "link" and child.get("rel", "alternate") == "alternate" and "href" in child.keys():  # noqa: SIM118  # an element is no dict
            attributes.setdefault("link", child.get("href", ""))
        if before == prefix and text:
            attributes[name] = text
        elif not before and text and name != "id":  # Atom's own <id> names the entry, not the product
            attributes.setdefault(name, text)
    return attributes
