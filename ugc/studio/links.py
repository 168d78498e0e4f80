"""A post by its address, pasted on the page of sources."""

from __future__ import annotations

from flask import Blueprint, request
from werkzeug.wrappers import Response

from ugc import web
from ugc.accounts.models import Role
from ugc.ingest import linking
from ugc.studio import answers

pages = Blueprint("links", __name__)


@pages.post("/links")
@web.needs(Role.COORDINATOR)
def add_link() -> Response:
    """Add the post and go to it; its words and pictures follow within seconds."""
    who = web.principal()
    done = linking.add_link(web.session(), who.brand_id, request.form.get("url", ""), actor=who.actor, now=web.now())
    return answers.done("link-added" if done.added else "link-known", to=f"/studio/items/{done.item.id}", id=done.item.id)
