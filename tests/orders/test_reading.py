"""Bodies of order webhooks, good and bad (T-85)."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.make import NOON
from tests.tracking import sent
from ugc.orders.reading import UnreadableOrder, read_order


def test_a_whole_order_is_read() -> None:
    refund = {"id": 7, "at": NOON.isoformat(), "amount": "5.00", "lines": [{"id": 1, "quantity": 1, "amount": "5.00"}]}
    customer = {"id": 99, "email_sha256": "AB" * 32}
    body = sent.as_bytes(sent.order(id=820982911946154508, refunds=[refund], customer=customer, visitor="v", coupon="SUMMER"))
    order = read_order(body)
    assert order.id == "820982911946154508"
    assert order.total == Decimal("24.90")
    assert (order.updated_at, order.lines[0].price, order.refunds[0].lines[0].amount) == (NOON, Decimal("20.00"), Decimal("5.00"))
    assert (order.customer_id, order.email_sha256, order.visitor, order.coupon) == ("99", "ab" * 32, "v", "SUMMER")


@pytest.mark.parametrize(
    ("written", "read"), [('"19.90"', "19.90"), ("19.90", "19.90"), ("20", "20.00"), ('"0"', "0.00"), ('"10.005"', "10.01")]
)
def test_amounts_are_read_by_their_digits(written: str, read: str) -> None:
    body = sent.as_bytes(sent.order()).replace(b'"24.90"', written.encode())
    assert read_order(body).total == Decimal(read)


@pytest.mark.parametrize(
    "facts",
    [
        {"id": ""}, {"id": None}, {"id": True}, {"id": "x" * 201}, {"id": ["1"]}, {"status": ""}, {"currency": "euro"},
        {"currency": "E1R"},
        {"total": "-1"}, {"total": "1e400"}, {"total": "NaN"}, {"total": ""}, {"total": None}, {"total": "1,00"}, {"total": True},
        {"total": "9999999999999"}, {"total": "١"}, {"updated_at": "2026-11-21T12:00:00"}, {"updated_at": "yesterday"},
        {"updated_at": 5}, {"placed_at": None}, {"updated_at": "0001-01-01T00:00:00+23:59"}, {"lines": {}}, {"lines": [1]},
        {"lines": [{"id": "1", "sku": "a", "quantity": -1, "price": "1"}]},
        {"lines": [{"id": "1", "sku": "a", "quantity": 1.5, "price": "1"}]},
        {"lines": [{"id": "1", "sku": "a", "quantity": 1, "price": "1"}] * 2},
        {"lines": [{"id": "1", "sku": "a", "quantity": 1}]}, {"refunds": [{"id": "1", "amount": "1"}]},
        {"customer": [1]}, {"customer": {"email_sha256": "a@example.com"}},
    ],
)  # fmt: skip
def test_an_order_with_a_wrong_field_is_refused(facts: dict[str, object]) -> None:
    with pytest.raises(UnreadableOrder):
        read_order(sent.as_bytes(sent.order(**facts)))


@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b"[]", b"1", b'"order"', b"{", b'{"id": 1,}', b"\xff\xfe{}", b'{"a": NaN}', b'{"a": -Infinity}',
        b'{"total": 1e400}', b'{"id": 1, "id": 2}', b'{"lines": [{"id": 1, "id": 1}]}', b"{} {}", b"\xef\xbb\xbf{}",
        b'{"a": "\x01"}',
        b"[" * 33 + b"]" * 33, b"{\"a\":" * 40, b"9" * 5000,
    ],
)  # fmt: skip
def test_what_is_no_strict_json_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableOrder):
        read_order(body)


def test_depth_is_counted_outside_strings_only() -> None:
    assert read_order(sent.as_bytes(sent.order(note="[" * 100, other=json.dumps({"[": '"['})))).status == "paid"


def test_two_million_brackets_are_refused_without_being_descended_into() -> None:
    with pytest.raises(UnreadableOrder):
        read_order(b"[" * 2_000_000)


def test_nul_and_half_characters_are_dropped() -> None:
    order = read_order(sent.as_bytes(sent.order(coupon="a\0b\ud800c")))
    assert order.coupon == "abc"


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)


@given(st.dictionaries(st.sampled_from(sorted(sent.order())), ANYTHING, max_size=4))
def test_any_json_is_read_or_refused(facts: dict[str, object]) -> None:
    try:
        order = read_order(sent.as_bytes(sent.order(**facts)))
    except UnreadableOrder:
        return
    assert order.id


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with pytest.raises(UnreadableOrder):
        read_order(body)
