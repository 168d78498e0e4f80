"""Reading in the background, and training of a brand's own models."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from tests import make
from ugc.accounts.models import Brand
from ugc.library.models import Item, Kind, State
from ugc.modelling import queries as modelling_queries
from ugc.modelling.models import ModelState, TrainedModel
from ugc.runtime import Runtime
from ugc.texts import actions, jobs, queries, training_jobs
from ugc.texts.models import TextReading

PRAISE = ("zalig", "prima spul", "echt super", "aanrader", "topper")
BLAME = ("waardeloos", "kapot", "bagger", "miskoop", "flut")
TOPICS = (
    ("zipper", "teeth", "pull", "slider", "tape", "seam", "thread"),
    ("waist", "size", "hips", "waistband", "belly", "inches", "length"),
    ("parcel", "courier", "delivery", "doorstep", "tracking", "van", "depot"),
    ("dye", "blue", "navy", "shade", "photo", "screen", "indigo"),
)
MAIL = "nice thing that came on a tuesday with all the other mail of the whole street"
THINGS = ("stof", "maat", "kleur", "rits", "zoom", "naad", "mouw", "kraag", "zak", "knoop")


def review(session: Session, brand: Brand, number: int, **facts: Any) -> Item:
    """A review with made words of Dutch, which nothing that ships knows."""
    chance = random.Random(number)
    stars = facts.pop("rating", chance.choice((1, 2, 4, 5)))
    mood = PRAISE if stars >= 4 else BLAME
    words = [chance.choice(mood), "de", chance.choice(THINGS), "van", "het", chance.choice(("hemd", "vest", "rokje"))]
    body = facts.pop("body", " ".join(words))
    return make.item(session, brand, kind=Kind.REVIEW, rating=stars, body=body, title="",
                     published_at=make.NOON + timedelta(hours=number), **facts)  # fmt: skip


def test_an_item_is_read_once_and_again_when_its_text_changes(session: Session) -> None:
    brand = make.brand(session)
    item = make.item(session, brand, body="I love it, it is wonderful and fits perfectly")
    assert actions.read_items(session, brand.id, [item.id], now=make.NOON) == [item.id]
    assert queries.map_readings(session, brand.id, [item.id])[item.id].sentiment.label == "positive"
    assert actions.read_items(session, brand.id, [item.id], now=make.NOON) == []
    item.body = "I hate it, it is horrible and broke at once"
    session.flush()
    assert actions.read_items(session, brand.id, [item.id], now=make.NOON) == [item.id]
    assert queries.map_readings(session, brand.id, [item.id])[item.id].sentiment.label == "negative"


def test_a_brand_sees_its_own_readings_only(session: Session) -> None:
    ours, theirs = make.brand(session), make.brand(session)
    item = make.item(session, theirs, body="Lovely")
    assert actions.read_items(session, ours.id, [item.id], now=make.NOON) == []
    actions.read_items(session, theirs.id, [item.id], now=make.NOON)
    assert queries.map_readings(session, ours.id, [item.id]) == {}
    assert queries.map_usefulness(session, ours.id, [item.id]) == {}


def test_what_was_never_read_is_caught_up_with(runtime: Runtime, session: Session) -> None:
    brand = make.brand(session)
    items = [make.item(session, brand) for _ in range(3)]
    session.commit()
    jobs.catch_up(runtime)
    waiting = session.scalars(text("select args from procrastinate_jobs where task_name = 'texts.read_items'")).all()
    assert {id for each in waiting if each["brand_id"] == brand.id for id in each["item_ids"]} == {item.id for item in items}
    jobs.read_items(runtime, brand_id=brand.id, item_ids=[item.id for item in items])
    assert not [id for brand_id, id in queries.find_unread(session, limit=100) if brand_id == brand.id]


def test_what_is_gone_is_left_out(runtime: Runtime, session: Session) -> None:
    brand = make.brand(session)
    session.commit()
    jobs.read_items(runtime, brand_id=brand.id, item_ids=[987_654_321])
    assert session.scalar(select(func.count()).select_from(TextReading).where(TextReading.brand_id == brand.id)) == 0


def test_starred_reviews_teach_a_language_that_nothing_knows(runtime: Runtime, session: Session) -> None:
    brand = make.brand(session)
    items = [review(session, brand, number) for number in range(200)]
    session.commit()
    training_jobs.train_sentiment(runtime, brand_id=brand.id)
    model = modelling_queries.find_active(session, brand.id, "sentiment")
    assert model is not None
    assert model.metrics["accuracy"] > 0.95 > 0.7 > model.data["others"]["shipped"]["accuracy"]
    new = review(session, brand, 1_000, rating=1, body="flut en waardeloos, de rits is kapot")
    actions.read_items(session, brand.id, [items[0].id, new.id], now=make.NOON)
    found = queries.map_readings(session, brand.id, [new.id])[new.id].sentiment
    assert found.label == "negative"
    assert {"flut", "waardeloos", "kapot"} & set(found.words)


def test_training_on_the_same_again_makes_no_new_version(runtime: Runtime, session: Session) -> None:
    brand = make.brand(session)
    for number in range(200):
        review(session, brand, number)
    session.commit()
    training_jobs.train_sentiment(runtime, brand_id=brand.id)
    training_jobs.train_sentiment(runtime, brand_id=brand.id)
    states = {model.version: model.state for model in modelling_queries.find_versions(session, brand.id, "sentiment")}
    assert states == {1: ModelState.ACTIVE}


@pytest.mark.parametrize("stars", [(5,), (1,), (3,)])
def test_one_class_only_is_a_need_and_no_error(runtime: Runtime, session: Session, stars: tuple[int, ...]) -> None:
    brand = make.brand(session)
    for number in range(120):
        review(session, brand, number, rating=stars[0])
    session.commit()
    training_jobs.train_sentiment(runtime, brand_id=brand.id)
    need = modelling_queries.map_needs(session, brand.id)["sentiment"]
    assert (need.have, need.needed, need.of) == (0, 15, "reviews with other stars")


@pytest.mark.parametrize("kind", ["sentiment", "usefulness", "topics"])
def test_without_training_data_each_kind_says_what_it_needs(runtime: Runtime, session: Session, kind: str) -> None:
    brand = make.brand(session)
    make.item(session, brand, kind=Kind.REVIEW, rating=None, body="")
    session.commit()
    getattr(training_jobs, f"train_{kind}")(runtime, brand_id=brand.id)
    assert modelling_queries.map_needs(session, brand.id)[kind].have == 0
    assert modelling_queries.find_active(session, brand.id, kind) is None


def test_helpful_votes_teach_what_is_useful_and_the_score_says_so(runtime: Runtime, session: Session) -> None:
    brand = make.brand(session)
    for number in range(240):
        useful = number % 3 == 0
        body = ("runs two sizes small at the waist" if useful else MAIL) + f" n{number}"
        review(session, brand, number, rating=4 + number % 2, body=body, helpful_count=(2 + number % 5) * useful)
    session.commit()
    training_jobs.train_usefulness(runtime, brand_id=brand.id)
    model = modelling_queries.find_active(session, brand.id, "usefulness")
    assert model is not None
    assert model.metrics["spearman"] > 0.8
    good = review(session, brand, 900, rating=1, body="runs small at the waist")
    poor = review(session, brand, 901, rating=5, body="came with the mail on a tuesday")
    actions.read_items(session, brand.id, [good.id, poor.id], now=make.NOON)
    found = queries.map_usefulness(session, brand.id, [good.id, poor.id])
    assert found[good.id].p > found[poor.id].p
    assert "small" in found[good.id].words
    events = session.scalars(text("select args from procrastinate_jobs where task_name = 'texts.usefulness_read'")).all()
    assert [each["item_ids"] for each in events if each["brand_id"] == brand.id] == [[good.id, poor.id]]


def test_topics_are_found_and_named_by_their_words(runtime: Runtime, session: Session) -> None:
    brand = make.brand(session)
    for number in range(220):
        chance = random.Random(number)
        make.item(session, brand, kind=Kind.POST, body=" ".join(chance.choices(chance.choice(TOPICS), k=8)),
                  published_at=make.NOON + timedelta(hours=number))  # fmt: skip
    session.commit()
    training_jobs.train_topics(runtime, brand_id=brand.id)
    model = modelling_queries.find_active(session, brand.id, "topics")
    assert model is not None
    item = make.item(session, brand, kind=Kind.POST, body="the courier left the parcel on the doorstep")
    actions.read_items(session, brand.id, [item.id], now=make.NOON)
    labels = [topic for topic in queries.map_readings(session, brand.id, [item.id])[item.id].topics if " · " in topic.label]
    assert labels
    assert {"courier", "parcel", "doorstep"} >= set(labels[0].words)


def test_what_was_rejected_teaches_nothing(session: Session) -> None:
    brand = make.brand(session)
    make.item(session, brand, kind=Kind.REVIEW, rating=1, body="one", state=State.SPAM)
    make.item(session, brand, kind=Kind.REVIEW, rating=1, body="two", state=State.REJECTED)
    make.item(session, brand, kind=Kind.REVIEW, rating=1, body="three", state=State.APPROVED)
    written = queries.find_written(session, brand.id, reviews=True, limit=10, letters=100)
    assert [each.text.body for each in written] == ["three"]


def test_another_model_has_a_brand_read_again(runtime: Runtime, session: Session) -> None:
    brand = make.brand(session)
    item = make.item(session, brand)
    session.commit()
    jobs.read_again(runtime, brand_id=brand.id, kind="approval")
    jobs.read_again(runtime, brand_id=brand.id, kind="sentiment")
    waiting = session.scalars(text("select args from procrastinate_jobs where task_name = 'texts.read_items'")).all()
    assert [each["item_ids"] for each in waiting if each["brand_id"] == brand.id] == [[item.id]]


def test_a_damaged_model_is_left_alone(runtime: Runtime, session: Session) -> None:
    brand = make.brand(session)
    model = TrainedModel(brand_id=brand.id, kind="sentiment", version=1, state=ModelState.ACTIVE, format=1, checksum="x", size=4,
                         artefact=b"none", rows=1, actor="system", trained_at=make.NOON)  # fmt: skip
    session.add(model)
    item = make.item(session, brand, body="I love it, it is wonderful")
    session.flush()
    actions.read_items(session, brand.id, [item.id], now=make.NOON)
    assert queries.map_readings(session, brand.id, [item.id])[item.id].sentiment.label == "positive"
