"""Each sample file of reviews beside the typed rows that it must give."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

from ugc.ingest.rules import Refused
from ugc.ingest.sources.reviews import opening
from ugc.ingest.sources.reviews.base import ReviewRow
from ugc.ingest.sources.reviews.known import APPS, GOOGLE
from ugc.ingest.sources.reviews.reading import read_review

SAMPLES = Path(__file__).parents[1] / "samples" / "reviews"
FILES = sorted(path for path in SAMPLES.rglob("*") if path.suffix in {".csv", ".tsv", ".xml"})


def facts_of(row: ReviewRow) -> dict[str, Any]:
    data = row.item.data
    product = row.mentions[0].data if row.mentions else None
    return {
        "title": data.title, "body": data.body, "rating": data.rating, "creator": data.creator and data.creator.name,
        "sku": row.item.products[0].sku if row.item.products else None, "verified": data.verified, "state": row.state,
        "published_at": data.published_at, "extra": data.extra, "helpful": data.helpful_count, "language": data.language,
        "incentivised": data.incentivised, "names": row.mentions[0].names if row.mentions else (),
        "gtins": row.mentions[0].gtins if row.mentions else (), "url": data.source_url, "id": data.external_id.split(":")[0],
        "pictures": [each.url for each in row.media if each.kind == "picture"],
        "videos": [each.url for each in row.media if each.kind == "video"], "refused_media": row.refused_media,
        "product_title": product and product.title, "product_type": product and product.type,
        "product_line": product and product.line, "products": [tag.sku for tag in row.item.products],
    }  # fmt: skip


def read(path: Path, dates: str = "") -> tuple[opening.Opened, list[Any]]:
    """Each row's facts, or its line and code where it is refused."""
    opened = opening.open_reviews(path, dates=dates)
    found: list[Any] = []
    for record in opened.records:
        try:
            found.append(facts_of(read_review(record, opened.format, dates=opened.dates)))
        except Refused as refused:
            found.append((record.line, refused.code))
    return opened, found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SAMPLES)))
def test_a_sample_gives_its_expected_rows(path: Path) -> None:
    case = importlib.import_module(".".join(("tests", "samples", "reviews", *path.relative_to(SAMPLES).with_suffix("").parts)))
    opened, found = read(path, getattr(case, "DATES", ""))
    assert opened.format.name == case.FORMAT
    assert len(found) == len(case.EXPECTED)
    for got, wanted in zip(found, case.EXPECTED, strict=True):
        if isinstance(wanted, dict):
            assert {key: got[key] for key in wanted} == wanted
        else:
            assert got == wanted


def test_every_known_format_has_a_sample() -> None:
    formats = {opening.open_reviews(path).format.name for path in FILES}
    assert {each.name for each in (*APPS, GOOGLE)} <= formats
