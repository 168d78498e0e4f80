"""The sample content as planned: enough of everything, the same every time."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta

import pytest

from tests.make import NOON
from ugc.demo import content, plan
from ugc.library.models import Kind, RightsState, State


def test_a_plan_is_the_same_every_time() -> None:
    assert plan.plan(40, now=NOON) == plan.plan(40, now=NOON)


@pytest.mark.parametrize("count", [1, 2, 12, 120, 400])
def test_a_plan_has_as_many_items_as_asked_for_each_with_its_own_id(count: int) -> None:
    made = plan.plan(count, now=NOON)
    assert len(made) == count
    assert len({one.external_id for one in made}) == count


def test_a_full_plan_shows_every_product_and_leaves_work_in_the_inbox() -> None:
    made = plan.plan(120, now=NOON)
    shown = {
        sku
        for one in made
        for sku in one.skus
        if one.shot and one.state is State.APPROVED and one.rights in {RightsState.GRANTED, RightsState.OWNED}
    }
    families = {content.BY_SKU[sku].family for sku in shown}
    assert families == {sample.family for sample in content.CATALOGUE}
    assert 15 <= sum(one.state is State.INBOX for one in made) <= 45
    assert {RightsState.NONE, RightsState.GRANTED, RightsState.OWNED} == {one.rights for one in made}


def test_photos_have_the_faults_that_a_score_must_tell_apart() -> None:
    shots = [one.shot for one in plan.plan(120, now=NOON) if one.shot]
    assert any(shot.blur > 3 for shot in shots)
    assert any(shot.exposure < 0.5 for shot in shots)
    assert any(shot.exposure > 2 for shot in shots)
    assert any(shot.width < 640 for shot in shots)
    assert any(shot.crop for shot in shots)
    assert {1, 3, 6, 8} == {shot.turned for shot in shots}


def test_reviews_are_an_honest_mix_about_products_that_they_fit() -> None:
    reviews = [one for one in plan.plan(400, now=NOON) if one.kind is Kind.REVIEW]
    stars = Counter(one.rating for one in reviews)
    assert set(stars) == {1, 2, 3, 4, 5}
    assert stars[5] > stars[1] > 0
    texts = {(words.title, family) for words in content.REVIEWS for family in words.families}
    assert all((one.title, content.BY_SKU[one.skus[0]].family) in texts for one in reviews)


def test_no_two_reviews_of_the_sample_shop_say_the_same() -> None:
    titles = [one.title for one in plan.plan(120, now=NOON) if one.kind is Kind.REVIEW]
    assert len(titles) == len(set(titles)) > 30


def test_everything_was_published_in_the_past() -> None:
    assert all(NOON - timedelta(days=200) < one.published_at < NOON for one in plan.plan(120, now=NOON))


def test_the_catalogue_has_families_with_variants_types_lines_and_prices() -> None:
    assert len(content.BY_SKU) == len(content.CATALOGUE) == 24
    assert max(Counter(sample.family for sample in content.CATALOGUE).values()) >= 3
    assert len({sample.type for sample in content.CATALOGUE}) >= 4
    assert all(float(sample.price) > 0 and sample.line for sample in content.CATALOGUE)


def test_nobody_in_the_sample_has_a_name_that_could_be_somebodys() -> None:
    """Handles of small words only, so that no sample opinion is put into a real person's mouth."""
    assert all(re.fullmatch(r"[a-z]+(?:[._][a-z]+){1,4}", handle) for handle in content.PEOPLE)
    assert len(set(content.PEOPLE)) == len(content.PEOPLE) == 24
    assert {one.handle for one in plan.plan(120, now=NOON)} <= set(content.PEOPLE)
