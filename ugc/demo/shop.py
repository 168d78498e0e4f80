"""The sample storefront: what a shop's own pages do with a gallery, its events and its orders. Its own look, its own CSP."""

from __future__ import annotations

import re
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import quote, unquote, urlsplit

from flask import Blueprint, Response, make_response, redirect, render_template, request, send_from_directory, url_for
from werkzeug.wrappers import Response as AnyResponse

from ugc import web
from ugc.accounts import queries as accounts_queries
from ugc.accounts.models import Brand
from ugc.catalog import queries as catalog_queries
from ugc.catalog.models import Availability, Product
from ugc.demo import content, visitors
from ugc.kit.errors import Invalid, NotFound
from ugc.library import queries as library_queries
from ugc.library.models import Item
from ugc.media import rules as media_rules
from ugc.orders import actions as orders_actions
from ugc.orders import queries as orders_queries

pages = Blueprint(
    "demo", __name__, url_prefix="/demo", template_folder="templates", static_folder="static", static_url_path="/static"
)

CART = "demo_cart"
MAX_LINES, MAX_QUANTITY = 20, 9
# A visitor id is what the widget made or what another consent tool gave: short and printable.
VISITOR = re.compile(r"[A-Za-z0-9._:-]{1,100}")
SHOWN_REVIEWS = 12


@dataclass(frozen=True)
class Line:
    """A product in the cart."""

    product: Product
    quantity: int

    @property
    def amount(self) -> Decimal:
        """Its price times its quantity."""
        return (self.product.price or Decimal(0)) * self.quantity


@dataclass(frozen=True)
class Reviews:
    """What customers wrote about a product: how many gave how many stars, and the newest texts."""

    stars: dict[int, int]
    items: Sequence[Item]

    @property
    def count(self) -> int:
        """All of them, whatever their stars."""
        return sum(self.stars.values())

    @property
    def average(self) -> float:
        """Mean stars; 0 without reviews."""
        return sum(star * number for star, number in self.stars.items()) / self.count if self.count else 0.0


@pages.get("/shop/")
def show_home() -> Response:
    """The shop's home page."""
    products = catalog_queries.find_products(web.session(), brand().id, limit=200)
    return page("home.html", products=families(products), types=sorted({product.type for product in products if product.type}))


@pages.get("/shop/cart")
def show_cart() -> Response:
    """What is in the cart, with the way to buy it."""
    return page("cart.html", lines=read_cart())


@pages.post("/shop/cart")
def change_cart() -> AnyResponse:
    """Put a product into the cart, or set how many of it there are (0 takes it out)."""
    quantities = {line.product.sku: line.quantity for line in read_cart()}
    product = get_product(request.form.get("sku", ""))
    number = request.form.get("quantity", "1")
    if not number.isdecimal() or product.price is None or product.availability == Availability.OUT_OF_STOCK:
        raise Invalid("this can't be put into the cart")
    wanted = int(number[:3]) + (0 if "set" in request.form else quantities.get(product.sku, 0))
    quantities[product.sku] = min(wanted, MAX_QUANTITY)
    return with_cart(redirect(url_for("demo.show_cart"), 303), quantities)


@pages.post("/shop/checkout")
def buy() -> AnyResponse:
    """Buy what is in the cart: an order, signed and delivered as a shop's server would; no money moves."""
    lines = read_cart()
    if not lines:
        return redirect(url_for("demo.show_cart"), 303)
    visitor = request.form.get("visitor", "")
    order_id = f"DEMO-{secrets.token_hex(4).upper()}"
    quantities = {line.product.sku: line.quantity for line in lines}
    prices = {line.product.sku: line.product.price for line in lines if line.product.price is not None}
    order = visitors.order_of(order_id, visitor if VISITOR.fullmatch(visitor) else "", quantities, web.now(), prices)
    seal_key = web.runtime().key("webhooks")
    known = accounts_queries.find_webhook_secrets(web.session(), brand().id, orders_actions.GENERIC, seal_key=seal_key)
    visitors.send_order(web.runtime(), known[0], order, now=web.now())
    return with_cart(redirect(url_for("demo.show_thanks", order=order_id), 303), {})


@pages.get("/shop/thanks/<order>")
def show_thanks(order: str) -> Response:
    """The thank-you page: tells the tracker the order's id, and leads to the order's story in the studio."""
    found = orders_queries.find_by_external_id(web.session(), brand().id, order)
    if not found:
        raise NotFound("no such order")
    return page("thanks.html", order=found[0])


