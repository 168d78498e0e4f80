"""The web application: registers the doors; the only module that knows them all."""

from __future__ import annotations

from flask_openapi.models.info import Info
from flask_openapi.openapi import OpenAPI
from sqlalchemy.orm import Session

from ugc import web
from ugc.kit import logs
from ugc.runtime import Runtime, open_runtime
from ugc.settings import Settings, read_settings


def after_commit(runtime: Runtime, session: Session) -> None:
    """What must happen at once when a commit is through: nothing yet that the worker would not do."""


AFTER_COMMIT = after_commit

# One thread serves one request; each may hold one connection, plus one for a short record of its own.
WEB_POOL = 10


def create_app(runtime: Runtime) -> OpenAPI:
    """The application over an opened runtime."""
    app = OpenAPI(__name__, info=Info(title="ugc", version="1"), static_folder=None)
    web.install(app, runtime)
    return app


def open_app(settings: Settings | None = None) -> OpenAPI:
    """The application over the environment's settings, as the web server loads it."""
    settings = settings or read_settings()
    logs.set_up(settings.log_level)
    return create_app(open_runtime(settings, after_commit=AFTER_COMMIT, pool_size=WEB_POOL, application="ugc-web"))
