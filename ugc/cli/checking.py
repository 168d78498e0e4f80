"""What `ugc check` looks at: configuration, database, storage, queue, sandbox, encoders, mail."""

from __future__ import annotations

import importlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

import psycopg
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from ugc.cli.opening import open_for_command
from ugc.kit import jobs, schema
from ugc.kit.errors import UgcError
from ugc.kit.http.errors import BlockedAddress
from ugc.kit.http.targets import check_unresolved, read_permits, read_target
from ugc.kit.storage import lifecycle
from ugc.kit.storage.places import read_place
from ugc.runtime import Runtime
from ugc.settings import Settings, read_settings
from ugc.similarity.encoders import onnx
from ugc.similarity.encoders.model_folders import BadModel

# A job that waits this long while workers should run means that none does.
LONG_WAIT = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the check."""

    subject: str
    ok: bool
    text: str


def findings() -> Iterator[Finding]:
    """Each part in turn; one that fails does not hide the others."""
    try:
        settings = read_settings()
    except UgcError as error:
        yield Finding("configuration", False, error.detail)
        return
    yield configuration(settings)
    yield sandbox()
    yield video()
    yield from encoders(settings)
    yield vision(settings)
    yield mail(settings)
    try:
        with open_for_command(settings, any_schema=True) as runtime:
            yield storage(runtime)
            yield from database(runtime)
    except (UgcError, OSError) as error:
        yield Finding("database", False, str(error))


def configuration(settings: Settings) -> Finding:
    """The settings were read; say the two that people look for."""
    kept = "set" if settings.secret_key else f"kept in {settings.data_dir / 'secret.key'}"
    return Finding("configuration", True, f"address {settings.base_url}, data in {settings.data_dir.resolve()}, secret {kept}")


def database(runtime: Runtime) -> Iterator[Finding]:
    """Server, extension and schema, then the queue that lies in it."""
    where = "embedded" if not runtime.settings.database_url else "own server"
    try:
        with runtime.sessions() as session:
            server, vector = server_facts(session)
            have, want = schema.versions(runtime.engine)
            fit = server // 10_000 >= schema.LEAST_SERVER and vector and have == want
            yield Finding(
                "database", bool(fit), f"PostgreSQL {server // 10_000}.{server % 10_000} ({where}), {words(vector, have, want)}"
            )
            if have == want:
                yield queue(session)
    except (SQLAlchemyError, psycopg.Error) as error:
        yield Finding("database", False, f"{where}: {str(error).splitlines()[0]}")


def server_facts(session: Session) -> tuple[int, str]:
    """The server's version number and the version of pgvector that it has or could have."""
    server = int(session.scalar(text("show server_version_num")) or 0)
    vector = session.scalar(
        text("select coalesce(installed_version, default_version) from pg_available_extensions where name = 'vector'")
    )
    return server, vector or ""


def words(vector: str, have: str | None, want: str) -> str:
    """The database's line after its version."""
    extension = f"pgvector {vector}" if vector else "pgvector is missing: install it on the server"
    return f"{extension}, schema {have}" + ("" if have == want else f" where {want} is needed: run `ugc migrate`")


def queue(session: Session) -> Finding:
    """Dead jobs, and how long the oldest has waited."""
    counts = jobs.count_jobs(session)
    waited = jobs.oldest_wait(session)
    dead = counts.get("failed", 0)
    text = f"{counts.get('todo', 0)} waiting, {counts.get('doing', 0)} running, {dead} dead"
    if waited > LONG_WAIT:
        text += f"; the oldest has waited {int(waited.total_seconds() // 60)} minutes: is `ugc worker` running?"
    return Finding("queue", dead == 0 and waited <= LONG_WAIT, text)


def storage(runtime: Runtime) -> Finding:
    """A file can be written, read and removed."""
    name = f"check/{secrets.token_hex(8)}"
    with reported("storage") as problem:
        runtime.storage.put(name, b"ugc")
        same = runtime.storage.read(name) == b"ugc"
        runtime.storage.delete(name)
        asked, faults = look_at_rules(runtime)
        return Finding(
            "storage", same and not faults, "; ".join([f"{runtime.storage.label}: files can be written", *asked, *faults])
        )
    return Finding("storage", False, problem[0])


def look_at_rules(runtime: Runtime) -> tuple[list[str], list[str]]:
    """What a bucket does by itself that it should not, or does not that it should (F-23), behind what can't be known of it."""
    if runtime.settings.storage == "local":
        return [], []
    rules = runtime.storage.lifecycle()
    if rules is None:
        return ["its rules can't be asked for"], []
    return [], lifecycle.find_faults(rules, read_place(runtime.settings.storage).prefix)


@contextmanager
def reported(subject: str) -> Iterator[list[str]]:
    """Turn an error of the block into a text."""
    problem = [f"{subject} does not work"]
    try:
        yield problem
    except (UgcError, OSError) as error:
        problem[0] = str(error)


def sandbox() -> Finding:
    """How pictures' decoding is shut in on this machine."""
    try:
        isolation = importlib.import_module("ugc.media.sandbox").isolation()
    except (ImportError, AttributeError, OSError, UgcError) as error:
        return Finding("sandbox", False, str(error))
    return Finding("sandbox", isolation.network != "none", str(isolation))


def video() -> Finding:
    """Whether videos and recordings are taken; doing without is no fault."""
    is_there = importlib.import_module("ugc.media.playing").is_installed()
    return Finding("video", True, "videos and recordings are taken" if is_there else "pictures only; pip install ugc[video]")


def encoders(settings: Settings) -> Iterator[Finding]:
    """The model folders of the settings, read and tried; doing without is no fault."""
    found: list[Finding] = []
    for subject, find in (("picture model", onnx.find_pictures), ("text model", onnx.find_sentences)):
        try:
            if (folder := find(settings)) is not None:
                [vector] = folder.opened.texts(["a photo"])
                size = 0 if vector is None else len(vector)
                found.append(Finding(subject, True, f"{folder.name}, {size} numbers, version {folder.version}"))
        except BadModel as error:
            found.append(Finding(subject, False, error.detail))
    yield from found or [Finding("encoders", True, "our own features: UGC_PICTURE_MODEL and UGC_TEXT_MODEL are not set")]


def vision(settings: Settings) -> Finding:
    """Where pictures are described, and whether the fetcher may go there; nothing is sent."""
    if not settings.vision_url:
        return Finding("vision", True, "no picture is sent anywhere: UGC_VISION_URL is not set")
    target = read_target(settings.vision_url)
    try:
        check_unresolved(target, read_permits(settings.fetch_allow, http=settings.fetch_http))
    except BlockedAddress as error:
        return Finding("vision", False, f"{target.host}: {error.detail}; open it with UGC_FETCH_ALLOW")
    key = "with a key" if settings.vision_key else "without a key"
    return Finding(
        "vision", True, f"{settings.vision_model} at {target.host}, {key}, {settings.vision_per_day} pictures a brand and day"
    )


def mail(settings: Settings) -> Finding:
    """Whether mail is configured; nothing is sent."""
    if not settings.smtp_url:
        return Finding("mail", True, "none is sent: UGC_SMTP_URL is not set")
    return Finding("mail", True, f"through {urlsplit(settings.smtp_url).hostname}")
