"""How the figures of models are said."""

from __future__ import annotations

import pytest

from ugc.modelling import rules
from ugc.modelling.rules import KINDS, metrics_of, shown


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("accuracy", 0.9312, "93.1 %"),
        ("f1", 0.9312, "0.931"),
        ("coverage", 1, "100.0 %"),
        ("log_loss", 12.4, "12"),
        ("gain", -0.2, "-0.200"),
    ],
)
def test_shares_are_percent_and_other_figures_are_not(name: str, value: float, words: str) -> None:
    assert shown(name, value) == words


def test_less_is_better_only_where_it_is_an_error() -> None:
    found = metrics_of({"accuracy": 0.9, "ece": 0.04, "own_figure": 2.0}, {"accuracy": 0.95, "ece": 0.05})
    assert [(each.label, each.is_better, each.before) for each in found] == [
        ("Right", False, "95.0 %"), ("Calibration error", True, "0.050"), ("Own figure", True, ""),
    ]  # fmt: skip


def test_every_kind_names_a_job_of_a_room() -> None:
    assert {kind.job.partition(".")[0] for kind in KINDS.values()} <= {"texts", "triage", "suggestions", "similarity"}


def test_the_data_behind_a_model_is_told_in_words() -> None:
    data = {"classes": {"negative": 216, "neutral": 255}, "from": "2026-05-27T18:17:42+00:00", "digest": "17bd", "held_out": 395}
    assert rules.facts_of(data) == {"classes": "negative 216, neutral 255", "from": "2026-05-27", "held_out": "395"}
    assert rules.fact_of({"shipped": {"macro_f1": 0.45}}) == "shipped macro f1 0.45"
