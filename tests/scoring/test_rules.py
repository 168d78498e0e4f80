"""The score as arithmetic: no database."""

from __future__ import annotations

from datetime import timedelta

from tests.make import NOON
from ugc.library.models import Kind, RightsState
from ugc.scoring import rules
from ugc.scoring.signals.base import Facts


def test_the_parts_add_up_to_the_score_and_say_why() -> None:
    facts = Facts(
        kind=Kind.PHOTO, now=NOON, body="A hat at the beach", width=1600, height=1200, products=("Straw Hat",), hotspots=1,
        measures={"sharpness": 1836, "brightness": 120, "contrast": 50, "colourfulness": 41, "clipped_dark": 0, "clipped_light": 0},
        published_at=NOON - timedelta(days=3), rights_state=RightsState.OWNED,
    )  # fmt: skip
    score = rules.score_of(facts)
    assert sum(part.points for part in score.parts) == score.total
    assert score.total > 70
    assert next(part.reason for part in score.parts if part.signal == "sharpness") == "Sharp: 1,836 against 300 for a usable photo"
