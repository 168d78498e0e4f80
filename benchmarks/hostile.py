"""Can any file harm what decodes it? Every file of some folders, fifty at once: no crash, no hang, flat memory, no restart.

Each goes through the checks of an upload and, where it is accepted, the whole pipeline, as the service does it. Run:
python benchmarks/hostile.py FOLDER… [--at-once 50] [--rounds 1] [--quick]
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ugc.kit.errors import UgcError
from ugc.media import rules, sandbox

SAMPLE = 120
# What a file alone can be guilty of; the other codes say that the decoder or the machine had to stop it.
STOPPED = {"too_costly", "decoder_crashed", "sandbox_unavailable"}


def outcome_of(path: Path) -> tuple[Path, str, float, int]:
    """The file, `accepted` or its code, the seconds that a caller waited, and the fattest child in kB."""
    started, peak = time.perf_counter(), 0
    try:
        sandbox.check(path)
        found = sandbox.render(path)
        peak = found.peak_kb
        assert all(rules.is_clean(each.type, each.data, each.role) for each in found.renditions if each.type.startswith("image/"))
        code = "accepted"
    except UgcError as error:
        code = error.code
    return path, code, time.perf_counter() - started, peak


def resident_mb(process: int | str) -> float:
    """What a process holds in memory now."""
    return int(Path(f"/proc/{process}/status").read_text().split("VmRSS:")[1].split()[0]) / 1024


def metric(value: float, unit: str, *, limit: float | None = None, goal: float | None = None) -> dict[str, object]:
    """One line of the JSON; a goal is a most."""
    ok = None if goal is None else value <= goal
    return {"value": round(value, 2), "unit": unit, "limit": limit, "ratio": None, "goal": goal, "ok": ok}


def main() -> None:
    """Print the table and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, default=[])
    parser.add_argument("--at-once", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help=f"every n-th file, {SAMPLE} at most")
    options = parser.parse_args()
    shared = Path(__file__).resolve().parents[2] / "shared" / "data"
    folders = options.folders or [shared / "hostile" / "pillow_tests", shared / "photos" / "sharp_fixtures"]
    paths = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    if options.quick:
        paths = paths[:: max(1, len(paths) // SAMPLE)][:SAMPLE]
    if not paths:
        print("No files: name a folder.")
        print(json.dumps({"benchmark": "hostile", "metrics": {}}))
        return
    sandbox.isolation()
    parent, before = sandbox.SHARED.process_id, resident_mb("self")
    parents_before = resident_mb(parent)
    started = time.perf_counter()
    with ThreadPoolExecutor(options.at_once) as pool:
        found = list(pool.map(outcome_of, paths * options.rounds))
    seconds = time.perf_counter() - started
    restarts = int(sandbox.SHARED.process_id != parent)
    grown, parent_grown = resident_mb("self") - before, resident_mb(sandbox.SHARED.process_id) - parents_before
    codes = Counter(code for _, code, _, _ in found)
    waits = sorted(wait for _, _, wait, _ in found)
    stopped = [(path.name, code) for path, code, _, _ in found if code in STOPPED]
    print(f"{len(paths)} files × {options.rounds}, {options.at_once} at once, {seconds:.0f} s")
    for code, count in codes.most_common():
        print(f"{code:24} {count:6}")
    print(f"{'restarts of the parent':24} {restarts:6}")
    print(f"{'stopped by limits':24} {len(stopped):6}  {stopped[:10]}")
    print(f"{'a caller waited':24} {statistics.median(waits):6.2f} s median, {waits[-1]:.2f} s at most")
    print(f"{'fattest child':24} {max(peak for *_, peak in found) / 1024:6.0f} MB")
    print(f"{'grown: caller, parent':24} {grown:6.1f} MB, {parent_grown:.1f} MB")
    metrics = {
        "answered": metric(len(found), "files", limit=len(paths) * options.rounds),
        "crashed": metric(codes["decoder_crashed"], "files", goal=0),
        "restarts": metric(restarts, "", goal=0),
        "parent_grown": metric(parent_grown, "MB", goal=10),
        "child_peak": metric(max(peak for *_, peak in found) / 1024, "MB"),
        "longest_wait": metric(waits[-1], "s"),
    }
    print(json.dumps({"benchmark": "hostile", "metrics": metrics}))


if __name__ == "__main__":
    main()
