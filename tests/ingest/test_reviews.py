from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests import make
from ugc.ingest import actions
from ugc.library.models import Item, RightsState
from ugc.runtime import Runtime


def count(session: Session, *where: object) -> int:
    return session.scalar(select(func.count()).select_from(Item).where(*where)) or 0  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "read", "added"),
    [
        ("womens_clothing/reviews.csv", 11_795, 11_795),
        ("flipkart/flipkart_data.csv", 9_976, 7_868),
        ("musical_instruments/Musical_instruments_reviews.csv", 5_050, 5_050),
    ],
)
def test_real_reviews_go_in_and_a_second_run_adds_nothing(
    runtime: Runtime, session: Session, data: Path, name: str, read: int, added: int
) -> None:
    brand = make.brand(session)
    session.commit()
    path = data / "reviews" / name
    import time
    t=time.perf_counter()
    first = actions.import_reviews(runtime, brand, path, create_products=True, actor="system")
    print(first.read/(time.perf_counter()-t), first.as_json())
    t=time.perf_counter()
    second = actions.import_reviews(runtime, brand, path, create_products=True, actor="system")
    print(second.read/(time.perf_counter()-t))
    assert (second.read, second.added, second.duplicate) == (read, 0, read - second.rejected)
    assert (first.read, first.added) == (read, added)
    assert count(session, Item.brand_id == brand.id, Item.rights_state == RightsState.OWNED) == added
