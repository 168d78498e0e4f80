"""A brand's own topics, words and competitors, and what its decisions teach about spam and offence."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests import make
from tests.make import NOON
from ugc.accounts.models import Brand
from ugc.kit.errors import NotFound
from ugc.library.models import Item, Reason, State
from ugc.modelling import queries as modelling_queries
from ugc.runtime import Runtime
from ugc.texts import actions, file_training, queries, safety, vocabulary
from ugc.texts.models import Use
from ugc.texts.vocabulary import BadTerm


def add(session: Session, brand: Brand, use: Use, *terms: str, topic: str = "") -> int:
    return vocabulary.add_terms(session, brand.id, use, terms, topic=topic, actor="test", now=NOON)


def waiting(session: Session, brand: Brand) -> list[str]:
    query = text("select task_name from procrastinate_jobs where status = 'todo' and args ->> 'brand_id' = :brand order by id")
    return [name for name in session.scalars(query, {"brand": str(brand.id)}) if name == "texts.read_brand"]


@pytest.mark.parametrize(
    ("written", "kept"), [("  two   words ", "two words"), ("stem*", "stem*"), ("l'été", "l'été"), ("日本", "日本")]
)
def test_words_are_kept_as_written(written: str, kept: str) -> None:
    assert vocabulary.clean_term(written) == kept


@pytest.mark.parametrize("written", ["", "  ", "*", "a*", "*ab*", "!?", "x" * 81])
def test_words_that_mean_nothing_or_everything_are_refused(written: str) -> None:
    with pytest.raises(BadTerm):
        vocabulary.clean_term(written)


def test_a_topics_name_is_made_plain() -> None:
    assert vocabulary.clean_topic(" Arch  Support ") == "arch_support"
    with pytest.raises(BadTerm):
        vocabulary.clean_topic("!!")


def test_a_brands_words_reach_its_readers_and_nobody_elses(session: Session) -> None:
    brand, other = make.brand(session), make.brand(session)
    add(session, brand, Use.TOPIC, "insole*", topic="Arch support")
    add(session, brand, Use.BLOCKED, "knock-off")
    add(session, brand, Use.COMPETITOR, "rival.example")
    context = queries.get_context(session, brand.id)
    assert context.topics == {"arch_support": ("insole*",)}
    assert context.words["blocked"] == ("knock-off",)
    assert context.competitors == ("rival.example",)
    assert queries.get_context(session, other.id).topics == {}


def test_a_word_is_added_once_and_has_the_texts_read_again_once(session: Session) -> None:
    brand = make.brand(session)
    assert add(session, brand, Use.BLOCKED, "one", "two", "one") == 2
    assert add(session, brand, Use.BLOCKED, "two") == 0
    assert add(session, brand, Use.ALLOWED, "three") == 1
    assert waiting(session, brand) == ["texts.read_brand"]


def test_a_changed_word_changes_what_an_item_reads_as(session: Session) -> None:
    brand = make.brand(session)
    item = make.item(session, brand, body="The insoles are great")
    actions.read_items(session, brand.id, [item.id], now=NOON)
    assert actions.read_items(session, brand.id, [item.id], now=NOON) == []
    add(session, brand, Use.TOPIC, "insole*", topic="arch")
    assert actions.read_items(session, brand.id, [item.id], now=NOON) == [item.id]
    [reading] = queries.map_readings(session, brand.id, [item.id]).values()
    assert "arch" in [topic.label for topic in reading.topics]


def test_a_word_of_another_brand_cannot_be_removed(session: Session) -> None:
    brand, other = make.brand(session), make.brand(session)
    term = make.term(session, brand)
    with pytest.raises(NotFound):
        vocabulary.remove_term(session, other.id, term.id, actor="test", now=NOON)
    vocabulary.remove_term(session, brand.id, term.id, actor="test", now=NOON)
    assert vocabulary.find_terms(session, brand.id) == []


def test_there_is_an_end_to_words(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    brand = make.brand(session)
    monkeypatch.setattr(vocabulary, "MOST_TERMS", 2)
    with pytest.raises(vocabulary.TooManyTerms):
        add(session, brand, Use.BLOCKED, "one", "two", "three")


def decided(session: Session, brand: Brand, body: str, state: State, reason: Reason | None = None, **facts: object) -> Item:
    return make.item(session, brand, body=body, state=state, state_reason=reason, state_at=NOON, **facts)


def test_decisions_say_what_spam_is_and_stars_say_nothing(session: Session) -> None:
    """L-01: what is learnt from are decisions and their reasons."""
    brand = make.brand(session)
    decided(session, brand, "spam by state", State.SPAM)
    decided(session, brand, "spam by reason", State.REJECTED, Reason.SPAM, rating=1)
    decided(session, brand, "rejected otherwise", State.REJECTED, Reason.LOW_QUALITY)
    decided(session, brand, "approved", State.APPROVED, rating=1)
    decided(session, brand, "undecided", State.INBOX)
    decided(session, make.brand(session), "another's", State.SPAM)
    found = safety.find_decided(session, brand.id, "spam")
    assert {text.body: answer for text, answer in zip(found.texts, found.answers, strict=True)} == {
        "spam by state": True, "spam by reason": True, "rejected otherwise": False, "approved": False,
    }  # fmt: skip


def test_too_few_decisions_are_a_need_and_no_error(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        brand = make.brand(session)
        decided(session, brand, "spam", State.SPAM)
    safety.train(runtime, brand.id, "spam")
    with runtime.transaction() as session:
        need = modelling_queries.map_needs(session, brand.id)["spam"]
        assert (need.have, need.needed) == (1, safety.NEEDED)
        assert modelling_queries.find_active(session, brand.id, "spam") is None


def test_a_brand_teaches_what_it_calls_spam(runtime: Runtime) -> None:
    """Words that no rule knows are spam here, since the brand said so often enough."""
    with runtime.transaction() as session:
        brand = make.brand(session)
        for place in range(60):
            decided(session, brand, f"{place} greetings from the zorblax guild, join our quest {place}", State.SPAM)
            decided(session, brand, f"{place} lovely boots, warm and soft, number {place} in my cupboard", State.APPROVED)
    safety.train(runtime, brand.id, "spam")
    with runtime.transaction() as session:
        model = modelling_queries.find_active(session, brand.id, "spam")
        assert model is not None
        assert model.metrics["f1"] > 0.9
        fresh = make.item(session, brand, body="the zorblax guild sends greetings, join the quest")
        fine = make.item(session, brand, body="warm boots, lovely")
        actions.read_items(session, brand.id, [fresh.id, fine.id], now=NOON)
        readings = queries.map_readings(session, brand.id, [fresh.id, fine.id])
    assert readings[fresh.id].spam.label == "spam"
    assert "zorblax" in readings[fresh.id].spam.words
    assert readings[fine.id].spam.label == "ham"


def test_a_model_that_is_no_better_than_the_rules_is_refused(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        brand = make.brand(session)
        for place in range(40):
            decided(session, brand, f"check out my channel and subscribe, number {place}", State.SPAM)
            decided(session, brand, f"lovely boots, warm and soft, number {place}", State.APPROVED)
    safety.train(runtime, brand.id, "spam")
    with runtime.transaction() as session:
        assert modelling_queries.find_active(session, brand.id, "spam") is None


def test_offence_is_learnt_from_a_file(runtime: Runtime) -> None:
    rows = [(f"you absolute gronk, number {place}", "offensive") for place in range(60)]
    rows += [(f"thank you for the boots, number {place}", "none") for place in range(60)]
    with runtime.transaction() as session:
        brand = make.brand(session)
    model = file_training.train_from_file(runtime, brand, "offence", rows, NOON)
    assert model.state == "active"
    with runtime.transaction() as session:
        item = make.item(session, brand, body="what a gronk you are")
        actions.read_items(session, brand.id, [item.id], now=NOON)
        assert queries.map_readings(session, brand.id, [item.id])[item.id].offence.p >= 0.5


@pytest.mark.parametrize(("kind", "label", "number"), [
    ("spam", "SPAM", 1), ("spam", "ham", 0), ("offence", "hate", 1), ("offence", "neither", 0), ("sentiment", "Positive", 5),
    ("sentiment", "2", 2), ("usefulness", "7", 7), ("usefulness", "", 0),
])  # fmt: skip
def test_labels_are_understood(kind: str, label: str, number: float) -> None:
    assert file_training.number_of(kind, label, 1) == number


@pytest.mark.parametrize(("kind", "label"), [("spam", "maybe"), ("sentiment", "6"), ("sentiment", "nan"), ("usefulness", "many")])
def test_unknown_labels_name_the_row_and_what_is_meant(kind: str, label: str) -> None:
    with pytest.raises(file_training.UnknownLabel, match=r"row 3: .* it takes"):
        file_training.number_of(kind, label, 3)


def test_a_file_with_one_class_only_says_what_is_missing(runtime: Runtime) -> None:
    with runtime.transaction() as session:
        brand = make.brand(session)
    with pytest.raises(file_training.TooLittle, match="texts that are none"):
        file_training.train_from_file(runtime, brand, "spam", [(f"spam {place}", "spam") for place in range(50)], NOON)
