"""Sign-in, sign-out and the switch between a person's brands."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from ugc import web
from ugc.accounts import actions as accounts_actions
from ugc.accounts import queries as accounts_queries
from ugc.accounts.models import Role
from ugc.kit.errors import Forbidden, TooMany, UgcError, Unauthorised
from ugc.studio.render import bare

pages = Blueprint("sign_in", __name__)

HOME = "/studio/inbox"


@pages.get("/sign-in")
def show() -> Response:
    """The form."""
    return form(next=next_page(request.args.get("next", "")))


@pages.post("/sign-in")
def sign_in() -> Response:
    """A new sign-in, replacing the one that the browser held; a refusal shows the form again and keeps the address."""
    # No form token: before there is a sign-in it would be the same for everybody; check_site() keeps other sites out.
    email, wanted = request.form.get("email", ""), next_page(request.form.get("next", ""))
    try:
        _, token = accounts_actions.sign_in(
            web.runtime(), web.session(), email, request.form.get("password", ""),
            address=web.client_address(), now=web.now(), replaces=web.sign_in_token(),
        )  # fmt: skip
    except (Unauthorised, TooMany, Forbidden) as refusal:
        return form(refusal, email=email[:254], next=wanted)
    response = make_response(redirect(wanted, 303))
    web.set_cookie(response, token)
    return response


@pages.post("/sign-out")
@web.needs(Role.VIEWER)
def sign_out() -> Response:
    """The end of this sign-in."""
    accounts_actions.sign_out(web.session(), web.sign_in_token())
    response = make_response(redirect("/studio/sign-in", 303))
    web.drop_cookie(response)
    return response


@pages.post("/brand")
@web.needs(Role.VIEWER)
def switch_brand() -> AnyResponse:
    """Look at another of the person's brands."""
    brand = accounts_queries.get_brand(web.session(), request.form.get("brand", ""))
    accounts_actions.switch_brand(web.session(), web.sign_in(), brand)
    return redirect(HOME, 303)


def form(refusal: UgcError | None = None, *, email: str = "", next: str = HOME) -> Response:
    """The sign-in page, with what went wrong."""
    status = refusal.status if refusal else 200
    return bare("frame/sign_in.html", status, error=refusal.detail if refusal else "", email=email, next=next)


def next_page(wanted: str) -> str:
    """Where to go after signing in: a page of the studio, never another site (T-91)."""
    fits = wanted.startswith("/studio/") and "\\" not in wanted and not wanted.startswith("/studio/sign-")
    return wanted if fits and wanted.isprintable() else HOME
