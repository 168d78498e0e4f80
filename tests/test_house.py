"""The house's own rules: layers, settings and routes documented, models = migrations, jobs known, one way to the network."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from inspect import signature
from pathlib import Path

import pytest
from alembic import command
from flask_openapi.openapi import OpenAPI

from tests.conftest import ROOT, at, fresh_database
from ugc import worker
from ugc.kit import db, jobs, schema
from ugc.kit.errors import UgcError
from ugc.modelling.rules import KINDS
from ugc.settings import Settings

CODE = sorted((ROOT / "ugc").rglob("*.py"))
DOCS = sorted((ROOT / "docs").rglob("*.md"))
# Whoever opens a connection of its own would pass by the one fetcher that checks addresses (T-30, T-37).
CLIENTS = {
    "requests", "httpx", "urllib3", "aiohttp", "httplib2", "http.client", "urllib.request", "ftplib", "smtplib", "imaplib",
    "poplib", "telnetlib", "xmlrpc.client", "websockets", "boto3", "botocore", "socket", "ssl",
    "authlib.integrations.requests_client", "authlib.integrations.httpx_client",
}  # fmt: skip
# Who may, and what it speaks to. The database's driver is no part of this: it knows one address, that of the settings.
MAY_CONNECT = {
    "ugc/kit/http/": CLIENTS,  # whatever users and networks gave
    "ugc/kit/storage/s3.py": {"boto3", "botocore"},  # the endpoint of the settings
    "ugc/kit/mail.py": {"smtplib", "ssl"},  # the mail server of the settings
    "ugc/cli/demo.py": {"urllib.request"},  # its own child on the loopback
    "ugc/media/sandbox.py": {"socket"},  # pairs of sockets between a process and its children
    "ugc/media/child/warm.py": {"socket"},
}
# Where the studio's own pages are, nobody outside relies on addresses.
OWN_PAGES = ("/studio", "/demo")


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_imports_go_down_only() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_every_setting_is_documented_and_every_documented_one_exists() -> None:
    documented = set(re.findall(r"UGC_[A-Z_0-9]+", (ROOT / "docs" / "settings.md").read_text()))
    assert documented == {f"UGC_{item.name.upper()}" for item in fields(Settings)}


def test_every_setting_says_what_it_is() -> None:
    [settings] = [node for node in parsed(ROOT / "ugc/settings.py").body if isinstance(node, ast.ClassDef)]
    for node, following in zip(settings.body, settings.body[1:], strict=False):
        if isinstance(node, ast.AnnAssign):
            assert isinstance(following, ast.Expr), ast.unparse(node)
            assert isinstance(following.value, ast.Constant), ast.unparse(node)


def test_models_equal_migrations(cluster: str) -> None:
    """An empty database is brought to the newest schema, and Alembic finds nothing left to do."""
    with fresh_database(at(cluster, "template0"), "house") as url:
        engine = db.make_engine(url)
        schema.migrate(engine)
        schema.migrate(engine)
        schema.check(engine)
        with engine.connect() as opened:
            settings = schema.configuration(url)
            settings.attributes["connection"] = opened
            command.check(settings)
        engine.dispose()


def test_migrations_never_import_our_models() -> None:
    for path in (ROOT / "migrations" / "versions").glob("*.py"):
        assert not [module for module in imported(parsed(path)) if module.startswith("ugc")], path.name


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_only_the_fetcher_talks_to_the_network(path: Path) -> None:
    """T-37. A library's session that is made to go through the fetcher (kit/http/guarding.py) counts as the fetcher."""
    names = set(imported(parsed(path)))
    allowed = {client for place, clients in MAY_CONNECT.items() if name_of(path).startswith(place) for client in clients}
    if "ugc.kit.http.guarding" in names:
        allowed |= {name for name in CLIENTS if name.startswith("authlib.")}
    assert not [name for name in names if any(name == each or name.startswith(each + ".") for each in CLIENTS - allowed)]


def test_a_feed_is_never_fetched_by_its_parser() -> None:
    """`feedparser.parse` opens what looks like an address; it gets bytes in a stream, nothing else (T-36, T-37)."""
    for path in CODE:
        if "feedparser" in set(imported(parsed(path))):
            for _, call in calls(parsed(path), "parse"):
                if ast.unparse(call.func) == "feedparser.parse":
                    assert ast.unparse(call.args[0]).startswith("BytesIO("), name_of(path)


