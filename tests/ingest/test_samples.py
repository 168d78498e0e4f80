"""Each sample file of reviews beside the typed rows that it must give."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

from ugc.ingest.rules import Refused, ReviewRow
from ugc.ingest.sources import review_table

SAMPLES = Path(__file__).parents[1] / "samples" / "reviews"


def facts_of(row: ReviewRow) -> dict[str, Any]:
    data = row.item.data
    product = row.product
    return {
        "title": data.title, "body": data.body, "rating": data.rating, "creator": data.creator and data.creator.name,
        "sku": row.item.products[0].sku if row.item.products else None, "verified": data.verified, "state": row.state,
        "published_at": data.published_at, "extra": data.extra, "helpful": data.helpful_count,
        "product_title": product and product.title, "product_type": product and product.type,
        "product_line": product and product.line,
    }  # fmt: skip


@pytest.mark.parametrize("name", sorted(path.stem for path in SAMPLES.glob("*.csv")))
def test_a_sample_gives_its_expected_rows(name: str) -> None:
    expected = importlib.import_module(f"tests.samples.reviews.{name}").EXPECTED
    table = review_table.open_table(SAMPLES / f"{name}.csv")
    found: list[Any] = []
    for row in table.rows:
        try:
            found.append(facts_of(review_table.read_row(row, table.columns, "import")))
        except Refused as refused:
            found.append((row.line, refused.code))
    assert len(found) == len(expected)
    for got, wanted in zip(found, expected, strict=True):
        if isinstance(wanted, dict):
            assert {key: got[key] for key in wanted} == wanted
        else:
            assert got == wanted
