"""The catalogue's pictures: fetched once for an address through the fetcher, decoded in the limited child, failures kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import make
from tests.fakes import FakeFetcher
from tests.make import NOON
from tests.similarity import drawn
from ugc.accounts.models import Brand
from ugc.catalog.models import Product
from ugc.kit import jobs as kit_jobs
from ugc.kit.http.errors import BlockedAddress, BodyTooLarge, Unreachable
from ugc.kit.http.fetching import Answer
from ugc.library.models import ItemMedia
from ugc.media import jobs as media_jobs
from ugc.media.models import File
from ugc.runtime import Runtime
from ugc.similarity import actions, jobs, pictures, queries
from ugc.similarity.models import PICTURE, PictureState, ProductPicture

URL = "https://shop.test/images/hat.jpg"


@pytest.fixture
def brand(session: Session) -> Brand:
    return make.brand(session)


@pytest.fixture
def product(session: Session, brand: Brand) -> Product:
    return make.product(session, brand, image_url=URL)


def outside(runtime: Runtime, answers: dict[str, object]) -> Runtime:
    return replace(runtime, fetcher=FakeFetcher(answers))  # type: ignore[arg-type]


def served(picture: bytes) -> Answer:
    return Answer(200, URL, {}, picture)


def fetch(runtime: Runtime, session: Session, product: Product, now: object = NOON) -> ProductPicture:
    session.commit()
    with runtime.transaction() as own:
        pictures.want(own, product.brand_id)
    pictures.fetch(runtime, product.brand_id, product.id, now=now)  # type: ignore[arg-type]
    session.expire_all()
    return session.get_one(ProductPicture, product.id)


def test_a_products_picture_is_kept_encoded_and_found_by_a_like_photo(runtime: Runtime, session: Session, product: Product) -> None:
    shop = outside(runtime, {URL: served(drawn.jpeg(drawn.figure()))})
    row = fetch(shop, session, product)
    assert (row.state, row.attempts, row.error) == (PictureState.KEPT, 1, "")
    assert row.file_id is not None
    media_jobs.make_renditions(shop, brand_id=product.brand_id, file_id=row.file_id)
    jobs.encode_files(shop, brand_id=product.brand_id, file_ids=[row.file_id])
    brand = session.get_one(Brand, product.brand_id)
    photo = drawn.item(session, brand, drawn.figure(at=15))
    session.commit()
    actions.encode_items(shop, brand.id, [photo.id], now=NOON)
    vector = queries.map_vectors(session, brand.id, [photo.id], PICTURE)[photo.id]
    [(found, cosine)] = queries.find_near_products(session, brand.id, vector, limit=3)
    assert (found, cosine > 0.8) == (product.id, True)
    assert queries.find_near_products(session, make.brand(session).id, vector, limit=3) == []


def test_a_products_picture_is_encoded_again_once_its_file_was_measured_again(
    runtime: Runtime, session: Session, product: Product
) -> None:
    shop = outside(runtime, {URL: served(drawn.jpeg(drawn.figure()))})
    file_id = fetch(shop, session, product).file_id
    assert file_id is not None
    media_jobs.make_renditions(shop, brand_id=product.brand_id, file_id=file_id)
    file = session.get_one(File, file_id)
    made, file.descriptor = file.descriptor, None
    session.commit()
    jobs.encode_files(shop, brand_id=product.brand_id, file_ids=[file_id])
    assert queries.map_product_vectors(session, product.brand_id, [product.id]) == {}
    file.descriptor = made
    session.commit()
    jobs.encode_files(shop, brand_id=product.brand_id, file_ids=[file_id])
    assert queries.map_product_vectors(session, product.brand_id, [product.id]).keys() == {product.id}


def test_the_same_address_is_asked_once(runtime: Runtime, session: Session, product: Product) -> None:
    shop = outside(runtime, {URL: served(drawn.jpeg(drawn.figure()))})
    fetch(shop, session, product)
    fetch(shop, session, product)
    assert isinstance(shop.fetcher, FakeFetcher)
    assert len(shop.fetcher.asked) == 1


def test_another_address_in_the_catalogue_takes_the_place_of_the_former_picture(
    runtime: Runtime, session: Session, product: Product
) -> None:
    other = "https://shop.test/images/new.jpg"
    shop = outside(runtime, {URL: served(drawn.jpeg(drawn.figure())), other: served(drawn.jpeg(drawn.figure("square")))})
    before = fetch(shop, session, product).file_id
    product.image_url = other
    row = fetch(shop, session, product)
    assert (row.state, row.url) == (PictureState.KEPT, other)
    assert row.file_id != before
    assert session.scalars(select(File.id)).all() == [row.file_id]


def test_a_former_picture_that_an_item_shows_too_stays(runtime: Runtime, session: Session, product: Product, brand: Brand) -> None:
    other = "https://shop.test/images/new.jpg"
    shop = outside(runtime, {URL: served(drawn.jpeg(drawn.figure())), other: served(drawn.jpeg(drawn.figure("square")))})
    before = fetch(shop, session, product).file_id
    assert before is not None
    make.added(session, ItemMedia(item_id=make.item(session, brand).id, file_id=before))
    product.image_url = other
    fetch(shop, session, product)
    assert session.get(File, before) is not None


@pytest.mark.parametrize(
    ("answer", "state", "code"),
    [
        pytest.param(Answer(404, URL), PictureState.REFUSED, "no_picture_there", id="gone"),
        pytest.param(Answer(503, URL), PictureState.FAILED, "outside", id="busy"),
        pytest.param(Answer(429, URL), PictureState.FAILED, "outside", id="too-many"),
        pytest.param(Unreachable(), PictureState.FAILED, "unreachable", id="unreachable"),
        pytest.param(BlockedAddress(permanent=True), PictureState.REFUSED, "blocked_address", id="t-30-private-address"),
        pytest.param(BodyTooLarge(), PictureState.REFUSED, "body_too_large", id="t-34-too-large"),
        pytest.param(Answer(200, URL, {}, b"<html>no picture</html>"), PictureState.REFUSED, "wrong_format", id="t-10-html"),
    ],
)
def test_what_came_of_it_is_written_down_and_nothing_is_stored(
    runtime: Runtime, session: Session, product: Product, answer: object, state: PictureState, code: str
) -> None:
    row = fetch(outside(runtime, {URL: answer}), session, product)
    assert (row.state, row.code) == (state, code)
    assert row.error
    assert row.file_id is None
    assert session.scalars(select(File)).all() == []
    assert queries.count_pictures(session, product.brand_id) == {state: 1}


def test_a_failure_is_tried_again_later_and_later_and_five_times_at_most(
    runtime: Runtime, session: Session, product: Product
) -> None:
    shop, now, waits = outside(runtime, {URL: Answer(503, URL)}), NOON, []
    for _ in range(pictures.MAX_ATTEMPTS):
        row = fetch(shop, session, product, now)
        assert row.next_try is not None
        assert pictures.find_due(session, product.brand_id, now=now, limit=5) == []
        waits.append(row.next_try - now)
        now = row.next_try
    assert waits[:3] == [timedelta(minutes=10), timedelta(minutes=40), timedelta(minutes=160)]
    assert pictures.find_due(session, product.brand_id, now=now + timedelta(days=30), limit=5) == []
    assert pictures.try_again(session, product.brand_id) == 1
    assert pictures.find_due(session, product.brand_id, now=now, limit=5) == [product.id]


@pytest.mark.parametrize("url", ["", "javascript:alert(1)", "file:///etc/passwd", "/hat.jpg"])
def test_only_addresses_of_the_web_are_wanted_t40(session: Session, brand: Brand, url: str) -> None:
    make.product(session, brand, image_url=url)
    assert pictures.want(session, brand.id) == 0


def test_one_job_a_brand_fetches_some_and_another_goes_on(runtime: Runtime, session: Session, brand: Brand) -> None:
    products = [make.product(session, brand, image_url=f"https://shop.test/{number}.jpg") for number in range(3)]
    picture = drawn.jpeg(drawn.figure())
    shop = outside(runtime, {product.image_url: served(picture) for product in products})
    session.commit()
    jobs.want_pictures(shop)
    jobs.want_pictures(shop)
    assert len(kit_jobs.find_unfinished(session, "similarity.fetch_pictures")) == 1
    jobs.fetch_pictures(shop, brand_id=brand.id)
    assert queries.count_pictures(session, brand.id) == {PictureState.KEPT: 3}


def test_a_picture_whose_file_was_deleted_is_wanted_again(runtime: Runtime, session: Session, product: Product) -> None:
    shop = outside(runtime, {URL: served(drawn.jpeg(drawn.figure()))})
    row = fetch(shop, session, product)
    row.file_id = None
    session.commit()
    assert pictures.want(session, product.brand_id) == 1
