"""How a write answers: JSON to the page's own scripts, else a way back to the page with a message."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import jsonify, redirect, request
from werkzeug.wrappers import Response


def wants_json() -> bool:
    """Whether a script of ours asks, not a form."""
    return request.accept_mimetypes.best == "application/json"


def done(what: str, *, to: str = "", **facts: Any) -> Response:
    """The write is through: its facts for a script, else the page it came from (or `to`) with a message of that name."""
    if wants_json():
        return jsonify(done=what, **facts)
    shown = {name: str(facts[name]) for name in ("n", "batch") if name in facts}
    return redirect(with_message(to or came_from(), {"done": what} | shown), 303)


def came_from() -> str:
    """The studio page that sent the form."""
    referrer = urlsplit(request.referrer or "")
    if referrer.netloc == request.host and referrer.path.startswith("/studio/"):
        return f"{referrer.path}?{referrer.query}" if referrer.query else referrer.path
    return "/studio/inbox"


def with_message(address: str, message: dict[str, str]) -> str:
    """The address with a message in its query, in the place of an older one; the fragment stays at the end."""
    parts = urlsplit(address)
    kept = [(name, value) for name, value in parse_qsl(parts.query) if name not in {"done", "n", "batch"}]
    return parts._replace(query=urlencode([*kept, *message.items()])).geturl()
