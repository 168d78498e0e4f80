"""Looking at items: what is raised, what goes by itself, what a person decided stays; brands don't see each other."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests import make
from tests.conftest import ROOT
from ugc.accounts.models import Brand
from ugc.authenticity import actions, jobs, queries
from ugc.authenticity.models import FlagState
from ugc.authenticity.rules import NoSuchFlag
from ugc.duplicates import jobs as duplicates_jobs
from ugc.ingest.models import Import
from ugc.kit import signing
from ugc.library import actions as library_actions
from ugc.library import queries as library_queries
from ugc.library.models import Item, ItemMedia, ItemProduct
from ugc.orders.models import Order, OrderLine
from ugc.runtime import Runtime
from ugc.similarity.models import PictureState, ProductPicture
from ugc.submissions.models import Submission, Terms

WORDS = "I wore it to a wedding in July and the linen stayed cool all day although it creased a little when I sat down"
WORDS += " and everybody asked where it came from so that I had to tell them all evening long"


@pytest.fixture
def brand(session: Session) -> Brand:
    return make.brand(session)


def review(session: Session, brand: Brand, body: str = "", **facts: Any) -> Item:
    facts = {"kind": "review", "creator_id": make.creator(session, brand).id, "body": body} | facts
    return make.item(session, brand, **facts)


def kinds(session: Session, item: Item) -> list[str]:
    """What an item itself says of its flags, which must be what the table says."""
    session.expire(item)
    flags = queries.map_flags(session, item.brand_id, [item.id]).get(item.id, [])
    assert sorted(flag.kind for flag in flags) == item.flags
    return item.flags


def looked_at(runtime: Runtime, *items: Item) -> None:
    ids = [item.id for item in items]
    duplicates_jobs.find_for_items(runtime, brand_id=items[0].brand_id, item_ids=ids)
    jobs.look_at_items(runtime, brand_id=items[0].brand_id, item_ids=ids)


def test_a_text_of_another_author_is_flagged_on_both_and_of_the_same_on_neither(
    runtime: Runtime, session: Session, brand: Brand
) -> None:  # fmt: skip
    first, second = review(session, brand, WORDS), review(session, brand, WORDS.replace("July", "June"))
    own = make.creator(session, brand)
    twice = [review(session, brand, f"Again {WORDS[::-1]}", creator_id=own.id) for _ in range(2)]
    looked_at(runtime, first, second, *twice)
    assert [kinds(session, item) for item in (first, second, *twice)] == [["repeated_text"], ["repeated_text"], [], []]
    [flag] = queries.map_flags(session, brand.id, [first.id])[first.id]
    assert flag.evidence == {"items": [second.id]}


def test_reviews_that_come_at_once_are_a_burst_for_their_product_only(runtime: Runtime, session: Session, brand: Brand) -> None:
    dress, hat = make.product(session, brand), make.product(session, brand)
    many = [review(session, brand, f"Number {place}", published_at=make.NOON + timedelta(minutes=place)) for place in range(6)]
    one = review(session, brand, "Alone", published_at=make.NOON)
    for item in many:
        make.added(session, ItemProduct(item_id=item.id, product_id=dress.id))
    make.added(session, ItemProduct(item_id=one.id, product_id=hat.id))
    looked_at(runtime, *many, one)
    assert [kinds(session, item) for item in (*many, one)] == [["burst"]] * 6 + [[]]


def test_an_import_without_dates_is_no_burst(runtime: Runtime, session: Session, brand: Brand) -> None:
    """Such reviews bear the time of the import, all the same one."""
    dress = make.product(session, brand)
    came = make.added(session, Import(brand_id=brand.id, kind="reviews", actor="test"))
    undated = [review(session, brand, f"Number {place}", import_id=came.id, published_at=came.created) for place in range(8)]
    then = came.created - timedelta(days=40)
    dated = [review(session, brand, f"Dated {place}", import_id=came.id, published_at=then) for place in range(6)]
    for item in (*undated, *dated):
        make.added(session, ItemProduct(item_id=item.id, product_id=dress.id))
    looked_at(runtime, *undated, *dated)
    assert [kinds(session, item) for item in (*undated, *dated)] == [[]] * 8 + [["burst"]] * 6


def test_an_author_of_nothing_but_the_same_stars_is_flagged(runtime: Runtime, session: Session, brand: Brand) -> None:
    one = make.creator(session, brand)
    his = [review(session, brand, f"No {place}", rating=1, creator_id=one.id) for place in range(6)]
    for place in range(20):
        review(session, brand, f"Other {place}", rating=1 + place % 5)
    looked_at(runtime, *his)
    assert kinds(session, his[0]) == ["one_sided"]
    assert queries.map_deciding(session, brand.id, [his[0].id]) == {}


def test_a_picture_from_the_catalogue_is_flagged(runtime: Runtime, session: Session, brand: Brand) -> None:
    product = make.product(session, brand, title="Linen dress", sku="D-1")
    shown, other = make.file(session, brand, perceptual_hash=bytes(32)), make.file(session, brand, perceptual_hash=b"\xff" * 32)
    facts = {"url": "https://shop.test/d.jpg", "state": PictureState.KEPT, "file_id": shown.id}
    make.added(session, ProductPicture(product_id=product.id, brand_id=brand.id, **facts))
    near = make.file(session, brand, perceptual_hash=bytes(31) + b"\x01")
    items = [make.item(session, brand), make.item(session, brand)]
    for item, file in zip(items, (near, other), strict=True):
        make.added(session, ItemMedia(item_id=item.id, file_id=file.id))
    looked_at(runtime, *items)
    assert [kinds(session, item) for item in items] == [["catalogue_picture"], []]


def test_a_declaration_of_a_file_flags_its_item(runtime: Runtime, session: Session, brand: Brand) -> None:
    """L-29."""
    file = make.file(session, brand, provenance={"generated": "wholly", "has_manifest": True, "is_intact": True})
    item = make.item(session, brand)
    make.added(session, ItemMedia(item_id=item.id, file_id=file.id))
    jobs.look_at_files(runtime, brand_id=brand.id, file_ids=[file.id])
    assert kinds(session, item) == ["generated"]


def sent(runtime: Runtime, session: Session, item: Item, email: str) -> None:
    terms = make.added(session, Terms(brand_id=item.brand_id, version=1 + item.id, text="Terms", sha256="0", actor="system"))
    sealed = signing.seal(runtime.key("submission-email"), email)
    digests = {name: f"{name}-{item.id}" for name in ("request_digest", "content_digest", "token_fingerprint", "person_digest")}
    make.added(session, Submission(brand_id=item.brand_id, terms_id=terms.id, item_id=item.id, email_sealed=sealed, **digests))


def test_an_order_is_missed_only_of_an_author_whose_address_is_known(runtime: Runtime, session: Session, brand: Brand) -> None:
    dress = make.product(session, brand)
    buyer, stranger, nobody = (review(session, brand, f"Review {place}") for place in range(3))
    for item in (buyer, stranger, nobody):
        make.added(session, ItemProduct(item_id=item.id, product_id=dress.id))
    sent(runtime, session, buyer, "Buyer@shop.test")
    sent(runtime, session, stranger, "stranger@shop.test")
    digest = hashlib.sha256(b"buyer@shop.test").hexdigest()
    facts = {"external_id": "1", "updated_at": make.NOON, "placed_at": make.NOON, "status": "paid", "currency": "EUR", "total": 10}
    order = make.added(session, Order(brand_id=brand.id, source="generic", email_sha256=digest, **facts))
    line = OrderLine(order_id=order.id, external_id="1", sku=dress.sku, product_id=dress.id, quantity=1, price=10)
    make.added(session, line)
    looked_at(runtime, buyer, stranger, nobody)
    assert [kinds(session, item) for item in (buyer, stranger, nobody)] == [[], ["no_order"], []]


def test_a_flag_that_no_longer_holds_goes_and_one_that_was_decided_stays(runtime: Runtime, session: Session, brand: Brand) -> None:
    items = [review(session, brand, WORDS) for _ in range(3)]
    looked_at(runtime, *items)
    flags = queries.map_flags(session, brand.id, [item.id for item in items])
    for item, state in zip(items[:2], (FlagState.CONFIRMED, FlagState.DISMISSED), strict=True):
        actions.decide(session, brand.id, flags[item.id][0].id, state, actor="person:1", now=make.NOON)
    assert [kinds(session, item) for item in items] == [["repeated_text"], [], ["repeated_text"]]
    looked_at(runtime, *items)
    assert [kinds(session, item) for item in items] == [["repeated_text"], [], ["repeated_text"]]
    session.execute(text("delete from duplicate_pairs"))
    jobs.look_at_items(runtime, brand_id=brand.id, item_ids=[item.id for item in items])
    assert [kinds(session, item) for item in items] == [["repeated_text"], [], []]


def test_a_flag_goes_by_itself_when_what_it_rests_on_is_removed(runtime: Runtime, session: Session, brand: Brand) -> None:
    old = make.NOON - timedelta(days=400)
    kept, gone = (review(session, brand, WORDS, published_at=old, created=old) for _ in range(2))
    looked_at(runtime, kept, gone)
    assert kinds(session, kept) == ["repeated_text"]
    library_actions.remove_items(runtime, session, brand.id, [gone.id], actor="person:1", now=make.NOON)
    jobs.look_again(runtime)
    query = text("select args from procrastinate_jobs where task_name = 'authenticity.look_at_items' order by id desc limit 1")
    jobs.look_at_items(runtime, **session.scalar(query))
    assert kinds(session, kept) == []


def test_who_predicts_is_told_only_of_items_whose_flags_changed(runtime: Runtime, session: Session, brand: Brand) -> None:
    first, second, other = review(session, brand, WORDS), review(session, brand, WORDS), review(session, brand, "Something else")
    for _ in range(2):
        looked_at(runtime, first, second, other)
    query = text("select args -> 'item_ids' from procrastinate_jobs where task_name = 'authenticity.flags_changed'")
    assert session.scalars(query).all() == [[first.id, second.id]]


def test_the_library_finds_what_is_flagged(runtime: Runtime, session: Session, brand: Brand) -> None:
    first, second, plain = review(session, brand, WORDS), review(session, brand, WORDS), review(session, brand, "Something else")
    looked_at(runtime, first, second, plain)

    def found(**asked: str) -> set[int]:
        filter = library_queries.read_filter(asked)
        return {item.id for item in library_queries.find_items(session, brand.id, filter, key=b"k", now=make.NOON).items}

    assert found(flag="any") == found(flag="repeated_text") == {first.id, second.id}
    assert found(flag="burst") == set()
    assert found(flag="!any") == {plain.id}


def test_another_brands_flags_are_out_of_reach(session: Session, brand: Brand) -> None:
    flag = make.flag(session, make.item(session, make.brand(session)))
    with pytest.raises(NoSuchFlag):
        actions.decide(session, brand.id, flag.id, FlagState.DISMISSED, actor="person:1", now=make.NOON)
    assert queries.map_flags(session, brand.id, [flag.item_id]) == {}


def test_no_flag_moves_an_item() -> None:
    """They flag for a person: the room has no way to decide, hide or score (L-01)."""
    for path in (ROOT / "ugc/authenticity").glob("*.py"):
        code = path.read_text()
        assert not any(f"library_actions.{verb}" in code for verb in ("decide", "move", "reject", "approve", "set_scores")), path
