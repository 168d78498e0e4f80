"""The whole path in a real browser against a real `ugc demo`: from a photo in the shop to the sale that it made."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import comes_true
from tests.processes import free_port, reachable_folder
from ugc.demo import content, scenes
from ugc.kit.supervisor import end_with_parent

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

START_SECONDS = 300
CREDIT_SECONDS = 60


@dataclass(frozen=True)
class Wanted:
    """What the shopper will click: a photo's place in the gallery and a product in it."""

    item: int
    place: int
    sku: str
    title: str
    price: Decimal


def test_a_shopper_sees_a_photo_and_buys_what_is_in_it_and_the_studio_says_so(page: Page) -> None:
    with reachable_folder() as folder, running_demo(with_small_pictures(folder / "demo")) as access:
        wanted = choose(access)
        sign_in(page, access)
        before = revenue_of(page, access, wanted.item)
        order = shop(page, access, wanted)
        see_the_story(page, order, wanted)
        assert revenue_of(page, access, wanted.item) == before + wanted.price, "the report does not hold the sale"


def with_small_pictures(folder: Path) -> Path:
    """The demo's folder with the products' pictures in it, smaller than it would draw them: the shop only has to show some."""
    pictures = folder / "demo" / "pictures"
    pictures.mkdir(parents=True)
    for number, sample in enumerate(content.CATALOGUE):
        (pictures / f"{sample.sku}.jpg").write_bytes(scenes.product_picture(sample.look, number, size=160))
    return folder


@contextmanager
def running_demo(folder: Path) -> Iterator[dict[str, str]]:
    """`ugc demo` in its own process group, with what it wrote into demo.json; ended as by Ctrl-C."""
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("UGC_")}
    command = [sys.executable, "-m", "ugc.cli", "demo", "--port", str(port), "--data-dir", str(folder), "--items", "8"]
    with open(folder.parent / "demo.log", "w+") as log:
        child = subprocess.Popen(
            command, env=environment, stdout=log, stderr=log, start_new_session=True, preexec_fn=end_with_parent
        )
        try:
            wait_until_served(child, port, folder.parent / "demo.log")
            yield json.loads((folder / "demo.json").read_text())
        finally:
            child.send_signal(signal.SIGINT)
            try:
                code = child.wait(timeout=60)
            finally:
                end_group(child)
    assert code == 0, f"ugc demo ended with {code}"


def wait_until_served(child: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Until the shop answers; fails with the demo's own words."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and child.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/demo/shop/", timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"ugc demo did not serve its shop:\n{log.read_text()}")


def end_group(child: subprocess.Popen[bytes]) -> None:
    """Nothing that the demo started outlives the test."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def choose(access: dict[str, str]) -> Wanted:
    """The first photo of the home page with a hotspot on something that can be bought."""
    with urllib.request.urlopen(f"{access['base_url']}/galleries/halm/home.json", timeout=10) as answer:
        gallery: dict[str, Any] = json.load(answer)
    for place, item in enumerate(gallery["items"]):
        for product in item["products"]:
            if product["hotspot"] and product["availability"] == "in_stock":
                return Wanted(item["id"], place, product["sku"], product["title"], Decimal(product["price"]["amount"]))
    pytest.fail("no photo of the home page has a hotspot on a product in stock")


def sign_in(page: Page, access: dict[str, str]) -> None:
    """Into the studio with the one-time login."""
    page.goto(f"{access['base_url']}/studio/sign-in")
    page.locator("[name=email]").fill(access["email"])
    page.locator("[name=password]").fill(access["password"])
    page.locator("[name=password]").press("Enter")
    page.wait_for_url(lambda url: "sign-in" not in url)


def revenue_of(page: Page, access: dict[str, str], item: int) -> Decimal:
    """What the studio's report per item says that an item earned, 0 where it has no row."""
    page.goto(f"{access['base_url']}/studio/insights")
    row = page.locator(f"tr:has(a[href^='/studio/items/{item}#'])")
    if row.count() == 0:
        return Decimal(0)
    amounts = re.findall(r"€\s?([\d,]+\.\d\d)|([\d,]+\.\d\d)\s?€", row.first.inner_text())
    return sum((Decimal((left or right).replace(",", "")) for left, right in amounts), Decimal(0))


def shop(page: Page, access: dict[str, str], wanted: Wanted) -> str:
    """Open the shop, look, open the photo, follow its hotspot, add to cart, buy; the order's id."""
    page.goto(access["shop"])
    gallery = page.locator("ugc-gallery")
    gallery.scroll_into_view_if_needed()
    photo = gallery.locator("button[part=open]").nth(wanted.place)
    expect(photo, "the home page shows no photos").to_be_visible()
    visitor = page.evaluate("ugc.visitor()")
    photo.click()
    dialog = page.get_by_role("dialog")
    expect(dialog, "the photo does not open").to_be_visible()
    dialog.get_by_role("button", name=f"Show {wanted.title}").click()
    dialog.get_by_role("link", name=wanted.title).click()
    expect(page.get_by_role("heading", level=1), "the hotspot does not lead to its product").to_have_text(wanted.title)
    page.get_by_role("button", name="Add to cart", exact=True).click()
    expect(page.get_by_role("heading", level=1), "adding does not lead to the cart").to_have_text("Cart")
    expect(page.locator("table.lines"), "the cart does not hold the product").to_contain_text(wanted.title)
    page.get_by_role("button", name="Buy").click()
    expect(page.get_by_role("heading", level=1), "buying fails").to_have_text("Thank you")
    comes_true(page, "window.ugc?.consent() === 'granted'")
    assert page.evaluate("ugc.visitor()") == visitor, "the purchase comes from somebody else than the views"
    return page.locator("[data-order]").get_attribute("data-order") or ""


def see_the_story(page: Page, order: str, wanted: Wanted) -> None:
    """From the thank-you page into the studio, until the order's line says which item earned it."""
    page.get_by_role("link", name="The story of this order").click()
    expect(page.get_by_role("heading", level=1), "the studio does not know the order").to_have_text(f"Order {order}")
    earned = page.locator(f"table td a[href='/studio/items/{wanted.item}']").first
    deadline = time.monotonic() + CREDIT_SECONDS
    while earned.count() == 0 and time.monotonic() < deadline:
        page.reload()
    expect(earned, "the photo is not credited with the order").to_be_visible()
