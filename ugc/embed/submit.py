"""`/submit/{brand}`: the page on which customers send photos, and `/submissions/{token}`: the way to take them back."""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from typing import Any, BinaryIO, cast

from flask import Blueprint, Response, g, jsonify, make_response, redirect, request, url_for
from jinja2 import Environment, PackageLoader, StrictUndefined
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse

from ugc import web
from ugc.accounts import queries as accounts_queries
from ugc.catalog import queries as catalog_queries
from ugc.embed import form, origins
from ugc.galleries import published
from ugc.kit.errors import NotFound, TooLarge, TooMany, UgcError
from ugc.runtime import Runtime
from ugc.submissions import actions, queries, rules, uploads
from ugc.submissions.actions import Attached, Post
from ugc.submissions.models import Submission
from ugc.submissions.queries import Page

pages = Blueprint("embed_submit", __name__)
links = Blueprint("embed_submissions", __name__)
origins.install(pages)

POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src blob: data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
# The sender was too young on this browser; the page stays closed until the browser is closed (L-14). Nothing else is in it.
TOO_YOUNG = "ugc_upload_closed"


def whole_form(runtime: Runtime) -> int:
    """Bytes of a form that carries one file of the largest size."""
    return (runtime.settings.max_upload_mb + 1) * uploads.MEGABYTE


@pages.get("/submit/<brand>")
def show(brand: str) -> Response:
    """The form, which works without scripts for one photo."""
    count_page()
    if TOO_YOUNG in request.cookies:
        raise rules.TooYoung()
    return draw(origins.page_of(brand), {"product": request.args.get("product", "")})


@pages.get("/submit/<brand>.json")
def describe(brand: str) -> Response:
    """The form for the element, which draws it on the shop's page."""
    count_page()
    page = origins.page_of(brand)
    if not page.is_open:
        raise rules.Closed()
    sku, title = find_product(page, request.args.get("product", ""))
    base_url = web.runtime().settings.base_url
    style = environment().get_template("form.css").render()
    return jsonify(form.as_json(page, new_stamp(page), sku, title, base_url=base_url, style=style))


@pages.post("/submit/<brand>")
@web.body_limit(whole_form)
def send(brand: str) -> AnyResponse:
    """Take the form in: 201 or a way to the link for what is new, 200 or a page for what was here before."""
    post = read_post()
    if TOO_YOUNG in request.cookies:  # from another tab, or by the back button
        uploads.drop(web.runtime(), origins.page_of(brand).brand_id, post.uploads)
        raise rules.TooYoung()
    outcome = actions.submit(web.runtime(), origins.limiter(), brand, post, now=web.now())
    if wants_json():
        link = address_of(outcome.token) if outcome.token else None
        return make_response(jsonify(link=link, new=outcome.is_new), HTTPStatus.CREATED if outcome.is_new else HTTPStatus.OK)
    if outcome.token:
        return redirect(url_for("embed_submissions.show_link", token=outcome.token, sent=1), HTTPStatus.SEE_OTHER)
    return html("thanks.html", page=origins.page_of(brand), is_new=outcome.is_new)


def read_post() -> Post:
    """The form's fields, the ids of uploads, and files that came along."""
    fields = {name: request.form.get(name, "") for name in request.form if name != "upload"}
    given = [Attached(cast(BinaryIO, each.stream), each.filename or "") for each in request.files.getlist("file") if each.filename]
    return Post(fields, request.form.getlist("upload")[: 2 * rules.MAX_FILES], given, web.client_address())


def count_page() -> None:
    """Raise TooMany for an address that asks without end."""
    for limit in rules.PAGES_OF_ADDRESS:
        origins.limiter().take(limit, "page", rules.line_of(web.client_address()))


def wants_json() -> bool:
    """Whether a script asks."""
    return request.accept_mimetypes.best == "application/json"


def new_stamp(page: Page) -> str:
    """The mark of a form that is opened now."""
    return rules.make_stamp(web.runtime().key("submission-form"), page.slug, web.now())


def address_of(token: str) -> str:
    """The whole link to withdraw."""
    return f"{web.runtime().settings.base_url}/submissions/{token}"


def find_product(page: Page, sku: str) -> tuple[str, str]:
    """SKU and title of a product of the brand; both empty for any other."""
    if not sku:
        return "", ""
    with web.runtime().transaction() as session:
        found = catalog_queries.map_products(session, page.brand_id, [sku]).get(sku)
        return (found.sku, found.title) if found and found.removed_at is None else ("", "")


def draw(
    page: Page, given: dict[str, str], error: UgcError | None = None, *, wrong: dict[str, str] | None = None,
    files: tuple[rules.RefusedFile, ...] = (), kept: tuple[rules.KeptFile, ...] = (),
) -> Response:  # fmt: skip
    """The page with what was given before and what is wrong with it."""
    if not page.is_open:
        return html("closed.html", HTTPStatus.GONE, page=page, words=rules.Closed.message())
    sku, title = find_product(page, given.get("product", ""))
    years = range(web.now().year, web.now().year - 110, -1)
    facts = {"sku": sku, "product": title, "fields": form.fields_of(page, title), "months": form.MONTHS, "years": years}
    status = error.status if error else HTTPStatus.OK
    return html(
        "form.html", status, page=page, given=given, error=error, wrong=wrong or {}, refused=files,
        kept=kept, stamp=new_stamp(page), trap=rules.TRAP, accept=form.ACCEPT, pictures=form.PICTURES, most=rules.MAX_FILES,
        script=script(), **facts,
    )  # fmt: skip


