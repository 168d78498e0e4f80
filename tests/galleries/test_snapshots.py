"""Stored answers: what drops them, what races them, what outlives the database."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from tests import make
from tests.galleries import shown
from ugc import worker
from ugc.accounts import actions as accounts_actions
from ugc.accounts.models import Brand, KeyKind
from ugc.app import create_app
from ugc.catalog.models import Product
from ugc.galleries import actions, jobs, snapshots
from ugc.galleries.models import Snapshot
from ugc.kit import clock
from ugc.kit.errors import NotFound
from ugc.kit.jobs import REGISTERED
from ugc.library import actions as library_actions
from ugc.library.models import Item, ItemMedia, Reason, RightsState, SourcePolicy, State
from ugc.runtime import Runtime


def ids(answer: snapshots.Answer) -> list[int]:
    import json

    return [each["id"] for each in json.loads(answer.body)["items"]]


def ask(runtime: Runtime, gallery: str = "home", sku: str | None = None) -> snapshots.Answer:
    return snapshots.answer(runtime, "beach", gallery, sku, None, "json", clock.now())


def stored(runtime: Runtime) -> list[str]:
    return sorted(key for folder in ("snapshots", "snapshots-timed") for key in runtime.storage.keys(f"{folder}/"))


@pytest.fixture
def brand(session: Session) -> Brand:
    made = make.brand(session, slug="beach")
    shown.gallery(session, made, slug="home")
    return made


def test_the_second_answer_comes_from_the_storage(runtime: Runtime, session: Session, brand: Brand) -> None:
    item = shown.item(session, brand)
    session.commit()
    first, second = ask(runtime), ask(runtime)
    assert (first.stored, second.stored) == (False, True)
    assert first.body == second.body
    assert ids(second) == [item.id]
    assert stored(runtime) == ["snapshots/beach/home.json"]


def test_an_answer_is_dropped_right_after_the_commit_that_made_it_untrue(runtime: Runtime, session: Session, brand: Brand) -> None:
    item = shown.item(session, brand)
    runtime.commit(session)
    ask(runtime)
    library_actions.reject(session, brand.id, [item.id], Reason.OTHER, actor="test", now=make.NOON)
    assert stored(runtime) == ["snapshots/beach/home.json"], "before the commit nothing is taken back"
    runtime.commit(session)
    assert stored(runtime) == []
    assert ids(ask(runtime)) == []


def test_a_process_that_dies_after_its_commit_leaves_the_drop_to_the_job(runtime: Runtime, session: Session, brand: Brand) -> None:
    item = shown.item(session, brand)
    session.commit()
    ask(runtime)
    library_actions.reject(session, brand.id, [item.id], Reason.OTHER, actor="test", now=make.NOON)
    session.commit()  # and no hook: the process is dead
    assert stored(runtime) == ["snapshots/beach/home.json"]
    jobs.unpublish(runtime, brand_id=brand.id, item_ids=[item.id])
    jobs.unpublish(runtime, brand_id=brand.id, item_ids=[item.id])
    assert stored(runtime) == []


def test_only_the_answers_that_an_item_touches_are_dropped(runtime: Runtime, session: Session, brand: Brand) -> None:
    """Targets: cost follows the snapshots that hold the item, not the catalogue."""
    kinds = [
        {"family": "F1", "type": "T1"},
        {"family": "F1", "type": "T1"},
        {"family": "F2", "type": "T1"},
        {"family": "F3", "type": "T2"},
    ]
    one, sibling, kin, stranger = (make.product(session, brand, **facts) for facts in kinds)
    shown.item(session, brand, products=[(one, None, None)])
    own = shown.item(session, brand, products=[(kin, None, None)])
    session.commit()
    for product in (one, sibling, kin, stranger):
        ask(runtime, sku=product.sku)

    def keys(*products: Product) -> list[str]:
        return sorted(f"snapshots/beach/home/{product.sku}.json" for product in products)

    assert stored(runtime) == keys(one, sibling, kin, stranger)
    snapshots.drop_items(runtime, [own.id])
    # `one` has its own items and `sibling` its family's: neither waits for an item of the product type.
    assert stored(runtime) == keys(one, sibling, stranger)
    new = shown.item(session, brand, products=[(sibling, None, None)])
    session.commit()
    snapshots.drop_items(runtime, [new.id])
    assert stored(runtime) == keys(one, stranger)


def test_an_item_that_comes_in_drops_the_answers_that_waited_for_it(runtime: Runtime, session: Session, brand: Brand) -> None:
    product = make.product(session, brand, type="T1")
    item = shown.item(session, brand, products=[(product, None, None)], state=State.INBOX)
    runtime.commit(session)
    assert ids(ask(runtime, sku=product.sku)) == []
    assert ids(ask(runtime)) == []
    library_actions.approve(session, brand.id, [item.id], actor="test", now=make.NOON)
    runtime.commit(session)
    assert ids(ask(runtime, sku=product.sku)) == [item.id]
    assert ids(ask(runtime)) == [item.id]


def test_no_file_is_written_for_a_sku_outside_the_catalogue(runtime: Runtime, session: Session, brand: Brand) -> None:
    session.commit()
    for sku in ("nothing", "../../etc/passwd", "..", ".", "a/b", "x" * 5000, "\x00"):
        assert ids(ask(runtime, sku=sku)) == []
    assert stored(runtime) == []


@pytest.mark.parametrize("sku", ["..", ".", "../x", "a/b//c", ".hidden", "ü %2F", "x" * 300, "~", "a~b"])
def test_any_sku_of_the_catalogue_is_stored_inside_its_folder(runtime: Runtime, session: Session, brand: Brand, sku: str) -> None:
    product = make.product(session, brand, sku=sku)
    item = shown.item(session, brand, products=[(product, None, None)])
    session.commit()
    assert ids(ask(runtime, sku=sku)) == [item.id]
    (key,) = stored(runtime)
    assert key.startswith("snapshots/beach/home/")
    assert key.count("/") == 3
    assert ask(runtime, sku=sku).stored


def test_an_answer_with_an_end_is_not_given_after_it(runtime: Runtime, session: Session, brand: Brand) -> None:
    now = clock.now()
    item = shown.item(session, brand, rights_until=now + timedelta(hours=1))
    coming = shown.item(session, brand, publish_at=now + timedelta(minutes=30))
    session.commit()

    def at(hours: float) -> snapshots.Answer:
        return snapshots.answer(runtime, "beach", "home", None, None, "json", now + timedelta(hours=hours))

    first = at(0)
    assert first.valid_until == coming.publish_at
    assert stored(runtime) == ["snapshots-timed/beach/home.json"], "the web server in front must not serve it"
    assert at(0.4).stored
    second = at(0.5)
    assert not second.stored
    assert sorted(ids(second)) == sorted([item.id, coming.id])
    assert second.valid_until == item.rights_until
    third = at(1)
    assert (ids(third), third.valid_until) == ([coming.id], None)


def test_an_answer_is_not_given_past_a_lease_of_what_it_shows(runtime: Runtime, session: Session, brand: Brand) -> None:
    """L-25: what a network only lends is not shown from a stored answer once its lease has ended."""
    now = clock.now()
    lent = shown.item(session, brand, source_policy=SourcePolicy.API_CACHED, lease_until=now + timedelta(hours=1))
    session.commit()
    first = snapshots.answer(runtime, "beach", "home", None, None, "json", now)
    assert (ids(first), first.valid_until) == ([lent.id], lent.lease_until)
    after = snapshots.answer(runtime, "beach", "home", None, None, "json", now + timedelta(hours=1))
    assert ids(after) == []


def test_removing_a_gallery_removes_its_answers(runtime: Runtime, session: Session, brand: Brand) -> None:
    product = make.product(session, brand)
    shown.item(session, brand, products=[(product, None, None)])
    gallery = shown.gallery(session, brand, slug="other")
    runtime.commit(session)
    ask(runtime, "other")
    ask(runtime, "other", product.sku)
    ask(runtime)
    actions.remove_gallery(session, gallery, actor="test", now=make.NOON)
    runtime.commit(session)
    assert stored(runtime) == ["snapshots/beach/home.json"]
    with pytest.raises(NotFound):
        ask(runtime, "other")


def test_changing_a_gallery_or_its_pins_drops_its_answers(runtime: Runtime, session: Session, brand: Brand) -> None:
    first, second = shown.item(session, brand, score=90), shown.item(session, brand, score=10)
    gallery = shown.gallery(session, brand, slug="other")
    runtime.commit(session)
    assert ids(ask(runtime, "other")) == [first.id, second.id]
    actions.set_pins(session, gallery, [second.id], actor="test", now=make.NOON)
    runtime.commit(session)
    assert ids(ask(runtime, "other")) == [second.id, first.id]
    actions.change_gallery(session, gallery, rule={"score_min": 50}, actor="test", now=make.NOON)
    runtime.commit(session)
    assert ids(ask(runtime, "other")) == [first.id]


def test_a_product_that_changes_drops_the_answers_that_show_it(runtime: Runtime, session: Session, brand: Brand) -> None:
    product = make.product(session, brand, title="Old")
    shown.item(session, brand, products=[(product, None, None)])
    session.commit()
    ask(runtime), ask(runtime, sku=product.sku)
    product.title = "New"
    session.commit()
    jobs.drop_product(runtime, brand_id=brand.id, product_id=product.id)
    assert stored(runtime) == []
    assert b"New" in ask(runtime).body


def test_an_answer_read_before_a_change_is_not_stored_after_it(runtime: Runtime, session: Session, brand: Brand) -> None:
    """The protocol's one promise, step by step: read, change, store."""
    shown.item(session, brand)
    session.commit()
    made = snapshots.draft(runtime, "beach", "home", None, "json", clock.now())
    accounts_actions.bump_content(session, brand.id)
    session.commit()
    assert not snapshots.store(runtime, made)
    assert stored(runtime) == []
    assert [path.name for path in Path(runtime.settings.data_dir / "files").glob(".tmp-*")] == []