def calls(tree: ast.Module, *names: str) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in names:
                yield called, node


def test_every_job_and_event_that_is_named_is_known_to_the_worker() -> None:
    plan = worker.plan()
    for path in CODE:
        for called, call in calls(parsed(path), "enqueue", "enqueue_many", "announce"):
            for argument in call.args[1:2]:
                if isinstance(argument, ast.Constant):
                    known = plan.after.keys() if called == "announce" else plan.after.keys() | plan.registered.keys()
                    assert argument.value in known, f"{name_of(path)}: {called} {argument.value!r}"


def test_every_follower_and_every_periodic_job_is_registered() -> None:
    plan = worker.plan()
    assert {name for names in plan.after.values() for name in names} <= plan.registered.keys()
    assert {name for name, _ in plan.every} <= plan.registered.keys()


def test_every_kind_of_model_is_trained_by_a_job_that_takes_a_brand() -> None:
    for kind in KINDS.values():
        parameters = signature(jobs.REGISTERED[kind.job].run).parameters
        assert list(parameters) == ["runtime", "brand_id"], kind.job


def test_no_job_has_the_name_of_an_event() -> None:
    assert not worker.AFTER.keys() & jobs.REGISTERED.keys()


def test_nothing_is_left_to_do() -> None:
    words = "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3))
    kinds = {".py", ".js", ".css", ".html", ".md", ".toml"}
    for folder in ("ugc", "tests", "static", "migrations", "docs", "benchmarks"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in kinds and "vendor" not in path.parts:
                assert not re.search(rf"\b({words})\b", path.read_text(errors="replace")), name_of(path)


def test_every_error_has_a_message_and_one_code_means_one_status() -> None:
    codes: dict[str, type[UgcError]] = {}
    for kind in all_errors(UgcError):
        if kind.__module__.startswith("ugc."):
            assert kind.message(), kind
            known = codes.setdefault(kind("x").code, kind)
            assert known.status == kind.status, (known, kind)


def all_errors(kind: type[UgcError]) -> Iterator[type[UgcError]]:
    for below in kind.__subclasses__():
        yield below
        yield from all_errors(below)


def test_every_public_address_is_documented(app: OpenAPI) -> None:
    text = "\n".join(path.read_text() for path in DOCS)
    described = app.test_client().get("/api/v1/openapi.json").get_json()["paths"].keys()
    assert [rule for rule in public_rules(app) if rule not in text and rule not in described] == []


def public_rules(app: OpenAPI) -> list[str]:
    """Addresses outside the studio, with their arguments as the documents write them: `/media/{public_name}/{name}`."""
    rules = {re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule) for rule in app.url_map.iter_rules()}
    return sorted(rule for rule in rules if not rule.startswith(OWN_PAGES) and not rule.startswith(("/openapi", "/static")))


def test_each_use_of_record_is_listed() -> None:
    """What is written although the request may be refused is rare, and each case stands in the map of the house."""
    text = (ROOT / "docs" / "architecture.md").read_text()
    for path in CODE:
        if path.name != "db.py" and list(calls(parsed(path), "record")) and "db.record(" in path.read_text():
            assert name_of(path).removeprefix("ugc/") in text, name_of(path)


def test_locked_dependencies_have_hashes_and_no_address() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text()
        assert "--hash=sha256:" in text, path.name
        assert "://" not in text, path.name


def test_a_web_process_and_a_worker_start_without_the_libraries_that_only_training_needs() -> None:
    """scikit-learn and scipy take a second and a hundred megabytes; who only predicts never pays for them (decision 0175)."""
    code = "import sys, ugc.app, ugc.worker; print(*sorted({'sklearn', 'scipy', 'c2pa', 'onnxruntime', 'av'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_models_are_never_stored_as_code() -> None:
    """Neither pickle nor joblib is imported anywhere: both run what they read."""
    imported = {name for path in CODE for name in imports_of(parsed(path))}
    assert not imported & {"pickle", "joblib", "cloudpickle", "dill", "marshal", "shelve"}


def imports_of(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name.partition(".")[0] for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]
