"""What every door needs of a request: its session and commit rule, who asks, where from, what the answer must carry.

The only Flask code that the doors share (decision 0005).
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Histogram
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge
from werkzeug.exceptions import NotFound as NoRoute
from werkzeug.middleware.proxy_fix import ProxyFix

from ugc.accounts import actions as accounts_actions
from ugc.accounts import queries as accounts_queries
from ugc.accounts import rules
from ugc.accounts.models import KeyKind, Role, SignIn
from ugc.accounts.rules import Principal
from ugc.kit import clock, logs, signing
from ugc.kit.errors import Forbidden, Invalid, NotFound, TooLarge, UgcError
from ugc.runtime import Runtime

Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")
View = TypeVar("View", bound=Callable[..., Any])

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# Probes come with the pod's or the container's own address as host.
PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
# A route's arguments that open something by themselves never reach a log (T-64).
SECRET_ARGUMENTS = frozenset({"token", "code", "ticket"})
LIKE_A_TOKEN = re.compile(r"[\w-]{20,}")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
MAX_BODY = 2 * 1024 * 1024
"""Bytes of a body where a view allows no more with `body_limit` (T-12)."""
MAX_FORM_MEMORY = 1024 * 1024
MAX_FORM_PARTS = 100


ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
}
# What a person's pages carry; htmx and the modules come from our own static files, inline scripts need the nonce (T-46).
STUDIO_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data: blob: https:; "
    "font-src 'self'; connect-src 'self'; media-src 'self'; frame-src 'self'; manifest-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
PUBLIC_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
YEAR = 31_536_000

METRICS = CollectorRegistry()
LATENCY = Histogram(
    "ugc_request_seconds", "Time to answer by route and status class", ["method", "route", "status"], registry=METRICS,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)  # fmt: skip

log = logs.get("ugc.web")


class WrongMethod(UgcError):
    """This address does not take this method."""

    status = 405


class CrossSite(Forbidden):
    """This form was sent from another site, or its page is too old; open the page again and repeat."""


class WrongHost(Invalid):
    """This service does not answer under this host name; set UGC_BASE_URL or UGC_TRUSTED_HOSTS."""


def install(app: Flask, runtime: Runtime) -> None:
    """Give the app its runtime, its limits and the commit rule: answers below 400 commit, everything else rolls back."""
    app.extensions["ugc"] = runtime
    app.config.update(MAX_CONTENT_LENGTH=MAX_BODY, MAX_FORM_MEMORY_SIZE=MAX_FORM_MEMORY, MAX_FORM_PARTS=MAX_FORM_PARTS)
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it; answers keep the order of their shapes
    hops = runtime.settings.proxy_hops
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    app.context_processor(context)
    app.before_request(begin)
    # Flask calls these last one first: commit, then headers, then the log line, which so knows the answer as it leaves.
    app.after_request(log_request)
    app.after_request(add_headers)
    app.after_request(finish_session)
    app.teardown_request(close_session)


def runtime() -> Runtime:
    """What this process holds."""
    held: Runtime = current_app.extensions["ugc"]
    return held


def now() -> datetime:
    """The request's one moment: everything that it writes bears the same time."""
    if "now" not in g:
        g.now = clock.now()
    moment: datetime = g.now
    return moment


def begin() -> None:
    """Before any view: the host is ours, the body's limit is the view's, a studio form comes from the studio."""
    g.started = time.perf_counter()
    check_host()
    limit = getattr(current_app.view_functions.get(request.endpoint or ""), "max_body", MAX_BODY)
    request.max_content_length = limit(runtime()) if callable(limit) else limit
    if is_studio() and request.method not in SAFE_METHODS:
        check_site()


def body_limit(size: int | Callable[[Runtime], int]) -> Callable[[View], View]:
    """Let a view read a larger body than usual: bytes, or a function of the runtime that says how many."""

    def mark(view: View) -> View:
        view.max_body = size  # type: ignore[attr-defined]  # read in begin(): before a form token is looked for in the body
        return view

    return mark


def check_host() -> None:
    """Raise WrongHost for a host name that is not this service's (T-100)."""
    if request.path not in PROBES and host_name(request.host) not in trusted_hosts(runtime()):
        raise WrongHost()


def host_name(host: str) -> str:
    """The name in `name:port`, in small letters."""
    return (urlsplit(f"//{host}").hostname or "").lower()


def trusted_hosts(runtime: Runtime) -> frozenset[str]:
    """The names under which this service answers."""
    settings = runtime.settings
    return LOOPBACK | {host_name(urlsplit(settings.base_url).netloc), *settings.trusted_hosts}


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


def is_studio() -> bool:
    """Whether the request goes to the coordinator's pages, the only door that reads the cookie."""
    return request.path == "/studio" or request.path.startswith("/studio/")


def principal() -> Principal:
    """Who asks: by the cookie in the studio, by a secret key anywhere else; raises Unauthorised or Forbidden."""
    if "principal" not in g:
        g.principal = principal_by_cookie() if is_studio() else principal_by_key()
    found: Principal = g.principal
    return found


def principal_by_cookie() -> Principal:
    """The signed-in person; whoever changes something must also show that the form was ours (T-92)."""
    found = sign_in()
    if request.method not in SAFE_METHODS:
        check_csrf()
    return accounts_queries.get_principal(session(), found)


def sign_in() -> SignIn:
    """The sign-in behind the cookie, read from its row on each request; raises SignInEnded."""
    if "sign_in" not in g:
        g.sign_in = accounts_queries.get_sign_in(session(), sign_in_token(), now=now())
        accounts_actions.touch_sign_in(runtime(), g.sign_in, now())
    found: SignIn = g.sign_in
    return found


