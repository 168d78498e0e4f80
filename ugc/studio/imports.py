"""Imports: send a file, say what it holds, try it, bring it in, watch it, read its report, take it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, cast

from flask import Blueprint, request
from werkzeug.wrappers import Response

from ugc import web
from ugc.accounts.models import Role
from ugc.ingest import drafting, undoing
from ugc.ingest import queries as ingest_queries
from ugc.ingest.drafting import Choices
from ugc.ingest.models import Import, ImportState
from ugc.ingest.rules import ORDERS
from ugc.ingest.sources.reviews import describing
from ugc.ingest.sources.reviews.describing import PreviewRow, TableView
from ugc.ingest.sources.reviews.known import FORMATS
from ugc.kit.errors import Invalid, UgcError
from ugc.studio import answers, people, pictures, shapes
from ugc.studio.asked import read_whole
from ugc.studio.render import bare, page

pages = Blueprint("imports", __name__)

COUNTS = ("read", "added", "updated", "duplicate", "rejected")
PREVIEWED = 8
PAGE = 50
# Columns that are shown and mapped by hand: a line of commas must not become a page of a hundred megabytes.
MAX_COLUMNS = 150
MAX_FAULT = 600
BUSY = frozenset({ImportState.WAITING, ImportState.RUNNING, ImportState.UNDOING})
KINDS = {
    "reviews": "Reviews", "catalog": "Products (a catalogue feed)", "media": "Photos and videos (a ZIP archive)",
    "orders": "Orders (JSON, one a line)",
}  # fmt: skip
STATES = {"inbox": "wait in the inbox", "approved": "are approved at once"}
RIGHTS = {
    "owned": "the brand’s own: they came through its form or review app",
    "granted": "granted by their creators",
    "none": "not known yet",
}
NO_FIELD = "-"


@dataclass(frozen=True, slots=True)
class Look:
    """How a draft's file would be read, or why it can't be."""

    table: TableView | None = None
    rows: tuple[PreviewRow, ...] = ()
    header: tuple[str, ...] = ()
    more: int = 0
    """Columns beyond those that the page shows."""
    fault: str = ""


@pages.get("/imports")
@web.needs(Role.VIEWER)
def show_all() -> Response:
    """The brand's imports, the newest first."""
    session, brand_id = web.session(), web.principal().brand_id
    before = read_whole(request.args["before"]) if request.args.get("before") else None
    found = ingest_queries.find_imports(session, brand_id, before=before, limit=PAGE + 1)
    return page(
        "imports/page.html", imports=found[:PAGE], next=found[PAGE - 1].id if len(found) > PAGE else None, counts=COUNTS,
        names=people.names(session, brand_id), busy=BUSY, most=web.runtime().settings.max_import_mb,
        toast=shapes.toast(request.args), **pictures.counted(session, brand_id),
    )  # fmt: skip


