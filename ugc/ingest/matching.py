"""Which product of the catalogue a review speaks of: looked up by every name that the file has for it, once a run."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from ugc.catalog import actions as catalog_actions
from ugc.catalog import queries as catalog_queries
from ugc.catalog.rules import ProductData
from ugc.ingest.importing import MAX_UNKNOWN
from ugc.ingest.sources.reviews.base import Mention, ReviewRow

# A file that names a product of its own in every row must not fill memory.
MAX_REMEMBERED = 100_000


class Matches:
    """What the names in a file stand for, as far as this run asked."""

    def __init__(self, *, create: bool) -> None:
        self.create = create
        self.skus: dict[str, str | None] = {}
        self.families: dict[str, str] = {}
        """The family of each of these products."""
        self.unknown: set[str] = set()
        self.torn: set[str] = set()
        """First names of products whose other names are those of another one."""
        self.added: list[str] = []
        """Products that were added since somebody last looked."""

    def of(self, mention: Mention) -> str | None:
        """The SKU of a product that was looked up; none where its names are those of different products."""
        skus = self.candidates(mention)
        if len(skus) > 1 and not mention.several and len({self.families.get(sku, sku) for sku in skus}) > 1:
            return None
        return skus[0] if skus else None

    def candidates(self, mention: Mention) -> list[str]:
        """What each of the names stands for, as far as they stand for anything."""
        return [sku for name in (*mention.names, *mention.gtins) if (sku := self.skus.get(name))]


def look_up(session: Session, brand_id: int, rows: Sequence[ReviewRow], matches: Matches) -> None:
    """Find the products of a batch, and add those that are missing where the import may; the others are remembered."""
    mentions = {(mention.names, mention.gtins): mention for row in rows for mention in row.mentions}
    new = {name for names, gtins in mentions for name in (*names, *gtins) if name not in matches.skus}
    if new:
        if len(matches.skus) > MAX_REMEMBERED:
            matches.skus.clear()
            matches.families.clear()
            new = {name for names, gtins in mentions for name in (*names, *gtins)}
        named = catalog_queries.find_named(session, brand_id, new)
        matches.skus |= dict.fromkeys(new) | {name: one.sku for name, one in named.items()}
        matches.families |= {one.sku: one.family for one in named.values()}
    nameless = [each for each in mentions.values() if matches.of(each) is None]
    if len(matches.torn) < MAX_UNKNOWN:
        matches.torn |= {name_of(each) for each in nameless if matches.candidates(each)}
    missing = {name_of(each): each for each in nameless if not matches.candidates(each)}
    if missing and matches.create:
        add_missing(session, brand_id, missing, matches)
    elif len(matches.unknown) < MAX_UNKNOWN:
        matches.unknown |= missing.keys()


def add_missing(session: Session, brand_id: int, missing: dict[str, Mention], matches: Matches) -> None:
    """Add the products that the catalogue does not have, as far as the file describes them."""
    matches.added += catalog_actions.add_missing(
        session, brand_id, [each.data or ProductData(sku=name) for name, each in missing.items()]
    )
    for name, each in missing.items():
        matches.skus |= dict.fromkeys((*each.names, *each.gtins), (each.data.sku if each.data else name))


def name_of(mention: Mention) -> str:
    """The name under which a product would be added."""
    return (mention.names or mention.gtins)[0]
