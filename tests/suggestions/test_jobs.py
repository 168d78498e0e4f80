"""The worker suggests for what came in, learns what was decided, and says what is missing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import make
from ugc.accounts.models import Brand
from ugc.kit import clock
from ugc.kit import jobs as queue
from ugc.library import actions as library_actions
from ugc.library.models import Item, State
from ugc.modelling import queries as modelling_queries
from ugc.runtime import Runtime
from ugc.suggestions import jobs, queries
from ugc.suggestions.models import Suggestion, What

NOW = make.NOON


@pytest.fixture
def brand(session: Session) -> Brand:
    brand = make.brand(session)
    for number, title in enumerate(("Straw hat", "Silk scarf", "Canvas tote bag", "Oxford shirt")):
        make.product(session, brand, sku=f"SKU-A{number}", title=title)
    session.commit()
    return brand


def tagged(session: Session, brand: Brand, count: int) -> list[Item]:
    items = [
        make.item(session, brand, body="sun and sand" if number % 2 else "tram and traffic", state=State.APPROVED)
        for number in range(count)
    ]
    for name, some in (("beach", items[1::2]), ("street", items[::2])):
        library_actions.add_tags(session, brand.id, [item.id for item in some], [name], actor="person:1", now=NOW)
    session.commit()
    return items


def test_tags_are_learnt_and_suggested_for_the_next_item(runtime: Runtime, session: Session, brand: Brand) -> None:
    tagged(session, brand, 40)
    jobs.train_tags(runtime, brand_id=brand.id)
    model = modelling_queries.find_active(session, brand.id, "tags")
    assert model is not None
    assert model.metrics["precision_at_1"] == 1.0
    item = make.item(session, brand, body="so much sand")
    session.commit()
    jobs.suggest_for_items(runtime, brand_id=brand.id, item_ids=[item.id])
    [first, *_] = queries.map_open(session, brand.id, [item.id], What.TAG)[item.id]
    assert (first.name, first.model_version) == ("beach", 1)


def test_too_few_tags_say_how_many_more_are_needed(runtime: Runtime, session: Session, brand: Brand) -> None:
    tagged(session, brand, 8)
    jobs.train_tags(runtime, brand_id=brand.id)
    need = modelling_queries.map_needs(session, brand.id)["tags"]
    assert (need.have, need.needed, need.of) == (8, 20, "tagged items")


def test_weights_of_products_are_learnt_from_what_is_on_items_and_too_few_say_so(
    runtime: Runtime, session: Session, brand: Brand
) -> None:
    jobs.train_products(runtime, brand_id=brand.id)
    assert modelling_queries.map_needs(session, brand.id)["products"].have == 0
    for number in range(40):
        # Captions that name one product and show another: words mislead at this brand.
        item = make.item(session, brand, body="straw hat and silk scarf", state=State.APPROVED)
        library_actions.add_products(session, brand.id, [item.id], [f"SKU-A{number % 2}"], actor="person:1", now=NOW)
    session.commit()
    jobs.train_products(runtime, brand_id=brand.id)
    model = modelling_queries.find_active(session, brand.id, "products")
    assert model is not None
    assert model.rows == 80
    assert model.incumbent is not None
    assert model.metrics["log_loss"] < model.incumbent["log_loss"]


def test_another_version_has_items_looked_at_again_and_another_kind_has_not(
    runtime: Runtime, session: Session, brand: Brand
) -> None:
    item = make.item(session, brand, body="straw hat")
    session.commit()
    jobs.after_model(runtime, brand_id=brand.id, kind="sentiment")
    assert not [args for args in queue.find_unfinished(session, "suggestions.suggest_for_items") if args["brand_id"] == brand.id]
    jobs.after_model(runtime, brand_id=brand.id, kind="tags")
    assert {"brand_id": brand.id, "item_ids": [item.id]} in queue.find_unfinished(session, "suggestions.suggest_for_items")


def test_a_gone_item_and_another_brands_are_left_alone(runtime: Runtime, session: Session, brand: Brand) -> None:
    theirs = make.item(session, make.brand(session), body="straw hat")
    session.commit()
    jobs.suggest_for_items(runtime, brand_id=brand.id, item_ids=[theirs.id, 10**9])
    assert session.scalars(select(Suggestion)).all() == []


def test_items_that_nobody_looked_at_are_caught_up_on(runtime: Runtime, session: Session, brand: Brand) -> None:
    item = make.item(session, brand, created=NOW.replace(year=2020), body="straw hat")
    session.commit()
    jobs.catch_up(runtime)
    assert {"brand_id": brand.id, "item_ids": [item.id]} in queue.find_unfinished(session, "suggestions.suggest_for_items")


def test_what_still_waits_is_not_caught_up_twice(runtime: Runtime, session: Session, brand: Brand) -> None:
    item = make.item(session, brand, body="straw hat", created=clock.now() - timedelta(hours=1))
    session.commit()
    for _ in range(2):
        jobs.catch_up(runtime)
    waiting = queue.find_unfinished(session, "suggestions.suggest_for_items")
    assert waiting.count({"brand_id": brand.id, "item_ids": [item.id]}) == 1