def principal_by_key() -> Principal:
    """The brand behind `Authorization: Bearer sk_…`. A key may do what a coordinator may: it never manages people or keys."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise rules.WrongKey()
    key = accounts_queries.get_key(session(), token.strip())
    if key.kind != KeyKind.SECRET:
        raise Forbidden("a publishable key can only be used in galleries and events")
    return Principal(key.brand_id, key.brand.slug, Role.COORDINATOR, f"key:{key.id}")


def needs(role: Role) -> Callable[[Callable[Parameters, Answer]], Callable[Parameters, Answer]]:
    """A view for people and keys with this role or a higher one."""

    def guard(view: Callable[Parameters, Answer]) -> Callable[Parameters, Answer]:
        @wraps(view)
        def guarded(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Answer:
            if not rules.allows(principal().role, role):
                raise rules.RoleMissing(f"this needs the role {role}")
            return view(*args, **kwargs)

        return guarded

    return guard


def client_address() -> str:
    """The visitor's address: the socket's peer, or what the configured number of proxies passed on (T-76)."""
    return request.remote_addr or ""


def cookie_name() -> str:
    """`__Host-` under TLS: such a cookie can't be planted from a sibling host."""
    return "__Host-ugc" if runtime().settings.is_https else "ugc"


def sign_in_token() -> str:
    """The token in the cookie, or nothing."""
    return request.cookies.get(cookie_name(), "")


def set_cookie(response: Response, token: str) -> None:
    """Hand the browser its sign-in; it goes with the browser, the row's limits hold whatever the browser does."""
    response.set_cookie(cookie_name(), token, httponly=True, samesite="Lax", secure=runtime().settings.is_https, path="/")


def drop_cookie(response: Response) -> None:
    """Take the sign-in back from the browser."""
    response.delete_cookie(cookie_name(), httponly=True, samesite="Lax", secure=runtime().settings.is_https, path="/")


def csrf_token() -> str:
    """What a studio form carries as `csrf_token`, and htmx as the header `X-CSRF-Token`: bound to this sign-in."""
    return signing.keyed_digest(runtime().key("csrf"), sign_in_token().encode())


def check_csrf() -> None:
    """Raise CrossSite unless the request carries this sign-in's token."""
    given = request.headers.get("X-CSRF-Token") or request.form.get("csrf_token", "")
    if not given or not signing.same(given, csrf_token()):
        raise CrossSite()


def check_site() -> None:
    """Raise CrossSite when the browser says that another site sent this; browsers can't be made to lie here."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        raise CrossSite()
    origin = request.headers.get("Origin")
    if origin is not None and host_name(urlsplit(origin).netloc) not in {host_name(request.host), *trusted_hosts(runtime())}:
        raise CrossSite()


def nonce() -> str:
    """The one value with which this page's own inline scripts and styles are marked."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(18)
    value: str = g.nonce
    return value


def request_id() -> str:
    """The name under which the logs know this request, and which a visitor can quote."""
    if "request_id" not in g:
        g.request_id = secrets.token_hex(8)
    value: str = g.request_id
    return value


def context() -> dict[str, Any]:
    """What every template may call."""
    return {"csrf_token": csrf_token, "nonce": nonce}


def add_headers(response: Response) -> Response:
    """The safe defaults of each door; a view that set a header of its own keeps it (T-46, T-48, T-50, T-51)."""
    headers = response.headers
    for name, value in ALWAYS.items():
        headers.setdefault(name, value)
    headers.setdefault("X-Request-Id", request_id())
    headers.setdefault("Cache-Control", "no-store")
    if is_studio():
        headers.setdefault("Content-Security-Policy", STUDIO_POLICY.format(nonce=nonce()))
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    else:
        headers.setdefault("Content-Security-Policy", PUBLIC_POLICY)
        headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
    if runtime().settings.is_https:
        headers.setdefault("Strict-Transport-Security", f"max-age={YEAR}")
    return response


def log_request(response: Response) -> Response:
    """Count and log each answer: visitors' quiet reads only when debugging; no query string, no address, no token (T-64)."""
    seconds = time.perf_counter() - g.get("started", time.perf_counter())
    route = request.url_rule.rule if request.url_rule else "none"
    LATENCY.labels(request.method, route, f"{response.status_code // 100}xx").observe(seconds)
    quiet = response.status_code < 400 and not is_studio() and not request.path.startswith("/api/")
    (log.debug if quiet else log.info)(
        "request",
        request=request_id(),
        method=request.method,
        path=shown_path(),
        status=response.status_code,
        ms=round(seconds * 1000, 1),
    )
    return response


def shown_path() -> str:
    """The path as logs may hold it; of an address that leads nowhere nothing that may be a token is left."""
    path = request.path if request.url_rule else LIKE_A_TOKEN.sub("…", request.path)
    for name, value in (request.view_args or {}).items():
        if name in SECRET_ARGUMENTS:
            path = path.replace(str(value), "…")
    return path[:200]


def problem(error: UgcError) -> dict[str, Any]:
    """An error as RFC 9457 has it, with our stable code."""
    return {
        "type": "about:blank",
        "title": error.message(),
        "status": error.status,
        "code": error.code,
        "detail": error.detail,
        "request_id": request_id(),
        **{name: value for name, value in error.facts.items() if name != "retry_after"},
    }


def from_http(error: HTTPException) -> UgcError:
    """The framework's own refusals in our words."""
    match error:
        case NoRoute():
            return NotFound()
        case RequestEntityTooLarge():
            return TooLarge()
        case MethodNotAllowed():
            return WrongMethod()
        case _ if error.code is not None and 400 <= error.code < 500:
            return Invalid()
        case _:
            return UgcError()
