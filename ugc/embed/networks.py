"""What networks ask of us: `POST /networks/meta/data-deletion`, `/networks/meta/deauthorise`, and what came of it."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from ugc import web
from ugc.social import forgetting, queries

pages = Blueprint("networks", __name__)

MAX_BODY = 16 * 1024


@pages.post("/networks/meta/data-deletion")
@web.body_limit(MAX_BODY)
def delete_data() -> Response:
    """Meta says that a person wants their data deleted; the answer says where to see whether it is (L-23)."""
    code = forgetting.ask_deletion(web.runtime(), web.session(), request.form.get("signed_request", ""), now=web.now())
    return jsonify(url=f"{web.runtime().settings.base_url}/networks/deletions/{code}", confirmation_code=code)


@pages.post("/networks/meta/deauthorise")
@web.body_limit(MAX_BODY)
def deauthorise() -> Response:
    """Meta says that a person took our app's access back."""
    cut_off = forgetting.deauthorise(web.runtime(), web.session(), request.form.get("signed_request", ""), now=web.now())
    return jsonify(sources=cut_off)


@pages.get("/networks/deletions/<code>")
def show_deletion(code: str) -> Response:
    """Whether a deletion is done, for the person who has its code."""
    found = queries.get_deletion(web.session(), code)
    state = "done" if found.done_at else "under way"
    response = Response(PAGE.format(state=state, code=found.code, day=f"{found.created:%Y-%m-%d}", items=found.items))
    response.content_type = "text/html; charset=utf-8"
    return response


PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>Deletion of your data</title>
<h1>The deletion of your data is {state}</h1>
<p>You asked for it on {day}. Items deleted so far: {items}. Confirmation code: <code>{code}</code></p></html>
"""
