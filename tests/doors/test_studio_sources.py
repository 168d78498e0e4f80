"""The pages of sources: connecting, trying, looking after, and signing in at the network and back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from flask_openapi.openapi import OpenAPI
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from tests import make
from tests.doors.studio import Caller, caller
from tests.fakes import FakeFetcher
from tests.social.network import FakeNetwork, connect, fake_network, post
from ugc.accounts import actions as accounts_actions
from ugc.accounts import queries as accounts_queries
from ugc.accounts.models import Brand, Person, Role
from ugc.kit import clock
from ugc.kit.http.errors import Unreachable
from ugc.kit.http.fetching import Answer
from ugc.library.models import Item
from ugc.runtime import Runtime
from ugc.social import actions, connecting, jobs, pulling, rules
from ugc.social.models import Source, SourceState
from ugc.social.networks.base import Pulled, Skipped, SourceGone, TokenRefused

FORM = {
    "network": "fake",
    "mode": "cached",
    "field-tag": "linen",
    "token": "tok_SECRET_x",
    "interval": "60",
    "tags": "Summer",
    "name": "",
}


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeNetwork]:
    with fake_network(monkeypatch) as network:
        yield network


@pytest.fixture
def brand(session: Session) -> Brand:
    made = make.brand(session)
    session.commit()
    return made


@pytest.fixture
def coordinator(app: OpenAPI, runtime: Runtime, brand: Brand) -> Caller:
    return caller(app, runtime, brand.id, Role.COORDINATOR)


@pytest.fixture
def source(runtime: Runtime, session: Session, brand: Brand, fake: FakeNetwork) -> Source:
    made = connect(runtime, session, brand, now=clock.now())
    session.commit()
    return made


def test_a_source_is_tried_connected_pulled_and_shown(
    runtime: Runtime, session: Session, coordinator: Caller, fake: FakeNetwork
) -> None:
    fake.paged([post(n) for n in range(9)])
    assert "Fakebook" in coordinator.get("/studio/sources/new").text
    assert "Hashtag" in coordinator.get("/studio/sources/new/fake").text
    tried = coordinator.post("/studio/sources/try", FORM, script=False)
    assert tried.status_code == 200
    assert "Post 0 #linen" in tried.text
    assert tried.text.count('class="preview-post"') == pulling.PREVIEWED
    assert session.scalar(select(func.count()).select_from(Item)) == 0, "nothing is stored by a trial"
    assert fake.asked[0].token == "tok_SECRET_x"
    added = coordinator.post("/studio/sources", FORM)
    assert added.status_code == 200
    [source] = session.scalars(select(Source)).all()
    assert (source.name, source.tags, source.state) == ("linen", ["summer"], SourceState.ACTIVE)
    pulling.pull_source(runtime, source.brand_id, source.id, now=clock.now())
    shown = coordinator.get(f"/studio/sources/{source.id}").text
    assert "Fine" in shown
    assert "Working" in coordinator.get("/studio/sources").text
    assert "tok_SECRET_x" not in shown + added.text + tried.text


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TokenRefused(), "does not accept the access"),
        (SourceGone(), "removed, renamed or made private"),
        (Unreachable(), "reached"),
        (KeyError("tok_SECRET_x"), "could not be read"),
    ],
)
def test_a_trial_that_fails_says_what_and_what_to_do(coordinator: Caller, fake: FakeNetwork, error: Exception, words: str) -> None:
    fake.pages = [error]
    tried = coordinator.post("/studio/sources/try", FORM, script=False).text
    assert words in tried
    assert "tok_SECRET_x" not in tried


def test_a_field_that_is_missing_is_named(coordinator: Caller, fake: FakeNetwork) -> None:
    answer = coordinator.post("/studio/sources", FORM | {"field-tag": " "})
    assert (answer.status_code, answer.get_json()["detail"]) == (422, "Hashtag is missing")
    assert coordinator.post("/studio/sources", FORM | {"network": "nowhere"}).status_code == 404


def test_what_is_wrong_stands_in_words_with_what_to_do(
    runtime: Runtime, session: Session, coordinator: Caller, fake: FakeNetwork, source: Source
) -> None:
    fake.pages = [Pulled((post(1),), (Skipped("p9", "media_url", "is missing"),), {"page": 1}, more=True), TokenRefused()]
    pulling.pull_source(runtime, source.brand_id, source.id, now=clock.now())
    listed, shown = coordinator.get("/studio/sources").text, coordinator.get(f"/studio/sources/{source.id}").text
    for html in (listed, shown):
        assert "Fakebook does not accept the access any more." in html
        assert "Connect the source again." in html
    assert "media_url" in shown
    assert 'class="count alert">1<' in listed, "the rail counts what waits for somebody"


def test_a_source_is_paused_resumed_changed_and_removed(session: Session, coordinator: Caller, source: Source) -> None:
    at = f"/studio/sources/{source.id}"
    make.added(session, item := make.item(session, session.get_one(Brand, source.brand_id)))
    for verb, state in (("pause", SourceState.PAUSED), ("resume", SourceState.ACTIVE)):
        assert coordinator.post(f"{at}/{verb}").status_code == 200
        session.expire_all()
        assert source.state is state
    coordinator.post(at, {"name": "Coats", "tags": "coat", "interval": "1440", "options": "1", "field-tag": "coat"})
    session.expire_all()
    assert (source.name, source.tags, source.interval_minutes, source.options) == ("Coats", ["coat"], 1440, {"tag": "coat"})
    assert coordinator.post(f"{at}/pull").status_code == 200
    assert coordinator.post(f"{at}/remove").status_code == 200
    session.expire_all()
    assert session.scalars(select(Source)).all() == []
    assert session.get(Item, item.id) is not None


def test_a_paused_source_is_not_asked_now(session: Session, coordinator: Caller, source: Source) -> None:
    coordinator.post(f"/studio/sources/{source.id}/pause")
    assert coordinator.post(f"/studio/sources/{source.id}/pull").status_code == 422


def test_secrets_stay_when_their_fields_are_left_empty(
    runtime: Runtime, session: Session, coordinator: Caller, fake: FakeNetwork
) -> None:
    coordinator.post("/studio/sources", FORM | {"field-key": "key_SECRET_y"})
    [source] = session.scalars(select(Source)).all()
    coordinator.post(f"/studio/sources/{source.id}", {"options": "1", "field-tag": "coat", "field-key": "", "token": ""})
    session.expire_all()
    held = actions.unsealed(runtime.key("tokens"), source)
    assert (held.token, held.fields, source.options) == ("tok_SECRET_x", {"key": "key_SECRET_y"}, {"tag": "coat"})
    assert "SECRET" not in coordinator.get(f"/studio/sources/{source.id}").text


# Signing in at the network.


@pytest.fixture
def waiting(app: OpenAPI, runtime: Runtime, session: Session, brand: Brand, fake: FakeNetwork) -> Source:
    """A source without a token, and the brand's app."""
    owner = caller(app, runtime, brand.id, Role.OWNER)
    kept = owner.post("/studio/sources/apps/fake", {"client_id": "app-1", "client_secret": "shh_SECRET_app"})
    assert kept.status_code == 200
    made = connect(runtime, session, brand, token="", now=clock.now())
    session.commit()
    return made


