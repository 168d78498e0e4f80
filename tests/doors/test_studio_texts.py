"""Settings of texts: words come and go, and what is found in a text that somebody pastes."""

from __future__ import annotations

from flask_openapi.openapi import OpenAPI

from tests.doors.studio import brand, caller
from ugc.accounts.models import Role
from ugc.runtime import Runtime
from ugc.texts import vocabulary
from ugc.texts.models import Use

ADDRESS = "/studio/settings/texts"


def test_words_come_and_go_and_the_audit_log_says_who(app: OpenAPI, runtime: Runtime) -> None:
    brand_id = brand(runtime, "acme")
    person = caller(app, runtime, brand_id, Role.COORDINATOR)
    sent = {"use": "topic", "topic": "Arch support", "terms": "insole*, flat feet\narch"}
    assert person.post(ADDRESS, sent).status_code == 200
    with runtime.transaction() as session:
        terms = vocabulary.find_terms(session, brand_id)
    assert [(term.use, term.topic, term.term) for term in terms] == [
        (Use.TOPIC, "arch_support", word) for word in ("arch", "flat feet", "insole*")
    ]
    assert "insole*" in person.get(ADDRESS).text
    assert person.post(f"{ADDRESS}/{terms[0].id}/remove").status_code == 200
    with runtime.transaction() as session:
        assert len(vocabulary.find_terms(session, brand_id)) == 2
    log = person.get("/studio/settings/audit").text
    assert "Add words" in log
    assert "Remove word" in log


def test_a_bad_word_says_why(app: OpenAPI, runtime: Runtime) -> None:
    person = caller(app, runtime, brand(runtime, "acme"), Role.COORDINATOR)
    refused = person.post(ADDRESS, {"use": "blocked", "terms": "a*"})
    assert refused.status_code == 422
    assert "before a star" in refused.get_json()["detail"]
    assert person.post(ADDRESS, {"use": "nonsense", "terms": "word"}).status_code == 400


def test_a_pasted_text_is_read_with_the_brands_words_and_not_kept(app: OpenAPI, runtime: Runtime) -> None:
    brand_id = brand(runtime, "acme")
    person = caller(app, runtime, brand_id, Role.COORDINATOR)
    person.post(ADDRESS, {"use": "competitor", "terms": "rival.example"})
    text = "<b>Check out</b> www.rival.example and call +49 170 1234567, the fabric is soft"
    shown = person.post(f"{ADDRESS}/try", {"text": text}).text
    assert "competitor" in shown.lower()
    assert "Phone" in shown
    assert "1234567" not in shown
    assert "<b>" not in shown
    assert "Material" in shown


def test_nothing_pasted_is_nothing_found(app: OpenAPI, runtime: Runtime) -> None:
    person = caller(app, runtime, brand(runtime, "acme"), Role.VIEWER)
    assert "Nothing to read yet" in person.post(f"{ADDRESS}/try", {"text": " "}).text
    assert "Add words" not in person.get(ADDRESS).text
