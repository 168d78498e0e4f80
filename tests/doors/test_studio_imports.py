"""A file is sent through the studio, described, tried, brought in and taken back, without a script as well as with one."""

from __future__ import annotations

import io
import re

import pytest
from flask_openapi.openapi import OpenAPI
from sqlalchemy import func, select

from tests.doors import studio
from tests.doors.studio import Caller
from ugc.accounts.models import Role
from ugc.ingest import drafting, queries, undoing
from ugc.ingest.models import Import, ImportState
from ugc.library.models import Item
from ugc.runtime import Runtime

REVIEWS = b"Meinung;Sterne;Wer;Wann\n<script>alert(1)</script>Passt;5;Ada L.;03/04/2026\nZu klein;2;Bo;05/06/2026\n"


@pytest.fixture
def coordinator(app: OpenAPI, runtime: Runtime) -> Caller:
    return studio.caller(app, runtime, studio.brand(runtime, "acme"), Role.COORDINATOR)


def send(caller: Caller, content: bytes = REVIEWS, name: str = "meinungen.csv") -> str:
    answer = caller.post("/studio/imports", {"file": (io.BytesIO(content), name)}, script=False)
    assert answer.status_code == 303
    return answer.headers["Location"].split("?")[0]


def row(runtime: Runtime, address: str) -> Import:
    with runtime.sessions() as session:
        return session.get_one(Import, int(address.rsplit("/", 1)[1]))


def work(runtime: Runtime, address: str) -> Import:
    found = row(runtime, address)
    drafting.run(runtime, found.brand_id, found.id)
    return row(runtime, address)


def items(runtime: Runtime) -> int:
    with runtime.sessions() as session:
        return session.scalar(select(func.count()).select_from(Item)) or 0


def test_a_file_nobody_understands_is_mapped_by_hand(coordinator: Caller, runtime: Runtime) -> None:
    address = send(coordinator)
    page = coordinator.get(address).text
    assert "Meinung" in page
    assert "<script>alert" not in page
    said = {"kind": "reviews", "format": "auto", "column-0": "body", "column-1": "rating", "column-2": "author", "column-3": "date"}
    kept = coordinator.post(f"{address}/choose", said, script=False)
    assert kept.status_code == 303
    page = coordinator.get(address).text
    assert "Which way round are the dates?" in page
    assert re.search(r"<span class=\"badge bad\">Refused</span>.*could be two dates", page)
    again = coordinator.browser().post(
        f"{address}/choose", data=said | {"dates": "dmy", "csrf_token": token(page)},
        headers={"HX-Request": "true", "Sec-Fetch-Site": "same-origin"},
    )  # fmt: skip
    assert "3 April 2026" in again.text or "3 Apr 2026" in again.text
    assert "<html" not in again.text, "a script gets the form alone"


def token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    return found[1]


def test_it_is_tried_brought_in_and_taken_back(coordinator: Caller, runtime: Runtime) -> None:
    address = send(coordinator)
    said = {"kind": "reviews", "format": "auto", "column-0": "body", "column-1": "rating", "column-3": "date", "dates": "mdy"}
    assert coordinator.post(f"{address}/choose", said).status_code == 200
    assert coordinator.post(f"{address}/try", said | {"dates": "mdy"}).status_code == 200
    assert "hx-get" in coordinator.get(address).text
    assert coordinator.get(f"{address}/progress").headers.get("HX-Refresh") is None
    assert (work(runtime, address).report["added"], items(runtime)) == (2, 0)
    assert "What the trial found" in coordinator.get(address).text
    assert coordinator.post(f"{address}/start", said).status_code == 200
    assert (work(runtime, address).state, items(runtime)) == (ImportState.FINISHED, 2)
    page = coordinator.get(address).text
    assert "2 items will be removed" in page
    assert coordinator.get(f"{address}/progress").headers["HX-Refresh"] == "true"
    assert coordinator.post(f"{address}/undo").status_code == 200
    found = row(runtime, address)
    undoing.undo_import(runtime, found.brand_id, found.id)
    assert "Taken back" in coordinator.get(address).text
    assert items(runtime) == 0


def test_a_draft_is_thrown_away(coordinator: Caller, runtime: Runtime) -> None:
    address = send(coordinator)
    brand_id = row(runtime, address).brand_id
    assert coordinator.post(f"{address}/discard").status_code == 200
    with runtime.sessions() as session:
        assert queries.find_imports(session, brand_id) == []


@pytest.mark.parametrize(
    "said", [{"kind": "everything"}, {"kind": "reviews", "column-0": "nonsense"}, {"rights": "granted", "evidence": ""}]
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(coordinator: Caller, runtime: Runtime, said: dict[str, str]) -> None:
    address = send(coordinator, b"review,rating\nNice,5\n")
    before = row(runtime, address).options
    assert coordinator.post(f"{address}/choose", said).status_code in {400, 422}
    assert row(runtime, address).options == before


def test_no_file_is_said_so(coordinator: Caller) -> None:
    assert coordinator.post("/studio/imports", {}).status_code == 400
