"""The sample brand, filled through the rooms' own actions, in a database of its own since pictures are stored."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from tests.make import NOON
from tests.similarity import drawn
from ugc.accounts import actions as accounts_actions
from ugc.accounts import queries as accounts_queries
from ugc.accounts.models import Brand
from ugc.catalog import queries as catalog_queries
from ugc.catalog.models import Product
from ugc.demo import content, plan, scenes, seeding, visitors
from ugc.demo.scenes import Shot
from ugc.kit import clock
from ugc.library import queries as library_queries
from ugc.library.models import Item, RightsState, State
from ugc.orders import queries as orders_queries
from ugc.rights import queries as rights_queries
from ugc.runtime import Runtime
from ugc.similarity import queries as similarity_queries
from ugc.similarity.models import PictureState
from ugc.tracking.models import Event


@pytest.fixture
def filled(runtime: Runtime) -> Runtime:
    """The sample brand with its catalogue and galleries, no content yet."""
    seeding.open_account(runtime)
    seeding.put_catalogue(runtime, now=NOON)
    seeding.add_galleries(runtime, now=NOON)
    return runtime


def brand_id(runtime: Runtime) -> int:
    with runtime.sessions() as session:
        return accounts_queries.get_brand(session, content.BRAND).id


def small(one: plan.Planned) -> plan.Planned:
    """The same item with a picture that is drawn quickly."""
    return replace(one, shot=replace(one.shot, width=160, height=120)) if one.shot else one


def add(runtime: Runtime, one: plan.Planned) -> None:
    seeding.add_planned(runtime, one, scenes.draw(one.shot) if one.shot else None, now=NOON)


def test_the_one_time_password_signs_in(runtime: Runtime) -> None:
    access = seeding.open_account(runtime)
    with runtime.transaction() as session:
        made, _ = accounts_actions.sign_in(runtime, session, access.email, access.password, address="127.0.0.1", now=NOON)
        assert made.brand.slug == content.BRAND


def test_lost_access_is_renewed_and_the_brand_kept(runtime: Runtime) -> None:
    first, second = seeding.open_account(runtime), seeding.open_account(runtime)
    assert first.password != second.password
    assert first.publishable_key == second.publishable_key
    with runtime.sessions() as session:
        assert session.scalar(select(func.count()).select_from(Brand).where(Brand.slug == content.BRAND)) == 1


def test_the_catalogue_follows_the_address_that_is_served(filled: Runtime) -> None:
    moved = replace(filled, settings=replace(filled.settings, base_url="http://elsewhere.test"))
    seeding.put_catalogue(moved, now=NOON)
    with filled.sessions() as session:
        product = catalog_queries.get_product(session, brand_id(filled), "MUG-SAGE")
        assert product.url == "http://elsewhere.test/demo/shop/MUG-SAGE"
        assert session.scalar(select(func.count()).select_from(Product)) == len(content.CATALOGUE)


def test_the_catalogues_pictures_are_there_though_nobody_may_fetch_them(filled: Runtime, tmp_path: Path) -> None:
    for sample in content.CATALOGUE[:2]:
        (tmp_path / f"{sample.sku}.jpg").write_bytes(drawn.jpeg(drawn.figure()))
    for _ in range(2):
        seeding.give_pictures(filled, tmp_path, now=NOON)
    with filled.sessions() as session:
        counts = similarity_queries.count_pictures(session, brand_id(filled))
    assert counts == {PictureState.KEPT: 2, PictureState.WAITING: len(content.CATALOGUE) - 2}


def test_items_come_in_with_rights_hotspots_and_decisions(filled: Runtime) -> None:
    made = [small(one) for one in plan.plan(120, now=NOON)]
    granted = next(one for one in made if one.rights is RightsState.GRANTED and one.shot)
    rejected = next(one for one in made if one.state is State.REJECTED)
    for one in (granted, rejected):
        add(filled, one)
    with filled.sessions() as session:
        items = {item.external_id: item for item in session.scalars(select(Item))}
        item = items[granted.external_id]
        assert (item.state, item.rights_state) == (State.APPROVED, RightsState.GRANTED)
        assert [tag.product.sku for tag in item.products] == list(granted.skus)
        assert all(tag.x is not None and 0 < tag.x < 1 for tag in item.products)
        assert rights_queries.find_entries(session, item.brand_id, item.id)
        assert items[rejected.external_id].state is State.REJECTED


def test_a_second_run_adds_nothing(filled: Runtime) -> None:
    one = small(plan.plan(5, now=NOON)[0])
    add(filled, one)
    add(filled, one)
    with filled.sessions() as session:
        assert session.scalar(select(func.count()).select_from(Item)) == 1


def test_visitors_come_through_the_real_doors_and_mark_themselves(filled: Runtime) -> None:
    """Orders are signed and checked, events are bound to items; all bear the word sample."""
    access = seeding.open_account(filled)
    now = clock.now()
    shown = [replace_shot(one) for one in plan.plan(30, now=now) if one.state is State.APPROVED and one.shot][:6]
    for one in shown:
        add(filled, one)
    count = visitors.visit(filled, access.publishable_key, access.webhook_secret, now=now)
    with filled.sessions() as session:
        orders, _ = orders_queries.find_orders(session, brand_id(filled), limit=100, key=b"k" * 32)
        assert len(orders) == count > 5
        assert all(order.external_id.startswith("SAMPLE-") for order in orders)
        doubtful = session.scalar(select(func.count()).select_from(Event).where(Event.ivt_reason != ""))
        assert doubtful == 0
        assert session.scalars(select(Event.visitor).distinct()).all()
        assert all(name.startswith("sample-") for name in session.scalars(select(Event.visitor).distinct()))
        places = session.scalars(select(Event.data["position"].as_string()).where(Event.type == "item_impression").distinct())
        assert {"1", "2"} <= set(places), "what sells is judged by the place"
        measured = text("select count(*) from procrastinate_jobs where task_name = 'insights.measure_brand'")
        assert session.scalar(measured) == 1


def replace_shot(one: plan.Planned) -> plan.Planned:
    """A quick picture, and a right that lets it be shown."""
    return replace(small(one), rights=RightsState.OWNED)


def test_without_anything_to_show_nobody_comes(filled: Runtime) -> None:
    access = seeding.open_account(filled)
    assert visitors.visit(filled, access.publishable_key, access.webhook_secret, now=NOON) == 0


def test_real_photos_and_reviews_take_the_place_of_drawn_ones(filled: Runtime, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(3):
        shot = Shot((content.CATALOGUE[number].look,), "room", "noon", seed=number, width=160, height=120)
        (photos / f"{number}.jpg").write_bytes(scenes.draw(shot).jpeg)
    reviews = tmp_path / "reviews.csv"
    reviews.write_text(
        "review_id,product_id,rating,title,text\n1,OURS-1,5,Good,Keeps what it promises\n2,OURS-1,2,Hm,Too small for me\n"
    )
    said: list[str] = []
    seeding.add_real_content(filled, photos, reviews, now=NOON, progress=said.append)
    with filled.sessions() as session:
        shown = library_queries.count_items(
            session, brand_id(filled), library_queries.read_filter({"public": "yes"}), now=clock.now()
        )
        ours = catalog_queries.get_product(session, brand_id(filled), "OURS-1")
        tagged = [item for item in session.scalars(select(Item)) if item.products]
    assert shown == 5
    assert said == ["2 of 2 reviews added, 0 rejected", "3 of 3 photos added, 0 rejected"]
    assert (ours.price, ours.url) == (seeding.PRICE_OF_REAL_PRODUCTS, "http://ugc.test/demo/shop/OURS-1")
    assert len(tagged) == 5


def test_access_is_readable_by_its_owner_only_and_read_again(runtime: Runtime, tmp_path: Path) -> None:
    access, path = seeding.open_account(runtime), tmp_path / "demo.json"
    seeding.write_access(path, access)
    assert path.stat().st_mode & 0o777 == 0o600
    assert seeding.read_access(path) == access
    assert set(json.loads(path.read_text())) >= {
        "shop",
        "studio",
        "email",
        "password",
        "secret_key",
        "publishable_key",
        "webhook_secret",
    }


@pytest.mark.parametrize("text", ["", "{", "[]", '{"shop": 1}'])
def test_broken_access_is_no_access(tmp_path: Path, text: str) -> None:
    path = tmp_path / "demo.json"
    assert seeding.read_access(path) is None
    path.write_text(text)
    assert seeding.read_access(path) is None
