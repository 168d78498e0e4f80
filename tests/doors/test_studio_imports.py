"""A file is sent through the studio, described, tried, brought in and taken back, without a script as well as with one."""

from __future__ import annotations

import io
import re
import zipfile

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
    "said", [{"kind": "everything"}, {"kind": "reviews", "column-0": "nonsense"}, {"rights": "revoked"}, {"state": "trash"}]
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(coordinator: Caller, runtime: Runtime, said: dict[str, str]) -> None:
    address = send(coordinator, b"review,rating\nNice,5\n")
    before = row(runtime, address).options
    assert coordinator.post(f"{address}/choose", said).status_code in {400, 422}
    assert row(runtime, address).options == before


def test_no_file_is_said_so(coordinator: Caller) -> None:
    assert coordinator.post("/studio/imports", {}).status_code == 400


def test_granted_is_said_first_and_its_evidence_before_anything_comes_in(coordinator: Caller, runtime: Runtime) -> None:
    address = send(coordinator, b"review,rating\nNice,5\n")
    assert coordinator.post(f"{address}/choose", {"rights": "granted"}).status_code == 200
    assert re.search(r'name="evidence"[^>]* required', coordinator.get(address).text)
    assert coordinator.post(f"{address}/start", {"rights": "granted", "evidence": ""}).status_code == 422
    assert row(runtime, address).state is ImportState.DRAFT
    assert coordinator.post(f"{address}/start", {"rights": "granted", "evidence": "their letter"}).status_code == 200


def test_what_is_called_something_else_is_shown_before_it_is_brought_in(coordinator: Caller, runtime: Runtime) -> None:
    address = send(coordinator, b"review,rating\nNice,5\n")
    assert coordinator.post(f"{address}/start", {"kind": "catalog"}, script=False).status_code == 303
    assert (row(runtime, address).kind, row(runtime, address).state) == ("catalog", ImportState.DRAFT)
    assert coordinator.post(f"{address}/start", {"kind": "catalog"}, script=False).status_code == 303
    assert row(runtime, address).state is ImportState.WAITING


def test_a_workbook_is_refused_with_the_way_out(coordinator: Caller) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as workbook:
        workbook.writestr("[Content_Types].xml", "<Types/>")
    answer = coordinator.post("/studio/imports", {"file": (io.BytesIO(made.getvalue()), "reviews.xlsx")})
    assert answer.status_code == 400
    assert "CSV" in answer.get_json()["detail"]


def test_a_line_of_commas_makes_no_endless_page(coordinator: Caller) -> None:
    page = coordinator.get(send(coordinator, b"review,rating" + b",x" * 1_000 + b"\nNice,5\n")).text
    assert page.count("<select") < 200
    assert "more columns" in page


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_the_beginning_of_a_long_file_of_two_byte_signs_is_read(
    coordinator: Caller, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    monkeypatch.setattr(drafting, "SAMPLE_BYTES", 1_001)
    text = "review;rating\nGröße passt \u0a00\u000b;5\n" + "Nice \u0a0a;5\n" * 900
    content = (b"\xfe\xff" if encoding == "utf-16-be" else b"") + text.encode(encoding)
    page = coordinator.get(send(coordinator, content)).text
    assert "Größe passt" in page
    assert "middle of a character" not in page


def test_older_imports_are_a_page_further(coordinator: Caller, runtime: Runtime) -> None:
    with runtime.transaction() as session:
        session.add_all(Import(brand_id=coordinator.brand_id, kind="reviews", name=f"file {n}", actor="system") for n in range(60))
    page = coordinator.get("/studio/imports").text
    assert "file 59" in page
    assert "file 5<" not in page
    [older] = re.findall(r'href="(\?before=\d+)"', page)
    assert "file 5<" in coordinator.get(f"/studio/imports{older}").text
