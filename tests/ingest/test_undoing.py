"""Imports are taken back as a whole, and what was changed since stays."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests import make
from tests.doors.api import picture
from ugc.accounts.models import Brand
from ugc.catalog import actions as catalog_actions
from ugc.catalog import queries as catalog_queries
from ugc.catalog.rules import ProductData
from ugc.ingest import feeding, importing, picturing, queries, reviewing, undoing
from ugc.ingest.importing import ImportBusy
from ugc.ingest.models import Import, ImportChange, ImportState
from ugc.ingest.undoing import CantUndo
from ugc.kit.errors import NotFound
from ugc.library.models import Item
from ugc.orders import queries as orders_queries
from ugc.orders.models import Order
from ugc.runtime import Runtime

REVIEWS = "review,rating,sku\nFits well,5,HAT\nToo small,2,CAP\n"


@pytest.fixture
def brand(session: Session) -> Brand:
    made = make.brand(session)
    session.commit()
    return made


def newest(session: Session, brand: Brand) -> Import:
    session.expire_all()
    return queries.find_imports(session, brand.id)[0]


def undo(runtime: Runtime, session: Session, brand: Brand) -> Import:
    run = newest(session, brand)
    undoing.ask_undo(session, brand.id, run.id, actor="person:1", now=make.NOON)
    session.commit()
    undoing.undo_import(runtime, brand.id, run.id)
    return newest(session, brand)


def count(session: Session, model: type[Item] | type[ImportChange]) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


def orders_file(path: Path, *, updated: str, total: str) -> Path:
    order = {
        "id": "1001", "updated_at": updated, "placed_at": "2026-01-01T10:00:00Z", "status": "paid", "currency": "EUR",
        "total": total, "customer": {}, "lines": [{"id": "1", "sku": "HAT", "quantity": 1, "price": total}], "refunds": [],
    }  # fmt: skip
    path.write_text(json.dumps(order) + "\n")
    return path


def test_reviews_go_with_the_products_that_came_with_them(runtime: Runtime, session: Session, brand: Brand, tmp_path: Path) -> None:
    make.product(session, brand, sku="HAT")
    session.commit()
    path = tmp_path / "r.csv"
    path.write_text(REVIEWS)
    report = reviewing.import_reviews(runtime, brand, path, create_products=True, actor="system")
    assert report.added == 2
    weight = undoing.weigh(session, newest(session, brand))
    assert (weight.items, weight.approved, weight.others) == (2, 0, 1)
    done = undo(runtime, session, brand)
    assert (done.state, done.done, done.total) == (ImportState.UNDONE, 3, 3)
    assert (count(session, Item), count(session, ImportChange)) == (0, 0)
    assert [each.sku for each in catalog_queries.find_products(session, brand.id)] == ["HAT"]
    assert reviewing.import_reviews(runtime, brand, path, create_products=True, actor="system").added == 2


def test_tags_that_an_import_put_on_others_come_off_again(runtime: Runtime, session: Session, brand: Brand, tmp_path: Path) -> None:
    folder = tmp_path / "photos" / "beach"
    folder.mkdir(parents=True)
    (folder / "a.jpg").write_bytes(picture("teal"))
    picturing.import_media(runtime, brand, folder, actor="system")
    report = picturing.import_media(runtime, brand, folder.parent, tag_folders=True, actor="system")
    assert (report.added, report.duplicate) == (0, 1)
    [item] = session.scalars(select(Item))
    assert [each.tag.name for each in item.tags] == ["beach"]
    undo(runtime, session, brand)
    [item] = session.scalars(select(Item))
    assert item.tags == []
    assert "beach" not in item.search_extra


def test_a_catalogue_puts_back_what_stood_there(runtime: Runtime, session: Session, brand: Brand, tmp_path: Path) -> None:
    make.product(session, brand, sku="HAT", title="Hat", price=Decimal("10.00"))
    session.commit()
    path = tmp_path / "feed.csv"
    path.write_text("id,title,price\nHAT,Sun hat,12.50 EUR\nCAP,Cap,9.00 EUR\n")
    feeding.import_catalog(runtime, brand, path, actor="system")
    catalog_actions.put_product(session, brand.id, ProductData("HAT", title="Straw hat"), now=make.NOON)
    session.commit()
    undo(runtime, session, brand)
    [hat] = catalog_queries.find_products(session, brand.id)
    assert (hat.sku, hat.title, hat.price) == ("HAT", "Straw hat", Decimal("10.00")), "a later title stays, the price goes back"


def test_orders_go_back_to_their_version_and_new_ones_earn_nothing(
    runtime: Runtime, session: Session, brand: Brand, tmp_path: Path
) -> None:
    first = orders_file(tmp_path / "a.jsonl", updated="2026-01-01T10:00:00Z", total="20.00")
    second = orders_file(tmp_path / "b.jsonl", updated="2026-01-02T10:00:00Z", total="15.00")
    feeding.import_orders(runtime, brand, first, actor="system")
    assert feeding.import_orders(runtime, brand, second, actor="system").updated == 1
    undo(runtime, session, brand)
    [order] = orders_queries.find_orders(session, brand.id, key=b"k" * 32)[0]
    assert order.total == Decimal("20.00")
    run = queries.find_imports(session, brand.id)[1]
    undoing.ask_undo(session, brand.id, run.id, actor="person:1", now=make.NOON)
    session.commit()
    undoing.undo_import(runtime, brand.id, run.id)
    session.expire_all()
    assert orders_queries.find_orders(session, brand.id, key=b"k" * 32)[0] == []
    assert feeding.import_orders(runtime, brand, first, actor="system").added == 1
    assert session.scalars(select(Order)).one().total == Decimal("20.00")


def test_another_brands_import_is_not_there(runtime: Runtime, session: Session, brand: Brand, tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text(REVIEWS)
    reviewing.import_reviews(runtime, brand, path, actor="system")
    other = make.brand(session)
    with pytest.raises(NotFound):
        undoing.ask_undo(session, other.id, newest(session, brand).id, actor="person:1", now=make.NOON)


def test_only_what_has_ended_is_undone_and_only_once(runtime: Runtime, session: Session, brand: Brand, tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text(REVIEWS)
    reviewing.import_reviews(runtime, brand, path, actor="system")
    run = newest(session, brand)
    run.state = ImportState.RUNNING
    with importing.alone(runtime.engine, run.id), pytest.raises(CantUndo):
        undoing.ask_undo(session, brand.id, run.id, actor="person:1", now=make.NOON)
    run.state = ImportState.FINISHED
    session.commit()
    undo(runtime, session, brand)
    with pytest.raises(CantUndo):
        undoing.ask_undo(session, brand.id, run.id, actor="person:1", now=make.NOON)


def test_an_import_whose_process_was_killed_is_undone(runtime: Runtime, session: Session, brand: Brand, tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text(REVIEWS)
    reviewing.import_reviews(runtime, brand, path, actor="system")
    run = newest(session, brand)
    run.state = ImportState.RUNNING  # as `ugc import` leaves it that was killed before its last commit
    session.commit()
    assert undo(runtime, session, brand).state is ImportState.UNDONE
    assert count(session, Item) == 0


def test_nothing_is_taken_back_while_the_import_still_ends(
    runtime: Runtime, session: Session, brand: Brand, tmp_path: Path
) -> None:
    path = tmp_path / "r.csv"
    path.write_text(REVIEWS)
    reviewing.import_reviews(runtime, brand, path, actor="system")
    run = newest(session, brand)
    run.state = ImportState.STOPPED
    undoing.ask_undo(session, brand.id, run.id, actor="person:1", now=make.NOON)
    session.commit()
    with importing.alone(runtime.engine, run.id), pytest.raises(ImportBusy):
        undoing.undo_import(runtime, brand.id, run.id)
    assert count(session, Item) == 2
    undoing.undo_import(runtime, brand.id, run.id)
    assert (newest(session, brand).state, count(session, Item)) == (ImportState.UNDONE, 0)


def test_products_of_an_import_that_was_undone_come_again(runtime: Runtime, session: Session, brand: Brand, tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text(REVIEWS)
    for _ in range(2):
        reviewing.import_reviews(runtime, brand, path, create_products=True, actor="system")
        assert [each.sku for each in catalog_queries.find_products(session, brand.id)] == ["CAP", "HAT"]
        undo(runtime, session, brand)
        assert catalog_queries.find_products(session, brand.id) == []


def test_a_price_with_one_digit_goes_back(runtime: Runtime, session: Session, brand: Brand, tmp_path: Path) -> None:
    make.product(session, brand, sku="HAT", title="Hat", price=Decimal("10.50"))
    session.commit()
    path = tmp_path / "feed.csv"
    path.write_text("id,title,price\nHAT,Hat,12.5 EUR\n")
    feeding.import_catalog(runtime, brand, path, actor="system")
    undo(runtime, session, brand)
    [hat] = catalog_queries.find_products(session, brand.id)
    assert hat.price == Decimal("10.50")
