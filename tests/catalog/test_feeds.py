"""Each sample feed beside the products that it must give; files that are no feed."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

from tests.make import NOON
from ugc.accounts.models import Brand
from ugc.catalog import actions, feeds, rules
from ugc.catalog.formats.base import Feed, NotAFeed
from ugc.kit.errors import Invalid

SAMPLES = Path(__file__).parents[1] / "samples" / "catalog"


SHOP = Brand(slug="shop", name="Shop", currency="EUR", shop_url="https://shop.test/")


def read(path: Path, **options: Any) -> list[Any]:
    """The products of a feed; for a row that is none its line and code."""
    return read_entries(feeds.open_feed(path, **options))


def read_entries(feed: Feed) -> list[Any]:
    found: list[Any] = []
    for entry in actions.own_entries(feed, list(feed.entries), SHOP):
        try:
            if entry.fault:
                raise rules.Refused("unreadable_row", entry.fault)
            found.append(rules.product_of(entry.attributes, "id", NOON))
        except rules.Refused as refused:
            found.append((entry.line, refused.code))
    return found


FILES = sorted(path.name for path in SAMPLES.iterdir() if path.suffix in {".xml", ".tsv", ".csv"})


@pytest.mark.parametrize("name", FILES)
def test_a_sample_gives_its_expected_products(name: str) -> None:
    case = importlib.import_module(f"tests.samples.catalog.{name.rsplit('.')[0]}")
    feed = feeds.open_feed(SAMPLES / name)
    assert feed.format == case.FORMAT
    assert read_entries(feed) == case.EXPECTED


def test_every_format_has_a_sample() -> None:
    assert {feeds.open_feed(SAMPLES / name).format for name in FILES} == set(feeds.FORMATS) - {"auto", "csv"}


def test_a_price_without_a_shops_currency_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("Handle,Title,Option1 Value,Variant SKU,Variant Price\nhat,Hat,Red,H,10.00\n")
    (entry,) = actions.own_entries(feeds.open_feed(path), list(feeds.open_feed(path).entries), Brand(currency="", shop_url=""))
    with pytest.raises(rules.Refused, match="no currency"):
        rules.product_of(entry.attributes, "id", NOON)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><url/></urlset>", "sitemap"),
        ("<html><body>Not found</body></html>", "not a product feed"),
        ("<rss><channel/></rss>", "no product"),
        ("<rss", "can't be read"),
        (
            "<!DOCTYPE rss [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><rss><channel><item><id>&x;</id></item></channel></rss>",
            "entities",
        ),
        ("<!DOCTYPE lolz [<!ENTITY a 'lol'><!ENTITY b '&a;&a;'>]><rss>&b;</rss>", "entities"),
        ("colour\tsize\nred\tL\n", "no column names the product"),
    ],
)
def test_what_is_no_feed_is_refused_with_the_reason(tmp_path: Path, text: str, reason: str) -> None:
    """T-36."""
    path = tmp_path / "feed"
    path.write_text(text)
    with pytest.raises(NotAFeed, match=reason):
        read(path)


def test_a_feed_that_breaks_off_keeps_what_came_before(tmp_path: Path) -> None:
    path = tmp_path / "feed.xml"
    path.write_text("<rss xmlns:g='http://base.google.com/ns/1.0'><item><g:id>A</g:id></item>\n<item><g:id>B</g")
    first, broken = read(path)
    assert (first.sku, broken) == ("A", (2, "unreadable_row"))


def test_a_text_of_fifty_megabytes_is_not_held_in_memory(tmp_path: Path) -> None:
    """T-39."""
    path = tmp_path / "feed.xml"
    with open(path, "w") as file:
        file.write("<rss><item><sku>A</sku><title>")
        for _ in range(50):
            file.write("x" * 1_000_000)
        file.write("</title></item></rss>")
    (product,) = read(path)
    assert len(product.title) == rules.MAX_TITLE


def test_a_mapping_names_the_columns_of_any_csv(tmp_path: Path) -> None:
    path = tmp_path / "shop.csv"
    path.write_text("Artikel;Bezeichnung;Preis\nA-1;Mütze;12,50 €\n", encoding="cp1252")
    with pytest.raises(NotAFeed, match="Artikel, Bezeichnung, Preis"):
        read(path)
    (product,) = read(path, mapping={"id": "Artikel", "title": "bezeichnung", "price": "Preis"})
    assert (product.sku, product.title, str(product.price), product.currency) == ("A-1", "Mütze", "12.50", "EUR")
    for wrong in ({"id": "Nummer"}, {"luck": "Preis"}):
        with pytest.raises(Invalid):
            read(path, mapping=wrong)


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(feeds.UnknownFormat):
        feeds.open_feed(tmp_path / "x", "excel")