def test_an_answer_whose_index_row_was_dropped_is_not_stored(runtime: Runtime, session: Session, brand: Brand) -> None:
    shown.item(session, brand)
    session.commit()
    made = snapshots.draft(runtime, "beach", "home", None, "json", clock.now())
    snapshots.drop_brand(runtime, brand.id)
    assert not snapshots.store(runtime, made)
    assert stored(runtime) == []


def test_a_revoked_publishable_key_leaves_every_answer(runtime: Runtime, session: Session, brand: Brand) -> None:
    key, token = accounts_actions.add_key(session, brand, KeyKind.PUBLISHABLE, seal_key=b"")
    session.commit()
    assert token.encode() in ask(runtime).body
    made = snapshots.draft(runtime, "beach", "home", None, "json", clock.now())
    accounts_actions.revoke_key(session, key, actor="person:1", now=clock.now())
    session.commit()
    [event] = session.scalars(text("select task_name from procrastinate_jobs where queue_name = 'events'"))
    for name in worker.AFTER[event]:
        REGISTERED[name].run(runtime, brand_id=brand.id)
    assert not snapshots.store(runtime, made)
    assert token.encode() not in ask(runtime).body


@pytest.mark.parametrize("rounds", [12, pytest.param(400, marks=[pytest.mark.long, pytest.mark.timeout(3600)])])
def test_a_withdrawn_item_never_comes_back_through_a_race(live: Runtime, rounds: int) -> None:
    """Threads render as fast as they can while items are withdrawn and granted; after each withdrawal no file holds the item."""
    with live.transaction() as session:
        brand = make.brand(session, slug="beach")
        items = [shown.item(session, brand) for _ in range(3)]
        shown.gallery(session, brand, slug="home")
        brand_id, item_ids = brand.id, [item.id for item in items]
    stop = threading.Event()
    failures: list[BaseException] = []

    def render() -> None:
        try:
            while not stop.is_set():
                ask(live)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=render) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for number in range(rounds):
            item_id = item_ids[number % 3]
            set_rights(live, brand_id, item_id, RightsState.REVOKED)
            for _ in range(3):
                for key in stored(live):
                    assert f'"id":{item_id},' not in read(live, key)
                assert item_id not in ids(ask(live))
            set_rights(live, brand_id, item_id, RightsState.OWNED)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failures == []
    with live.sessions() as session:
        assert set(session.scalars(select(Snapshot.storage_key))) >= set(stored(live)), (
            "a file without a row could never be dropped"
        )