def go(coordinator: Caller, source: Source) -> dict[str, str]:
    """The query with which the person is sent to the network."""
    answer = coordinator.get(f"/studio/sources/{source.id}/connect")
    assert answer.status_code == 303
    assert answer.location.startswith("https://fake.test/authorize?")
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.location).query).items()}


def network_answers(runtime: Runtime, answer: object) -> FakeFetcher:
    assert isinstance(runtime.fetcher, FakeFetcher)
    runtime.fetcher.answers["https://fake.test/token"] = answer  # type: ignore[assignment]
    return runtime.fetcher


def token_of(**facts: object) -> Answer:
    said = {"access_token": "tok_SECRET_x", "refresh_token": "ref_SECRET_x", "token_type": "bearer", "expires_in": 3600} | facts
    return Answer(200, "https://fake.test/token", {"content-type": "application/json"}, json.dumps(said).encode())


def test_a_person_connects_by_signing_in_at_the_network(
    runtime: Runtime, session: Session, coordinator: Caller, waiting: Source
) -> None:
    assert waiting.state is SourceState.NEEDS_CONNECT
    asked = go(coordinator, waiting)
    assert asked["client_id"] == "app-1"
    assert asked["scope"] == "read comments"
    assert asked["redirect_uri"] == "http://ugc.test/studio/sources/callback/fake"
    assert asked["code_challenge_method"] == "S256"
    fetcher = network_answers(runtime, token_of(user_id="acc-7"))
    back = coordinator.get(f"/studio/sources/callback/fake?code=code_SECRET_x&state={asked['state']}")
    assert back.status_code == 303, back.text
    sent = parse_qs((fetcher.asked[-1].body or b"").decode())
    assert sent["code"] == ["code_SECRET_x"]
    assert connecting.challenge(sent["code_verifier"][0]) == asked["code_challenge"]
    session.expire_all()
    assert (waiting.state, waiting.account) == (SourceState.ACTIVE, "acc-7")
    assert waiting.token_expires_at is not None
    assert actions.unsealed(runtime.key("tokens"), waiting).refresh == "ref_SECRET_x"
    assert "SECRET" not in "".join(str(row) for row in session.execute(text("select * from sources")).all())


