"""Models learn what decides, say how sure they are, explain themselves, and bear whatever rows come."""

from __future__ import annotations

import numpy
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from ugc.modelling import artefacts
from ugc.triage import learning, rules
from ugc.triage.features import Facts, Row, row_of
from ugc.triage.training import Taught, forest_of, train


def taught(count: int = 160, *, seed: int = 5) -> list[Taught]:
    """Photos of which the sharp ones are approved; brightness is there and does not matter, some have no picture vector."""
    draw = numpy.random.default_rng(seed)
    made = []
    for place in range(count):
        sharp, bright = draw.random(2)
        blocks = {"picture": draw.standard_normal(6).astype(numpy.float32)} if place % 3 else {}
        row = Row({"part/sharp:value": float(sharp), "part/bright:value": float(bright), "kind/photo:is": 1.0}, blocks)
        made.append(Taught(place, row, bool(sharp + 0.05 * draw.standard_normal() > 0.5), "photo", -place))
    return made


@pytest.fixture(scope="module")
def model() -> learning.Model:
    return train(taught())


def test_it_learns_what_decides(model: learning.Model) -> None:
    sharp, blurred = (
        Row({"part/sharp:value": 0.95, "part/bright:value": 0.5}),
        Row({"part/sharp:value": 0.05, "part/bright:value": 0.5}),
    )
    p = model.predict([sharp, blurred])
    assert p[0] > 0.9
    assert p[1] < 0.1


def test_what_it_says_of_decisions_it_never_saw_is_calibrated(model: learning.Model) -> None:
    fresh = taught(600, seed=11)
    p = model.predict([one.row for one in fresh])
    y = numpy.asarray([float(one.approved) for one in fresh])
    assert rules.calibration_error(p, y) < 0.08
    assert rules.log_loss(p, y) < 0.35


def test_reasons_add_up_to_the_prediction(model: learning.Model) -> None:
    rows = [one.row for one in taught(20, seed=2)]
    assert model.forest is not None
    for added, p in zip(model.explain(rows), model.predict(rows).tolist(), strict=True):
        assert learning.squashed(numpy.asarray(sum(added.values()) + model.average)) == pytest.approx(p)


def test_the_strongest_reason_is_the_one_that_decides(model: learning.Model) -> None:
    added = model.explain([Row({"part/sharp:value": 0.99, "part/bright:value": 0.5})])[0]
    assert max(added, key=lambda group: added[group]) == "part/sharp"


@pytest.mark.parametrize(
    "row",
    [
        Row({}), Row({"never seen:is": 9.0}), Row({"part/sharp:value": 1e9}), Row({}, {"picture": numpy.zeros(6, numpy.float32)}),
        Row({}, {"picture": numpy.ones(512, numpy.float32)}), row_of(Facts(kind="audio")),
    ],
)  # fmt: skip
def test_whatever_comes_has_a_probability(model: learning.Model, row: Row) -> None:
    """Nothing known, unknown names, absurd values, a picture of one colour, another encoder's vector, another kind."""
    assert 0.0 < float(model.predict([row])[0]) < 1.0


def test_no_rows_have_no_predictions(model: learning.Model) -> None:
    assert model.predict([]).shape == (0,)


def test_a_model_is_the_same_after_it_was_kept(model: learning.Model) -> None:
    packed = artefacts.pack(learning.to_artefact(model))
    again = learning.from_artefact(artefacts.unpack(packed, kind=learning.KIND, format=learning.FORMAT))
    rows = [one.row for one in taught(20, seed=3)]
    assert numpy.allclose(again.predict(rows), model.predict(rows))
    assert set(again.heldout) == {"p", "y", "kind", "item"}
    assert len(packed) < 120_000


def test_the_same_decisions_make_the_same_model() -> None:
    rows = [one.row for one in taught(20, seed=3)]
    assert numpy.array_equal(train(taught(80)).predict(rows), train(taught(80)).predict(rows))


def test_one_outcome_only_says_about_its_share() -> None:
    """The rules ask for both outcomes; a fold may still lack one."""
    same = [Taught(one.item_id, one.row, True, one.kind, one.group) for one in taught(40)]
    p = train(same).predict([one.row for one in same])
    assert (p > 0.7).all()


def test_items_of_one_creator_are_learnt_from_or_tested_on_together() -> None:
    from ugc.triage.training import folds_of

    folds = folds_of([7, 8, 7, 9, 8, 7])
    assert folds[0] == folds[2] == folds[5]
    assert folds[1] == folds[4] != folds[0]


def test_held_out_means_unseen() -> None:
    """Labels by chance are not foretold, however many columns could remember them."""
    draw = numpy.random.default_rng(9)
    noise = [
        Taught(
            place, Row({}, {"picture": draw.standard_normal(60).astype(numpy.float32)}), bool(draw.random() < 0.5), "photo", place
        )
        for place in range(120)
    ]
    heldout = train(noise).heldout
    assert rules.log_loss(heldout["p"], heldout["y"].astype(float)) > 0.6
    assert rules.choose_bounds(heldout["p"], heldout["y"].astype(float), 0.9).decided == 0


def test_our_trees_say_what_scikit_learn_says() -> None:
    draw = numpy.random.default_rng(4)
    x = draw.standard_normal((400, 7))
    y = (x[:, 0] * x[:, 1] + 0.3 * draw.standard_normal(400) > 0).astype(float)
    ours = forest_of(x, y)
    theirs = HistGradientBoostingClassifier(
        max_iter=120, learning_rate=0.06, max_leaf_nodes=8, max_depth=5, min_samples_leaf=10, l2_regularization=1.0,
        early_stopping=False, random_state=0,
    ).fit(x, y)  # fmt: skip
    fresh = draw.standard_normal((300, 7))
    assert numpy.allclose(ours.sums(fresh), theirs.decision_function(fresh))


def test_trees_see_what_counts_only_together() -> None:
    draw = numpy.random.default_rng(6)
    rows = [Row({"part/a:value": float(a), "part/b:value": float(b)}) for a, b in draw.standard_normal((400, 2))]
    both = [row.scalars["part/a:value"] * row.scalars["part/b:value"] > 0 for row in rows]
    made = train([Taught(place, row, yes, "photo", place) for place, (row, yes) in enumerate(zip(rows, both, strict=True))])
    p, y = made.heldout["p"], made.heldout["y"].astype(float)
    assert ((p >= 0.5) == (y > 0.5)).mean() > 0.85