def html(name: str, status: int = HTTPStatus.OK, **facts: Any) -> Response:
    """A page of its own, in one request: style and script are in it."""
    colour = facts["page"].accent if facts.get("page") else ""
    on = rules.text_on(colour) if colour else ""
    text = environment().get_template(name).render(nonce=web.nonce(), colour=colour, on_colour=on, status=status, **facts)
    response = make_response(text, status)
    response.headers["Content-Security-Policy"] = POLICY.format(nonce=web.nonce())
    response.headers["Referrer-Policy"] = "same-origin"
    return response


@cache
def environment() -> Environment:
    """The public pages' templates; made once."""
    loader = PackageLoader("ugc.embed", "templates/submit")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


@cache
def script() -> str:
    """The element's module, as published, to be put into the page; it never holds the end of a script element."""
    text = (published.folder("v1") / "upload.js").read_text()
    assert "</script" not in text
    return text


@pages.errorhandler(RequestEntityTooLarge)
def refuse_large(_: RequestEntityTooLarge) -> AnyResponse:
    """A form beyond the limit."""
    most = web.runtime().settings.max_upload_mb
    return refuse(TooLarge(f"That is more than the {most} MB that can be sent at a time."))


@pages.errorhandler(UgcError)
def refuse(error: UgcError) -> AnyResponse:
    """What is wrong, where it is wrong: as JSON for a script, else the page with all that was given."""
    brand = (request.view_args or {})["brand"]
    if wants_json() or request.path.endswith(".json"):
        response: Response = make_response(jsonify(error_json(error, brand)), error.status)
    elif isinstance(error, rules.TooYoung | NotFound | rules.StrangeSite):
        response = html("closed.html", error.status, page=None, words=error.detail)
    else:
        response = draw_refusal(error, brand)
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.facts.get("retry_after", 60))
    if isinstance(error, rules.TooYoung) and not g.get("allows_origin", False):
        secure = web.runtime().settings.is_https
        response.set_cookie(TOO_YOUNG, "1", httponly=True, samesite="Lax", secure=secure, path="/submit")
    return response


def draw_refusal(error: UgcError, brand: str) -> Response:
    """The page with all that was given; of a form that was too large nothing was read."""
    page = origins.page_of(brand)
    if isinstance(error, TooLarge):
        return draw(page, {"product": request.args.get("product", "")}, error)
    given = {name: value for name, value in request.form.items() if name != "stamp"}
    if isinstance(error, rules.BadForm):
        return draw(page, given, error, wrong=error.fields, files=error.files, kept=error.kept)
    lost = any(each.filename for each in request.files.getlist("file"))
    return draw(page, given, error, wrong={"file": "Please choose the photo again."} if lost else {}, kept=kept_of(brand))


def kept_of(brand: str) -> tuple[rules.KeptFile, ...]:
    """The uploads that a refused form named and that are still here."""
    tokens = request.form.getlist("upload")[: rules.MAX_FILES] if request.method == "POST" else []
    with web.runtime().transaction() as session:
        found = queries.find_uploads(session, origins.page_of(brand).brand_id, tokens, now=web.now())
    return tuple(rules.KeptFile(token, row.name) for token, row in found.items())


def error_json(error: UgcError, brand: str) -> dict[str, Any]:
    """The error with what a script needs to try again: a new mark, and the terms where they changed."""
    facts: dict[str, Any] = {"error": error.code, "detail": error.detail, **error.facts}
    if isinstance(error, rules.BadForm):
        facts["kept"] = [each.upload for each in error.kept]
    if isinstance(error, rules.FormTooOld | rules.TermsChanged):
        page = origins.page_of(brand)
        facts |= {"stamp": new_stamp(page), "terms": {"name": page.terms.name, "text": page.terms.text}}
    return facts


# The link to take it back.


@links.after_request
def keep_quiet(response: Response) -> Response:
    """The address is a secret: it goes nowhere else, lies in no cache and in no index (T-64)."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@links.get("/submissions/<token>")
def show_link(token: str) -> Response:
    """What was sent and what can be done; looking does nothing (T-60)."""
    return draw_link(token, find_link(token), thanks="sent" in request.args)


@links.post("/submissions/<token>")
def act(token: str) -> Response:
    """Withdraw, or withdraw and delete; again and at once from many sides gives the same page (T-62)."""
    count_link()
    wanted = request.form.get("action", "")
    if wanted not in {"withdraw", "erase"}:
        raise NotFound()
    found = actions.withdraw(web.runtime(), web.session(), token, now=web.now(), erase=wanted == "erase")
    return draw_link(token, found)


def find_link(token: str) -> Submission:
    """The submission behind a link; raises NoSuchSubmission, and TooMany for who tries many."""
    count_link()
    return queries.get_submission(web.session(), token)


def draw_link(token: str, found: Submission, *, thanks: bool = False) -> Response:
    """What stands behind the link now; 410 once everything is deleted, without naming anybody (T-63)."""
    if found.erased_at is not None:
        status = HTTPStatus.OK if request.method == "POST" else HTTPStatus.GONE  # what a 4xx answer did would be rolled back
        return html("closed.html", status, page=None, words="Everything that you sent is deleted, or will be within minutes.")
    with web.runtime().transaction() as session:
        page = queries.get_page(session, accounts_queries.get_brand_by_id(session, found.brand_id))
    thanks = thanks and found.withdrawn_at is None
    return html("submission.html", page=page, found=found, thanks=thanks, link=address_of(token))


def count_link() -> None:
    """Count against guessing."""
    for limit in rules.LINKS_OF_ADDRESS:
        origins.limiter().take(limit, "link", rules.line_of(web.client_address()))


@links.errorhandler(UgcError)
def refuse_link(error: UgcError) -> Response:
    """A page that says so; every wrong link has the same."""
    response = html("closed.html", error.status, page=None, words=error.detail)
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.facts.get("retry_after", 60))
    return response
