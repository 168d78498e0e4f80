"""Versions of models: taken only when better, gone back to by a button, kept apart by brand, never a fault for predictions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests import make
from ugc.accounts.models import Brand
from ugc.modelling import actions, jobs, queries, rules
from ugc.modelling.models import ModelState, TrainedModel
from ugc.runtime import Runtime


@pytest.fixture
def brand(session: Session) -> Brand:
    return make.brand(session)


def considered(session: Session, brand: Brand, weight: float = 1.0, *, kind: str = "spam", **facts: Any) -> TrainedModel:
    return make.model(session, brand, kind, weight=weight, **facts)


def weight_in_use(session: Session, brand: Brand, kind: str = "spam") -> float | None:
    found = queries.load(session, brand.id, kind, format=1)
    return float(found.arrays["w"][0]) if found else None


def waiting(session: Session, brand: Brand) -> list[str]:
    query = text("select task_name from procrastinate_jobs where args ->> 'brand_id' = :id order by id")
    return [name for (name,) in session.execute(query, {"id": str(brand.id)})]


def test_a_better_model_is_used_and_a_worse_one_is_only_kept(session: Session, brand: Brand) -> None:
    first = considered(session, brand, 1.0)
    second = considered(session, brand, 2.0, better=False, incumbent={"f1": 0.95})
    assert weight_in_use(session, brand) == 1.0
    third = considered(session, brand, 3.0, incumbent={"f1": 0.8})
    assert weight_in_use(session, brand) == 3.0
    assert [(each.version, each.state) for each in (first, second, third)] == [
        (1, ModelState.RETIRED), (2, ModelState.REFUSED), (3, ModelState.ACTIVE),
    ]  # fmt: skip
    assert queries.version_of(session, brand.id, "spam") == 3
    assert waiting(session, brand) == ["modelling.model_activated"] * 2


def test_a_version_is_gone_back_to_and_says_so_in_the_audit_log(session: Session, brand: Brand) -> None:
    first = considered(session, brand, 1.0)
    considered(session, brand, 2.0)
    actions.activate(session, brand.id, first.id, actor="person:1", now=make.NOON + timedelta(days=1))
    assert weight_in_use(session, brand) == 1.0
    assert first.activated_at == make.NOON + timedelta(days=1)
    assert session.execute(text("select action, detail from audit_entries where brand_id = :id"), {"id": brand.id}).all() == [
        ("modelling.activate", {"kind": "spam", "version": 1})
    ]


def test_what_comes_with_the_program_can_be_gone_back_to(session: Session, brand: Brand) -> None:
    considered(session, brand)
    actions.use_builtin(session, brand.id, "spam", actor="person:1", now=make.NOON)
    assert weight_in_use(session, brand) is None
    assert queries.version_of(session, brand.id, "spam") == 0
    actions.use_builtin(session, brand.id, "spam", actor="person:1", now=make.NOON)
    assert waiting(session, brand) == ["modelling.model_activated"] * 2


def test_each_brand_and_kind_has_models_of_its_own(session: Session, brand: Brand) -> None:
    other = make.brand(session)
    mine = considered(session, brand, 1.0)
    considered(session, other, 2.0)
    considered(session, brand, 3.0, kind="sentiment")
    assert (weight_in_use(session, brand), weight_in_use(session, other), weight_in_use(session, brand, "sentiment")) == (
        1.0,
        2.0,
        3.0,
    )
    with pytest.raises(queries.NoSuchModel):
        actions.activate(session, other.id, mine.id, actor="person:1", now=make.NOON)


def test_a_damaged_model_is_not_used_and_is_trained_anew(runtime: Runtime, session: Session, brand: Brand) -> None:
    model = considered(session, brand)
    session.execute(text("update trained_models set artefact = 'x', checksum = 'y' where id = :id"), {"id": model.id})
    session.expire_all()
    assert weight_in_use(session, brand) is None
    with pytest.raises(actions.UnreadableModel):
        actions.activate(session, brand.id, model.id, actor="person:1", now=make.NOON)
    jobs.check(runtime)
    session.expire_all()
    assert (model.state, queries.find_active(session, brand.id, "spam")) == (ModelState.DAMAGED, None)
    assert waiting(session, brand)[-2:] == ["modelling.model_activated", "texts.train_spam"]


def test_the_hourly_check_leaves_what_is_whole(runtime: Runtime, session: Session, brand: Brand) -> None:
    model = considered(session, brand)
    jobs.check(runtime)
    assert queries.find_active(session, brand.id, "spam") is model


def test_a_model_of_another_format_is_not_used(session: Session, brand: Brand) -> None:
    considered(session, brand)
    assert queries.load(session, brand.id, "spam", format=2) is None


def test_a_model_is_unpacked_once_in_a_process(session: Session, brand: Brand) -> None:
    considered(session, brand, 7.5)
    assert queries.load(session, brand.id, "spam", format=1) is queries.load(session, brand.id, "spam", format=1)


def test_old_versions_are_forgotten_but_never_the_one_in_use(session: Session, brand: Brand) -> None:
    considered(session, brand, 1.0)
    for place in range(actions.KEPT_REFUSED + 3):
        considered(session, brand, 2.0 + place, better=False)
    versions = [each.version for each in queries.find_versions(session, brand.id, "spam")]
    assert versions == [*range(actions.KEPT_REFUSED + 4, 4, -1), 1]
    assert weight_in_use(session, brand) == 1.0


def test_nights_without_success_leave_what_can_be_gone_back_to(session: Session, brand: Brand) -> None:
    for place in range(actions.KEPT_VERSIONS + 2):
        considered(session, brand, place)
    for place in range(2 * actions.KEPT_VERSIONS):
        considered(session, brand, 100 + place, better=False)
    states = [each.state for each in queries.find_versions(session, brand.id, "spam")]
    assert states.count(ModelState.RETIRED) == actions.KEPT_VERSIONS - 1
    assert states.count(ModelState.REFUSED) == actions.KEPT_REFUSED


def test_the_same_model_trained_again_is_no_new_version(session: Session, brand: Brand) -> None:
    first = considered(session, brand, 1.0)
    assert considered(session, brand, 1.0) is first
    assert waiting(session, brand) == ["modelling.model_activated"]


def test_a_night_does_not_undo_that_a_person_went_back_to_the_built_in(session: Session, brand: Brand) -> None:
    considered(session, brand, 1.0)
    actions.use_builtin(session, brand.id, "spam", actor="person:1", now=make.NOON)
    trained = considered(session, brand, 2.0)
    assert weight_in_use(session, brand) is None
    assert trained.why == f"It is the first; {actions.SET_ASIDE}"
    actions.activate(session, brand.id, trained.id, actor="person:1", now=make.NOON + timedelta(days=1))
    assert considered(session, brand, 3.0).state is ModelState.ACTIVE


def test_what_was_damaged_is_replaced_by_itself(session: Session, brand: Brand) -> None:
    considered(session, brand, 1.0)
    second = considered(session, brand, 2.0)
    actions.mark_damaged(session, second)
    assert considered(session, brand, 3.0).state is ModelState.ACTIVE


def test_what_is_missing_is_remembered_until_there_is_a_model(session: Session, brand: Brand) -> None:
    for have in (3, 37):
        actions.note_need(session, brand.id, "spam", have=have, needed=100, of="decisions", now=make.NOON)
    need = queries.map_needs(session, brand.id)["spam"]
    assert rules.need_words(need.have, need.needed, need.of) == "needs 63 more decisions"
    considered(session, brand)
    assert queries.map_needs(session, brand.id) == {}


@pytest.mark.parametrize(
    ("have", "words"), [(99, "needs 1 more decision"), (100, "needs 0 more decisions"), (120, "needs 0 more decisions")]
)
def test_one_more_is_said_in_the_singular(have: int, words: str) -> None:
    assert rules.need_words(have, 100, "decisions") == words


def test_training_is_asked_for_once(session: Session, brand: Brand) -> None:
    actions.ask_for_training(session, brand.id, "spam")
    actions.ask_for_training(session, brand.id, "spam")
    assert waiting(session, brand) == ["texts.train_spam"]
    with pytest.raises(rules.NoSuchKind):
        actions.ask_for_training(session, brand.id, "weather")
