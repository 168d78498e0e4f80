from __future__ import annotations

from sqlalchemy.orm import Session

from tests import make
from ugc.catalog import queries as catalog_queries
from ugc.catalog.rules import ProductData
from ugc.ingest import matching
from ugc.ingest.matching import Matches
from ugc.ingest.sources.reviews.base import Mention, ReviewRow
from ugc.library.models import Kind
from ugc.library.rules import ItemData, NewItem


def row(*mentions: Mention) -> ReviewRow:
    """A review that speaks of some products."""
    return ReviewRow(NewItem(ItemData(Kind.REVIEW, body="Nice")), mentions=mentions)


def test_a_product_is_found_by_its_best_name(session: Session) -> None:
    brand, stranger = make.brand(session), make.brand(session)
    make.product(session, brand, sku="HAT-R", family="hat", gtin="4006381333931")
    make.product(session, brand, sku="HAT-B", family="hat", mpn="M-1")
    make.product(session, stranger, sku="SCARF")
    rows = [
        row(Mention(("HAT-B", "hat"))), row(Mention(("77", "hat"))), row(Mention((), ("4006381333931",))),
        row(Mention(("M-1",))), row(Mention(("SCARF",))),
    ]  # fmt: skip
    matches = Matches(create=False)
    matching.look_up(session, brand.id, rows, matches)
    assert [matches.of(each.mentions[0]) for each in rows] == ["HAT-B", "HAT-R", "HAT-R", "HAT-B", None]
    assert matches.unknown == {"SCARF"}


def test_a_missing_product_is_added_once_under_its_best_name(session: Session) -> None:
    brand = make.brand(session)
    rows = [
        row(Mention(("A", "hat"), (), ProductData(sku="A", title="Hat"))),
        row(Mention(("A", "hat")), Mention((), ("4006381333931",))),
    ]
    matches = Matches(create=True)
    matching.look_up(session, brand.id, rows, matches)
    matching.look_up(session, brand.id, rows, matches)
    assert [product.sku for product in catalog_queries.find_products(session, brand.id)] == ["4006381333931", "A"]
    assert [matches.of(mention) for each in rows for mention in each.mentions] == ["A", "A", "4006381333931"]


def test_no_review_is_put_on_another_product(session: Session) -> None:
    brand = make.brand(session)
    make.product(session, brand, sku="77", title="Scarf")
    make.product(session, brand, sku="HAT-R", family="hat", gtin="n/a", mpn="M-1")
    make.product(session, brand, sku="BAG", gtin="n/a", mpn="M-1")
    gone = make.product(session, brand, sku="GONE", family="belt")
    gone.removed_at = make.NOON
    rows = [
        row(Mention(("77", "hat"))),  # the app's number of the hat is our scarf's SKU
        row(Mention((), ("n/a",))),
        row(Mention(("M-1",))),  # two makers' number
        row(Mention(("belt",))),
        row(Mention(("77", "HAT-R"), several=True)),
    ]
    matches = Matches(create=False)
    matching.look_up(session, brand.id, rows, matches)
    assert [matches.of(each.mentions[0]) for each in rows] == [None, None, None, None, "77"]
    assert (matches.torn, matches.unknown) == ({"77"}, {"n/a", "M-1", "belt"})


def test_a_removed_product_comes_back_with_the_import_that_names_it(session: Session) -> None:
    brand = make.brand(session)
    gone = make.product(session, brand, sku="A", title="Hat")
    gone.removed_at = make.NOON
    session.flush()
    matches = Matches(create=True)
    matching.look_up(session, brand.id, [row(Mention(("A",)))], matches)
    assert matches.added == ["A"]
    assert [(product.sku, product.title) for product in catalog_queries.find_products(session, brand.id)] == [("A", "Hat")]
