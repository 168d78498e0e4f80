"""Suggestions for items as they come in: words, orders, pages, what looks alike, colours; learnt and applied."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from decimal import Decimal

import numpy
import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests import make
from ugc.accounts.models import Brand
from ugc.catalog.models import Product
from ugc.kit import signing
from ugc.library import actions as library_actions
from ugc.library.models import Item, ItemMedia
from ugc.modelling import actions as modelling_actions
from ugc.orders.models import Order, OrderLine
from ugc.runtime import Runtime
from ugc.submissions.models import Submission, Terms
from ugc.suggestions import actions, catalogue, looking, queries, seeing, suggesting, tagging
from ugc.suggestions.models import Standing, Suggestion, What
from ugc.suggestions.tagging import Tagger

NOW = make.NOON


@pytest.fixture
def brand(session: Session) -> Brand:
    brand = make.brand(session)
    for sku, title, family in (
        ("HAT-1", "Straw hat", ""), ("DRESS-S", "Linen dress S", "LINEN"), ("DRESS-M", "Linen dress M", "LINEN"),
        ("BAG-77", "Canvas tote bag", ""), ("SCARF-9", "Silk scarf", ""),
    ):  # fmt: skip
        make.product(session, brand, sku=sku, title=title, family=family)
    return brand


def suggested(runtime: Runtime, session: Session, item: Item, what: What) -> list[Suggestion]:
    suggesting.suggest(runtime, session, item.brand_id, [item.id], now=NOW)
    return queries.map_open(session, item.brand_id, [item.id], what).get(item.id, [])


def test_a_caption_suggests_its_product_with_the_words_that_say_so(runtime: Runtime, session: Session, brand: Brand) -> None:
    item = make.item(session, brand, body="So happy with my #strawhat")
    [one] = suggested(runtime, session, item, What.PRODUCT)
    assert one.name == "HAT-1"
    assert one.p > 0.5
    assert one.reasons == ["hashtag says “strawhat”"]


def test_seven_sizes_are_suggested_once_and_one_of_them_accepted_is_all_of_them(
    runtime: Runtime, session: Session, brand: Brand
) -> None:
    item = make.item(session, brand, body="My linen dress")
    [one] = suggested(runtime, session, item, What.PRODUCT)
    assert one.name == "LINEN"
    library_actions.add_products(session, brand.id, [item.id], ["DRESS-M"], actor="person:1", now=NOW)
    assert suggested(runtime, session, item, What.PRODUCT) == []
    assert one.state is Standing.ACCEPTED


def bought(session: Session, brand: Brand, email: str, *skus: str, days: int = 12) -> Order:
    order = Order(
        brand_id=brand.id, source="generic", external_id=f"o-{next(make.numbers)}", updated_at=NOW,
        placed_at=NOW - timedelta(days=days),
        status="paid", currency="EUR", total=Decimal(20 * len(skus)), email_sha256=hashlib.sha256(email.encode()).hexdigest(),
    )  # fmt: skip
    order.lines = [OrderLine(external_id=str(place), sku=sku, quantity=1, price=Decimal(20)) for place, sku in enumerate(skus)]
    return make.added(session, order)


def sent_by(runtime: Runtime, session: Session, item: Item, email: str) -> None:
    terms = make.added(session, Terms(brand_id=item.brand_id, version=1, text="Yes", sha256="0", actor="test"))
    number = str(next(make.numbers))
    make.added(
        session,
        Submission(
            brand_id=item.brand_id, terms_id=terms.id, item_id=item.id, request_digest=number, content_digest=number,
            token_fingerprint=number, person_digest="p", email_sealed=signing.seal(runtime.key("submission-email"), email),
        ),
    )  # fmt: skip


def test_what_the_sender_bought_lately_is_suggested(runtime: Runtime, session: Session, brand: Brand) -> None:
    item = make.item(session, brand, body="Love it!")
    sent_by(runtime, session, item, "Ada@Example.com")
    bought(session, brand, "ada@example.com", "SCARF-9")
    [one] = suggested(runtime, session, item, What.PRODUCT)
    assert (one.name, one.reasons) == ("SCARF-9", ["bought it 12 days before"])


def test_what_was_bought_after_the_post_or_by_somebody_else_is_not(runtime: Runtime, session: Session, brand: Brand) -> None:
    item = make.item(session, brand, body="Love it!")
    sent_by(runtime, session, item, "ada@example.com")
    bought(session, brand, "ada@example.com", "HAT-1", days=-30)
    bought(session, brand, "eve@example.com", "SCARF-9")
    bought(session, make.brand(session), "ada@example.com", "BAG-77")
    assert suggested(runtime, session, item, What.PRODUCT) == []


def test_a_link_to_a_product_page_suggests_the_product(runtime: Runtime, session: Session, brand: Brand) -> None:
    item = make.item(session, brand, body="Found here: https://shop.test/BAG-77?utm_source=x")
    assert suggested(runtime, session, item, What.PRODUCT)[0].name == "BAG-77"


def test_a_tag_of_the_brand_that_the_caption_names_is_suggested_and_colours_by_name(
    runtime: Runtime, session: Session, brand: Brand
) -> None:
    other = make.item(session, brand)
    library_actions.add_tags(session, brand.id, [other.id], ["beach day"], actor="person:1", now=NOW)
    item = make.item(session, brand, body="What a #beachday")
    make.added(session, ItemMedia(item_id=item.id, file_id=make.file(session, brand, colours=["#336699", "#ffffff"]).id))
    found = {each.name: each.reasons for each in suggested(runtime, session, item, What.TAG)}
    assert found["beach day"] == ["hashtag says “beachday”"]
    assert found["blue"] == ["its main colour is blue"]


@pytest.mark.parametrize("body", ["", "🎉🎉", "x" * 50_000, "\n\n\n", "#" * 500])
def test_odd_captions_have_no_suggestions_and_no_error(runtime: Runtime, session: Session, brand: Brand, body: str) -> None:
    assert suggested(runtime, session, make.item(session, brand, body=body), What.PRODUCT) == []


def test_an_item_that_is_as_it_was_is_not_looked_at_again(runtime: Runtime, session: Session, brand: Brand) -> None:
    item = make.item(session, brand, body="straw hat")
    assert suggesting.suggest(runtime, session, brand.id, [item.id], now=NOW, again=False) == [item.id]
    assert suggesting.suggest(runtime, session, brand.id, [item.id], now=NOW, again=False) == []
    item.body = "silk scarf"
    session.flush()
    assert suggesting.suggest(runtime, session, brand.id, [item.id], now=NOW, again=False) == [item.id]


def beach_model(session: Session, brand: Brand, threshold: float) -> None:
    """A model that knows one tag, by one word."""
    width = tagging.OTHER_COLUMNS
    weights = numpy.zeros((1, width), dtype=numpy.float32)
    weights[0, width - tagging.TEXT_WIDTH + tagging.column_of("sand")] = 5.0
    one = numpy.ones(1, dtype=numpy.float32)
    tagger = Tagger(
        ("beach",), weights, 0 * one, one, 0 * one, tagging.blind(), {"beach": {"0.95": threshold}},
        seeing.encoder_of(session, brand.id),
    )  # fmt: skip
    modelling_actions.consider(
        session, brand.id, tagging.write_tagger(tagger), rows=100, data={}, metrics={}, incumbent=None, better=True, why="",
        actor="t", now=NOW,
    )  # fmt: skip


def standing(session: Session, item: Item) -> dict[str, Standing]:
    rows = session.scalars(select(Suggestion).where(Suggestion.item_id == item.id).execution_options(populate_existing=True))
    return {row.name: row.state for row in rows}


def tags_of(session: Session, item: Item) -> list[str]:
    session.expire(item)
    return [each.tag.name for each in item.tags]


def test_a_tag_above_its_proven_threshold_is_applied_by_the_rule_and_undone_as_a_batch(
    runtime: Runtime, session: Session, brand: Brand
) -> None:
    beach_model(session, brand, 0.8)
    item, other = make.item(session, brand, body="sand"), make.item(session, brand, body="nothing of it")
    actions.set_precisions(session, brand.id, 0.95, None, actor="person:1", now=NOW)
    suggesting.suggest(runtime, session, brand.id, [item.id, other.id], now=NOW)
    assert (tags_of(session, item), tags_of(session, other)) == (["beach"], [])
    [batch] = queries.find_batches(session, brand.id)
    assert (batch.what, batch.count) == (What.TAG, 1)
    assert actions.undo_batch(session, brand.id, batch.name, actor="person:1", now=NOW) == 1
    suggesting.suggest(runtime, session, brand.id, [item.id], now=NOW)
    assert tags_of(session, item) == []
    assert standing(session, item)["beach"] is Standing.OPEN


@pytest.mark.parametrize(("chosen", "threshold"), [(None, 0.8), (0.98, 0.8), (0.95, 0.9999)])
def test_nothing_is_applied_below_what_the_brand_chose(
    runtime: Runtime, session: Session, brand: Brand, chosen: float | None, threshold: float
) -> None:
    beach_model(session, brand, threshold)
    item = make.item(session, brand, body="sand")
    actions.set_precisions(session, brand.id, chosen, None, actor="person:1", now=NOW)
    suggesting.suggest(runtime, session, brand.id, [item.id], now=NOW)
    assert tags_of(session, item) == []
    assert standing(session, item)["beach"] is Standing.OPEN


def test_what_a_person_refused_is_never_applied(runtime: Runtime, session: Session, brand: Brand) -> None:
    beach_model(session, brand, 0.8)
    item = make.item(session, brand, body="sand")
    [one] = suggested(runtime, session, item, What.TAG)
    actions.refuse(session, brand.id, [one.id], "person:1", NOW)
    actions.set_precisions(session, brand.id, 0.95, None, actor="person:1", now=NOW)
    suggesting.suggest(runtime, session, brand.id, [item.id], now=NOW)
    assert tags_of(session, item) == []


def test_an_address_that_cannot_be_read_is_nobodys(runtime: Runtime, session: Session, brand: Brand) -> None:
    """An order without an address must not become that of everybody whose seal is of a former key."""
    sealed = make.item(session, brand, body="Love it!")
    sent_by(runtime, session, sealed, "ada@example.com")
    session.execute(update(Submission).where(Submission.item_id == sealed.id).values(email_sealed="of another key"))
    ordered = make.item(session, brand, body="Love it!", extra={"order_id": "A-1"})
    order = bought(session, brand, "", "SCARF-9")
    order.external_id, order.email_sha256 = "A-1", ""
    session.flush()
    found = looking.find_bought(runtime, session, catalogue.get_index(session, brand.id), [sealed, ordered])
    assert [each.family for each in found[ordered.id]] == ["SCARF-9"]
    assert sealed.id not in found


def test_an_address_given_with_one_item_counts_for_the_creators_others(runtime: Runtime, session: Session, brand: Brand) -> None:
    creator = make.creator(session, brand)
    first, second = (make.item(session, brand, body="Love it!", creator_id=creator.id) for _ in range(2))
    sent_by(runtime, session, first, "ada@example.com")
    bought(session, brand, "ada@example.com", "SCARF-9")
    [one] = suggested(runtime, session, second, What.PRODUCT)
    assert one.name == "SCARF-9"


def test_what_was_refused_stays_refused_when_the_feed_gives_it_a_family(runtime: Runtime, session: Session, brand: Brand) -> None:
    item = make.item(session, brand, body="So happy with my #strawhat")
    [one] = suggested(runtime, session, item, What.PRODUCT)
    actions.refuse(session, brand.id, [one.id], "person:1", NOW)
    hat = session.scalars(select(Product).where(Product.sku == "HAT-1", Product.brand_id == brand.id)).one()
    hat.family, hat.updated = "HATS", NOW + timedelta(days=400)
    session.flush()
    assert suggested(runtime, session, item, What.PRODUCT) == []
    other = make.item(session, brand, body="So happy with my #strawhat")
    assert [each.name for each in suggested(runtime, session, other, What.PRODUCT)] == ["HATS"]
