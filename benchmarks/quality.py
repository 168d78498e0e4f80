"""Does technical quality order spoilt photos as they were spoilt, on photos that it never saw? Beside BRISQUE in the same run.

In five ways and five steps: Kendall's tau and pairwise accuracy per way, for each photo its untouched copy and its steps; the same
for the whole score of the picture; sharp against blurred over all photos; processor time. BRISQUE (Mittal 2012) judges the same
pixels where `--peers-python` names an interpreter with the package `brisque`; it is no dependency of the project. Run:
python benchmarks/quality.py [--quick] [--photos 30] [--peers-python PYTHON]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import combinations, repeat
from pathlib import Path
from typing import Any

import numpy
from PIL import Image, ImageStat
from scipy.stats import kendalltau

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from training import degrading, quality
from ugc.kit import clock
from ugc.scoring import rules
from ugc.scoring.signals import technical

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "photos"
ELSEWHERE = ("exif_samples", "sharp_fixtures", "near_duplicates")
WAYS = ("blur", "motion", "noise", "compression", "exposure")
GOAL = 0.9
AT_ONCE = min(2, os.cpu_count() or 1)
# The package takes numpy's arrays of one number for numbers, which numpy has stopped to allow; nothing else is changed.
PEER = """
import json, sys, time
import numpy
from brisque import BRISQUE
from PIL import Image, ImageStat
class Peer(BRISQUE):
    def scale_features(self, features):
        return super().scale_features([numpy.asarray(each, dtype=float).ravel()[0] for each in features])
peer, found = Peer(url=False), []
started = time.process_time()
for path in json.load(sys.stdin):
    try:
        found.append(float(peer.score(numpy.asarray(Image.open(path).convert("RGB")))))
    except Exception:
        found.append(100.0)
