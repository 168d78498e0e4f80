"""The publishable rule: SQL and Python agree over every combination (T-45), and time changes it exactly when it says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import product as combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import make
from tests.make import NOON
from ugc.library import queries, rules
from ugc.library.models import Item, ItemProduct, RightsState, SourcePolicy, State

HOUR = timedelta(hours=1)
MOMENTS = (None, NOON - HOUR, NOON, NOON + HOUR)


@dataclass
class Shown:
    """What the rule reads of an item."""

    state: State = State.APPROVED
    rights_state: RightsState = RightsState.OWNED
    publish_at: datetime | None = None
    expires_at: datetime | None = None
    rights_from: datetime | None = None
    rights_until: datetime | None = None
    needs_product: bool = False
    source_policy: SourcePolicy = SourcePolicy.OWN
    lease_until: datetime | None = None
    gone_at: datetime | None = None


shown = st.builds(
    Shown,
    state=st.sampled_from(State), rights_state=st.sampled_from(RightsState), needs_product=st.booleans(),
    publish_at=st.sampled_from(MOMENTS), expires_at=st.sampled_from(MOMENTS),
    rights_from=st.sampled_from(MOMENTS), rights_until=st.sampled_from(MOMENTS),
    source_policy=st.sampled_from(SourcePolicy), lease_until=st.sampled_from(MOMENTS), gone_at=st.sampled_from(MOMENTS),
)  # fmt: skip


def test_sql_and_python_agree_on_every_combination_of_states_windows_and_products(session: Session) -> None:
    brand = make.brand(session)
    tagged = make.product(session, brand)
    windows = list(combinations(MOMENTS, repeat=4))
    cases = [
        Shown(state, rights, window[0], window[1], window[2], window[3], needs)
        for state in State
        for rights in RightsState
        for needs in (False, True)
        for window in (
            windows
            if (state, rights) in {(State.APPROVED, RightsState.OWNED), (State.APPROVED, RightsState.GRANTED)}
            else windows[:3]
        )
    ]
    cases += [
        Shown(rights_state=rights, source_policy=policy, lease_until=lease, gone_at=gone)
        for rights in (RightsState.OWNED, RightsState.NONE)
        for policy in SourcePolicy
        for lease in MOMENTS
        for gone in (None, NOON - HOUR)
    ]
    items = [
        (
            Item(brand_id=brand.id, kind="photo", source="upload", external_id=str(number), published_at=NOON, **vars(case)),
            number % 2 == 0,
        )
        for number, case in enumerate(cases)
    ]
    session.add_all(item for item, _ in items)
    session.flush()
    session.add_all(ItemProduct(item_id=item.id, product_id=tagged.id) for item, has_product in items if has_product)
    session.flush()
    public = set(session.scalars(select(Item.id).where(queries.publishable(NOON), Item.brand_id == brand.id)))
    for item, has_product in items:
        assert (item.id in public) is rules.is_publishable(item, NOON, has_product=has_product), vars(item)
        assert (item.id in public) is (rules.why_hidden(item, NOON, has_product=has_product) == []), vars(item)
    assert len(cases) > 1_000
    assert 0 < len(public) < len(cases)


@given(shown, st.booleans())
def test_an_item_changes_at_its_next_change_and_never_before(item: Shown, has_product: bool) -> None:
    at = rules.next_change(item, NOON, has_product=has_product)
    today = rules.is_publishable(item, NOON, has_product=has_product)
    moments = [NOON + timedelta(minutes=step) for step in range(0, 121, 15)]
    assert all(
        rules.is_publishable(item, moment, has_product=has_product) is today for moment in moments if at is None or moment < at
    )
    if at is not None:
        assert rules.is_publishable(item, at, has_product=has_product) is not today


def test_a_cached_post_leaves_with_its_post_and_its_lease_and_a_copy_of_our_own_stays() -> None:
    """L-20 to L-25: what the network only lends is not shown once it is gone there or no longer confirmed."""
    cached = Shown(source_policy=SourcePolicy.API_CACHED, lease_until=NOON + HOUR)
    granted = Shown(source_policy=SourcePolicy.RIGHTS_GRANTED)
    assert rules.is_publishable(cached, NOON, has_product=False)
    assert not rules.is_publishable(replace(cached, gone_at=NOON), NOON, has_product=False)
    assert not rules.is_publishable(cached, NOON + HOUR, has_product=False)
    assert rules.is_publishable(replace(granted, gone_at=NOON), NOON, has_product=False)
    assert not rules.is_publishable(Shown(source_policy=SourcePolicy.EMBED_ONLY), NOON, has_product=False)


@pytest.mark.parametrize("column", ["publish_at", "expires_at", "rights_from", "rights_until", "lease_until"])
def test_the_next_change_of_a_brand_is_the_nearest_of_its_items(session: Session, column: str) -> None:
    brand = make.brand(session)
    facts = {"state": State.APPROVED, "rights_state": RightsState.OWNED}
    make.item(session, brand, **facts, **{column: NOON + HOUR})
    make.item(session, brand, **facts, **{column: NOON + 2 * HOUR})
    make.item(session, brand, **facts, **{column: NOON - HOUR})
    make.item(session, brand, **(facts | {"state": State.INBOX}), **{column: NOON + HOUR / 2})
    make.item(session, make.brand(session), **facts, **{column: NOON + HOUR / 2})
    assert queries.find_next_change(session, brand.id, now=NOON) == NOON + HOUR
    assert queries.find_next_change(session, brand.id, now=NOON + 2 * HOUR) is None
