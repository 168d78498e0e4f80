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
from itertools import product
from pathlib import Path
from typing import Any

import numpy
from numpy.typing import NDArray
from PIL import Image, ImageFilter
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
SEED, NETWORKS, HIDDEN, DECAY = 0, 3, 64, 0.3
MIXED = 1
TONED = 0.4
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


def as_from(picture: Image.Image, random: numpy.random.Generator) -> Image.Image:
    """The photo as another camera, hand or place would have given it; all of these count as untouched."""
    kind = random.choice(
        ["same", "finer", "finest", "thumbnail", "part", "sharpened", "cloth"], p=[0.3, 0.15, 0.1, 0.1, 0.1, 0.1, 0.15]
    )
    if kind in {"finer", "finest"}:
        picture = mirrored(picture.reduce(2 if kind == "finer" else 3), 2 if kind == "finer" else 3)
    elif kind == "thumbnail":
        picture = picture.resize(tasks.fitted(*picture.size, int(random.integers(200, 400))), Image.Resampling.BOX)
    elif kind == "part":
        wide, high = (round(side * random.uniform(0.45, 0.8)) for side in picture.size)
        left, top = int(random.integers(0, picture.width - wide)), int(random.integers(0, picture.height - high))
        picture = picture.crop((left, top, left + wide, top + high))
    elif kind == "sharpened":
        picture = picture.filter(ImageFilter.UnsharpMask(random.uniform(0.7, 1.8), int(random.integers(60, 220)), 0))
    elif kind == "cloth":
        picture = woven(picture, random)
    return toned(picture, random) if random.random() < TONED else picture


def mirrored(picture: Image.Image, times: int) -> Image.Image:
    """The picture beside and below itself, mirrored each time so that no seam shows: as much more detail in as many pixels."""
    whole = Image.new("RGB", (times * picture.width, times * picture.height))
    for x, y in product(range(times), repeat=2):
        turned = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if x % 2 else picture
        turned = turned.transpose(Image.Transpose.FLIP_TOP_BOTTOM) if y % 2 else turned
        whole.paste(turned, (x * picture.width, y * picture.height))
    return whole


def woven(picture: Image.Image, random: numpy.random.Generator) -> Image.Image:
    """With the texture of cloth, sand or leaves over all or a side of it: what is rough in the scene is no grain of the sensor."""
    size = picture.height, picture.width
    threads = Image.fromarray(random.integers(0, 256, size, dtype=numpy.uint8))
    coarse, longer = random.uniform(0.55, 1.4), random.choice([1.0, 1.0, 2.5])
    texture = numpy.asarray(threads.filter(ImageFilter.GaussianBlur((coarse * longer, coarse))), dtype=numpy.float32) - 128
    texture = texture / texture.std() * random.uniform(4, 14)
    ramp = (numpy.indices(size)[int(random.integers(2))] / max(size) - 0.3) * 6
    side = numpy.ones(size) if random.random() < 0.6 else numpy.clip(ramp, 0, 1)
    pixels = numpy.asarray(picture, dtype=numpy.float32)
    # Light falls on a texture: dark cloth shows less of it than bright cloth.
    shown = (texture * side)[..., None] * (0.35 + pixels.mean(axis=2, keepdims=True) / 200)
    return degrading.eight_bits(pixels + shown)


def toned(picture: Image.Image, random: numpy.random.Generator) -> Image.Image:
    """In somewhat other light: contrast and middle tones, never so that anything is lost."""
    contrast, gamma = random.uniform(0.75, 1.1), random.uniform(0.8, 1.25)
    levels = ((numpy.arange(256) / 255) ** gamma - 0.5) * contrast + 0.5
    return picture.point([round(255 * min(1.0, max(0.0, float(level)))) for level in levels] * 3)


def rows_of(path: Path) -> list[Row]:
    """A photo untouched, in each way a little and much, and in two ways at once; half of them saved once more, as people do."""
    random = degrading.random_of(path, "rows")
    with Image.open(path) as opened:
        picture = as_from(opened.convert("RGB"), random)
    rows = [Row(path.name, "", 0, {}, measures_of(picture))]
    plans = [{way: step} for way in degrading.WAYS for step in (random.uniform(0.4, 2.5), random.uniform(2.5, degrading.STEPS))]
    for _ in range(MIXED):
        plans.append({str(way): random.uniform(0.5, 4) for way in random.choice(list(degrading.WAYS), 2, replace=False)})
    for plan in plans:
        spoilt = picture
        for way, step in plan.items():
            # The same chance in each step of a way: a camera that shakes more, in the same direction.
            spoilt = degrading.WAYS[way](spoilt, step, degrading.random_of(path, way))
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


