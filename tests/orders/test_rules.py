"""Signatures, versions and net lines of orders, in tables."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations

import pytest
import standardwebhooks
from hypothesis import given
from hypothesis import strategies as st

from tests.make import NOON
from tests.tracking import sent
from ugc.orders import rules
from ugc.orders.rules import LineData, OrderData, RefundData, RefundLineData, WrongSignature

# The vector of threats.md, Appendix A.2.
SECRET = "test_secret_0123456789"
BODY = b'{"id":1001,"updated_at":"2026-01-02T03:04:05Z","email":"a@example.com"}'
STAMP = 1767323045
SIGNED_AT = datetime.fromtimestamp(STAMP, UTC)
SIGNATURE = "v1,HnEkD6WLJaUTOFniRxwSQHTkWC0p/3NV0fGPLmQFYY4="
HEADERS = {"webhook-id": "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W", "webhook-timestamp": str(STAMP), "webhook-signature": SIGNATURE}


def check(headers: dict[str, str] = HEADERS, body: bytes = BODY, secrets: tuple[str, ...] = (SECRET,), late: int = 0) -> str:
    return rules.check_standard_signature(headers, body, secrets, now=SIGNED_AT + timedelta(seconds=late))


def test_the_published_vector_passes() -> None:
    assert check() == "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"


@pytest.mark.parametrize("late", [-300, 0, 300])
def test_five_minutes_either_way_are_tolerated(late: int) -> None:
    assert check(late=late)


@pytest.mark.parametrize(
    ("headers", "body", "secrets", "late"),
    [
        ({}, BODY + b"\n", (SECRET,), 0),
        ({}, BODY.replace(b":", b": "), (SECRET,), 0),
        ({"webhook-signature": SIGNATURE.lower()}, BODY, (SECRET,), 0),
        ({"webhook-signature": f'"{SIGNATURE}"'}, BODY, (SECRET,), 0),
        ({"webhook-timestamp": str(STAMP + 1)}, BODY, (SECRET,), 0),
        ({"webhook-signature": SIGNATURE.replace("v1,", "v0,")}, BODY, (SECRET,), 0),
        ({"webhook-signature": SIGNATURE.replace("v1,", "v0=")}, BODY, (SECRET,), 0),
        ({"webhook-signature": SIGNATURE.removeprefix("v1,")}, BODY, (SECRET,), 0),
        ({"webhook-signature": SIGNATURE.rstrip("=")}, BODY, (SECRET,), 0),
        ({}, BODY, (SECRET,), 301),
        ({}, BODY, (SECRET,), -301),
        ({"webhook-signature": f"{SIGNATURE},{SIGNATURE}"}, BODY, (SECRET,), 0),  # two headers, as a server joins them
        ({"webhook-id": f"{HEADERS['webhook-id']},x"}, BODY, (SECRET,), 0),
        ({"webhook-id": ""}, BODY, (SECRET,), 0),
        ({"webhook-timestamp": ""}, BODY, (SECRET,), 0),
        ({"webhook-timestamp": "١٧٦٧٣٢٣٠٤٥"}, BODY, (SECRET,), 0),
        ({"webhook-signature": ""}, BODY, (SECRET,), 0),
        ({"webhook-signature": "v1,é"}, BODY, (SECRET,), 0),
        ({}, BODY, ("",), 0),
        ({}, BODY, ("whsec_",), 0),
        ({}, BODY, ("whsec_!!!",), 0),
        ({"webhook-signature": "no secret"}, BODY, ("",), 0),
        ({}, BODY, (), 0),
        ({}, BODY, ("another secret",), 0),
    ],
)
def test_whatever_was_altered_is_refused(headers: dict[str, str], body: bytes, secrets: tuple[str, ...], late: int) -> None:
    with pytest.raises(WrongSignature):
        check(HEADERS | headers, body, secrets, late)


def test_one_flipped_bit_is_refused() -> None:
    for place in range(len(BODY)):
        with pytest.raises(WrongSignature):
            check(body=BODY[:place] + bytes([BODY[place] ^ 1]) + BODY[place + 1 :])
    digest = base64.b64decode(SIGNATURE[3:])
    for place in range(len(digest)):
        flipped = digest[:place] + bytes([digest[place] ^ 1]) + digest[place + 1 :]
        with pytest.raises(WrongSignature):
            check(HEADERS | {"webhook-signature": "v1," + base64.b64encode(flipped).decode()})


def test_both_secrets_work_during_a_change_and_one_of_several_signatures_is_enough() -> None:
    assert check(secrets=("new secret", SECRET))
    assert check(HEADERS | {"webhook-signature": f"v1,AAAA v1a,xx {SIGNATURE}"})


def test_what_the_reference_library_signs_passes() -> None:
    secret = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
    signature = standardwebhooks.Webhook(secret).sign("msg_1", SIGNED_AT, BODY.decode())
    assert check(HEADERS | {"webhook-id": "msg_1", "webhook-signature": signature}, secrets=(secret,)) == "msg_1"


def test_what_our_tests_sign_the_reference_library_accepts() -> None:
    secret = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
    now = datetime.now(UTC)
    assert standardwebhooks.Webhook(secret).verify(b"{}", sent.signed(secret, b"{}", now)) == {}


def order(*lines: tuple[str, int, str], refunds: tuple[RefundData, ...] = (), **facts: object) -> OrderData:
    made = tuple(LineData(id, f"SKU-{id}", quantity, Decimal(price)) for id, quantity, price in lines)
    goods = sum((line.price * line.quantity for line in made), Decimal(0))
    defaults: dict[str, object] = {"status": "paid", "currency": "EUR", "total": goods, "updated_at": NOON, "placed_at": NOON}
    return OrderData(id="1", lines=made, refunds=refunds, **(defaults | facts))  # type: ignore[arg-type]


def back(amount: str, *lines: tuple[str, int, str], id: str = "r") -> RefundData:
    return RefundData(id, NOON, Decimal(amount), tuple(RefundLineData(line, n, Decimal(part)) for line, n, part in lines))


TWO = (("a", 1, "30.00"), ("b", 2, "10.00"))


@pytest.mark.parametrize(
    ("data", "net"),
    [
        (order(*TWO), ["30.00", "20.00"]),
        (order(*TWO, total=Decimal("45.00"), discount=Decimal("5.00")), ["27.00", "18.00"]),
        # The total says that prices hold the discount already.
        (order(*TWO, total=Decimal("54.90"), shipping=Decimal("4.90"), discount=Decimal("5.00")), ["30.00", "20.00"]),
        (order(*TWO, total=Decimal("60.00"), tax=Decimal("10.00"), discount=Decimal("5.00")), ["30.00", "20.00"]),
        (order(*TWO, refunds=(back("10.00", ("b", 1, "10.00")),)), ["30.00", "10.00"]),
        (order(*TWO, refunds=(back("20.00", ("b", 2, "20.00")),)), ["30.00", "0.00"]),
        # A refund's surplus over its lines is shipping or tax, not the lines'.
        (order(*TWO, refunds=(back("14.90", ("b", 1, "10.00")),)), ["30.00", "10.00"]),
        (order(*TWO, refunds=(back("10.00"),)), ["24.00", "16.00"]),
        (order(*TWO, refunds=(back("50.00"),)), ["0.00", "0.00"]),
        (order(*TWO, status="cancelled"), ["0.00", "0.00"]),
        (order(*TWO, status="refunded"), ["0.00", "0.00"]),
        (order(*TWO, refunds=(back("25.00", id="r1"), back("25.00", id="r2"))), ["0.00", "0.00"]),
        (order(("a", 1, "0.00"), ("b", 1, "0.00")), ["0.00", "0.00"]),
        (order(("a", 1, "0.01"), ("b", 1, "0.01"), ("c", 1, "0.01"), refunds=(back("0.01"),)), ["0.00", "0.01", "0.01"]),
        (order(), []),
    ],
)
def test_a_line_keeps_its_price_less_discount_and_refunds(data: OrderData, net: list[str]) -> None:
    assert [line.amount for line in rules.net_lines(data)] == [Decimal(amount) for amount in net]


def test_units_follow_refunds() -> None:
    partly = rules.net_lines(order(*TWO, refunds=(back("10.00", ("b", 1, "10.00")),)))
    assert [(line.quantity, line.returned) for line in partly] == [(1, False), (1, False)]
    wholly = rules.net_lines(order(*TWO, refunds=(back("20.00", ("b", 2, "20.00")),)))
    assert [(line.quantity, line.returned) for line in wholly] == [(1, False), (0, True)]


def test_a_gift_for_nothing_is_a_sale_and_a_cancelled_order_is_none() -> None:
    assert not rules.is_void(order(("a", 1, "0.00")))
    assert rules.is_void(order(*TWO, status="cancelled"))
    assert rules.is_void(order(*TWO, refunds=(back("50.00"),)))
    assert not rules.is_void(order(*TWO, refunds=(back("49.99"),)))


@pytest.mark.parametrize(
    ("cents", "weights", "parts"),
    [
        (14000, ["1", "1", "1"], [4667, 4667, 4666]),
        (10000, ["1"] * 7, [1429] * 4 + [1428] * 3),
        (1, ["1", "1", "1"], [1, 0, 0]),
        (9999, [".4", ".1", ".1", ".4"], [4000, 1000, 1000, 3999]),
    ],
)
def test_cents_go_by_largest_remainder_with_ties_to_the_earliest(cents: int, weights: list[str], parts: list[int]) -> None:
    scaled = [Decimal(weight) * 1000 for weight in weights]  # split never gives more than the weights' sum
    assert [int(part * 100) for part in rules.split(Decimal(cents) / 100, scaled)] == parts


@given(st.integers(0, 10**7), st.lists(st.integers(0, 10**6), min_size=1, max_size=12))
def test_parts_always_sum_to_the_whole(cents: int, weights: list[int]) -> None:
    amounts = [Decimal(weight) / 100 for weight in weights]
    parts = rules.split(Decimal(cents) / 100, amounts)
    assert sum(parts) == min(Decimal(cents) / 100, sum(amounts))
    assert all(part >= 0 for part in parts)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 10**5)), max_size=6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_net_lines_are_never_negative_nor_above_their_price(lines: list[tuple[int, int]], discount: int, refund: int) -> None:
    priced = [(str(place), quantity, str(Decimal(cents) / 100)) for place, (quantity, cents) in enumerate(lines)]
    data = order(*priced, discount=Decimal(discount) / 100, total=Decimal("123.45"), refunds=(back(str(Decimal(refund) / 100)),))
    for line, net in zip(data.lines, rules.net_lines(data), strict=True):
        assert 0 <= net.amount <= line.price * line.quantity


def test_versions_have_one_order_even_within_a_second() -> None:
    versions = [
        order(*TWO), order(*TWO, status="cancelled"), order(*TWO, refunds=(back("10.00"),)),
        order(*TWO, updated_at=NOON + timedelta(seconds=1)), order(*TWO, coupon="X"),
    ]  # fmt: skip
    newest = {max(chosen, key=rules.version_of) for chosen in permutations(versions)}
    assert newest == {versions[3]}
    assert max([versions[0], versions[1], versions[2]], key=rules.version_of) == versions[2]
