"""The sample storefront: its pages, its cart, its orders; and that it is not there outside the demo."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.make import NOON
from ugc.app import create_app
from ugc.demo import content, seeding
from ugc.orders.models import Order
from ugc.runtime import Runtime


@pytest.fixture
def shop(runtime: Runtime) -> FlaskClient:
    """A shopper in the sample shop, which has its catalogue."""
    demo = replace(runtime, settings=replace(runtime.settings, demo=True))
    seeding.open_account(demo)
    seeding.put_catalogue(demo, now=NOON)
    seeding.add_galleries(demo, now=NOON)
    return create_app(demo).test_client()


def test_outside_the_demo_there_is_no_shop(runtime: Runtime) -> None:
    assert create_app(runtime).test_client().get("/demo/shop/").status_code == 404


def test_the_home_page_shows_each_family_once_and_a_gallery(shop: FlaskClient) -> None:
    page = shop.get("/demo/shop/").get_data(as_text=True)
    assert len(re.findall('class="tile"', page)) == len({sample.family for sample in content.CATALOGUE})
    assert '<ugc-gallery brand="halm" gallery="home" consent="granted">' in page
    assert "/galleries/halm/home.html" in page


@pytest.mark.parametrize("sample", content.CATALOGUE, ids=lambda sample: str(sample.sku))
def test_every_product_has_a_page_with_its_gallery(shop: FlaskClient, sample: content.Sample) -> None:
    answer = shop.get(f"/demo/shop/{sample.sku}")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert f'gallery="product" product="{sample.sku}"' in page
    assert ("Sold out" in page) == (sample.stock == "out_of_stock")


def test_pages_carry_a_policy_without_inline_scripts_or_styles(shop: FlaskClient) -> None:
    for address in ("/demo/shop/", "/demo/shop/MUG-SAGE", "/demo/shop/cart"):
        answer = shop.get(address)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        page = answer.get_data(as_text=True)
        assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son[a-z]+=", page)


def test_what_is_put_into_the_cart_is_bought_as_a_signed_order(shop: FlaskClient, runtime: Runtime) -> None:
    assert shop.post("/demo/shop/cart", data={"sku": "MUG-SAGE", "quantity": "2"}).status_code == 303
    assert "€48.00" in shop.get("/demo/shop/cart").get_data(as_text=True)
    answer = shop.post("/demo/shop/checkout", data={"visitor": "visitor-1"})
    thanks = shop.get(answer.headers["Location"])
    with runtime.sessions() as session:
        order = session.scalars(select(Order)).one()
        assert (order.visitor, str(order.total)) == ("visitor-1", "48.00")
        assert [(line.sku, line.quantity) for line in order.lines] == [("MUG-SAGE", 2)]
    assert f'data-order="{order.external_id}"' in thanks.get_data(as_text=True)
    assert f"/studio/insights/orders/{order.id}" in thanks.get_data(as_text=True)
    assert "nothing in it" in shop.get("/demo/shop/cart").get_data(as_text=True)


def test_the_cart_can_be_changed_and_emptied(shop: FlaskClient) -> None:
    shop.post("/demo/shop/cart", data={"sku": "MUG-SAGE", "quantity": "2"})
    shop.post("/demo/shop/cart", data={"sku": "MUG-SAGE", "quantity": "3"})
    assert "€120.00" in shop.get("/demo/shop/cart").get_data(as_text=True)
    shop.post("/demo/shop/cart", data={"sku": "MUG-SAGE", "quantity": "0", "set": "1"})
    assert "nothing in it" in shop.get("/demo/shop/cart").get_data(as_text=True)


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"sku": "POT-SAGE", "quantity": "1"}, 400),
        ({"sku": "MUG-SAGE", "quantity": "-1"}, 400),
        ({"sku": "MUG-SAGE", "quantity": "many"}, 400),
        ({"sku": "NONE", "quantity": "1"}, 404),
        ({}, 404),
    ],
)
def test_what_can_not_be_bought_is_refused(shop: FlaskClient, form: dict[str, str], status: int) -> None:
    assert shop.post("/demo/shop/cart", data=form).status_code == status


@pytest.mark.parametrize("cookie", ["", "|||", "MUG-SAGE", "MUG-SAGE*x", "MUG-SAGE*0", "NONE*2", "%ff*1", "*" * 3000])
def test_a_cart_that_can_not_be_read_is_empty(shop: FlaskClient, cookie: str) -> None:
    shop.set_cookie("demo_cart", cookie, path="/demo/shop")
    assert "nothing in it" in shop.get("/demo/shop/cart").get_data(as_text=True)


def test_nothing_is_ordered_with_an_empty_cart(shop: FlaskClient, runtime: Runtime) -> None:
    assert shop.post("/demo/shop/checkout").headers["Location"].endswith("/demo/shop/cart")
    with runtime.sessions() as session:
        assert session.scalars(select(Order)).all() == []


def test_a_visitor_id_that_no_widget_makes_is_left_out(shop: FlaskClient, runtime: Runtime) -> None:
    shop.post("/demo/shop/cart", data={"sku": "MUG-SAGE"})
    shop.post("/demo/shop/checkout", data={"visitor": "<script>"})
    with runtime.sessions() as session:
        assert session.scalars(select(Order)).one().visitor == ""


@pytest.mark.parametrize(
    "address", ["/demo/shop/NONE", "/demo/shop/thanks/NONE", "/demo/pictures/NONE.jpg", "/demo/pictures/..%2fdemo.jpg"]
)
def test_what_is_not_there_is_404(shop: FlaskClient, address: str) -> None:
    assert shop.get(address).status_code == 404