print(json.dumps({"scores": found, "seconds": (time.process_time() - started) / max(1, len(found))}))
"""


@dataclass(frozen=True, slots=True)
class Spoilt:
    """A copy of a photo: in which way and by how many steps it was spoilt, and what was said of it."""

    photo: str
    way: str
    step: int
    path: Path
    ours: float = 0.0
    score: float = 0.0
    seconds: float = 0.0


def copies_of(path: Path, folder: Path) -> list[Spoilt]:
    """A photo untouched and in every way and step, judged by us and kept for the peer."""
    light = "dark" if degrading.random_of(path, "light").random() < 0.5 else "bright"
    with Image.open(path) as opened:
        picture = opened.convert("RGB")
    # Both sides get what the service measures at: no more than 1280 pixels.
    picture.thumbnail((1280, 1280), Image.Resampling.BOX)
    found = []
    for way in ("", *WAYS):
        for step in range(1, degrading.STEPS + 1) if way else (0,):
            spoil = degrading.WAYS.get(light if way == "exposure" else way)
            # The same chance at each step: a camera that shakes more, in the same direction.
            copy = spoil(picture, step, degrading.random_of(path, way)) if spoil else picture
            kept = folder / f"{path.stem}-{way}-{step}.png"
            copy.save(kept, compress_level=1)
            found.append(judged(copy, Spoilt(path.name, way, step, kept)))
    return found


def judged(picture: Image.Image, copy: Spoilt) -> Spoilt:
    """What we say of a copy, and in how much time."""
    started = time.process_time()
    measures = quality.measures_of(picture)
    losses = technical.losses_of(measures)
    seconds = time.process_time() - started
    assert losses is not None
    score = rules.score_of(rules.picture_facts(measures, *picture.size, clock.now()))
    exact = sum(part.most * (part.value or 0) for part in score.parts)
    return replace(copy, ours=losses.quality, score=exact, seconds=seconds)


def peer_of(python: str | None, copies: Sequence[Spoilt]) -> tuple[list[float], float] | None:
    """The peer's answers, higher for better, and its seconds a picture; None where it is not there."""
    if python is None or subprocess.run([python, "-c", "import brisque"], capture_output=True, check=False).returncode:
        return None
    share = -(-len(copies) // AT_ONCE)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda start: asked(python, copies[start : start + share]), range(0, len(copies), share)))
    return [-score for answer in answers for score in answer["scores"]], statistics.mean(answer["seconds"] for answer in answers)


def asked(python: str, copies: Sequence[Spoilt]) -> dict[str, Any]:
    """One process of the peer on some of the copies."""
    names = json.dumps([str(each.path) for each in copies])
    # One thread each: its arrays are small, and threads that wait for each other count as work.
    alone = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run([python, "-W", "ignore", "-c", PEER], input=names, capture_output=True, text=True, check=True, env=alone)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def ordered(copies: Sequence[Spoilt], values: Sequence[float], way: str) -> tuple[float, float]:
    """Kendall's tau of a way, the mean over photos, and the share of pairs in which the less spoilt copy is the better."""
    taus, right, whole = [], 0, 0
    for photo in sorted({each.photo for each in copies}):
        rows = [
            (each.step, value) for each, value in zip(copies, values, strict=True) if each.photo == photo and each.way in {"", way}
        ]
        taus.append(float(numpy.nan_to_num(kendalltau([-step for step, _ in rows], [value for _, value in rows]).statistic)))
        pairs = [(a, b) for a, b in combinations(sorted(rows), 2) if a[0] < b[0]]
        right, whole = right + sum(a[1] > b[1] for a, b in pairs), whole + len(pairs)
    return statistics.mean(taus), right / whole


def only(copies: Sequence[Spoilt], values: Sequence[float], names: set[str], inside: bool) -> tuple[list[Spoilt], list[float]]:
    """The copies of the photos that are, or are not, among these names, and their values."""
    kept = [(each, value) for each, value in zip(copies, values, strict=True) if (each.photo in names) == inside]
    return [each for each, _ in kept], [value for _, value in kept]


def separated(copies: Sequence[Spoilt], values: Sequence[float]) -> float:
    """How often any untouched photo is put above any photo out of focus by two steps or more (area under the curve)."""
    sharp = [value for each, value in zip(copies, values, strict=True) if not each.way]
    soft = [value for each, value in zip(copies, values, strict=True) if each.way in {"blur", "motion"} and each.step >= 2]
    return sum((a > b) + (a == b) / 2 for a in sharp for b in soft) / (len(sharp) * len(soft))


def unseen(options: argparse.Namespace) -> list[Path]:
    """Photos that no training saw: the other side of the split, and of folders that training does not know."""
    split = quality.photos_of(options.data, for_training=False, most=options.photos)
    others = sorted(path for name in ELSEWHERE for path in (options.data / name).rglob("*.jpg"))
    # Some folders hold the same file twice.
    once = {hashlib.sha256(path.read_bytes()).digest(): path for path in reversed(others)}.values()
    return split + sorted(filter(is_photo, once), key=lambda path: degrading.random_of(path).random())[: options.photos // 3]


def is_photo(path: Path) -> bool:
    """Whether a file can be read here, is no thumbnail, and shows something: of one colour all over no copy is blurred."""
    try:
        with Image.open(path) as picture:
            picture.load()
            spread = ImageStat.Stat(picture.convert("L")).stddev[0]
            return min(picture.size) >= 200 and picture.mode == "RGB" and spread >= technical.EMPTY
    except (OSError, SyntaxError, Image.DecompressionBombError):
        return False


def metric(
    value: float, unit: str, limit: float | None = None, goal: float | None = None, ok: bool | None = None
) -> dict[str, object]:
    """One line of the JSON."""
    ratio = round(value / limit, 3) if limit else None
    return {"value": round(value, 4), "unit": unit, "limit": limit and round(limit, 4), "ratio": ratio, "goal": goal, "ok": ok}


def main() -> None:
    """Print the table and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="six photos; under a minute")
    parser.add_argument("--photos", type=int, help="of the split; a third as many of other folders are added")
    parser.add_argument("--data", type=Path, default=DATA, help="folder with `clothing`, `flowers_ccby` and others")
    parser.add_argument("--peers-python", metavar="PYTHON", help="an interpreter that has `brisque`")
    options = parser.parse_args()
    options.photos = options.photos or (6 if options.quick else 30)
    paths = unseen(options) if options.data.is_dir() else []
    if not paths:
        print(f"No photos in {options.data}: nothing was measured.")
        print(json.dumps({"benchmark": "quality", "metrics": {}}))
        return
    others = {path.name for path in paths if not set(quality.FOLDERS) & set(path.parts)}
    with tempfile.TemporaryDirectory() as folder:
        with ProcessPoolExecutor(AT_ONCE) as pool:
            copies = [copy for found in pool.map(copies_of, paths, repeat(Path(folder))) for copy in found]
        peer = peer_of(options.peers_python, copies)
    ours, score = [each.ours for each in copies], [each.score for each in copies]
    metrics, taus = {}, dict[int, float]()
    print(f"{len(paths)} photos, {len(copies)} copies; peer {'BRISQUE' if peer else 'not run'}")
    print(f"{'tau (pairs in order)':22}{'technical':>18}{'picture score':>18}{'BRISQUE':>18}")
    for way in WAYS:
        found = [ordered(*only(copies, values, others, False), way) for values in (ours, score, *([peer[0]] if peer else []))]
        print(f"{way:22}" + "".join(f"{f'{tau:.3f} ({right:.1%})':>18}" for tau, right in found))
        limit = found[2][0] if peer else None
        metrics[f"tau_{way}"] = metric(found[0][0], "tau", limit, GOAL, found[0][0] >= max(GOAL, limit or 0))
        metrics[f"pairs_{way}"] = metric(found[0][1], "share", found[2][1] if peer else None)
        metrics[f"score_tau_{way}"] = metric(found[1][0], "tau", limit)
    for place, values in enumerate((ours, score, *([peer[0]] if peer else []))):
        kept = only(copies, values, others, True)
        taus[place] = statistics.mean(ordered(*kept, way)[0] for way in WAYS) if kept[0] else 0.0
    print(f"{'other folders, mean':22}" + "".join(f"{tau:>18.3f}" for tau in taus.values()))
    metrics["tau_other_folders"] = metric(taus[0], "tau", taus.get(2))
    apart = [separated(copies, values) for values in (ours, score, *([peer[0]] if peer else []))]
    print(f"{'sharp above blurred':22}" + "".join(f"{value:>18.3f}" for value in apart))
    cost = statistics.median(each.seconds for each in copies) * 1000
    print(f"{'CPU ms a picture':22}{cost:>18.1f}{'':18}" + (f"{peer[1] * 1000:>18.1f}" if peer else ""))
    metrics["separation"] = metric(apart[0], "share", apart[2] if peer else None)
    metrics["cpu"] = metric(cost, "ms", peer[1] * 1000 if peer else None)
    print(json.dumps({"benchmark": "quality", "metrics": metrics}))


if __name__ == "__main__":
    main()