def trained(rows: Sequence[Row], *, networks: int = NETWORKS) -> Artefact:
    """Networks learn how badly each way spoilt a copy; upon what they see, pairs of copies teach which is the better one."""
    features, losses = matrices(rows)
    mean, deviation = features.mean(axis=0), features.std(axis=0)
    scaled = numpy.clip((features - mean) / deviation, -technical.FARTHEST, technical.FARTHEST)
    fitted = [
        MLPRegressor(
            hidden_layer_sizes=(HIDDEN,), alpha=DECAY, max_iter=300, early_stopping=True, learning_rate_init=3e-3,
            batch_size=256, random_state=SEED + number,
        ).fit(scaled, losses)
        for number in range(networks)
    ]  # fmt: skip
    seen = numpy.hstack([scaled, *(numpy.maximum(0, scaled @ each.coefs_[0] + each.intercepts_[0]) for each in fitted)])
    order = -paired(rows, seen)
    # An order has no unit: the straight line that gives it the losses' own.
    slope, start = numpy.polyfit(seen @ order, losses.sum(axis=1), 1)
    arrays = {
        "mean": mean, "deviation": deviation,
        "hidden": technical.stacked([each.coefs_[0] for each in fitted]),
        "hidden_bias": technical.stacked([each.intercepts_[0] for each in fitted]),
        "output": technical.stacked([each.coefs_[1] for each in fitted]),
        "output_bias": technical.stacked([each.intercepts_[1] for each in fitted]),
        "order": (slope * order).astype(numpy.float32), "order_bias": numpy.array(start),
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
    weights: Floats = LogisticRegression(C=0.3, fit_intercept=False, max_iter=300).fit(differences, answers).coef_[0]
    return weights


def candidates(rows: Sequence[Row], held: Sequence[Row]) -> Iterator[tuple[str, float]]:
    """How well each orders the steps of photos that it never saw."""
    (x, y), (z, _) = matrices(rows), matrices(held)
    mean, deviation = x.mean(axis=0), x.std(axis=0)
    scaled, other = (x - mean) / deviation, (z - mean) / deviation
    yield "ridge regression of the sum", tau_of(held, -Ridge().fit(scaled, y.sum(axis=1)).predict(other))
    yield "straight line by pairs", tau_of(held, other @ paired(rows, scaled))
    losses, whole = technical.predict(trained(rows), z)
    yield "networks, a loss per way", tau_of(held, -losses.sum(axis=1))
    yield "networks and pairs", tau_of(held, -whole)


def splits(rows: Sequence[Row], flowers: set[str]) -> Iterator[tuple[str, set[str]]]:
    """Which photos are kept apart: every sixth, and each kind of photo from a model that knows the other alone."""
    names = sorted({row.photo for row in rows})
    yield "every sixth photo", set(names[::6])
    yield "flowers, from clothes", set(names) & flowers
    yield "clothes, from flowers", set(names) - flowers


def main() -> None:
    """Measure, compare, fit, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, metavar="PHOTOS")
    parser.add_argument("--photos", type=int, default=1000, help="at most")
    parser.add_argument("--rows", type=Path, help="keep the measured rows here, and read them if they are there")
    options = parser.parse_args()
    if options.rows and options.rows.is_file():
        rows = [Row(**each) for each in json.loads(options.rows.read_text())]
    else:
        rows = made(photos_of(options.folder, for_training=True, most=options.photos))
        if options.rows:
            options.rows.write_text(json.dumps([asdict(row) for row in rows]))
    flowers = {path.name for path in (options.folder / FOLDERS[1]).rglob("*.jpg")}
    for apart, held in splits(rows, flowers):
        for name, tau in candidates([row for row in rows if row.photo not in held], [row for row in rows if row.photo in held]):
            print(f"{apart:24}{name:32} tau {tau:.3f}", flush=True)
    model = trained(rows)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_bytes(pack(model))
    print(f"{len(rows)} rows of {len({row.photo for row in rows})} photos, {OUT.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