@pages.get("/shop/<path:sku>")
def show_product(sku: str) -> Response:
    """A product's page with its gallery and reviews."""
    product = get_product(sku)
    variants = catalog_queries.find_family(web.session(), product)
    return page("product.html", product=product, variants=variants, reviews=find_reviews(product))


@pages.get("/pictures/<name>.jpg")
def show_picture(name: str) -> Response:
    """The drawn picture of a sample product."""
    if name not in content.BY_SKU:
        raise NotFound()
    folder = web.runtime().settings.data_dir.resolve() / "demo" / "pictures"
    response = send_from_directory(folder, f"{name}.jpg", max_age=3600)
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


def brand() -> Brand:
    """The sample brand."""
    return accounts_queries.get_brand(web.session(), content.BRAND)


def get_product(sku: str) -> Product:
    """A product that is for sale; raises NotFound."""
    product = catalog_queries.get_product(web.session(), brand().id, sku)
    if product.removed_at is not None:
        raise NotFound("this is not for sale any more")
    return product


def families(products: Sequence[Product]) -> list[tuple[Product, int]]:
    """One product of each family, the first by SKU, with how many variants there are."""
    counts = Counter(product.family or product.sku for product in products)
    first: dict[str, Product] = {}
    for product in products:
        first.setdefault(product.family or product.sku, product)
    return [(product, counts[name]) for name, product in first.items()]


def find_reviews(product: Product) -> Reviews:
    """All published reviews of the product's family, whatever they say."""
    about = {"family": product.family} if product.family else {"product": product.sku}
    wanted = library_queries.read_filter({"kind": "review", "public": "yes", **about})
    session, now = web.session(), web.now()
    facets = library_queries.count_facets(session, product.brand_id, wanted, ["rating"], now=now)["rating"]
    stars = {int(facet.value): facet.count for facet in facets if facet.value.isdecimal()}
    key = web.runtime().key("cursor")
    page = library_queries.find_items(session, product.brand_id, wanted, limit=SHOWN_REVIEWS, key=key, now=now)
    return Reviews(stars, page.items)


def read_cart() -> list[Line]:
    """The cart in the cookie: `SKU*2|SKU*1`, percent-encoded; what can't be read or bought is left out."""
    quantities: dict[str, int] = {}
    for part in request.cookies.get(CART, "").split("|")[:MAX_LINES]:
        sku, _, number = unquote(part).rpartition("*")
        if number.isdecimal() and 0 < int(number[:3]) <= MAX_QUANTITY:
            quantities[sku] = int(number)
    products = catalog_queries.map_products(web.session(), brand().id, quantities)
    return [Line(products[sku], quantity) for sku, quantity in quantities.items() if sku in products]


def with_cart(response: AnyResponse, quantities: dict[str, int]) -> AnyResponse:
    """The answer with the cart's cookie."""
    parts = [quote(f"{sku}*{quantity}", safe="") for sku, quantity in quantities.items() if quantity > 0]
    if parts:
        response.set_cookie(CART, "|".join(parts[:MAX_LINES]), httponly=True, samesite="Lax", path="/demo/shop")
    else:
        response.delete_cookie(CART, path="/demo/shop")
    return response


def page(name: str, **facts: object) -> Response:
    """A page of the shop under a strict policy, as a careful shop would set it."""
    base = web.runtime().settings.base_url
    count = sum(line.quantity for line in read_cart())
    key = accounts_queries.get_publishable_key(web.session(), brand().id)
    body = render_template(f"demo/{name}", base=base, brand=brand(), key=key, in_cart=count, picture_of=picture_of, **facts)
    response = make_response(body)
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(base))
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src 'self' {origin}; style-src 'self' {origin}; img-src 'self' {origin} data: blob:; "
        f"media-src 'self' {origin}; connect-src 'self' {origin}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'"
    )
    return response


def picture_of(item: Item) -> str:
    """The address of a review's picture, small; empty without one."""
    for medium in filter(lambda medium: medium.is_showable, item.media):
        urls = media_rules.rendition_urls(medium.file, web.runtime().settings.base_url)
        fitting = [each["url"] for each in urls if each["type"] == "image/jpeg" and each["width"] <= 320]
        if fitting:
            return str(fitting[-1])
    return ""
