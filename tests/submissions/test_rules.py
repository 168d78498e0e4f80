"""Pages' questions, ages, sites, evidence: tables without a database."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.make import NOON
from ugc.submissions import rules
from ugc.submissions.rules import Relation

KEY = b"k" * 32
GOOD = {
    "name": "Anna K.", "email": "anna@example.com", "birth_year": "1990", "birth_month": "5", "relation": "none", "agree": "yes",
    "others": "yes", "stars": "5", "text": "Lovely",
}  # fmt: skip


@pytest.mark.parametrize(
    ("given", "files", "wrong"),
    [
        ({}, 1, set()),
        ({}, 0, set()),
        ({"stars": ""}, 0, {"file"}),
        ({"stars": "6"}, 1, {"stars"}),
        ({"stars": "0"}, 1, {"stars"}),
        ({"stars": "٣"}, 1, {"stars"}),
        ({"name": " \x00 "}, 1, {"name"}),
        ({"email": "anna"}, 1, {"email"}),
        ({"email": "a@b.cd\nBcc: x@y.zz"}, 1, {"email"}),
        ({"email": "a@b.cd\r\nBcc: x@y.zz"}, 1, {"email"}),
        ({"text": "x" * 5_001}, 1, {"text"}),
        ({"birth_year": "90"}, 1, {"birth_year"}),
        ({"birth_month": "13"}, 1, {"birth_year"}),
        ({"birth_year": "9" * 5000}, 1, {"birth_year"}),
        ({"birth_year": "2027"}, 1, {"birth_year"}),
        ({"relation": "friend"}, 1, {"relation"}),
        ({"agree": ""}, 1, {"agree"}),
        ({"others": ""}, 1, {"others"}),
        ({"others": ""}, 0, set()),
        ({}, 11, {"file"}),
        (dict.fromkeys(GOOD, ""), 0, {"file", "name", "email", "birth_year", "relation", "agree"}),
    ],
)
def test_what_is_wrong_is_said_by_field(given: dict[str, str], files: int, wrong: set[str]) -> None:
    """T-66 (line breaks in addresses), L-03 (the tie must be answered), L-12 (the others must agree)."""
    assert set(rules.find_wrong(GOOD | given, files, "Acme", NOON)) == wrong


@pytest.mark.parametrize(
    ("year", "month", "now", "old_enough"),
    [
        (2010, 10, datetime(2026, 11, 21, tzinfo=UTC), True),
        (2010, 11, datetime(2026, 11, 21, tzinfo=UTC), False),
        (2010, 11, datetime(2026, 12, 1, tzinfo=UTC), True),
        (2010, 12, datetime(2027, 1, 1, tzinfo=UTC), True),
        (2015, 1, datetime(2026, 11, 21, tzinfo=UTC), False),
    ],
)
def test_who_is_surely_sixteen(year: int, month: int, now: datetime, old_enough: bool) -> None:
    """L-14: in the month of the birthday nobody knows yet."""
    assert rules.is_old_enough(year, month, 16, now) is old_enough


def test_a_form_can_be_sent_within_a_day_to_the_brand_that_drew_it() -> None:
    stamp = rules.make_stamp(KEY, "acme", NOON)
    assert rules.read_stamp(KEY, "acme", stamp, NOON + timedelta(hours=23)).at == NOON
    for slug, text, now in (
        ("acme", stamp, NOON + timedelta(hours=25)),
        ("acme", stamp, NOON - timedelta(hours=1)),
        ("other", stamp, NOON),
        ("acme", stamp[:-1] + "0" if stamp[-1] != "0" else stamp[:-1] + "1", NOON),
        ("acme", "", NOON),
        ("acme", "x.y.z", NOON),
        ("acme", "9" * 4000, NOON),
    ):
        with pytest.raises(rules.FormTooOld):
            rules.read_stamp(KEY, slug, text, now)


@pytest.mark.parametrize(("seconds", "quick"), [(0, True), (2, True), (3, False), (600, False)])
def test_nobody_fills_a_form_in_two_seconds(seconds: int, quick: bool) -> None:
    stamp = rules.read_stamp(KEY, "acme", rules.make_stamp(KEY, "acme", NOON), NOON)
    if quick:
        with pytest.raises(rules.TooQuick):
            rules.check_pace(stamp, NOON + timedelta(seconds=seconds))
    else:
        rules.check_pace(stamp, NOON + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        ("https://Shop.Example", "https://shop.example"),
        ("https://shop.example/", "https://shop.example"),
        ("https://shop.example:443", "https://shop.example"),
        ("http://localhost:8000", "http://localhost:8000"),
    ],
)
def test_a_site_is_kept_as_browsers_name_it(given: str, origin: str) -> None:
    assert rules.clean_origin(given) == origin


@pytest.mark.parametrize(
    "given",
    ["", "shop.example", "ftp://shop.example", "https://", "https://a@b.cd", "https://shop.example/path", "https://shop.example?x",
     "https://*.example", "null", "https://shop.example:99999", "https://shop.example.", "https://shop.example\n"],
)  # fmt: skip
def test_what_is_no_site_is_refused(given: str) -> None:
    """T-47"""
    if given.endswith("\n"):
        assert rules.clean_origin(given) == "https://shop.example"
        return
    with pytest.raises(rules.BadOrigin):
        rules.clean_origin(given)


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://shop.example", True),
        ("https://blog.example", True),
        ("https://shop.example.evil.io", False),
        ("https://attackershop.example", False),
        ("http://shop.example", False),
        ("https://shop.example.", False),
        ("https://xn--shp-0na.example", False),
        ("null", False),
    ],
)
def test_only_the_shop_and_the_named_sites_may_send(origin: str, allowed: bool) -> None:
    """T-47"""
    assert (origin in rules.allowed_origins("https://shop.example/home", ["https://blog.example"])) is allowed


@pytest.mark.parametrize(
    ("address", "network", "line"),
    [
        ("203.0.113.77", "203.0.113.0/24", "203.0.113.77/32"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.77", "203.0.113.0/24", "203.0.113.77/32"),
        ("", "", "unknown"),
        ("nonsense", "", "unknown"),
    ],
)
def test_of_an_address_only_the_network_is_kept(address: str, network: str, line: str) -> None:
    """T-65, T-75"""
    assert rules.network_of(address) == network
    assert rules.line_of(address) == line


@pytest.mark.parametrize(
    ("email", "shop", "staff"),
    [
        ("a@acme.example", "https://acme.example", True),
        ("a@mail.acme.example", "https://www.acme.example/x", True),
        ("a@notacme.example", "https://acme.example", False),
        ("a@acme.example", "", False),
        ("a@localhost", "http://localhost", False),
    ],
)
def test_an_address_of_the_shops_own_is_flagged(email: str, shop: str, staff: bool) -> None:
    """L-03"""
    assert rules.is_staff_address(email, shop) is staff


def test_evidence_says_what_was_ticked_and_what_was_not() -> None:
    """T-65, L-09"""
    sent = rules.read_form(GOOD | {"ads": "yes", "relation": "gifted"})
    text = rules.evidence_text(sent, "Acme", 3, "f" * 64, "203.0.113.0/24", "d1g3st", NOON)
    for part in (
        "At: 2026-11-21T12:00:00+00:00", f"version 3, SHA-256 of the exact text {'f' * 64}",
        "Ticked: I made this myself, and I agree to the terms: Acme may show it in its shop.",
        "Ticked: Everybody who can be recognised agrees that it is shown.",
        "Ticked: Acme may also use it in advertisements.", "Left empty: Acme may also post it on its social networks.",
        "Channels: shop, ads", "Stands to the brand: gifted", "203.0.113.0/24", "d1g3st",
    ):  # fmt: skip
        assert part in text
    assert "anna@" not in text


def test_every_tie_has_its_tag_and_none_has_none() -> None:
    """L-06"""
    tags = {relation: rules.disclosure_tags(rules.read_form(GOOD | {"relation": relation.value}), "") for relation in Relation}
    assert tags == {relation: [] if relation is Relation.NONE else [relation.value] for relation in Relation}


@pytest.mark.parametrize(
    ("colour", "on"), [("#ffffff", "#000000"), ("#000000", "#ffffff"), ("#ff0000", "#000000"), ("#0000ff", "#ffffff")]
)
def test_words_on_a_colour_can_be_read(colour: str, on: str) -> None:
    assert rules.text_on(rules.check_colour(colour)) == on


def test_nothing_that_fills_in_forms_for_people_falls_into_the_trap() -> None:
    """The words by which browsers and password managers know parts of a person or an address, from their own sources."""
    known = "name|mail|phone|tel|fax|mobile|addr|street|line|house|city|town|zip|post|region|state|province|country|compan|organi"
    known += "|birth|bday|age|sex|gender|card|cvc|account|iban|user|login|pass|otp|url|web|site|home|search|code|captcha|title"
    assert re.search(known, rules.TRAP) is None
