"""`ugc models`: what was learnt, and back to an earlier version."""

from __future__ import annotations

import json
import subprocess
import sys

from tests import make
from tests.conftest import ROOT
from tests.processes import environment_of
from ugc.modelling import actions, queries
from ugc.runtime import Runtime


def ugc(runtime: Runtime, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ugc.cli", "models", *arguments, "--brand", "acme"]
    return subprocess.run(command, cwd=ROOT, env=environment_of(runtime), capture_output=True, text=True, check=False)


def test_versions_are_listed_and_the_one_before_is_gone_back_to(live: Runtime) -> None:
    with live.transaction() as session:
        brand = make.brand(session, slug="acme")
        for metrics in ({"f1": 0.9}, {"f1": 0.95}):
            make.model(session, brand, weight=metrics["f1"], metrics=metrics)
        actions.note_need(session, brand.id, "approval", have=37, needed=100, of="decisions", now=make.NOON)
    listed = ugc(live, "list")
    assert listed.returncode == 0, listed.stderr
    assert listed.stdout.splitlines()[-1] == "approval     needs 63 more decisions"
    read = [json.loads(line) for line in ugc(live, "list", "--json").stdout.splitlines()]
    assert [(one["version"], one["state"], one["metrics"]) for one in read] == [
        (2, "active", {"f1": 0.95}),
        (1, "retired", {"f1": 0.9}),
    ]
    assert ugc(live, "rollback", "spam").stdout.startswith("spam: version 1 is in use")
    with live.transaction() as session:
        assert queries.version_of(session, brand.id, "spam") == 1
    unknown = ugc(live, "rollback", "spam", "--to", "9")
    assert unknown.returncode == 2
    assert "there is no version 9 of 'spam'" in unknown.stderr
    assert ugc(live, "rollback", "spam").stdout.startswith("spam: the built-in is in use")