def another_sign_in(runtime: Runtime, who: Caller) -> str:
    """The same person in another browser."""
    with runtime.transaction() as session:
        held = accounts_queries.get_sign_in(session, who.token, now=clock.now())
        person = session.get_one(Person, held.person_id)
        return accounts_actions.open_sign_in(session, person, session.get_one(Brand, who.brand_id), clock.now())[1]


def test_a_way_back_that_was_not_begun_here_is_refused(
    app: OpenAPI, runtime: Runtime, coordinator: Caller, waiting: Source
) -> None:
    state = go(coordinator, waiting)["state"]
    fetcher = network_answers(runtime, token_of())
    with runtime.transaction() as session:
        stranger = make.brand(session)
    others = (caller(app, runtime, stranger.id, Role.OWNER), replace(coordinator, token=another_sign_in(runtime, coordinator)))
    payload, _, mark = state.partition(".")
    forged = [(coordinator, given) for given in (f"{payload}x.{mark}", "", "a.b", payload)]
    for who, given in [*((other, state) for other in others), *forged]:
        assert who.get(f"/studio/sources/callback/fake?code=c&state={given}").status_code == 400
    assert fetcher.asked == []
    later = clock.now() + connecting.STATE_LASTS + timedelta(seconds=1)
    with pytest.raises(connecting.BadState):
        connecting.read_state(runtime.key("oauth"), state, brand_id=waiting.brand_id, sign_in=coordinator.token, now=later)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(
            400,
            "u",
            {"content-type": "application/json"},
            b'{"error": "invalid_grant", "error_description": "code_SECRET_x is bad"}',
        ),
        Answer(200, "u", {"content-type": "application/json"}, b"{}"),
        Answer(200, "u", {}, b"<html>code_SECRET_x"),
        Answer(500, "u"),
        Unreachable(),
    ],
)
def test_a_network_that_gives_no_access_is_told_without_secrets(
    runtime: Runtime, session: Session, coordinator: Caller, waiting: Source, answer: object
) -> None:
    state = go(coordinator, waiting)["state"]
    network_answers(runtime, answer)
    back = coordinator.get(f"/studio/sources/callback/fake?code=code_SECRET_x&state={state}")
    assert back.status_code == 502
    assert "SECRET" not in back.text
    session.expire_all()
    assert waiting.state is SourceState.NEEDS_CONNECT


def test_somebody_who_says_no_is_told_so(coordinator: Caller, waiting: Source) -> None:
    state = go(coordinator, waiting)["state"]
    back = coordinator.get(f"/studio/sources/callback/fake?error=access_denied&state={state}")
    assert back.status_code == 502
    assert "nobody said yes" in back.text


def test_a_token_is_renewed_before_it_ends_and_its_refusal_waits_for_a_person(
    runtime: Runtime, session: Session, coordinator: Caller, waiting: Source
) -> None:
    state = go(coordinator, waiting)["state"]
    network_answers(runtime, token_of())
    coordinator.get(f"/studio/sources/callback/fake?code=c&state={state}")
    session.expire_all()
    now = clock.now()
    assert connecting.find_ending(session, now) == []
    assert connecting.find_ending(session, now + timedelta(minutes=45)) == [(waiting.brand_id, waiting.id)]
    fetcher = network_answers(runtime, token_of(access_token="tok2_SECRET", refresh_token=None, expires_in=90_000))
    assert connecting.renew(runtime, waiting.brand_id, waiting.id, now=now)
    session.expire_all()
    held = actions.unsealed(runtime.key("tokens"), waiting)
    assert (held.token, held.refresh) == ("tok2_SECRET", "ref_SECRET_x")
    assert "grant_type=refresh_token" in (fetcher.asked[-1].body or b"").decode()
    network_answers(runtime, Answer(503, "u"))
    assert not connecting.renew(runtime, waiting.brand_id, waiting.id, now=now)
    session.expire_all()
    assert waiting.state is SourceState.ACTIVE, "a network that is down is no refusal"
    network_answers(runtime, Answer(400, "u", {"content-type": "application/json"}, b'{"error": "invalid_grant"}'))
    assert not connecting.renew(runtime, waiting.brand_id, waiting.id, now=now)
    session.expire_all()
    assert (waiting.state, waiting.secrets) == (SourceState.NEEDS_CONNECT, "")


