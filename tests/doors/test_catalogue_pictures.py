"""The page of catalogue pictures that did not come: shown with their reasons, asked for once more, each brand's own."""

from __future__ import annotations

import pytest
from flask_openapi.openapi import OpenAPI
from sqlalchemy.orm import Session

from tests import make
from tests.doors import studio
from tests.make import NOON
from ugc.accounts.models import Brand, Role
from ugc.catalog.models import Product
from ugc.kit import jobs as kit_jobs
from ugc.runtime import Runtime
from ugc.similarity.models import PictureState, ProductPicture

URL = "https://shop.test/images/hat.jpg?size=<b>large</b>"


@pytest.fixture
def coordinator(app: OpenAPI, runtime: Runtime, session: Session) -> studio.Caller:
    return studio.caller(app, runtime, make.brand(session).id, Role.COORDINATOR)


def missing(session: Session, brand_id: int, state: PictureState = PictureState.REFUSED) -> Product:
    """A product whose picture did not come."""
    product = make.product(session, session.get_one(Brand, brand_id), image_url=URL, title="Straw hat")
    error = "the address answered 404"
    make.added(
        session,
        ProductPicture(
            product_id=product.id, brand_id=brand_id, url=URL, state=state, attempts=5, error=error, next_try=NOON, fetched_at=NOON
        ),
    )
    session.commit()
    return product


def test_what_did_not_come_is_listed_with_its_reason_and_the_imports_lead_there(
    coordinator: studio.Caller, session: Session
) -> None:
    missing(session, coordinator.brand_id)
    page = coordinator.get("/studio/imports/pictures").get_data(as_text=True)
    assert "Straw hat" in page
    assert "The address answered 404" in page
    assert "&lt;b&gt;large" in page
    assert "<b>large" not in page
    assert "1 picture of the catalogue did not come" in coordinator.get("/studio/imports").get_data(as_text=True)


def test_one_that_was_tried_too_often_says_that_it_gave_up(coordinator: studio.Caller, session: Session) -> None:
    missing(session, coordinator.brand_id, PictureState.FAILED)
    assert "Gave up" in coordinator.get("/studio/imports/pictures").get_data(as_text=True)


def test_trying_again_asks_for_them_once_more_in_one_job(coordinator: studio.Caller, session: Session) -> None:
    product = missing(session, coordinator.brand_id)
    stranger = make.brand(session)
    others = missing(session, stranger.id)
    for _ in range(2):
        assert coordinator.post("/studio/imports/pictures/again").status_code == 200
    session.expire_all()
    assert session.get_one(ProductPicture, product.id).state is PictureState.WAITING
    assert session.get_one(ProductPicture, others.id).state is PictureState.REFUSED
    assert kit_jobs.find_unfinished(session, "similarity.fetch_pictures") == [{"brand_id": coordinator.brand_id}]


def test_a_product_that_left_the_catalogue_is_nobodys_worry(coordinator: studio.Caller, session: Session) -> None:
    missing(session, coordinator.brand_id).removed_at = NOON
    session.commit()
    assert "Straw hat" not in coordinator.get("/studio/imports/pictures").get_data(as_text=True)
    assert "did not come" not in coordinator.get("/studio/imports").get_data(as_text=True)


def test_without_pictures_the_page_says_what_to_do(coordinator: studio.Caller) -> None:
    assert "No pictures yet" in coordinator.get("/studio/imports/pictures").get_data(as_text=True)
