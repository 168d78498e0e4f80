from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests import make
from ugc.catalog import actions, queries
from ugc.catalog.formats.base import NotAFeed
from ugc.catalog.models import Availability, Product
from ugc.catalog.rules import ProductChange, ProductData
from ugc.kit import jobs
from ugc.runtime import Runtime


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Product)) or 0


def announced(session: Session) -> int:
    return sum(job.name == "catalog.product_changed" for job in jobs.find_jobs(session, "todo"))


def test_a_product_is_added_updated_and_known_again(session: Session) -> None:
    brand = make.brand(session)
    data = ProductData("A", title="Hat", price=Decimal("20.00"), currency="EUR", availability=Availability.IN_STOCK)
    assert actions.put_product(session, brand.id, data, now=make.NOON) == "added"
    assert actions.put_product(session, brand.id, data, now=make.NOON) == "duplicate"
    assert announced(session) == 0
    cheaper = replace(data, price=Decimal("15.00"))
    assert actions.put_product(session, brand.id, cheaper, now=make.NOON) == "updated"
    assert queries.get_product(session, brand.id, "A").price == Decimal("15.00")
    assert announced(session) == 1


def test_an_empty_field_keeps_what_is_stored(session: Session) -> None:
    brand = make.brand(session)
    actions.put_product(session, brand.id, ProductData("A", title="Hat", family="F", line="Ada"), now=make.NOON)
    actions.put_product(session, brand.id, ProductData("A", price=Decimal("9.00"), currency="EUR"), now=make.NOON)
    product = queries.get_product(session, brand.id, "A")
    assert (product.title, product.family, product.line, product.price) == ("Hat", "F", "Ada", Decimal("9.00"))


def test_the_later_of_two_rows_with_one_sku_wins(session: Session) -> None:
    brand = make.brand(session)
    outcomes = actions.put_products(
        session, brand.id, [ProductData("A", title="Old"), ProductData("A", title="New")], now=make.NOON
    )
    assert outcomes == ["added", "updated"]
    assert queries.get_product(session, brand.id, "A").title == "New"


def test_two_brands_may_use_one_sku(session: Session) -> None:
    one, other = make.brand(session), make.brand(session)
    for brand, title in ((one, "Hat"), (other, "Scarf")):
        actions.put_product(session, brand.id, ProductData("A", title=title), now=make.NOON)
    assert queries.get_product(session, one.id, "A").title == "Hat"
    assert [each.title for each in queries.find_products(session, other.id)] == ["Scarf"]


def test_missing_products_are_added_and_others_left_alone(session: Session) -> None:
    brand = make.brand(session)
    make.product(session, brand, sku="A", title="Hat")
    added = actions.add_missing(
        session, brand.id, [ProductData("A", title="Other"), ProductData("B"), ProductData("B", title="Late")]
    )
    assert added == ["B"]
    assert {each.sku: each.title for each in queries.find_products(session, brand.id)} == {"A": "Hat", "B": "B"}


def test_a_family_is_the_products_of_one_group(session: Session) -> None:
    brand = make.brand(session)
    red, blue = (make.product(session, brand, sku=sku, family="F") for sku in ("red", "blue"))
    alone = make.product(session, brand, sku="alone")
    make.product(session, make.brand(session), sku="red", family="F")
    assert queries.find_family(session, red) == [blue, red]
    assert queries.find_family(session, alone) == [alone]


@pytest.mark.parametrize(
    ("name", "products"),
    [
        ("google_merchant/pinterest/pinterest_sofa.xml", 56),
        ("google_merchant/products/feed_google_merchant.xml", 57),
        ("google_merchant/ecoflame/feed_merchant/ecoflame_merchant_feed.xml", 691),
        ("aliexpress/aliexpress_scrape_2026-03-22_1819.csv", 180),
    ],
)
def test_a_real_feed_goes_in_whole_and_a_second_run_finds_only_duplicates(
    runtime: Runtime, session: Session, data: Path, name: str, products: int
) -> None:
    brand = make.brand(session)
    session.commit()
    dry = actions.import_catalog(runtime, brand, data / "catalog" / name, dry_run=True)
    assert (dry.added, count(session)) == (products, 0)
    first = actions.import_catalog(runtime, brand, data / "catalog" / name)
    assert (first.read, first.added, first.rejected) == (products, products, 0), first.lines[:3]
    second = actions.import_catalog(runtime, brand, data / "catalog" / name)
    assert (second.duplicate, second.added, second.updated) == (products, 0, 0)


def test_a_supplement_joins_its_main_feed(runtime: Runtime, session: Session, data: Path) -> None:
    brand = make.brand(session)
    session.commit()
    folder = data / "catalog" / "google_merchant"
    actions.import_catalog(runtime, brand, folder / "pinterest" / "pinterest_sofa.xml")
    titles = {each.sku: each.title for each in queries.find_products(session, brand.id, limit=100)}
    session.expire_all()
    report = actions.import_catalog(runtime, brand, folder / "products" / "feed_google_merchant.xml")
    assert report.updated > 0
    assert "no title" in report.notes[-1]
    for product in queries.find_products(session, brand.id, limit=1_000):
        assert product.title == titles.get(product.sku, product.sku)


def test_a_sitemap_is_refused_by_name(runtime: Runtime, session: Session, data: Path) -> None:
    brand = make.brand(session)
    session.commit()
    with pytest.raises(NotAFeed, match="sitemap"):
        actions.import_catalog(runtime, brand, data / "catalog" / "google_merchant" / "test.xml")
    assert count(session) == 0


def test_what_a_feed_wrote_is_taken_back_but_not_what_was_changed_since(session: Session) -> None:
    brand = make.brand(session)
    for sku in ("A", "B"):
        make.product(session, brand, sku=sku, title="Hat", price=None, currency="")
    changes: list[ProductChange] = []
    feed = [ProductData(sku, title="Cap", price=Decimal("9.90"), currency="EUR") for sku in ("A", "B", "C")]
    actions.put_products(session, brand.id, feed, now=make.NOON, changes=changes)
    actions.put_product(session, brand.id, ProductData("B", title="Beret"), now=make.NOON)
    assert actions.take_back(session, brand.id, changes, now=make.NOON) == 3
    facts = {each.sku: (each.title, each.currency) for each in queries.find_products(session, brand.id)}
    assert facts == {"A": ("Hat", ""), "B": ("Beret", "")}
    assert actions.put_product(session, brand.id, feed[2], now=make.NOON) == "updated", "the same feed brings it again"
    assert queries.get_product(session, brand.id, "C").removed_at is None