def test_a_token_that_ended_while_nobody_worked_is_renewed_before_the_pull(
    runtime: Runtime, session: Session, coordinator: Caller, waiting: Source, fake: FakeNetwork
) -> None:
    state = go(coordinator, waiting)["state"]
    network_answers(runtime, token_of())
    coordinator.get(f"/studio/sources/callback/fake?code=c&state={state}")
    session.expire_all()
    waiting.token_expires_at = clock.now() - timedelta(days=2)
    session.commit()
    network_answers(runtime, token_of(access_token="tok3_SECRET"))
    fake.paged([post(1)])
    jobs.pull(runtime, brand_id=waiting.brand_id, source_id=waiting.id)
    assert fake.asked[-1].token == "tok3_SECRET"


def test_a_network_that_can_t_renew_an_ended_token_now_does_not_cost_the_connection(
    runtime: Runtime, session: Session, coordinator: Caller, waiting: Source, fake: FakeNetwork
) -> None:
    state = go(coordinator, waiting)["state"]
    network_answers(runtime, token_of())
    coordinator.get(f"/studio/sources/callback/fake?code=c&state={state}")
    session.expire_all()
    waiting.token_expires_at = clock.now() - timedelta(days=2)
    session.commit()
    for answer in (Answer(503, "u"), Unreachable()):
        network_answers(runtime, answer)
        jobs.pull(runtime, brand_id=waiting.brand_id, source_id=waiting.id)
    session.expire_all()
    assert (waiting.state, waiting.failures, waiting.error_code) == (SourceState.ACTIVE, 2, "unreachable")
    assert fake.asked == [], "the old token is not even tried"
    network_answers(runtime, token_of(access_token="tok4_SECRET"))
    fake.paged([post(1)])
    jobs.pull(runtime, brand_id=waiting.brand_id, source_id=waiting.id)
    session.expire_all()
    assert (waiting.failures, waiting.error_code, fake.asked[-1].token) == (0, "", "tok4_SECRET")


def test_meta_s_short_token_is_exchanged_for_a_long_one_and_that_before_it_ends(
    app: OpenAPI, runtime: Runtime, session: Session, brand: Brand, coordinator: Caller
) -> None:
    owner = caller(app, runtime, brand.id, Role.OWNER)
    owner.post("/studio/sources/apps/instagram", {"client_id": "app-1", "client_secret": "shh_SECRET_app"})
    source = actions.add_source(
        session, brand.id, "instagram", "own", "Ours", {"user_id": "1784"}, key=runtime.key("tokens"), actor="person:1",
        now=clock.now(),
    )  # fmt: skip
    session.commit()
    sent = coordinator.get(f"/studio/sources/{source.id}/connect").location
    state = parse_qs(urlsplit(sent).query)["state"][0]
    oauth = connecting.oauth_of(rules.get_network("instagram"))
    assert isinstance(runtime.fetcher, FakeFetcher)
    long = token_of(access_token="long_SECRET", refresh_token=None, expires_in=60 * 86_400)
    runtime.fetcher.answers[oauth.token_url] = [token_of(refresh_token=None, expires_in=3600), long, long]
    runtime.fetcher.answers[connecting.ME] = Answer(200, "u", {}, b'{"id": "218471"}')
    assert coordinator.get(f"/studio/sources/callback/instagram?code=c&state={state}").status_code == 303
    session.expire_all()
    assert (source.account, actions.unsealed(runtime.key("tokens"), source).token) == ("218471", "long_SECRET")
    before_end = clock.now() + timedelta(days=54)
    assert connecting.find_ending(session, before_end) == [(brand.id, source.id)]
    assert connecting.renew(runtime, brand.id, source.id, now=before_end)
    runtime.fetcher.answers[oauth.token_url] = Answer(500, "u")
    states = []
    for moment in (before_end, before_end + timedelta(days=61)):
        assert not connecting.renew(runtime, brand.id, source.id, now=moment)
        session.expire_all()
        states.append(source.state)
    assert states == [SourceState.ACTIVE, SourceState.NEEDS_CONNECT], "it has ended, and nothing renews it"


def test_every_page_says_its_title_and_has_no_inline_style(coordinator: Caller, source: Source) -> None:
    for address in (
        "/studio/sources",
        "/studio/sources/new",
        "/studio/sources/new/instagram?mode=hashtag",
        f"/studio/sources/{source.id}",
    ):
        html = coordinator.get(address).text
        assert re.search(r"<h1[^>]*>[^<]+</h1>", html), address
        assert " style=" not in html, address
