"""What the tag model learns, what it says of its own precision, and what it does with too little."""

from __future__ import annotations

import numpy
import pytest
from numpy.typing import NDArray

from ugc.modelling import artefacts
from ugc.suggestions import tagging, training
from ugc.suggestions.tagging import Seen
from ugc.suggestions.training import Lesson


def vector(kind: int, number: int) -> NDArray[numpy.float32]:
    """A picture of one of two scenes, with noise of its own."""
    made = numpy.random.default_rng(number).normal(size=16).astype(numpy.float32)
    made[kind] += 6
    return made / numpy.linalg.norm(made)


def lessons(count: int = 120) -> list[Lesson]:
    """Beaches and streets; every third is also called a hero by its caption."""
    return [
        Lesson(
            Seen(text="the one with the hero shot" if number % 3 == 0 else "a photo", vector=vector(number % 2, number)),
            frozenset({("beach", "street")[number % 2], *(["hero"] if number % 3 == 0 else [])}),
            group=number + 1,
        )
        for number in range(count)
    ]


def test_scenes_are_learnt_from_pictures_and_words_from_captions() -> None:
    model = training.train(lessons(), "own:1")
    assert model is not None
    [said] = tagging.say(model, [Seen(text="a hero shot", vector=vector(0, 999))], 0.5)
    assert {each.name for each in said} == {"beach", "hero"}
    assert next(each for each in said if each.name == "hero").words[:1] == ("hero",)


def test_precision_is_proven_only_where_there_are_enough_held_out_decisions() -> None:
    few, many = training.train(lessons(40), "own:1"), training.train(lessons(120), "own:1")
    assert few is not None
    assert many is not None
    assert few.thresholds["beach"] == {}
    assert set(many.thresholds["beach"]) == {"0.9", "0.95"}


def test_labels_of_chance_prove_nothing() -> None:
    numbers = numpy.random.default_rng(1)
    rows = [
        Lesson(Seen(vector=vector(number % 2, number)), frozenset({str(numbers.choice(["one", "other"]))}), group=number + 1)
        for number in range(150)
    ]
    model = training.train(rows, "own:1")
    assert model is not None
    assert all(found == {} for found in model.thresholds.values())


@pytest.mark.parametrize(
    ("rows", "needs"),
    [
        ([], (0, 20, "tagged items")),
        (lessons(12), (12, 20, "tagged items")),
        ([Lesson(Seen(text="x"), frozenset({f"tag {n}"})) for n in range(30)], (1, 5, "items with the same tag")),
        ([Lesson(Seen(text="x"), frozenset({"only"})) for n in range(30)], (0, 5, "items without the tag")),
    ],
)
def test_too_little_or_one_class_only_says_what_is_missing(rows: list[Lesson], needs: tuple[int, int, str]) -> None:
    assert training.compare(rows, "own:1", None) is None
    assert training.missing(rows) == needs


def test_items_of_which_nothing_is_seen_teach_without_an_error() -> None:
    rows = [Lesson(Seen(), frozenset({"a"} if number % 2 else {"b"})) for number in range(30)]
    outcome = training.compare(rows, "own:1", None)
    assert outcome is not None
    assert tagging.probabilities(outcome.tagger, [Seen()])[0] == pytest.approx([0.5, 0.5], abs=0.2)


def test_what_was_applied_and_not_confirmed_is_not_learnt_from() -> None:
    rows = [
        Lesson(row.seen, row.tags | {"guess"}, frozenset({"guess"}), row.group) if number % 2 else row
        for number, row in enumerate(lessons(60))
    ]
    assert "guess" not in training.learnable(rows)


def test_a_model_survives_being_kept_and_is_not_used_on_vectors_of_another_encoder() -> None:
    model = training.train(lessons(), "own:1")
    assert model is not None
    data = artefacts.pack(tagging.write_tagger(model))
    kept = artefacts.unpack(data, kind=tagging.KIND, format=tagging.FORMAT)
    again = tagging.read_tagger(kept, 3, "own:1")
    assert again is not None
    rows = [row.seen for row in lessons(10)]
    assert tagging.probabilities(again, rows) == pytest.approx(tagging.probabilities(model, rows), abs=0.02)
    assert tagging.read_tagger(kept, 3, "clip:1") is None
    assert tagging.read_tagger(None, 0, "own:1") is None


def test_a_model_that_is_worse_on_the_newest_items_is_not_better() -> None:
    """The tastes of the newest items are the other way round; a model that knows them stands, one that does not goes."""
    rows = lessons(100)
    incumbent = training.train(rows, "own:1")
    assert incumbent is not None
    turned = [Lesson(row.seen, frozenset({"beach" if "street" in row.tags else "street"}), group=row.group) for row in rows]
    outcome = training.compare([*rows[:20], *turned[20:]], "own:1", incumbent)
    assert outcome is not None
    assert not outcome.better
    assert outcome.incumbent is not None
    assert outcome.metrics["log_loss"] > outcome.incumbent["log_loss"]


def test_a_first_model_that_learnt_nothing_is_not_taken() -> None:
    """Tags by lot: nothing that is seen tells them, so knowing how common each is does as well."""
    random = numpy.random.default_rng(3)
    names = [("beach", "street")[int(random.integers(2))] for _ in range(80)]
    by_lot = [Lesson(row.seen, frozenset({name}), group=row.group) for row, name in zip(lessons(80), names, strict=True)]
    outcome = training.compare(by_lot, "own:1", None)
    assert outcome is not None
    assert (outcome.better, outcome.why.startswith("surprised more often")) == (False, True)
    learnt = training.compare(lessons(80), "own:1", None)
    assert learnt is not None
    assert learnt.better


def test_a_model_whose_tags_no_newest_item_bears_is_not_taken() -> None:
    """It foretells rightly that none of its tags is there, which is no reason to believe it where one is."""
    others = [Lesson(Seen(text="it fits as expected"), frozenset({f"odd {place}"}), group=1_000 + place) for place in range(80)]
    outcome = training.compare([*others[:40], *lessons(80), *others[40:]], "own:1", None)
    assert outcome is not None
    assert outcome.incumbent is not None
    assert outcome.metrics["log_loss"] <= outcome.incumbent["log_loss"]
    assert (outcome.better, outcome.why) == (False, training.NOT_SHOWN)


def test_two_models_are_compared_on_items_that_neither_learnt_from() -> None:
    rows = [Lesson(row.seen, row.tags, group=row.group, item_id=1_000 - place) for place, row in enumerate(lessons(200))]
    incumbent = training.train(rows[25:], "own:1")
    assert incumbent is not None
    assert incumbent.through == rows[25].item_id
    assert list(training.unseen(rows[:40], incumbent)) == rows[:25]
    assert list(training.unseen(rows[10:40], incumbent)) == rows[10:40], "15 are too few to tell them apart"


@pytest.mark.parametrize(("right", "of", "bound"), [(0, 10, 0.0), (22, 22, 0.9006), (21, 22, 0.8344), (114, 114, 0.98)])
def test_the_lower_bound_is_that_of_clopper_and_pearson(right: int, of: int, bound: float) -> None:
    assert training.lower_bound(right, of) == pytest.approx(bound, abs=5e-4)


def test_the_first_threshold_that_fails_ends_the_search() -> None:
    p = numpy.concatenate([numpy.full(60, 0.995), numpy.full(60, 0.9), numpy.full(500, 0.6)])
    truth = numpy.concatenate([numpy.ones(60), numpy.zeros(30), numpy.ones(530)]).astype(bool)
    assert training.thresholds_of(p, truth)["0.9"] == 0.93
