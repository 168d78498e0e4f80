"""The model of technical quality: photographs spoilt by known amounts, their measures, how badly each was spoilt in each way.

Prints how well candidates order the steps on photos that they never saw, and writes `ugc/scoring/shipped/technical.npz`. Run:
python training/quality.py PHOTOS [--photos N] [--rows FILE]   (PHOTOS holds `clothing`, CC0, and `flowers_ccby`, CC BY 2.0)
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy
from numpy.typing import NDArray
from PIL import Image
from scipy.stats import kendalltau
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPRegressor

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from training import degrading
from ugc.media.child import measuring, tasks
from ugc.modelling.artefacts import Artefact, pack
from ugc.scoring.signals import technical

FOLDERS = ("clothing", "flowers_ccby")
OUT = Path(__file__).resolve().parents[1] / "ugc" / "scoring" / "shipped" / "technical.npz"
SEED, NETWORKS, HIDDEN, DECAY = 0, 3, 96, 0.3
MIXED = 4
Floats = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Row:
    """A spoilt photo: from which, in which way and how badly (0 to 5 each), and its measures."""

    photo: str
    way: str
    step: float
    ways: dict[str, float]
    measures: dict[str, float]


def measures_of(picture: Image.Image) -> dict[str, float]:
    """Measured as the service does it, from pixels."""
    size = tasks.fitted(*picture.size, tasks.MEASURED_SIDE)
    how = Image.Resampling.BOX if max(picture.size) > tasks.MEASURED_SIDE else Image.Resampling.BICUBIC
    return measuring.measures_of(picture.resize(size, how) if picture.size != size else picture, picture)


def photos_of(folder: Path, *, for_training: bool, most: int) -> list[Path]:
    """The photos of one side of the split, in an order that a hash of their names gives."""
    found = [path for name in FOLDERS for path in (folder / name).rglob("*.jpg")]
    chosen = [path for path in found if degrading.is_for_training(path) == for_training]
    return sorted(chosen, key=lambda path: degrading.random_of(path).random())[:most]


def as_from(picture: Image.Image, kind: int) -> Image.Image:
    """The photo as a better camera's (half as large, mirrored to its size), as it is, or as a thumbnail of long side 320."""
    if kind == 1:
        small = picture.reduce(2)
        whole = Image.new("RGB", (2 * small.width, 2 * small.height))
        for x, y in ((0, 0), (0, 1), (1, 0), (1, 1)):
            turned = small.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if x else small
            whole.paste(turned.transpose(Image.Transpose.FLIP_TOP_BOTTOM) if y else turned, (x * small.width, y * small.height))
        return whole
    return picture.resize(tasks.fitted(*picture.size, 320), Image.Resampling.BOX) if kind == 2 else picture


def rows_of(path: Path) -> list[Row]:
    """A photo untouched, in each way and step, and in a few pairs of ways; half of them saved once more, as people do."""
    random = degrading.random_of(path, "rows")
    with Image.open(path) as opened:
        picture = as_from(opened.convert("RGB"), int(random.choice(3, p=[0.5, 0.25, 0.25])))
    rows = [Row(path.name, "", 0, {}, measures_of(picture))]
    plans = [{way: float(step)} for way in degrading.WAYS for step in range(1, degrading.STEPS + 1)]
    for pair in (random.choice(list(degrading.WAYS), 2, replace=False) for _ in range(MIXED)):
        plans.append({way: float(random.uniform(0.5, 4)) for way in degrading.WAYS if way in pair})
    for plan in plans:
        spoilt = picture
        for way, step in plan.items():
            spoilt = degrading.WAYS[way](spoilt, step, random)
        if random.random() < 0.5:
            spoilt = degrading.through_jpeg(spoilt, int(random.integers(85, 96)))
        way = next(iter(plan)) if len(plan) == 1 else "mixed"
        rows.append(Row(path.name, way, max(plan.values()), plan, measures_of(spoilt)))
    return rows


def made(paths: Sequence[Path]) -> list[Row]:
    """All rows of some photos, on every processor."""
    with ProcessPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        return [row for rows in pool.map(rows_of, paths, chunksize=4) for row in rows]


def matrices(rows: Iterable[Row]) -> tuple[Floats, Floats]:
    """Features and losses of rows."""
    kept = list(rows)
    features = numpy.array([technical.features_of(row.measures) for row in kept])
    losses = numpy.array([[row.ways.get(way, 0) / degrading.STEPS for way in technical.WAYS] for row in kept])
    return features, losses


