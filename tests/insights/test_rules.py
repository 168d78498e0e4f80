"""Golden cases of attribution (peers A17, A18 and the product's default), in tables."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.make import NOON
from ugc.insights import rules
from ugc.insights.models import Model
from ugc.insights.rules import LineFacts, OrderFacts, Outcome, Tagged, TouchFacts
from ugc.tracking.models import TouchKind

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
DRESS = LineFacts(1, "dress-blue", "dress", 1, Decimal("60.00"))
HAT = LineFacts(2, "hat", "", 2, Decimal("40.00"))
# Item 1 shows the dress in red, item 2 the hat, item 3 nothing for sale, item 4 both.
TAGGED = {
    1: Tagged(frozenset({"dress-red"}), frozenset({"dress"})),
    2: Tagged(frozenset({"hat"})),
    4: Tagged(frozenset({"hat", "dress-blue"}), frozenset({"dress"})),
}
numbers = iter(range(10**6))


def view(item: int, before: timedelta, event_id: str = "") -> TouchFacts:
    return TouchFacts(event_id or f"e{next(numbers):06}", NOON - before, TouchKind.VIEW, item)


def click(item: int, before: timedelta, event_id: str = "") -> TouchFacts:
    return TouchFacts(event_id or f"e{next(numbers):06}", NOON - before, TouchKind.CLICK, item)


def order(*lines: LineFacts, void: bool = False, previous_at: datetime | None = None, event_id: str = "") -> OrderFacts:
    return OrderFacts(NOON, "EUR", lines or (DRESS,), void, previous_at, event_id)


def credits(order: OrderFacts, touches: list[TouchFacts], model: Model) -> list[tuple[int, int, Decimal]]:
    made = [credit for credit in rules.attribute(order, touches, TAGGED) if credit.model is model]
    return sorted((credit.item_id, credit.line_id, credit.amount) for credit in made)


def same(order: OrderFacts, *touches: TouchFacts) -> list[tuple[int, int, str]]:
    return [(item, line, str(amount)) for item, line, amount in credits(order, list(touches), Model.SAME_PRODUCT)]


@pytest.mark.parametrize(
    ("touches", "winner"),
    [
        ([], None),
        ([view(1, HOUR)], 1),
        ([click(1, HOUR)], 1),
        ([view(3, HOUR)], None),  # shows nothing
        ([view(2, HOUR)], None),  # shows the hat
        ([view(9, HOUR)], None),  # an item that is gone
        ([view(1, 24 * HOUR)], 1),  # the edge is inside
        ([view(1, 24 * HOUR + SECOND)], None),
        ([click(1, 72 * HOUR)], 1),
        ([click(1, 72 * HOUR + SECOND)], None),
        ([click(1, -SECOND)], None),  # after the order
        ([view(1, HOUR), view(4, 2 * HOUR)], 1),  # the last view
        ([view(1, 2 * HOUR), view(4, HOUR)], 4),
        ([click(1, 71 * HOUR), view(4, HOUR)], 1),  # a click beats a later view
        ([click(1, 73 * HOUR), view(4, HOUR)], 4),  # unless it is too old
        ([click(1, 2 * HOUR), click(4, HOUR)], 4),  # the last click
        ([click(4, HOUR), click(3, HOUR / 2)], 4),  # clicks on other things do not matter
        ([click(1, HOUR, "a"), click(4, HOUR, "b")], 4),  # one moment: by event id
        ([click(1, HOUR), click(1, HOUR / 2)], 1),
    ],
)
def test_a_line_goes_whole_to_the_last_click_else_the_last_view_of_the_same_product(
    touches: list[TouchFacts], winner: int | None
) -> None:
    assert same(order(DRESS), *touches) == ([(winner, 1, "60.00")] if winner else [])
    assert same(order(DRESS), *reversed(touches)) == same(order(DRESS), *touches)


def test_lines_may_go_to_different_items_and_never_twice() -> None:
    assert same(order(DRESS, HAT), click(1, HOUR), click(2, 2 * HOUR)) == [(1, 1, "60.00"), (2, 2, "40.00")]
    assert same(order(DRESS, HAT), click(1, HOUR), click(2, 2 * HOUR), click(4, SECOND)) == [(4, 1, "60.00"), (4, 2, "40.00")]


def test_an_item_tagged_with_a_product_outside_every_family_matches_that_product_only() -> None:
    other = LineFacts(3, "scarf", "", 1, Decimal("5.00"))
    assert same(order(other), click(2, HOUR)) == []


@pytest.mark.parametrize(
    ("touch", "outcome"),
    [
        (view(1, 30 * DAY), Outcome.ON_PATH),
        (view(1, 30 * DAY + SECOND), Outcome.TOO_OLD),
        (view(1, timedelta(0)), Outcome.ON_PATH),
        (view(1, -SECOND), Outcome.AFTER_ORDER),
    ],
)
def test_the_path_is_thirty_days_with_its_edges(touch: TouchFacts, outcome: Outcome) -> None:
    assert rules.outcome_of(touch, order()) is outcome


def test_a_touch_of_the_orders_own_moment_is_before_it_only_if_its_event_sorts_before() -> None:
    bought = order(DRESS, event_id="m")
    assert same(bought, click(1, timedelta(0), "a")) == [(1, 1, "60.00")]
    assert same(bought, click(1, timedelta(0), "z")) == []
    assert same(order(DRESS), click(1, timedelta(0), "z")) == [(1, 1, "60.00")]


def test_the_visitors_previous_order_cuts_the_path() -> None:
    second = order(DRESS, previous_at=NOON - 10 * HOUR)
    touches = [click(1, 20 * HOUR), view(4, 5 * HOUR)]
    assert same(second, *touches) == [(4, 1, "60.00")]
    assert credits(second, touches, Model.LAST_CLICK) == []
    assert [item for item, _, _ in credits(second, touches, Model.ASSISTED)] == [4]
    assert rules.outcome_of(click(1, 10 * HOUR), second) is Outcome.BEFORE_PREVIOUS_ORDER
    assert rules.outcome_of(click(1, 10 * HOUR - SECOND), second) is Outcome.ON_PATH


@pytest.mark.parametrize(
    ("touches", "last", "assisting"),
    [
        ([view(1, HOUR)], None, [1]),  # views never get last-click credit
        ([click(3, HOUR)], 3, []),  # any product
        ([click(1, 2 * HOUR), click(3, HOUR)], 3, [1]),
        ([click(1, 2 * HOUR), view(1, HOUR)], 1, []),  # an item never assists itself
        ([click(1, 72 * HOUR)], 1, []),
        ([click(1, 72 * HOUR + SECOND)], None, [1]),  # too old for the last click, still assists
        ([view(2, 20 * DAY), view(2, 10 * DAY), click(1, HOUR)], 1, [2]),  # once per order
        ([view(2, 31 * DAY), click(1, HOUR)], 1, []),
    ],
)
def test_last_click_and_assisted(touches: list[TouchFacts], last: int | None, assisting: list[int]) -> None:
    bought = order(DRESS, HAT)
    assert credits(bought, touches, Model.LAST_CLICK) == ([(last, 0, Decimal("100.00"))] if last else [])
    assert credits(bought, touches, Model.ASSISTED) == [(item, 0, Decimal("0.00")) for item in assisting]


def test_a_void_order_earns_nothing_and_counts_nowhere() -> None:
    assert rules.attribute(order(DRESS, HAT, void=True), [click(1, HOUR), view(2, HOUR)], TAGGED) == []


def test_a_line_that_went_back_counts_nowhere_but_the_others_stay() -> None:
    gone = LineFacts(1, "dress-blue", "dress", 0, Decimal("0.00"), returned=True)
    touches = [click(1, HOUR), click(2, 2 * HOUR)]
    assert same(order(gone, HAT), *touches) == [(2, 2, "40.00")]
    assert credits(order(gone, HAT), touches, Model.LAST_CLICK) == [(1, 0, Decimal("40.00"))]
    assert rules.attribute(order(gone), touches, TAGGED) == []


def test_a_gift_for_nothing_counts_as_an_order() -> None:
    gift = LineFacts(1, "dress-blue", "dress", 1, Decimal("0.00"))
    assert same(order(gift), click(1, HOUR)) == [(1, 1, "0.00")]


TOUCH = st.builds(
    lambda item, minutes, is_click, n: (click if is_click else view)(item, timedelta(minutes=minutes), f"{n:04}"),
    st.integers(1, 5), st.integers(-60, 60 * 24 * 35), st.booleans(), st.integers(0, 9999),
)  # fmt: skip


@given(st.lists(TOUCH, max_size=12), st.sampled_from([None, NOON - HOUR, NOON - 5 * DAY]))
def test_money_is_never_made_nor_given_twice(touches: list[TouchFacts], previous_at: datetime | None) -> None:
    bought = order(DRESS, HAT, previous_at=previous_at)
    made = rules.attribute(bought, touches, TAGGED)
    for model in Model:
        given_away = [credit for credit in made if credit.model is model]
        assert sum(credit.amount for credit in given_away) <= Decimal("100.00")
        assert len({(credit.line_id, credit.item_id) for credit in given_away}) == len(given_away)
    lines = [credit.line_id for credit in made if credit.model is Model.SAME_PRODUCT]
    assert len(set(lines)) == len(lines)
    assert sorted(made, key=repr) == sorted(rules.attribute(bought, touches[::-1], TAGGED), key=repr) or has_ties(touches)


def has_ties(touches: list[TouchFacts]) -> bool:
    """Two touches that nothing tells apart may change places."""
    return len({(touch.at, touch.event_id) for touch in touches}) != len(touches)


def test_every_touch_has_its_reason() -> None:
    bought = order(DRESS, previous_at=NOON - 100 * HOUR)
    touches = [
        click(1, -SECOND), click(1, 101 * HOUR), click(1, 80 * HOUR), view(1, 30 * HOUR), click(3, 5 * HOUR), click(1, 2 * HOUR),
        view(1, HOUR),
    ]  # fmt: skip
    made = rules.attribute(bought, touches, TAGGED)

    def models(touch: TouchFacts) -> list[str]:
        return [credit.model for credit in made if credit.touch == touch]

    shows = [TAGGED.get(touch.item_id, Tagged()).shows(DRESS) for touch in touches]
    reasons = [rules.reason_of(touch, bought, show, models(touch)) for touch, show in zip(touches, shows, strict=True)]
    assert reasons == [
        "came after the order", "belongs to the order before", "a click more than 72 hours before the order",
        "a view more than 24 hours before the order", "the item shows nothing that was bought",
        "last click of an item that shows what was bought", "another touch came later, or a click took precedence",
    ]  # fmt: skip
    assert rules.reason_of(touches[5], order(DRESS, void=True), True, []) == "the order was cancelled or wholly refunded"


def test_the_period_before_has_the_same_length() -> None:
    assert rules.previous_period(date(2026, 11, 1), date(2026, 11, 30)) == (date(2026, 10, 2), date(2026, 10, 31))
    assert rules.previous_period(date(2026, 3, 1), date(2026, 3, 1)) == (date(2026, 2, 28), date(2026, 2, 28))


def test_figures_have_no_rate_without_sessions() -> None:
    assert rules.Figures(orders=1).conversion_rate is None
    assert rules.Figures(orders=1, sessions=4).conversion_rate == 0.25
    assert (rules.change(3, 2), rules.change(3, 0)) == (0.5, None)
