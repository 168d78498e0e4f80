"""A brand's own space of texts: too little is said, a better one is used and everything is encoded anew, a worse one is refused."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from tests import make
from tests.make import NOON
from tests.similarity import drawn
from ugc.accounts.models import Brand
from ugc.kit import jobs as kit_jobs
from ugc.modelling import queries as modelling_queries
from ugc.runtime import Runtime
from ugc.similarity import actions, choosing, jobs, queries, training, wording
from ugc.similarity.encoders import own
from ugc.similarity.models import TEXT

SIZE = ("runs small", "too tight", "order a size up", "narrow in the shoulders", "fits snug", "waist is tiny")
LATE = ("arrived late", "parcel was damaged", "courier lost it", "waited three weeks", "box was crushed", "tracking never moved")


def texts(count: int) -> list[str]:
    """Reviews about size or about delivery, three remarks each, no two the same."""
    made = []
    for number in range(count):
        said = SIZE if number % 2 else LATE
        picked = [said[(number // 2 * step + shift) % 6] for step, shift in ((1, 0), (5, 1), (7, 3))]
        made.append(f"Review {chr(97 + number % 26)}{chr(97 + number // 26)}x: " + ", ".join(picked))
    return made


@pytest.fixture
def brand(session: Session) -> Brand:
    return make.brand(session)


def test_with_too_few_texts_it_says_how_many_are_missing(runtime: Runtime, session: Session, brand: Brand) -> None:
    drawn.item(session, brand, body=texts(1)[0])
    session.commit()
    jobs.train_text_space(runtime, brand_id=brand.id)
    need = modelling_queries.map_needs(session, brand.id)["text_space"]
    assert (need.have, need.needed, need.of) == (1, training.NEEDED, "texts")
    assert modelling_queries.find_active(session, brand.id, "text_space") is None


def test_a_fitted_space_finds_the_other_half_of_a_text_more_often_than_a_random_one() -> None:
    learnt, held = training.split(texts(training.NEEDED))
    assert training.find_halves(held, training.fit(learnt)) > training.find_halves(held, None)


def test_a_trained_space_is_used_and_what_was_encoded_before_is_encoded_anew(
    runtime: Runtime, session: Session, brand: Brand
) -> None:
    items = [drawn.item(session, brand, body=body) for body in texts(training.NEEDED)]
    session.commit()
    actions.encode_items(runtime, brand.id, [items[0].id], now=NOON)
    assert choosing.key_of(choosing.present(session, brand.id, TEXT)) == "own:1.0"
    jobs.train_text_space(runtime, brand_id=brand.id)
    model = modelling_queries.find_active(session, brand.id, "text_space")
    assert model is not None
    assert model.metrics["halves_found"] >= (model.incumbent or {})["halves_found"]
    assert queries.map_vectors(session, brand.id, [items[0].id], TEXT) == {}
    jobs.follow_model(runtime, brand_id=brand.id, kind="text_space")
    [*portions] = kit_jobs.find_unfinished(session, "similarity.encode_items")
    assert sorted(id for each in portions for id in each["item_ids"]) == [item.id for item in items]
    actions.encode_items(runtime, brand.id, [items[0].id], now=NOON)
    assert queries.map_vectors(session, brand.id, [items[0].id], TEXT).keys() == {items[0].id}


def test_a_model_of_another_kind_encodes_nothing_anew(runtime: Runtime, session: Session, brand: Brand) -> None:
    drawn.item(session, brand, body="A red dot")
    session.commit()
    jobs.follow_model(runtime, brand_id=brand.id, kind="approval")
    assert kit_jobs.find_unfinished(session, "similarity.encode_items") == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []), ("😀 !!", []), ("Café CAFÉ", ["cafe", "cafe"]), ("see https://a.test/b @bob now", ["see", "now"]),
        ("とても", ["とて", "ても"]), ("x" * 30_000, ["x" * 20_000]),
    ],
)  # fmt: skip
def test_words_are_read_alike_whatever_their_case_accents_and_script(text: str, words: list[str]) -> None:
    assert wording.words_of(text) == words


def test_the_random_space_never_changes() -> None:
    signs = wording.random_signs()
    assert signs.shape == (wording.SLOTS, wording.WIDTH)
    assert abs(float(signs.mean())) < 0.01
    [vector] = own.OwnEncoder("1").texts(["lovely dress"])
    assert vector is not None
    assert [round(float(each), 4) for each in vector[:4]] == FIRST


FIRST = [-0.1516, 0.1516, 0.1516, -0.0303]