def set_rights(runtime: Runtime, brand_id: int, item_id: int, state: RightsState) -> None:
    """What the rights room does, in one statement."""
    with runtime.transaction() as session:
        session.execute(update(Item).where(Item.id == item_id).values(rights_state=state))
        library_actions.note_change(session, brand_id, [item_id])


def read(runtime: Runtime, key: str) -> str:
    """A file's text, or nothing where it has just been dropped."""
    try:
        return runtime.storage.read(key).decode()
    except NotFound:
        return ""


def test_pictures_that_left_the_public_get_new_addresses(runtime: Runtime, session: Session, brand: Brand) -> None:
    gone, kept, untouched = (shown.item(session, brand) for _ in range(3))
    untouched.state = State.INBOX
    names = {item.id: item.media[0].file.public_name for item in (gone, kept, untouched)}
    shared = shown.item(session, brand)
    session.add(ItemMedia(item_id=shared.id, file_id=kept.media[0].file_id, position=1))
    library_actions.reject(session, brand.id, [gone.id, kept.id], Reason.OTHER, actor="test", now=make.NOON)
    session.commit()
    jobs.unpublish(runtime, brand_id=brand.id, item_ids=[gone.id, kept.id, untouched.id])
    session.expire_all()
    assert gone.media[0].file.public_name != names[gone.id]
    assert kept.media[0].file.public_name == names[kept.id], "another item still shows it"
    assert untouched.media[0].file.public_name == names[untouched.id], "it was never public"


