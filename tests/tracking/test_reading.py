"""Beacons, good and bad (T-70, T-75)."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.make import NOON
from tests.tracking import sent
from ugc.tracking import reading
from ugc.tracking.reading import BadEvents, TooManyEvents, read_beacon

KEY = "pk_test"


def read(**facts: Any) -> Any:
    return read_beacon(sent.as_bytes(sent.beacon(KEY, sent.event("page_view")) | facts))


def test_a_beacon_is_read() -> None:
    given = sent.event("add_to_cart", gallery="home", item=17, sku="A-1", quantity=2, price=19.9, currency="eur", colour="red")
    beacon = read_beacon(sent.as_bytes(sent.beacon(KEY, given)))
    (event,) = beacon.events
    assert (beacon.key, beacon.visitor, beacon.session, beacon.webdriver) == (KEY, "visitor-1", "session-1", False)
    assert (event.id, event.type, event.at, event.gallery) == (UUID(given["id"]), "add_to_cart", NOON, "home")
    assert (event.item_id, event.sku, event.data) == (17, "A-1", {"quantity": "2", "price": "19.9", "currency": "EUR"})


@pytest.mark.parametrize("type", sorted(reading.TYPES))
def test_every_type_is_accepted(type: str) -> None:
    beacon = read_beacon(sent.as_bytes(sent.beacon(KEY, sent.event(type, order="1"))))
    assert beacon.events[0].type == type


def test_all_types_of_the_interface_are_known() -> None:
    names = """page_view product_view site_search compare begin_checkout checkout_step remove_from_cart gallery_load gallery_view
        item_impression item_view item_open item_close load_more creator_click hotspot_open product_click share like dislike wish
        add_to_cart lead page_time purchase"""
    assert set(names.split()) == reading.TYPES


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://shop.test/p/1?token=secret#part", "https://shop.test/p/1"),
        ("https://user:secret@Shop.Test:8443/p", "https://shop.test:8443/p"),
        ("http://shop.test", "http://shop.test/"),
        ("https://[::1]:bad/", ""),
        ("javascript:alert(1)", ""),
        ("/p/1", ""),
        ("", ""),
    ],
)
def test_a_page_is_kept_without_query_fragment_and_password(url: str, kept: str) -> None:
    assert reading.clean_url(url) == kept


def test_of_a_referrer_only_the_host_is_kept() -> None:
    assert read().referrer_host == "www.instagram.com"


def test_a_search_keeps_no_address_and_no_number() -> None:
    found = sent.event("site_search", query="Ada@example.com 0170 1234567 Red Dress")
    beacon = read_beacon(sent.as_bytes(sent.beacon(KEY, found)))
    assert beacon.events[0].data == {"query": "… … red dress"}


@pytest.mark.parametrize("consent", [False, "denied", "none"])
def test_without_consent_nobody_is_told_apart(consent: object) -> None:
    beacon = read(consent=consent)
    assert (beacon.visitor, beacon.session) == ("", "")


@pytest.mark.parametrize(
    "facts",
    [
        {"id": "17"}, {"id": None}, {"id": "x" * 36}, {"id": 5}, {"type": "explode"}, {"type": None}, {"type": []}, {"at": "now"},
        {"at": "2026-11-21T12:00:00"}, {"at": 5}, {"at": "0001-01-01T00:00:00+14:00"}, {"gallery": []}, {"gallery": "x" * 101},
        {"item": "first"}, {"item": 1.5}, {"item": True}, {"item": {}}, {"sku": ["a"]}, {"type": "purchase"},
        {"type": "purchase", "order": ""}, {"type": "share", "network": {}}, {"type": "page_time", "seconds": "long"},
        {"type": "page_time", "seconds": -1}, {"type": "page_time", "seconds": "NaN"}, {"type": "add_to_cart", "price": []},
    ],
)  # fmt: skip
def test_an_event_with_a_wrong_field_refuses_the_beacon(facts: dict[str, Any]) -> None:
    good = sent.event("page_view")
    with pytest.raises(BadEvents):
        read_beacon(sent.as_bytes(sent.beacon(KEY, good, sent.event("item_view") | facts)))


@pytest.mark.parametrize(
    "facts",
    [
        {"events": []},
        {"events": {}},
        {"events": [1]},
        {"events": None},
        {"page": 5},
        {"visitor": {}},
        {"key": ["pk"]},
        {"visitor": "x" * 101},
    ],
)
def test_a_wrong_envelope_is_refused(facts: dict[str, Any]) -> None:
    with pytest.raises(BadEvents):
        read(**facts)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b'{"events": NaN}', b"[" * 60_000])
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(BadEvents):
        read_beacon(body)


def test_a_beacon_has_at_most_twenty_events_and_64_kb() -> None:
    assert len(read_beacon(sent.as_bytes(sent.beacon(KEY, *[sent.event("page_view") for _ in range(20)]))).events) == 20
    with pytest.raises(TooManyEvents):
        read_beacon(sent.as_bytes(sent.beacon(KEY, *[sent.event("page_view") for _ in range(21)])))
    with pytest.raises(TooManyEvents):
        read_beacon(b" " * 65_537)


def test_ids_beyond_every_table_are_unknown_not_an_error() -> None:
    for item in (10**30, 2**63, 0, -1, "9" * 19):
        beacon = read_beacon(sent.as_bytes(sent.beacon(KEY, sent.event("item_view", item=item))))
        assert beacon.events[0].item_id in {0, None}


def test_characters_that_postgresql_cannot_store_are_dropped() -> None:
    beacon = read_beacon(json.dumps(sent.beacon(KEY, sent.event("page_view", sku="a\0b\ud800"), visitor="v\0")).encode())
    assert (beacon.events[0].sku, beacon.visitor) == ("ab", "v")


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10) | st.sampled_from(sorted(reading.TYPES)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
)
FIELDS = ["id", "type", "at", "gallery", "item", "sku", "product", "order", "network", "query", "seconds", "quantity", "price"]


@given(
    st.dictionaries(st.sampled_from(["key", "visitor", "session", "consent", "page", "events", "webdriver"]), ANYTHING, max_size=3),
    st.dictionaries(st.sampled_from(FIELDS), ANYTHING, max_size=4),
)
def test_any_json_is_read_or_refused(envelope: dict[str, Any], fields: dict[str, Any]) -> None:
    whole = sent.beacon(KEY, sent.event("share") | fields) | envelope
    try:
        beacon = read_beacon(sent.as_bytes(whole))
    except (BadEvents, TooManyEvents):
        return
    assert beacon.events


@given(st.binary(max_size=100))
def test_any_bytes_are_refused(body: bytes) -> None:
    with pytest.raises(BadEvents):
        read_beacon(body)