def trained(features: Floats, losses: Floats, *, networks: int = NETWORKS, hidden: int = HIDDEN) -> Artefact:
    """Networks that start from different seeds, averaged: one alone makes steps where there are none."""
    mean, deviation = features.mean(axis=0), features.std(axis=0)
    scaled = numpy.clip((features - mean) / deviation, -technical.FARTHEST, technical.FARTHEST)
    fitted = [
        MLPRegressor(
            hidden_layer_sizes=(hidden,), alpha=DECAY, max_iter=300, early_stopping=True, learning_rate_init=3e-3,
            random_state=SEED + number,
        ).fit(scaled, losses)
        for number in range(networks)
    ]  # fmt: skip
    arrays = {
        "mean": mean, "deviation": deviation,
        "hidden": technical.stacked([each.coefs_[0] for each in fitted]),
        "hidden_bias": technical.stacked([each.intercepts_[0] for each in fitted]),
        "output": technical.stacked([each.coefs_[1] for each in fitted]),
        "output_bias": technical.stacked([each.intercepts_[1] for each in fitted]),
    }  # fmt: skip
    return Artefact(technical.KIND, technical.FORMAT, arrays, {"ways": technical.WAYS})


def tau_of(rows: Sequence[Row], quality: Floats) -> float:
    """Kendall's tau between step and quality lost, per photo and way, the mean."""
    found = []
    groups: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for row, value in zip(rows, quality, strict=True):
        for way in technical.WAYS if not row.way else (row.way,):
            groups.setdefault((row.photo, way), []).append((row.step, -float(value)))
    for (_, way), steps in groups.items():
        if way != "mixed":
            found.append(kendalltau(*zip(*steps, strict=True)).statistic)
    return float(numpy.mean(found))


def paired(rows: Sequence[Row], features: Floats) -> Floats:
    """Weights of a straight line that puts the less spoilt of two copies of a photo first."""
    groups: dict[tuple[str, str], list[int]] = {}
    for number, row in enumerate(rows):
        for way in technical.WAYS if not row.way else (row.way,):
            groups.setdefault((row.photo, way), []).append(number)
    pairs = [(a, b) for (_, way), found in groups.items() if way != "mixed" for a in found for b in found
             if rows[a].step < rows[b].step]  # fmt: skip
    differences = numpy.array([features[a] - features[b] for a, b in pairs])
    differences[::2] *= -1
    answers = numpy.arange(len(pairs)) % 2
    weights: Floats = LogisticRegression(C=0.03, fit_intercept=False, max_iter=300).fit(differences, answers).coef_[0]
    return weights


def candidates(rows: Sequence[Row], held: Sequence[Row]) -> Iterator[tuple[str, float]]:
    """How well each orders the steps of photos that it never saw."""
    (x, y), (z, _) = matrices(rows), matrices(held)
    mean, deviation = x.mean(axis=0), x.std(axis=0)
    scaled, other = (x - mean) / deviation, (z - mean) / deviation
    yield "ridge regression of the sum", tau_of(held, -Ridge().fit(scaled, y.sum(axis=1)).predict(other))
    yield "straight line by pairs", tau_of(held, other @ paired(rows, scaled))
    for networks, hidden in ((1, 32), (1, 96), (3, 96)):
        model = trained(x, y, networks=networks, hidden=hidden)
        yield f"{networks} × {hidden} hidden, a loss per way", tau_of(held, -technical.predict(model, z).sum(axis=1))


def main() -> None:
    """Measure, compare, fit, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, metavar="PHOTOS")
    parser.add_argument("--photos", type=int, default=240, help="at most")
    parser.add_argument("--rows", type=Path, help="keep the measured rows here, and read them if they are there")
    options = parser.parse_args()
    if options.rows and options.rows.is_file():
        rows = [Row(**each) for each in json.loads(options.rows.read_text())]
    else:
        rows = made(photos_of(options.folder, for_training=True, most=options.photos))
        if options.rows:
            options.rows.write_text(json.dumps([asdict(row) for row in rows]))
    names = sorted({row.photo for row in rows})
    apart = set(names[::6])
    for name, tau in candidates([row for row in rows if row.photo not in apart], [row for row in rows if row.photo in apart]):
        print(f"{name:40} tau {tau:.3f}")
    model = trained(*matrices(rows))
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_bytes(pack(model))
    print(f"{len(rows)} rows of {len(names)} photos, {OUT.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