@pages.post("/imports")
@web.needs(Role.COORDINATOR)
@web.body_limit(lambda runtime: (runtime.settings.max_import_mb + 1) * 1024 * 1024)
def send() -> Response:
    """Take a file and ask what it holds."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise Invalid("choose a file first")
    who = web.principal()
    draft = drafting.keep_file(
        web.runtime(), web.session(), who.brand_id, cast(BinaryIO, sent.stream), sent.filename, actor=who.actor
    )
    return answers.done("import-new", to=f"/studio/imports/{draft.id}", id=draft.id)


@pages.get("/imports/<int:import_id>")
@web.needs(Role.VIEWER)
def show(import_id: int) -> Response:
    """A draft to be described, a run on its way, or a report by line."""
    session, brand_id = web.session(), web.principal().brand_id
    found = ingest_queries.get_import(session, brand_id, import_id)
    facts: dict[str, Any] = {
        "run": found,
        "counts": COUNTS,
        "names": people.names(session, brand_id),
        "toast": shapes.toast(request.args),
    }
    if found.state is ImportState.DRAFT:
        return page("imports/draft.html", **facts, **draft_facts(found))
    weight = undoing.weigh(session, found) if undoing.can_undo(session, found) else None
    return page("imports/report.html", **facts, is_busy=is_busy(found), weight=weight)


def is_busy(run: Import) -> bool:
    """Whether a worker still is at it, also at the last batch of one that was stopped."""
    return run.state in BUSY or (run.state is ImportState.STOPPED and run.storage_key != "")


@pages.get("/imports/<int:import_id>/progress")
@web.needs(Role.VIEWER)
def show_progress(import_id: int) -> Response:
    """How far a run is, asked for every second; once it has ended, the page is to be loaded anew."""
    found = ingest_queries.get_import(web.session(), web.principal().brand_id, import_id)
    response = bare("imports/progress.html", run=found)
    if not is_busy(found):
        response.headers["HX-Refresh"] = "true"
    return response


@pages.post("/imports/<int:import_id>/choose")
@web.needs(Role.COORDINATOR)
def choose(import_id: int) -> Response:
    """Keep what was said so far; a script gets the form anew, with what would become of the first rows."""
    draft = keep_choices(import_id)
    if not request.headers.get("HX-Request"):
        return answers.done("import-kept", to=f"/studio/imports/{import_id}")
    return bare("imports/draft_fields.html", run=draft, counts=COUNTS, renewed=True, **draft_facts(draft))


@pages.post("/imports/<int:import_id>/try")
@web.needs(Role.COORDINATOR)
def try_out(import_id: int) -> Response:
    """Have the worker read the whole file and store nothing."""
    return begin(import_id, dry_run=True)


@pages.post("/imports/<int:import_id>/start")
@web.needs(Role.COORDINATOR)
def start(import_id: int) -> Response:
    """Bring the file in."""
    return begin(import_id, dry_run=False)


def begin(import_id: int, *, dry_run: bool) -> Response:
    """Keep what the form says and hand the draft to the worker; what was called something else just now is shown first."""
    who = web.principal()
    before = drafting.choices_of(drafting.get_draft(web.session(), who.brand_id, import_id))
    said = drafting.choices_of(keep_choices(import_id))
    if (said.kind, said.format) != (before.kind, before.format):
        return answers.done("import-kept", to=f"/studio/imports/{import_id}")
    drafting.start(web.session(), who.brand_id, import_id, dry_run=dry_run, actor=who.actor, now=web.now())
    return answers.done("import-try" if dry_run else "import-start", to=f"/studio/imports/{import_id}")


@pages.post("/imports/<int:import_id>/stop")
@web.needs(Role.COORDINATOR)
def stop(import_id: int) -> Response:
    """End a run after the batch that it is at."""
    who = web.principal()
    drafting.stop(web.session(), who.brand_id, import_id, actor=who.actor, now=web.now())
    return answers.done("import-stop", to=f"/studio/imports/{import_id}")


@pages.post("/imports/<int:import_id>/discard")
@web.needs(Role.COORDINATOR)
def discard(import_id: int) -> Response:
    """Throw a draft away."""
    who = web.principal()
    drafting.discard(web.session(), who.brand_id, import_id, actor=who.actor, now=web.now())
    return answers.done("import-gone", to="/studio/imports")


@pages.post("/imports/<int:import_id>/undo")
@web.needs(Role.COORDINATOR)
def undo(import_id: int) -> Response:
    """Take an import back as a whole."""
    who = web.principal()
    undoing.ask_undo(web.session(), who.brand_id, import_id, actor=who.actor, now=web.now())
    return answers.done("import-undo", to=f"/studio/imports/{import_id}")


def keep_choices(import_id: int) -> Import:
    """What the form says, kept with the draft."""
    brand_id = web.principal().brand_id
    draft = drafting.get_draft(web.session(), brand_id, import_id)
    return drafting.choose(web.session(), brand_id, import_id, read_choices(draft, request.form))


def read_choices(draft: Import, form: Mapping[str, str]) -> Choices:
    """The form as choices; what it leaves out stays as it was said before."""
    before = drafting.choices_of(draft)
    kind, format = form.get("kind", before.kind), form.get("format", before.format)
    if kind != before.kind or format != before.format:
        return Choices(kind, format if kind == "reviews" else "auto", rights="none" if kind == "media" else "owned")
    return Choices(
        kind, format, mapping=read_mapping(draft, before, form), dates=form.get("dates", before.dates),
        state=form.get("state", before.state), rights=form.get("rights", before.rights),
        evidence=form.get("evidence", before.evidence)[:2000], source=before.source,
        create_products=read_tick(form, "create_products", before.create_products),
        tag_folders=read_tick(form, "tag_folders", before.tag_folders),
    )  # fmt: skip


def read_tick(form: Mapping[str, str], name: str, before: bool) -> bool:
    """A box of a form that was there; unticked ones are not sent."""
    return name in form if "csrf_token" in form else before


def read_mapping(draft: Import, before: Choices, form: Mapping[str, str]) -> dict[str, str]:
    """What the form says of columns where it differs from the guess: field → the column's number from 1, or `-`."""
    if before.kind != "reviews" or not any(name.startswith("column-") for name in form):
        return dict(before.mapping)
    guess: dict[str, str] = {}
    try:
        with drafting.sample(web.runtime(), draft.storage_key) as path:
            table = describing.describe(path, format=before.format)
            guess = {each.meaning: str(each.place + 1) for each in table.columns if each.meaning}
    except UgcError:
        pass  # nothing could be guessed, so everything said differs from it
    said = {form[name]: str(int(name.removeprefix("column-")) + 1) for name in form if is_column(name) and form[name]}
    unknown = sorted(set(said) - set(describing.FIELDS))
    if unknown:
        raise Invalid(f"{unknown[0][:40]!r} is no field of a review")
    return {field: said.get(field, NO_FIELD) for field in {*said, *guess} if said.get(field) != guess.get(field)}


def is_column(name: str) -> bool:
    """Whether a field of the form is about a column."""
    number = name.removeprefix("column-")
    return name.startswith("column-") and number.isascii() and number.isdigit() and len(number) < 5


def draft_facts(draft: Import) -> dict[str, Any]:
    """What the form of a draft shows."""
    said = drafting.choices_of(draft)
    return {
        "said": said, "look": look_at(draft, said), "kinds": KINDS, "states": STATES, "rights": RIGHTS, "orders": ORDERS,
        "formats": {"auto": "recognise it", **{name: each.label for name, each in FORMATS.items()}}, "fields": describing.FIELDS,
    }  # fmt: skip


def look_at(draft: Import, said: Choices) -> Look:
    """How a file of reviews would be read as things stand; other kinds are tried as a whole."""
    if said.kind != "reviews":
        return Look()
    with drafting.sample(web.runtime(), draft.storage_key) as path:
        try:
            table = describing.describe(path, said.mapping, format=said.format)
            dates = said.dates or table.order
            rows = describing.preview(path, said.mapping, format=said.format, dates=dates, count=PREVIEWED)
            shown = replace(table, columns=table.columns[:MAX_COLUMNS])
            return Look(shown, tuple(rows), more=len(table.columns) - len(shown.columns))
        except UgcError as refused:
            header = describing.header_of(path)
            return Look(header=header[:MAX_COLUMNS], more=max(0, len(header) - MAX_COLUMNS), fault=refused.detail[:MAX_FAULT])
