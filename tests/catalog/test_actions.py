from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests import make
from ugc.catalog import actions, queries
from ugc.catalog.feeds import NotAFeed
from ugc.catalog.models import Product
from ugc.runtime import Runtime


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Product)) or 0


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
    first = actions.import_catalog(runtime, brand, data / "catalog" / name)
    assert (first.read, first.rejected) == (products, 0), first.lines[:3]
    second = actions.import_catalog(runtime, brand, data / "catalog" / name)
    print(first.as_json())
    assert (second.duplicate, second.added, second.updated) == (products, 0, 0)


def test_a_sitemap_is_refused_by_name(runtime: Runtime, session: Session, data: Path) -> None:
    brand = make.brand(session)
    session.commit()
    with pytest.raises(NotAFeed, match="sitemap"):
        actions.import_catalog(runtime, brand, data / "catalog" / "google_merchant" / "test.xml")
    assert count(session) == 0
