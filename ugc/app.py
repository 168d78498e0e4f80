"""The web application: registers the doors; the only module that knows them all."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, redirect, request
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.info import Info
from flask_openapi.openapi import OpenAPI
from psycopg import errors as postgres_errors
from sqlalchemy.exc import DataError, InterfaceError, OperationalError, TimeoutError
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.wrappers import Response as AnyResponse

from ugc import tables, web
from ugc.api import routes as api_routes
from ugc.demo import shop
from ugc.embed import collect, health, media, networks, submit, uploads, warm, widget
from ugc.embed import galleries as embed_galleries
from ugc.embed import orders as embed_orders
from ugc.galleries import actions as galleries_actions
from ugc.kit import logs
from ugc.kit.errors import Invalid, TooMany, UgcError, Unauthorised, Unavailable
from ugc.kit.supervisor import end_with_parent
from ugc.runtime import Runtime, open_runtime
from ugc.settings import Settings, read_settings
from ugc.similarity import meaning
from ugc.studio import door as studio

DOORS: tuple[Blueprint, ...] = (
    *api_routes.doors,
    health.pages,
    studio.pages,
    collect.pages,
    embed_galleries.pages,
    embed_orders.pages,
    media.pages,
    networks.pages,
    submit.links,
    submit.pages,
    uploads.pages,
    widget.pages,
)
"""Every door's blueprints; flask_openapi's own go in the same way."""

# A web process has eight threads (ugc/cli/serving.py); each may hold one connection, plus one for a short record of its own.
WEB_POOL = 8
SIGN_IN_PAGE = "/studio/sign-in"

log = logs.get("ugc.app")


def after_commit(runtime: Runtime, session: Session) -> None:
    """What must happen at once when a commit is through: answers that it made untrue are deleted."""
    galleries_actions.drop_changed(runtime, session)


AFTER_COMMIT = after_commit


def create_app(runtime: Runtime) -> OpenAPI:
    """The application over an opened runtime."""
    assert tables.metadata.tables  # every room's tables are mapped before the first query
    meaning.set_up(runtime.settings)
    app = OpenAPI(__name__, info=Info(title="ugc", version="1"), static_folder=None, doc_ui=False)
    web.install(app, runtime)
    for door in DOORS:
        register(app, door)
    if runtime.settings.demo:
        register(app, shop.pages)
    app.register_error_handler(Exception, answer_error)
    app.wsgi_app = warm.wrap(app.wsgi_app, runtime.snapshots)  # type: ignore[method-assign, assignment]
    return app


def register(app: OpenAPI, door: Blueprint) -> None:
    """Add a door's routes; those with an OpenAPI description are told apart by their class."""
    if isinstance(door, APIBlueprint):
        app.register_api(door)
    else:
        app.register_blueprint(door)


def answer_error(error: Exception) -> AnyResponse:
    """One answer per door: problem+json for the API, a page for the studio, a small word for everybody else."""
    known = as_known(error)
    if known is None:
        log.error("request_failed", request=web.request_id(), path=web.shown_path(), exc_info=error)
        known = UgcError()
    if web.is_studio():
        return studio_answer(known)
    response = jsonify(web.problem(known)) if request.path.startswith("/api/") else jsonify(error=known.code)
    response.status_code = known.status
    if request.path.startswith("/api/"):
        response.content_type = "application/problem+json"
    return with_hints(response, known)


def as_known(error: Exception) -> UgcError | None:
    """The error in our own words, or None for one that nobody foresaw."""
    if isinstance(error, UgcError):
        return error
    if isinstance(error, InternalServerError) and isinstance(error.original_exception, Exception):
        return as_known(error.original_exception)  # Flask wraps what the commit after the view raised
    if isinstance(error, DataError):
        return Invalid("a text or number in the request can't be stored; look for control characters and very large numbers")
    if isinstance(error, HTTPException):
        return web.from_http(error)
    if isinstance(error, TimeoutError | InterfaceError):
        return Unavailable("the database is busy or down")
    if isinstance(error, OperationalError) and not isinstance(error.orig, postgres_errors.DiskFull):
        log.warning("database_unavailable", request=web.request_id(), path=web.shown_path(), error=str(error.orig)[:300])
        return Unavailable("the database is busy or down")
    return None


def studio_answer(error: UgcError) -> AnyResponse:
    """The sign-in page for those who are not signed in, else a page that says what is wrong."""
    back = f"{SIGN_IN_PAGE}?{urlencode({'next': request.full_path.rstrip('?')})}"
    if isinstance(error, Unauthorised) and request.path != SIGN_IN_PAGE:
        if request.headers.get("HX-Request"):
            return Response(status=error.status, headers={"HX-Redirect": SIGN_IN_PAGE})
        if request.method in web.SAFE_METHODS:
            return redirect(back, HTTPStatus.SEE_OTHER)
    return with_hints(studio.error_page(error), error)


def with_hints(response: AnyResponse, error: UgcError) -> AnyResponse:
    """Say when to come again, and how to identify oneself, where the status calls for it."""
    if isinstance(error, TooMany | Unavailable):
        response.headers.setdefault("Retry-After", str(error.facts.get("retry_after", 5)))
    if isinstance(error, Unauthorised):
        response.headers.setdefault("WWW-Authenticate", "Bearer")
    return response


def open_app(settings: Settings | None = None) -> OpenAPI:
    """The application over the environment's settings, as the web server loads it in each of its processes."""
    end_with_parent()
    settings = settings or read_settings()
    logs.set_up(settings.log_level)
    return create_app(open_runtime(settings, after_commit=AFTER_COMMIT, pool_size=WEB_POOL, application="ugc-web"))
