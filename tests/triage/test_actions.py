"""From decisions to predictions to decisions within bounds: who teaches, what is learnt, what is left to people, what is undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from tests import make
from tests.make import NOON
from ugc.accounts.models import Brand
from ugc.library import actions as library_actions
from ugc.library import queries as library_queries
from ugc.library.models import Decision, Item, Kind, Reason, State
from ugc.modelling import queries as modelling_queries
from ugc.runtime import Runtime
from ugc.scoring import actions as scoring_actions
from ugc.texts import actions as texts_actions
from ugc.triage import actions, jobs, learning, queries, rules
from ugc.triage.models import Decides, ItemApproval, Mode, TriageCheck, TriageRun
from ugc.triage.rules import Wanted

PERSON = "person:1"
SENTENCE = "we took this on the last evening by the lake and it still fits so well that my sister now wants one in green too"
WORDS = SENTENCE.split()
AUTOMATIC = Wanted(mode=Mode.AUTOMATIC, agreement=0.8, decides=Decides.BOTH, kinds=("photo", "review"), per_day=1_000)


@pytest.fixture
def brand(session: Session) -> Brand:
    return make.brand(session)


def photos(session: Session, brand: Brand, words: Sequence[int], **facts: object) -> list[Item]:
    """Photos with captions of so many words."""
    return [make.item(session, brand, body=" ".join(WORDS[:count]), **facts) for count in words]


def decide(session: Session, brand: Brand, items: Sequence[Item], *, actor: str = PERSON, border: int = 12) -> None:
    """What someone decides who likes captions of more than twelve words."""
    liked = [item.id for item in items if len(item.body.split()) > border]
    others = [item.id for item in items if len(item.body.split()) <= border]
    if liked:
        library_actions.approve(session, brand.id, liked, actor=actor, now=NOON)
    if others:
        library_actions.reject(session, brand.id, others, Reason.LOW_QUALITY, actor=actor, now=NOON)


def teach(session: Session, brand: Brand, count: int = 80, **facts: object) -> list[Item]:
    """A brand that has decided on some items, and what was learnt of it."""
    items = photos(session, brand, [1 + 7 * place % 24 for place in range(count)], **facts)
    scoring_actions.score_items(session, brand.id, [item.id for item in items], now=NOON)
    decide(session, brand, items)
    actions.train(session, brand.id, actor="system", now=NOON)
    return items


def predict(session: Session, brand: Brand, items: Sequence[Item]) -> dict[int, float]:
    scoring_actions.score_items(session, brand.id, [item.id for item in items], now=NOON)
    texts_actions.read_items(session, brand.id, [item.id for item in items], now=NOON)
    actions.predict(session, brand.id, [item.id for item in items], now=NOON)
    return {id: row.p for id, row in queries.map_approvals(session, brand.id, [item.id for item in items]).items()}


def run(session: Session, brand: Brand, wanted: Wanted = AUTOMATIC) -> None:
    actions.set_wanted(session, brand.id, wanted, actor=PERSON, now=NOON - timedelta(hours=1))
    after: int | None = 0
    while after is not None:
        after = actions.decide_some(session, brand.id, after=after, now=NOON)


def states(session: Session, items: Sequence[Item]) -> dict[int, State]:
    query = select(Item.id, Item.state).where(Item.id.in_([item.id for item in items]))
    return dict(session.execute(query).all())


def test_too_few_decisions_are_noted_not_learnt_from(session: Session, brand: Brand) -> None:
    decide(session, brand, photos(session, brand, range(1, 20)))
    assert actions.train(session, brand.id, actor="system", now=NOON) is None
    assert queries.get_need(session, brand.id) == (19, 60)
    assert actions.predict(session, brand.id, [make.item(session, brand).id], now=NOON) == 0


def test_a_brand_without_a_decision_needs_all_of_them(session: Session, brand: Brand) -> None:
    assert actions.train(session, brand.id, actor="system", now=NOON) is None
    assert queries.get_need(session, brand.id) == (0, 60)


def test_decisions_of_one_kind_only_are_not_learnt_from(session: Session, brand: Brand) -> None:
    decide(session, brand, photos(session, brand, [20] * 70))
    assert actions.train(session, brand.id, actor="system", now=NOON) is None
    assert queries.get_need(session, brand.id) == (70, 78)


def test_it_learns_a_taste_and_says_why(session: Session, brand: Brand) -> None:
    teach(session, brand)
    long, short = photos(session, brand, [22, 2])
    p = predict(session, brand, [long, short])
    assert p[long.id] > 0.85
    assert p[short.id] < 0.15
    why = queries.map_approvals(session, brand.id, [long.id, short.id])
    assert why[long.id].why[0][:2] == ["length", "22 words of caption"]
    assert why[short.id].why[0][2] < 0
    session.refresh(long)
    assert long.approval_p == p[long.id]


def test_stars_and_sentiment_change_no_prediction(session: Session, brand: Brand) -> None:
    """L-01: the same review with one and five stars, praised and cursed, gets the same number."""
    teach(session, brand, kind=Kind.REVIEW, rating=3)
    items = [make.item(session, brand, kind=Kind.REVIEW, rating=stars, body="It came on Tuesday and fits.") for stars in (1, 3, 5)]
    p = predict(session, brand, items)
    assert len(set(p.values())) == 1
    stored = text("update text_readings set sentiment = 'negative', reading = jsonb_set(reading, '{sentiment}', :said)")
    session.execute(stored, {"said": '{"label": "negative", "p": 0.99, "words": []}'})
    session.execute(update(Item).where(Item.brand_id == brand.id).values(rating=1))
    session.expire_all()
    actions.predict(session, brand.id, list(p), now=NOON)
    assert {id: row.p for id, row in queries.map_approvals(session, brand.id, list(p)).items()} == p


def test_only_the_last_word_of_a_person_teaches(session: Session, brand: Brand) -> None:
    kept, changed, undone, machine, binned, spam = photos(session, brand, [5] * 6)
    library_actions.approve(session, brand.id, [kept.id, changed.id, binned.id], actor=PERSON, now=NOON)
    library_actions.reject(session, brand.id, [changed.id], Reason.OFF_TOPIC, actor=PERSON, now=NOON)
    batch = library_actions.approve(session, brand.id, [undone.id], actor=PERSON, now=NOON)
    library_actions.undo(session, brand.id, batch, actor=PERSON, now=NOON)
    library_actions.approve(session, brand.id, [machine.id], actor="triage:v3", now=NOON)
    library_actions.move(session, brand.id, [binned.id], State.TRASH, actor=PERSON, now=NOON)
    library_actions.move(session, brand.id, [spam.id], State.SPAM, actor=PERSON, now=NOON)
    found = {one.item_id: one.approved for one in queries.find_decided(session, brand.id)}
    assert found == {kept.id: True, changed.id: False, spam.id: False}


def test_a_creators_past_is_what_was_known_then(session: Session, brand: Brand) -> None:
    ada = make.creator(session, brand)
    items = photos(session, brand, [20, 20, 3], creator_id=ada.id)
    decide(session, brand, items)
    decided = queries.find_decided(session, brand.id)
    pasts = queries.pasts_in_order(decided, queries.map_creators(session, brand.id, [item.id for item in items]))
    assert [pasts[item.id] for item in items] == [(0, 0), (1, 0), (2, 0)]
    facts = queries.with_pasts(session, brand.id, queries.map_facts(session, brand.id, [items[2].id]))
    assert (facts[items[2].id].approved, facts[items[2].id].rejected) == (2, 0)


def test_another_model_comes_only_with_new_decisions_that_it_foretells_better(session: Session, brand: Brand) -> None:
    teach(session, brand)
    assert actions.train(session, brand.id, actor="system", now=NOON) is None
    # The taste turns round: the one in use is wrong about every new decision.
    turned = photos(session, brand, [1 + 7 * place % 24 for place in range(90)])
    long = [item.id for item in turned if len(item.body.split()) > 12]
    library_actions.reject(session, brand.id, long, Reason.OFF_TOPIC, actor=PERSON, now=NOON)
    library_actions.approve(session, brand.id, [item.id for item in turned if item.id not in long], actor=PERSON, now=NOON)
    made = actions.train(session, brand.id, actor="system", now=NOON)
    assert made is not None
    assert made.incumbent is not None
    assert made.metrics["log_loss"] < made.incumbent["log_loss"]
    assert modelling_queries.version_of(session, brand.id, learning.KIND) == 2


def test_what_cannot_be_foretold_is_not_taken_into_use(session: Session, brand: Brand) -> None:
    items = photos(session, brand, [9] * 64)
    decide(session, brand, items[::2], border=1)
    decide(session, brand, items[1::2], border=20)
    made = actions.train(session, brand.id, actor="system", now=NOON)
    assert made is not None
    assert made.metrics["log_loss"] > 0.6


def test_it_decides_inside_the_bounds_in_one_batch_that_can_be_undone(session: Session, brand: Brand) -> None:
    teach(session, brand)
    items = photos(session, brand, [22, 2] * 30)
    predict(session, brand, items)
    run(session, brand)
    after = states(session, items)
    checks = set(session.scalars(select(TriageCheck.item_id)))
    decided = [item for item in items if item.id not in checks]
    assert checks == {item.id for item in items if rules.is_checked(item.id)}
    assert all(after[item.id] is (State.APPROVED if len(item.body.split()) > 12 else State.REJECTED) for item in decided)
    assert all(after[id] is State.INBOX for id in checks)
    made = session.scalars(select(TriageRun)).one()
    assert made.approved + made.rejected == len(decided)
    decision = session.scalars(select(Decision).where(Decision.batch == made.batch, Decision.to_state == State.REJECTED)).first()
    assert decision is not None
    assert (decision.actor, decision.reason) == ("triage:v1", Reason.LOW_QUALITY)
    assert library_actions.undo(session, brand.id, made.batch, actor=PERSON, now=NOON) == len(decided)
    assert set(states(session, items).values()) == {State.INBOX}


def test_what_was_taken_back_stays_a_persons(session: Session, brand: Brand) -> None:
    teach(session, brand)
    items = photos(session, brand, [22] * 10)
    predict(session, brand, items)
    run(session, brand)
    library_actions.undo(session, brand.id, session.scalars(select(TriageRun.batch)).one(), actor=PERSON, now=NOON)
    actions.decide_some(session, brand.id, after=0, now=NOON)
    assert set(states(session, items).values()) == {State.INBOX}


def test_nothing_is_decided_unless_the_brand_lets_it(session: Session, brand: Brand) -> None:
    teach(session, brand)
    items = photos(session, brand, [22] * 5)
    predict(session, brand, items)
    assert actions.decide_some(session, brand.id, after=0, now=NOON) is None
    run(session, brand, replace(AUTOMATIC, mode=Mode.SUGGEST))
    assert set(states(session, items).values()) == {State.INBOX}


def test_a_review_is_approved_but_never_rejected(session: Session, brand: Brand) -> None:
    """L-01."""
    teach(session, brand, kind=Kind.REVIEW)
    bad = [make.item(session, brand, kind=Kind.REVIEW, body="we took", rating=1) for _ in range(10)]
    predict(session, brand, bad)
    run(session, brand)
    assert set(states(session, bad).values()) == {State.INBOX}


@pytest.mark.parametrize(
    "body",
    [
        "write to me at ada@mail.test " + " ".join(WORDS[:20]),
        "BUY NOW cheap followers http://spam.test click here free money " + " ".join(WORDS[:12]),
    ],
)
def test_findings_leave_an_item_to_a_person(session: Session, brand: Brand, body: str) -> None:
    teach(session, brand)
    item = make.item(session, brand, body=body)
    predict(session, brand, [item])
    assert queries.find_barriers(session, brand.id, [item.id])[item.id] != []
    run(session, brand)
    assert states(session, [item])[item.id] is State.INBOX


def test_a_text_that_was_not_read_is_not_decided_on(session: Session, brand: Brand) -> None:
    teach(session, brand)
    items = photos(session, brand, [22] * 3)
    actions.predict(session, brand.id, [item.id for item in items], now=NOON)
    run(session, brand)
    assert set(states(session, items).values()) == {State.INBOX}


def test_no_more_a_day_than_the_brand_wants(session: Session, brand: Brand) -> None:
    teach(session, brand)
    items = photos(session, brand, [22] * 40)
    predict(session, brand, items)
    run(session, brand, replace(AUTOMATIC, per_day=7))
    actions.decide_some(session, brand.id, after=0, now=NOON)
    assert list(states(session, items).values()).count(State.APPROVED) == 7
    actions.decide_some(session, brand.id, after=0, now=NOON + timedelta(hours=25))
    assert list(states(session, items).values()).count(State.APPROVED) == 14


def test_when_people_disagree_it_only_suggests_again(session: Session, brand: Brand) -> None:
    teach(session, brand)
    items = photos(session, brand, [22] * 30)
    predict(session, brand, items)
    run(session, brand)
    approved = [id for id, state in states(session, items).items() if state is State.APPROVED]
    library_actions.reject(session, brand.id, approved[:15], Reason.OFF_TOPIC, actor=PERSON, now=NOON)
    live = queries.get_live(session, brand.id)
    assert (live.decided, live.overturned) == (len(approved), 15)
    later = photos(session, brand, [22] * 5)
    predict(session, brand, later)
    actions.decide_some(session, brand.id, after=0, now=NOON)
    wanted = queries.get_wanted(session, brand.id)
    assert wanted.mode is Mode.SUGGEST
    assert "changed 15 of" in wanted.note
    assert set(states(session, later).values()) == {State.INBOX}


def test_a_check_counts_for_or_against_when_its_person_decided(session: Session, brand: Brand) -> None:
    teach(session, brand)
    items = photos(session, brand, [22] * 2)
    actions.keep_checks(
        session, brand.id,
        [queries.Candidate(item.id, Kind.PHOTO, 0.97, True, [], True) for item in items], 1, NOON,
    )  # fmt: skip
    assert queries.get_live(session, brand.id).checked == 0
    library_actions.approve(session, brand.id, [items[0].id], actor=PERSON, now=NOON)
    library_actions.reject(session, brand.id, [items[1].id], Reason.OTHER, actor=PERSON, now=NOON)
    live = queries.get_live(session, brand.id)
    assert (live.checked, live.agreed) == (2, 1)


def test_every_brand_learns_from_its_own_decisions_only(session: Session, brand: Brand) -> None:
    """T-90."""
    teach(session, brand)
    other = make.brand(session)
    item = make.item(session, other, body=" ".join(WORDS[:22]))
    assert actions.predict(session, other.id, [item.id], now=NOON) == 0
    assert actions.predict(session, brand.id, [item.id], now=NOON) == 0
    assert queries.find_decided(session, other.id) == []
    assert queries.get_need(session, other.id) == (0, 60)


def test_what_teaches_most_comes_first_page_by_page(session: Session, brand: Brand) -> None:
    teach(session, brand)
    items = photos(session, brand, [22, 2, 12, 13, 23, 1, 11])
    predict(session, brand, items)
    key, seen, cursor = b"k" * 32, [], None
    while True:
        page = library_queries.find_items(
            session, brand.id, library_queries.INBOX, sort="teaches", cursor=cursor, limit=2, key=key, now=NOON
        )
        seen += page.items
        cursor = page.next
        if cursor is None:
            break
    assert sorted(item.id for item in seen) == sorted(item.id for item in items)
    worth = [item.teaches or 0.0 for item in seen]
    assert worth == sorted(worth, reverse=True)
    assert len(seen[0].body.split()) in (11, 12, 13)


def test_switched_off_it_says_nothing_and_forgets(session: Session, brand: Brand) -> None:
    teach(session, brand)
    items = photos(session, brand, [22, 2])
    predict(session, brand, items)
    actions.set_wanted(session, brand.id, replace(AUTOMATIC, mode=Mode.OFF), actor=PERSON, now=NOON)
    assert actions.predict(session, brand.id, [item.id for item in items], now=NOON) == 0
    actions.forget_predictions(session, brand.id, [item.id for item in items])
    assert session.scalars(select(ItemApproval)).all() == []
    session.refresh(items[0])
    assert items[0].approval_p is None
    assert items[0].teaches is None


def test_a_preview_counts_and_changes_nothing(session: Session, brand: Brand) -> None:
    teach(session, brand)
    items = photos(session, brand, [22] * 6 + [2] * 4)
    predict(session, brand, items)
    model = queries.get_model(session, brand.id)
    assert model is not None
    found = queries.preview(session, brand.id, AUTOMATIC, queries.bounds_of(model, AUTOMATIC), 1)
    assert (found.approve, found.reject, found.waiting) == (6, 4, 10)
    only = replace(AUTOMATIC, decides=Decides.APPROVE)
    assert queries.preview(session, brand.id, only, queries.bounds_of(model, only), 1).reject == 0
    assert set(states(session, items).values()) == {State.INBOX}


def test_agreement_by_star_is_a_report_of_held_out_decisions(session: Session, brand: Brand) -> None:
    items = photos(session, brand, [1 + 7 * place % 24 for place in range(80)], kind=Kind.REVIEW)
    for place, item in enumerate(items):
        item.rating = 1 + place % 5
    scoring_actions.score_items(session, brand.id, [item.id for item in items], now=NOON)
    decide(session, brand, items)
    actions.train(session, brand.id, actor="system", now=NOON)
    model = queries.get_model(session, brand.id)
    assert model is not None
    stars = queries.find_stars(session, brand.id, model)
    assert [star.rating for star in stars] == [1, 2, 3, 4, 5]
    assert sum(star.count for star in stars) == 80


def test_jobs_do_all_of_it(runtime: Runtime) -> None:
    """Train, predict everything that waits, decide: as the worker calls them."""
    with runtime.transaction() as opened:
        brand = make.brand(opened)
        items = photos(opened, brand, [1 + 7 * place % 24 for place in range(80)])
        decide(opened, brand, items)
        waiting = [item.id for item in photos(opened, brand, [22, 2, 23])]
        texts_actions.read_items(opened, brand.id, waiting, now=NOON)
        actions.set_wanted(opened, brand.id, AUTOMATIC, actor=PERSON, now=NOON)
        brand_id = brand.id
    jobs.train_approval(runtime, brand_id=brand_id)
    jobs.follow_model(runtime, brand_id=brand_id, kind="sentiment")
    jobs.follow_model(runtime, brand_id=brand_id, kind=learning.KIND)
    jobs.predict_brand(runtime, brand_id=brand_id)
    jobs.catch_up(runtime)
    jobs.predict_items(runtime, brand_id=brand_id, item_ids=waiting)
    jobs.decide(runtime, brand_id=brand_id)
    with runtime.transaction() as opened:
        assert set(queries.map_approvals(opened, brand_id, waiting)) == set(waiting)
        decided = opened.scalars(select(Decision.item_id).where(Decision.actor == "triage:v1")).all()
        assert set(decided) <= set(waiting)
        assert len(decided) + len(queries.find_checked(opened, brand_id, waiting)) == 3
