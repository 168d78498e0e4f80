"""`/submit/{brand}` with and without scripts, and `/submissions/{token}`."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from flask_openapi.openapi import OpenAPI
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict

from tests.doors import studio
from tests.submissions import sent
from ugc.accounts.models import Role
from ugc.kit import clock
from ugc.library.models import Item, ItemMedia, RightsState
from ugc.runtime import Runtime
from ugc.submissions import rules
from ugc.submissions.models import PartialUpload, Submission

SCRIPT = {"Accept": "application/json"}
LINK = re.compile(r"/submissions/([0-9a-f]{64})")


@pytest.fixture
def client(app: OpenAPI, runtime: Runtime) -> FlaskClient:
    sent.brand(runtime)
    return app.test_client()


def good(runtime: Runtime, **given: str) -> dict[str, Any]:
    """A form that was opened a minute ago."""
    return sent.form(runtime, **({"stamp": sent.stamp(runtime, at=clock.now() - timedelta(minutes=1))} | given))


def with_photo(fields: Mapping[str, Any], data: bytes | None = None, name: str = "photo.jpg") -> MultiDict[str, Any]:
    return MultiDict([*fields.items(), ("file", (io.BytesIO(data or sent.picture()), name))])


def count(runtime: Runtime, model: Any) -> int:
    with runtime.transaction() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def hidden(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found is not None
    return unescape(found[1])


def test_the_page_is_one_request_under_a_strict_policy(client: FlaskClient) -> None:
    """T-46, T-48: nothing from elsewhere, framed by nobody, kept by no cache, no cookie."""
    answer = client.get("/submit/acme?product=MUG/1")
    html = answer.text
    assert answer.status_code == 200
    assert "Show us your Mug" in html
    assert not re.search(r'(src|href)="(?!data:|/|#)', html)
    bare = re.sub(r"(<(script|style)[^>]*>).*?</\2>", r"\1", html, flags=re.DOTALL)
    assert not re.search(r"<(script|style)(?![^>]*nonce=)|<link(?![^>]*data:)|\sstyle=|\son[a-z]+=", bare)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    assert len(answer.data) < 40_000


def test_without_scripts_one_photo_is_sent_and_the_link_shown(client: FlaskClient, runtime: Runtime) -> None:
    """The whole way on plain forms, from the page as it was drawn."""
    html = client.get("/submit/acme?product=MUG/1").text
    fields = good(runtime) | {name: hidden(html, name) for name in ("terms", "product")}
    answer = client.post("/submit/acme", data=with_photo(fields))
    assert answer.status_code == 303
    thanks = client.get(answer.headers["Location"])
    assert "Keep this link" in thanks.text
    assert LINK.search(thanks.text)
    assert (count(runtime, Item), count(runtime, ItemMedia)) == (1, 1)


def test_the_same_form_twice_leads_to_the_same_page(client: FlaskClient, runtime: Runtime) -> None:
    """T-62"""
    fields = good(runtime)
    places = {client.post("/submit/acme", data=with_photo(fields)).headers["Location"] for _ in range(3)}
    assert len(places) == 1
    assert count(runtime, Item) == 1


def test_a_faulty_form_comes_back_with_all_that_was_given(client: FlaskClient, runtime: Runtime) -> None:
    """Each fault beside its field, the first one focused; the photo need not be chosen again."""
    fields = good(runtime, email="nonsense", name='Anna "<b>', text="<script>alert(1)</script>", stars="4", ads="yes")
    fields["agree"] = ""
    answer = client.post("/submit/acme", data=with_photo(fields, name="<img src=x>.jpg"))
    html = answer.text
    assert answer.status_code == 422
    assert re.search(r'id="email"[^>]*value="nonsense"[^>]*aria-invalid="true" autofocus', html)
    assert 'id="email-error">Give an e-mail address' in html
    assert html.count("autofocus") == 1
    assert 'value="Anna &#34;&lt;b&gt;"' in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;</textarea>" in html
    assert re.search(r'name="stars" value="4"[^>]*checked', html)
    assert re.search(r'name="ads" value="yes" checked', html)
    assert not re.search(r'name="agree" value="yes" checked', html)
    assert "<img src=x" not in html
    upload = hidden(html, "upload")
    again = good(runtime, stamp=sent.stamp(runtime, at=clock.now() - timedelta(seconds=30)), upload=upload)
    assert client.post("/submit/acme", data=again).status_code == 303
    assert count(runtime, ItemMedia) == 1


def test_a_bad_file_is_named_with_its_reason(client: FlaskClient, runtime: Runtime) -> None:
    """T-05, T-10: whatever it calls itself."""
    for data, name in ((b"<svg onload=alert(1)>", "x.jpg"), (b"GIF89a" + b"\0" * 20, "x.gif"), (b"%PDF-1.4", "x.pdf")):
        answer = client.post("/submit/acme", data=with_photo(good(runtime), data, name))
        assert answer.status_code == 422
        assert f"{name}: " in answer.text
        assert count(runtime, Item) == 0


def test_a_script_gets_json(client: FlaskClient, runtime: Runtime) -> None:
    token = sent.upload(runtime, sent.picture(), now=clock.now())
    answer = client.post("/submit/acme", data=good(runtime, upload=token), headers=SCRIPT)
    assert answer.status_code == 201
    assert answer.json is not None
    assert answer.json["new"] is True
    assert LINK.search(answer.json["link"])
    wrong = client.post("/submit/acme", data=good(runtime, email=""), headers=SCRIPT)
    assert wrong.status_code == 422
    assert wrong.json is not None
    assert set(wrong.json["fields"]) == {"email", "file"}


def test_an_old_form_gets_a_new_mark_with_its_refusal(client: FlaskClient, runtime: Runtime) -> None:
    old = sent.stamp(runtime, at=clock.now() - timedelta(days=2))
    answer = client.post("/submit/acme", data=good(runtime, stars="5", stamp=old), headers=SCRIPT)
    assert answer.status_code == 409
    assert answer.json is not None
    assert answer.json["error"] == "form_too_old"
    assert rules.read_stamp(runtime.key("submission-form"), "acme", answer.json["stamp"], clock.now())


def test_a_quick_form_is_told_when_to_come_again(client: FlaskClient, runtime: Runtime) -> None:
    answer = client.post("/submit/acme", data=good(runtime, stars="5", stamp=sent.stamp(runtime, at=clock.now())), headers=SCRIPT)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3")


def test_a_script_in_the_trap_is_thanked(client: FlaskClient, runtime: Runtime) -> None:
    answer = client.post("/submit/acme", data=with_photo(good(runtime, **{rules.TRAP: "x"})))
    assert answer.status_code == 200
    assert "Thank you" in answer.text
    assert (count(runtime, Item), count(runtime, Submission)) == (0, 0)


def test_somebody_too_young_finds_the_page_closed_also_by_the_back_button(client: FlaskClient, runtime: Runtime) -> None:
    """L-14: the form says nowhere from which age on; a new page, and the old one with another birthday, stay closed."""
    page = client.get("/submit/acme").text
    assert not re.search(r"\b(16|sixteen|old enough|years old)\b", re.sub(r"<(script|style).*?</\1>", "", page, flags=re.DOTALL))
    fields = good(runtime, birth_year="2014")
    answer = client.post("/submit/acme", data=with_photo(fields))
    assert answer.status_code == 403
    assert count(runtime, Item) == 0
    assert client.get("/submit/acme").status_code == 403
    client.delete_cookie("ugc_upload_closed", path="/submit")
    assert client.post("/submit/acme", data=with_photo(fields | {"birth_year": "1980"})).status_code == 403
    assert count(runtime, Item) == 0


def test_somebody_too_young_sends_nothing_from_another_tab(client: FlaskClient, runtime: Runtime) -> None:
    """L-14: a form that was open before is closed with the rest, and its files go."""
    other = sent.upload(runtime, sent.picture(), now=clock.now())
    client.post("/submit/acme", data=good(runtime, stars="5", birth_year=str(clock.now().year - 10)))
    assert client.post("/submit/acme", data=good(runtime, upload=other)).status_code == 403
    assert (count(runtime, Submission), count(runtime, PartialUpload)) == (0, 0)


def test_a_photo_that_was_not_looked_at_is_asked_for_again(client: FlaskClient, runtime: Runtime) -> None:
    """Where the form itself is refused, what came with it is not here."""
    answer = client.post("/submit/acme", data=with_photo(good(runtime, stamp="old")))
    assert answer.status_code == 409
    assert "Please choose the photo again." in answer.text
    assert "Please choose the photo again." not in client.post("/submit/acme", data=good(runtime, stamp="old")).text


def test_too_much_at_once_is_refused(client: FlaskClient, runtime: Runtime) -> None:
    """T-12: by its announced length, and by its number of parts."""
    announced = {"CONTENT_LENGTH": str(27 * 1024**2)}
    large = client.post("/submit/acme", data=b"x", content_type="multipart/form-data; boundary=x", environ_overrides=announced)
    assert large.status_code == 413
    parts = MultiDict([("upload", str(number)) for number in range(200)] + [("a", (io.BytesIO(b""), "x"))])
    assert client.post("/submit/acme", data=parts).status_code == 413


def test_the_element_gets_its_form_as_data(client: FlaskClient) -> None:
    answer = client.get("/submit/acme.json?product=MUG/1")
    assert answer.json is not None
    assert answer.json["product"] == {"sku": "MUG/1", "title": "Mug"}
    kinds = {field["kind"] for field in answer.json["fields"]}
    assert kinds == {"files", "stars", "long", "line", "email", "birth", "choice", "terms", "box"}
    assert answer.json["terms"]["text"].startswith("What you send stays yours")
    assert client.get("/submit/acme.json?product=NO/1").get_json()["product"] is None
    assert client.get("/submit/none.json").status_code == 404


# The link to take it back.


@pytest.fixture
def link(client: FlaskClient, runtime: Runtime) -> str:
    place = client.post("/submit/acme", data=with_photo(good(runtime))).headers["Location"]
    return place.partition("?")[0]


def right(runtime: Runtime) -> RightsState:
    with runtime.transaction() as session:
        return session.scalars(select(Item.rights_state)).one()


def test_looking_does_nothing(client: FlaskClient, runtime: Runtime, link: str) -> None:
    """T-60: however often, by whatever looks ahead; T-64: the address goes nowhere else."""
    for _ in range(50):
        for answer in (client.get(link), client.head(link), client.get(link, headers={"Sec-Purpose": "prefetch"})):
            assert answer.status_code == 200
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert answer.headers["Cache-Control"] == "no-store"
            assert "noindex" in answer.headers["X-Robots-Tag"]
        client.application.extensions.pop("ugc.limiter")
    assert right(runtime) is RightsState.GRANTED
    assert not re.search(r'(src|href)="https?://', client.get(link).text)
    assert client.post(link, data={"action": "withdraw"}).status_code == 200
    assert right(runtime) is RightsState.REVOKED


def test_taking_back_twice_gives_the_same_page(client: FlaskClient, runtime: Runtime, link: str) -> None:
    """T-62"""
    first, again = (client.post(link, data={"action": "withdraw"}) for _ in range(2))
    body = [re.sub(r'nonce="[^"]*"', "", each.text) for each in (first, again)]
    assert body[0] == body[1]
    assert "It is taken back" in body[0]


@pytest.mark.parametrize("action", ["", "grant", "delete"])
def test_nothing_else_can_be_done_by_the_link(client: FlaskClient, runtime: Runtime, link: str, action: str) -> None:
    assert client.post(link, data={"action": action}).status_code == 404
    assert right(runtime) is RightsState.GRANTED


def test_after_deletion_the_link_says_that_it_was_here(client: FlaskClient, runtime: Runtime, link: str) -> None:
    """T-63: 410, and nobody is named."""
    assert [client.post(link, data={"action": "erase"}).status_code for _ in range(2)] == [200, 200]
    gone = client.get(link)
    assert gone.status_code == 410
    assert "Anna" not in gone.text
    assert "Acme" not in gone.text
    assert right(runtime) is RightsState.REVOKED


def test_wrong_links_look_alike(client: FlaskClient, link: str) -> None:
    """T-61"""
    token = link.rpartition("/")[2]
    wrong = [token[:-1] + ("0" if token[-1] != "0" else "1"), token[:-1], "x", token.upper(), "0" * 64]
    answers = {
        (answer.status_code, re.sub(r'nonce="[^"]*"', "", answer.text))
        for answer in map(client.get, (f"/submissions/{each}" for each in wrong))
    }
    assert len(answers) == 1
    assert next(iter(answers))[0] == 404


def test_who_tries_many_links_must_wait(client: FlaskClient) -> None:
    """T-61"""
    statuses = {client.get(f"/submissions/{number}").status_code for number in range(130)}
    assert statuses == {404, 429}


def test_the_link_never_comes_into_a_log(
    client: FlaskClient, link: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """T-64: nor does one that was copied with something more, or asked for in a way that leads nowhere."""
    caplog.set_level("DEBUG")
    client.get(link)
    client.post(link, data={"action": "withdraw"})
    client.post(link, data={"action": "other"})
    client.put(link)
    client.get(link + "/")
    client.get("/elsewhere" + link)
    # Straight to the console, or by way of the standard library where an earlier test set the logs up.
    said = "".join(capfd.readouterr()) + caplog.text
    assert said.count("/submissions/…") >= 4
    assert link.rpartition("/")[2] not in said


# The studio's settings of it.


def test_the_studio_changes_terms_and_shows_every_version(app: OpenAPI, runtime: Runtime) -> None:
    owner = studio.caller(app, runtime, sent.brand(runtime), Role.OWNER)
    words = "You let us show it. " * 10
    assert owner.post("/studio/settings/uploads/terms", {"text": words}, script=False).status_code == 303
    assert words.strip() in app.test_client().get("/submit/acme").text
    shown = owner.get("/studio/settings/uploads").text
    assert "Terms, version 2" in shown
    assert "/widget/v1-" in shown
    assert owner.post("/studio/settings/uploads/terms", {"text": "too short"}).status_code == 422


def test_the_studio_closes_the_page_and_names_sites(app: OpenAPI, runtime: Runtime) -> None:
    owner = studio.caller(app, runtime, sent.brand(runtime), Role.OWNER)
    fields = {"origins": "https://blog.example\nhttps://Other.example/", "least_age": "18", "accent": "#AA3300"}
    assert owner.post("/studio/settings/uploads", fields | {"is_open": "yes"}, script=False).status_code == 303
    page = sent.page(runtime)
    assert (set(page.origins), page.least_age, page.accent) == ({"https://blog.example", "https://other.example"}, 18, "#aa3300")
    assert "--accent:#aa3300" in app.test_client().get("/submit/acme").text
    owner.post("/studio/settings/uploads", fields, script=False)
    assert app.test_client().get("/submit/acme").status_code == 410
    for wrong in ({"origins": "blog"}, {"accent": "red"}, {"least_age": "5"}):
        assert owner.post("/studio/settings/uploads", fields | wrong).status_code == 422
