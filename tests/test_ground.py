"""What the project stands on: locks, wheel, container files, make targets. No engine is needed; files are read as text."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# Written so that this file does not name them.
INDEX_HOSTS = tuple(".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com")))


def committed() -> list[Path]:
    """Every file that the repository holds and that is text."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    paths = [ROOT / name for name in listed.split("\0") if name]
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()[:8000]]


def test_no_committed_file_names_a_package_index() -> None:
    found = [
        str(path.relative_to(ROOT)) for path in committed() if any(host in path.read_text(errors="replace") for host in INDEX_HOSTS)
    ]
    assert found == []


@pytest.mark.parametrize("name", ["run", "dev", "build", "uv"])
def test_every_locked_dependency_has_a_version_and_hashes(name: str) -> None:
    entries = re.split(r"\n(?=[a-z])", (ROOT / "requirements" / f"{name}.txt").read_text().strip())
    loose = [entry.splitlines()[0] for entry in entries if "==" not in entry.splitlines()[0] or "--hash=sha256:" not in entry]
    assert loose == []


def locked(name: str) -> set[str]:
    """The names in a lock."""
    return set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements" / f"{name}.txt").read_text(), re.M))


def test_the_locks_hold_what_the_project_asks_for() -> None:
    facts = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = {re.match(r"[a-z0-9-]+", line)[0] for line in facts["project"]["dependencies"]}  # type: ignore[index]
    groups = [line for line in facts["dependency-groups"]["dev"] if isinstance(line, str)]
    dev = {re.match(r"[a-z0-9-]+", line)[0] for line in groups}  # type: ignore[index]
    assert asked <= locked("run")
    assert dev | locked("run") | locked("build") <= locked("dev")


def test_the_wheel_holds_what_is_not_code(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    for source in ("static", "migrations"):
        files = [path for path in (ROOT / source).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
        missing = [str(path) for path in files if f"ugc/_shipped/{path.relative_to(ROOT)}" not in names]
        assert files
        assert missing == []
    beside = [path for path in (ROOT / "ugc").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert [str(path) for path in beside if str(path.relative_to(ROOT)) not in names] == []


def steps() -> list[str]:
    """The Dockerfile's instructions, continued lines joined, comments left out."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.M).replace("\\\n", " ")
    return [line.strip() for line in text.splitlines() if line.strip()]


def test_the_image_is_small_hashed_and_runs_as_nobody_special() -> None:
    last = steps()[max(number for number, step in enumerate(steps()) if step.startswith("FROM")) :]
    assert sum(step.startswith("FROM") for step in steps()) == 2
    assert "USER 10001:10001" in last
    assert all("apt-get" not in step and "curl" not in step for step in steps())
    installs = [part for step in steps() for part in step.split("&&") if re.search(r"pip (install|sync)", part)]
    assert all("--require-hashes" in part or "--no-deps" in part for part in installs)
    assert not any(re.search(r"(PASSWORD|SECRET|TOKEN)", step) for step in steps())


def test_the_image_is_checked_and_stops_as_one_process() -> None:
    facts = {step.split()[0]: step for step in steps()}
    assert "/healthz" in facts["HEALTHCHECK"]
    assert facts["ENTRYPOINT"] == 'ENTRYPOINT ["ugc"]', "a shell in between would swallow SIGTERM"
    assert facts["STOPSIGNAL"] == "STOPSIGNAL SIGTERM"


def test_the_build_context_holds_only_what_is_copied() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    copied = {name for step in steps() if step.startswith("COPY") and "--from" not in step for name in step.split()[1:-1]}
    assert lines[0] == "*"
    assert {line[1:] for line in lines if line.startswith("!")} == copied


def services() -> dict[str, str]:
    """The text of each compose service, its merged anchors written out."""
    text = (ROOT / "compose.yaml").read_text()
    anchors = dict(re.findall(r"^x-[a-z]+: &([a-z]+)\n((?:  .*\n|\n)+)", text, re.M))
    body = text.split("\nservices:\n")[1].split("\nvolumes:\n")[0]
    found = dict(re.findall(r"^  ([a-z]+):\n((?:    .*\n|\n)+)", body + "\n", re.M))
    for _ in range(2):
        found = {name: re.sub(r"<<: \*([a-z]+)", lambda match: anchors[match[1]], block) for name, block in found.items()}
    return found


@pytest.mark.parametrize("name", ["database", "migrate", "web", "worker"])
def test_every_service_has_the_least_that_it_needs(name: str) -> None:
    """T-102."""
    block = services()[name]
    for fact in ("read_only: true", "cap_drop: [ALL]", "no-new-privileges:true", "/tmp:"):
        assert fact in block, f"{name} lacks {fact}"
    assert "privileged: true" not in block
    assert "docker.sock" not in block


def test_compose_holds_no_secret_and_asks_for_each() -> None:
    text = (ROOT / "compose.yaml").read_text()
    for name in ("POSTGRES_PASSWORD", "UGC_SECRET_KEY"):
        values = re.findall(rf"^\s+{name}: (.*)$", text, re.M)
        assert values
        assert all(value.startswith(f"${{{name}:?") for value in values)


def test_web_and_worker_start_after_the_migration() -> None:
    for name in ("web", "worker"):
        assert "migrate: { condition: service_completed_successfully }" in services()[name]
    assert "database: { condition: service_healthy }" in services()["migrate"]


@pytest.mark.parametrize("name", ["run", "browser", "node"])
def test_scripts_stop_at_the_first_fault(name: str) -> None:
    path = ROOT / ".ci" / name
    assert path.stat().st_mode & 0o111
    assert "set -euo pipefail" in path.read_text()


@pytest.mark.parametrize("target", ["demo", "test", "test-long", "check", "bench", "lock", "setup"])
def test_make_has_the_documented_targets(target: str) -> None:
    assert re.search(rf"^{target}:.*## ", (ROOT / "Makefile").read_text(), re.M)
