"""/api/v1/sources: connected sources for programs. Tokens and secrets go in and never come out."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from flask import Response
from pydantic import BaseModel, Field

from ugc import web
from ugc.accounts.models import Role
from ugc.api import schema
from ugc.api.schema import Strict, api
from ugc.social import actions, queries
from ugc.social.models import Source
from ugc.social.rules import BadSource


class SourcePath(Strict):
    """Which source."""

    source_id: int = Field(ge=1, le=2**63 - 1)


class ConnectedIn(Strict):
    """A new source. The networks, their modes and fields stand in docs/sources.md."""

    network: str = Field(max_length=40)
    mode: str = Field(max_length=40)
    name: str = Field("", max_length=120)
    options: dict[str, str] = Field({}, description="What the mode's fields are filled in with.")
    token: str = Field("", max_length=4_000, description="The network's access token; kept sealed, never shown again.")
    tags: list[str] = Field([], max_length=50, description="Put on everything that it brings.")
    interval_minutes: Literal[15, 60, 360, 1440] = 60


class ConnectedPatch(Strict):
    """What to change; only what is given changes."""

    name: str | None = Field(None, max_length=120)
    options: dict[str, str] | None = None
    token: str | None = Field(None, max_length=4_000)
    tags: list[str] | None = Field(None, max_length=50)
    interval_minutes: Literal[15, 60, 360, 1440] | None = None
    state: Literal["active", "paused"] | None = None


class ConnectedOut(BaseModel):
    """A source and how it is."""

    id: int
    network: str
    mode: str
    name: str
    options: dict[str, str]
    tags: list[str]
    interval_minutes: int
    state: str
    next_pull_at: datetime | None
    last_success_at: datetime | None
    failures: int
    error: str
    """A stable code; empty while all is well."""
    error_detail: str
    new: int
    changed: int
    skipped: int

    @classmethod
    def of(cls, row: Source) -> ConnectedOut:
        """From its row."""
        return cls(
            id=row.id, network=row.network, mode=row.mode, name=row.name, options=row.options, tags=row.tags,
            interval_minutes=row.interval_minutes, state=row.state.value, next_pull_at=row.next_pull_at,
            last_success_at=row.last_success_at, failures=row.failures, error=row.error_code, error_detail=row.error,
            new=row.new_count, changed=row.changed_count, skipped=row.skipped_count,
        )  # fmt: skip


@api.get("/sources", summary="All sources", responses={200: schema.many(ConnectedOut)})
@web.needs(Role.VIEWER)
def find_sources() -> Response:
    """The brand's sources by name."""
    return schema.listed([ConnectedOut.of(row) for row in queries.find_sources(web.session(), web.principal().brand_id)])


@api.post("/sources", summary="Connect a source", responses={201: ConnectedOut})
@web.needs(Role.COORDINATOR)
def add_source(body: ConnectedIn) -> Response:
    """It is pulled at once, then at its interval."""
    session, who, now = web.session(), web.principal(), web.now()
    made = actions.add_source(
        session, who.brand_id, body.network, body.mode, body.name, body.options, token=body.token, tags=body.tags,
        interval_minutes=body.interval_minutes, key=web.runtime().key("tokens"), actor=who.actor, now=now,
    )  # fmt: skip
    session.refresh(made)
    return schema.answer(ConnectedOut.of(made), 201, {"Location": f"{schema.PREFIX}/sources/{made.id}"})


def wanted(path: SourcePath, *, lock: bool = False) -> Source:
    """The source in the path; raises NotFound, also for another brand's. Locked where it is to be changed: it may be pulled."""
    return queries.get_source(web.session(), web.principal().brand_id, path.source_id, lock=lock)


@api.get("/sources/<int:source_id>", summary="One source", responses={200: ConnectedOut})
@web.needs(Role.VIEWER)
def get_source(path: SourcePath) -> Response:
    """The source and how it is."""
    return schema.answer(ConnectedOut.of(wanted(path)))


@api.patch("/sources/<int:source_id>", summary="Change a source", responses={200: ConnectedOut})
@web.needs(Role.COORDINATOR)
def change_source(path: SourcePath, body: ConnectedPatch) -> Response:
    """Other options begin anew; what is known already is known again."""
    session, who, now = web.session(), web.principal(), web.now()
    source = wanted(path, lock=True)
    facts = body.model_dump(exclude_none=True, exclude={"state"})
    if facts:
        actions.change_source(session, source, key=web.runtime().key("tokens"), actor=who.actor, now=now, **facts)
    if body.state == "paused":
        actions.pause(session, source, actor=who.actor, now=now)
    elif body.state == "active":
        actions.resume(session, source, actor=who.actor, now=now)
    return schema.answer(ConnectedOut.of(source))


@api.delete("/sources/<int:source_id>", summary="Remove a source", responses={204: None})
@web.needs(Role.COORDINATOR)
def remove_source(path: SourcePath) -> Response:
    """Its access is forgotten; what it brought stays."""
    actions.remove_source(web.session(), wanted(path, lock=True), actor=web.principal().actor, now=web.now())
    return schema.empty()


@api.post("/sources/<int:source_id>/pull", summary="Pull a source now", responses={202: ConnectedOut})
@web.needs(Role.COORDINATOR)
def pull_source(path: SourcePath) -> Response:
    """A worker does it; how it went stands in the source."""
    source = wanted(path)
    if source.state not in queries.PULLED_STATES:
        raise BadSource("resume or connect the source first")
    actions.pull_soon(web.session(), source)
    return schema.answer(ConnectedOut.of(source), 202)
