"""What every door needs of a request: its session and commit rule, who asks, where from.

The only Flask code that the doors share (decision 0005).
"""

from __future__ import annotations

from flask import Flask, Response, current_app, g, request
from sqlalchemy.orm import Session

from ugc.runtime import Runtime


def install(app: Flask, runtime: Runtime) -> None:
    """Give the app its runtime and the commit rule: answers below 400 commit, everything else rolls back."""
    app.extensions["ugc"] = runtime
    app.after_request(finish_session)
    app.teardown_request(close_session)


def runtime() -> Runtime:
    """What this process holds."""
    held: Runtime = current_app.extensions["ugc"]
    return held


def session() -> Session:
    """The request's one session, opened when first asked for."""
    if "session" not in g:
        g.session = runtime().sessions()
    opened: Session = g.session
    return opened


def finish_session(response: Response) -> Response:
    """Commit before the answer leaves, so that an acknowledged write is a stored one."""
    opened: Session | None = g.get("session")
    if opened is not None:
        if response.status_code < 400:
            runtime().commit(opened)
        else:
            opened.rollback()
    return response


def close_session(_: BaseException | None) -> None:
    """Give the connection back, whatever happened."""
    opened: Session | None = g.pop("session", None)
    if opened is not None:
        opened.close()


def client_address() -> str:
    """The visitor's address: the socket's peer, or what the configured number of proxies passed on."""
    return request.remote_addr or ""
