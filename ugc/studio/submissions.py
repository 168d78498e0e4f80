"""Settings of the upload page: the terms with all their versions, which sites may carry the element, what was refused."""

from __future__ import annotations

from flask import Blueprint, request
from werkzeug.wrappers import Response

from ugc import web
from ugc.accounts import queries as accounts_queries
from ugc.accounts.models import Role
from ugc.galleries import published
from ugc.kit.errors import Invalid
from ugc.studio import answers, people, shapes
from ugc.studio.asked import read_whole
from ugc.studio.render import page
from ugc.submissions import actions, queries

pages = Blueprint("submissions", __name__)

REASONS = {"trap": "filled in by a script", "quick": "sent too quickly", "age": "sender too young"}


@pages.get("/settings/uploads")
@web.needs(Role.VIEWER)
def show() -> Response:
    """The page's settings, the terms, the code for a shop's page."""
    session, brand_id = web.session(), web.principal().brand_id
    brand = accounts_queries.get_brand_by_id(session, brand_id)
    refused = [(REASONS.get(name, name), count) for name, count in queries.count_refused(session, brand_id, now=web.now()).items()]
    base_url = web.runtime().settings.base_url
    return page(
        "settings/uploads.html", chosen=queries.get_page(session, brand), named=queries.find_origins(session, brand_id),
        versions=queries.find_terms(session, brand_id), refused=refused,
        snippet=published.upload_snippet(base_url, brand.slug), address=f"{base_url}/submit/{brand.slug}",
        names=people.names(session, brand_id), toast=shapes.toast(request.args),
    )  # fmt: skip


@pages.post("/settings/uploads")
@web.needs(Role.OWNER)
def save() -> Response:
    """Open or close the page, name sites, set the least age and the colour."""
    principal, form = web.principal(), request.form
    actions.set_page(
        web.session(), principal.brand_id, is_open=form.get("is_open") == "yes", origins=form.get("origins", "").split(),
        least_age=read_whole(form.get("least_age", "")), accent=form.get("accent", ""), actor=principal.actor, now=web.now(),
    )  # fmt: skip
    return answers.done("uploads", to="/studio/settings/uploads")


@pages.post("/settings/uploads/terms")
@web.needs(Role.OWNER)
def save_terms() -> Response:
    """A new version of the terms; who agreed before agreed to the version that was shown then."""
    principal = web.principal()
    if "text" not in request.form:
        raise Invalid("send the text of the terms")
    brand = accounts_queries.get_brand_by_id(web.session(), principal.brand_id)
    actions.set_terms(web.session(), brand, request.form["text"], actor=principal.actor, now=web.now())
    return answers.done("terms", to="/studio/settings/uploads")
