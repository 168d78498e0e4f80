"""Imports: what was brought in, with the report line by line, and how to bring in more."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response

from ugc import web
from ugc.accounts.models import Role
from ugc.ingest import queries as ingest_queries
from ugc.studio import people
from ugc.studio.render import page

pages = Blueprint("imports", __name__)

COUNTS = ("read", "added", "updated", "duplicate", "rejected")


@pages.get("/imports")
@web.needs(Role.VIEWER)
def show_all() -> Response:
    """The brand's imports, the newest first."""
    session, brand_id = web.session(), web.principal().brand_id
    found = ingest_queries.find_imports(session, brand_id)
    return page("imports/page.html", imports=found, counts=COUNTS, names=people.names(session, brand_id))


@pages.get("/imports/<int:import_id>")
@web.needs(Role.VIEWER)
def show(import_id: int) -> Response:
    """One import's report by line."""
    session, brand_id = web.session(), web.principal().brand_id
    found = ingest_queries.get_import(session, brand_id, import_id)
    return page("imports/report.html", run=found, counts=COUNTS, names=people.names(session, brand_id))
