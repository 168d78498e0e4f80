"""Settings: people, keys, and the log of who did what."""

from __future__ import annotations

from flask import Blueprint, request
from werkzeug.wrappers import Response

from ugc import web
from ugc.accounts import actions as accounts_actions
from ugc.accounts import queries as accounts_queries
from ugc.accounts.models import KeyKind, Role
from ugc.kit.errors import Invalid, NotFound
from ugc.studio import answers, people, shapes
from ugc.studio.asked import read_whole
from ugc.studio.render import page

pages = Blueprint("settings", __name__)

LOG_PAGE = 50
KINDS = {
    KeyKind.SECRET: "Secret: acts for the brand over the API", KeyKind.WEBHOOK: "Webhook: signs the orders of your shop",
}  # fmt: skip


@pages.get("/settings")
@web.needs(Role.VIEWER)
def show() -> Response:
    """People and keys."""
    return overview()


def overview(fresh: str = "", fresh_kind: str = "") -> Response:
    """The page, with a key that was just made and is shown this once."""
    session, brand_id = web.session(), web.principal().brand_id
    return page(
        "settings/page.html", members=accounts_queries.find_members(session, brand_id),
        keys=accounts_queries.find_keys(session, brand_id),
        kinds=KINDS, fresh=fresh, fresh_kind=fresh_kind, toast=shapes.toast(request.args),
    )  # fmt: skip


@pages.post("/settings/keys")
@web.needs(Role.OWNER)
def add_key() -> Response:
    """A new key; its text is on this answer and never again."""
    principal, kind = web.principal(), request.form.get("kind", "")
    if kind not in set(KINDS):
        raise Invalid("choose a kind of key")
    brand = accounts_queries.get_brand_by_id(web.session(), principal.brand_id)
    key, text = accounts_actions.add_key(
        web.session(),
        brand,
        KeyKind(kind),
        source="generic" if kind == KeyKind.WEBHOOK else "",
        seal_key=web.runtime().key("webhooks"),
    )
    accounts_actions.audit(
        web.session(), brand_id=brand.id, actor=principal.actor, action="key.added", subject_type="key", subject_id=key.id,
        now=web.now(), kind=kind,
    )  # fmt: skip
    return overview(text, kind)


@pages.post("/settings/keys/<int:key_id>/revoke")
@web.needs(Role.OWNER)
def revoke_key(key_id: int) -> Response:
    """End a key, at once."""
    principal = web.principal()
    key = next((one for one in accounts_queries.find_keys(web.session(), principal.brand_id) if one.id == key_id), None)
    if key is None or key.kind == KeyKind.PUBLISHABLE:
        raise NotFound()
    accounts_actions.revoke_key(web.session(), key, actor=principal.actor, now=web.now())
    return answers.done("key-gone", to="/studio/settings")


@pages.get("/settings/audit")
@web.needs(Role.VIEWER)
def show_audit() -> Response:
    """Who did what in the brand, the newest first."""
    session, brand_id, before = web.session(), web.principal().brand_id, request.args.get("before")
    entries = accounts_queries.find_log(session, brand_id, before=read_whole(before) if before else None, limit=LOG_PAGE + 1)
    return page(
        "settings/audit.html", entries=entries[:LOG_PAGE], more=entries[LOG_PAGE - 1].id if len(entries) > LOG_PAGE else None,
        names=people.names(session, brand_id), words_of=people.audit_words,
    )  # fmt: skip
