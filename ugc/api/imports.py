"""/api/v1/imports: catalogues and reviews sent as files, and the reports of all imports."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from flask import Response, request
from pydantic import BaseModel
from werkzeug.datastructures import FileStorage

from ugc import web
from ugc.accounts import queries as accounts_queries
from ugc.accounts.models import Brand, Role
from ugc.api import schema
from ugc.api.items import json_value
from ugc.api.schema import Id, Strict, api
from ugc.api.shapes import ImportIn, ImportOut
from ugc.ingest import bucketing, feeding, queries, reviewing, undoing
from ugc.kit import paging
from ugc.kit.errors import Unprocessable
from ugc.kit.reports import Report

# About 50,000 reviews: what goes in within a minute. Larger files go through `ugc import`.
MAX_FILE = 20 * 1024 * 1024


class FileMissing(Unprocessable):
    """Send the file as a part named `file` of multipart/form-data."""


class NothingRead(Unprocessable):
    """Not one row of the file could be read."""


class ImportPath(Strict):
    """Which import."""

    id: Id


class ImportQuery(Strict):
    """Paging."""

    cursor: str | None = None
    limit: str | None = None


class ReportOut(BaseModel):
    """What became of each row."""

    format: str
    read: int
    added: int
    updated: int
    duplicate: int
    rejected: int
    dry_run: bool
    lines: list[dict[str, Any]]
    notes: list[str]


@api.get("/imports", summary="Imports", responses={200: schema.many(ImportOut)})
@web.needs(Role.VIEWER)
def find_imports(query: ImportQuery) -> Response:
    """The newest first, with their reports."""
    key, limit = web.runtime().key("cursor:imports"), paging.read_limit(query.limit)
    before = int(paging.read_cursor(query.cursor, key)[0]) if query.cursor else None
    rows = queries.find_imports(web.session(), web.principal().brand_id, before=before, limit=limit + 1)
    more = paging.make_cursor([rows[limit - 1].id], key) if len(rows) > limit else None
    return schema.listed([ImportOut.of(row) for row in rows[:limit]], more)


@api.get("/imports/<int:id>", summary="One import", responses={200: ImportOut})
@web.needs(Role.VIEWER)
def get_import(path: ImportPath) -> Response:
    """The import with its report."""
    return schema.answer(ImportOut.of(queries.get_import(web.session(), web.principal().brand_id, path.id)))


@api.post("/imports/<int:id>/undo", summary="Undo an import", responses={202: ImportOut})
@web.needs(Role.COORDINATOR)
def undo_import(path: ImportPath) -> Response:
    """Take back all that the import brought, in the background: its items with their files, its products, its orders."""
    who = web.principal()
    undone = undoing.ask_undo(web.session(), who.brand_id, path.id, actor=who.actor, now=web.now())
    return schema.answer(ImportOut.of(undone), 202)


def with_file(body: dict[str, Any]) -> dict[str, Any]:
    """The form of an import: its fields, and the file."""
    body["properties"]["file"] = {"type": "string", "format": "binary"}
    body["required"] = [*body.get("required", []), "file"]
    return body


@api.post(
    "/imports", summary="Import a file", responses={200: ReportOut}, request_body=schema.body_of(ImportIn, multipart=with_file)
)
@web.needs(Role.COORDINATOR)
@web.body_limit(MAX_FILE)
def add_import() -> Response:
    """A catalogue or reviews; the answer is the report by line. `dry_run` changes nothing."""
    sent = request.files.get("file")
    if sent is None:
        raise FileMissing()
    form = {name: value for name, value in request.form.items() if value != ""}
    options = schema.read_model(ImportIn, form | ({"mapping": json_value(form["mapping"])} if "mapping" in form else {}))
    who = web.principal()
    brand = accounts_queries.get_brand_by_id(web.session(), who.brand_id)
    web.session().commit()  # the import has transactions of its own; this one must not sit open beside them
    path = stored(sent)
    try:
        report = run(brand, path, options, Path(sent.filename or "upload").name)
    finally:
        path.unlink(missing_ok=True)
    if report.exit_code == 2:
        raise NothingRead(report=report.as_json())
    return schema.answer(report.as_json())


def stored(sent: FileStorage) -> Path:
    """The upload as a temporary file of the storage; the caller removes it, else the sweeper."""
    path = web.runtime().storage.temporary()
    with open(path, "xb") as file:
        shutil.copyfileobj(sent.stream, file)
    return path


def run(brand: Brand, path: Path, options: ImportIn, name: str) -> Report:
    """Import the file as what it is said to be."""
    actor = web.principal().actor
    if options.kind == "catalog":
        return feeding.import_catalog(
            web.runtime(), brand, path, format=options.format, mapping=options.mapping, identifier=options.identifier,
            dry_run=options.dry_run, actor=actor, name=name,
        )  # fmt: skip
    return reviewing.import_reviews(
        web.runtime(), brand, path, format=options.format, mapping=options.mapping, dates=options.dates,
        create_products=options.create_products, state=options.state, rights=options.rights, evidence=options.evidence,
        source=options.source, dry_run=options.dry_run, actor=actor, name=name,
    )  # fmt: skip


@api.post("/imports/bucket-event", summary="Say that a bucket has something new")
@web.needs(Role.COORDINATOR)
def note_bucket_event() -> Response:
    """202; whatever a bucket's notification says is only taken as a hint to look now."""
    bucketing.look_soon(web.session(), web.principal().brand_id)
    return schema.answer({"accepted": True}, 202)