class Call:
    """One request to a WSGI application, without any server."""

    def __init__(self, application: Callable[..., Any]) -> None:
        self.application = application

    def __call__(self, path: str, method: str = "GET", **headers: str) -> tuple[str, dict[str, str], bytes]:
        path, _, query = path.partition("?")
        environ = {
            "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "SERVER_NAME": "ugc.test", "SERVER_PORT": "80",
            "HTTP_HOST": "ugc.test", "wsgi.url_scheme": "http", "wsgi.input": None, "wsgi.errors": None, **headers,
        }  # fmt: skip
        got: list[Any] = []
        body = b"".join(self.application(environ, lambda status, pairs, *_: got.extend([status, dict(pairs)])))
        return got[0], got[1], body


def test_galleries_go_on_without_the_database(live: Runtime) -> None:
    """G11: what is warm answers, what is not is a 503 that says when to come back."""
    with live.transaction() as session:
        brand = make.brand(session, slug="beach")
        item = shown.item(session, brand)
        shown.gallery(session, brand, slug="home")
        shown.gallery(session, brand, slug="cold")
        item_id = item.id
    call = Call(create_app(live).wsgi_app)
    first = call("/galleries/beach/home.json")
    from tests.galleries.outage import without_database

    with without_database(live):
        status, headers, body = call("/galleries/beach/home.json")
        assert (status, body) == ("200 OK", first[2])
        assert f'"id":{item_id}'.encode() in body
        assert call("/galleries/beach/home.json", HTTP_IF_NONE_MATCH=headers["ETag"])[0] == "304 Not Modified"
        assert call("/galleries/beach/home.json", "HEAD")[2] == b""
        status, headers, _ = call("/galleries/beach/cold.json")
        assert status.startswith("503")
        assert int(headers["Retry-After"]) > 0
    assert call("/galleries/beach/cold.json")[0] == "200 OK"


def test_a_warm_answer_says_the_same_as_the_view(live: Runtime) -> None:
    with live.transaction() as session:
        brand = make.brand(session, slug="beach")
        shown.item(session, brand)
        shown.gallery(session, brand, slug="home")
    call = Call(create_app(live).wsgi_app)
    for kind in ("json", "html", "jsonld"):
        cold, warm = call(f"/galleries/beach/home.{kind}"), call(f"/galleries/beach/home.{kind}")
        assert cold[2] == warm[2]
        assert "X-Request-Id" in cold[1]
        assert "X-Request-Id" not in warm[1]
        assert {name: cold[1][name] for name in warm[1]} == warm[1]
        assert call(f"/galleries/beach/home.{kind}?utm_source=x")[2] == warm[2]
    with live.transaction() as session:
        library_actions.note_change(session, brand.id, [session.scalars(select(func.max(Item.id))).one()])
    assert "X-Request-Id" in call("/galleries/beach/home.json")[1], "every process notices that the file is gone"
