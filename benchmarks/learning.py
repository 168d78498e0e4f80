"""How soon does the machine know a coordinator's eye: what it would decide at 98 % agreement after 100, 300, 1,000 decisions.

    .venv/bin/python benchmarks/learning.py [--quick] [--items 3000] [--agreement 0.98] [--runs 3] [--data DIR]

Items: photos of clothes and of flowers, each cut out, lit, focused and compressed in several ways as phones do it, with real
sentences of reviews as captions and a few hashtags. A photo's cut-outs are one creator's, and no photo is both among the decided
and among the remaining items. Three made-up coordinators decide: by a taste that is theirs, and wavering, so that 3 % of all
decisions differ from it (near the border: where tastes waver). `anywhere` is one who errs at random in 3 %: nobody can agree
with him in 98 %, and the machine must then decide next to nothing. What counts is agreement with what they decide. The
figures of benchmarks/suggestions.py follow.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy
import suggestions
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageFilter

from ugc.library.models import Kind
from ugc.media.child.colours import dominant as colours_of
from ugc.media.child.descriptor import describe
from ugc.media.child.measuring import measures_of
from ugc.scoring import rules as scoring_rules
from ugc.scoring.signals.base import Facts as ScoreFacts
from ugc.scoring.signals.base import words_of
from ugc.triage import features, rules
from ugc.triage.features import Facts, Signalled
from ugc.triage.queries import COLOURS
from ugc.triage.training import Taught, train

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
STEPS = (100, 300, 1000)
NOISE = 0.03
TAGS = ("love", "ootd", "style", "fashion", "fun", "photooftheday", "picoftheday", "happy", "new", "sale", "cute", "instagood")
PRODUCTS = ("dress", "blouse", "jeans", "skirt", "sweater", "shirt", "pants", "jacket", "tunic")
SIDE = 512
COMPONENTS = 96
Array = NDArray[numpy.float64]


@dataclass(frozen=True)
class Thing:
    """An item with what its coordinators look at."""

    facts: Facts
    photo: int
    label: str
    measures: dict[str, float]
    warmth: float
    hashtags: int
    words: int


def find_photos(data: Path) -> list[tuple[Path, str]]:
    """The photos with the class that their folder names."""
    clothes = sorted((data / "photos" / "clothing").rglob("*.jpg"))
    flowers = sorted((data / "photos" / "flowers_ccby").rglob("*.jpg"))
    return [(path, path.parent.name.lower()) for path in [*clothes, *flowers]]


def find_captions(data: Path, count: int, chance: numpy.random.Generator) -> list[str]:
    """First sentences of reviews, shuffled."""
    path = next((data / "reviews" / "womens_clothing").glob("*.csv"))
    with path.open(encoding="utf-8", newline="") as file:
        texts = [row["Review Text"].split(". ")[0][:300] for row in csv.DictReader(file) if row["Review Text"]]
    return [texts[place] for place in chance.permutation(len(texts))[:count]]


def varied(picture: Image.Image, chance: numpy.random.Generator) -> Image.Image:
    """A cut-out, lit, focused and compressed as it comes."""
    share = chance.uniform(0.55, 1.0)
    width, height = int(picture.width * share), int(picture.height * share)
    left, top = int(chance.uniform(0, picture.width - width + 1)), int(chance.uniform(0, picture.height - height + 1))
    cut = picture.crop((left, top, left + width, top + height))
    cut.thumbnail((SIDE, SIDE))
    cut = ImageEnhance.Brightness(cut).enhance(float(chance.uniform(0.45, 1.5)))
    if chance.random() < 0.5:
        cut = cut.filter(ImageFilter.GaussianBlur(float(chance.uniform(0.3, 2.5))))
    squeezed = io.BytesIO()
    cut.save(squeezed, "JPEG", quality=int(chance.integers(50, 95)))
    return Image.open(squeezed).convert("RGB")


def vector_of(picture: Image.Image) -> NDArray[numpy.float32]:
    """What the picture looks like, by the program's own descriptor."""
    return numpy.frombuffer(describe(picture), dtype=numpy.uint8)[1:].astype(numpy.float32)


def reduced(things: Sequence[Thing]) -> list[Thing]:
    """The things with their pictures' descriptors turned to principal components of unit length, as the program keeps them."""
    raw = numpy.stack([thing.facts.picture for thing in things if thing.facts.picture is not None])
    centred = raw - raw.mean(axis=0)
    values, vectors = numpy.linalg.eigh(centred.T @ centred)
    shorter = centred @ vectors[:, numpy.argsort(-values)[:COMPONENTS]]
    unit = (shorter / numpy.linalg.norm(shorter, axis=1, keepdims=True)).astype(numpy.float32)
    return [replace(thing, facts=replace(thing.facts, picture=row)) for thing, row in zip(things, unit, strict=True)]


def make_things(data: Path, count: int, seed: int) -> list[Thing]:
    """The items."""
    chance = numpy.random.default_rng(seed)
    photos = find_photos(data)
    captions = find_captions(data, count, chance)
    things = []
    for place in range(count):
        number = place % len(photos)
        with Image.open(photos[number][0]) as opened:
            opened.draft("RGB", (SIDE * 2, SIDE * 2))
            picture = varied(opened.convert("RGB"), chance)
        things.append(thing_of(picture, number, photos[number][1], captions[place % len(captions)], chance))
    return reduced(things)


def thing_of(picture: Image.Image, photo: int, label: str, sentence: str, chance: numpy.random.Generator) -> Thing:
    """One item through the program's own measures and signals."""
    crowd = int(chance.choice([0, 1, 2, 4, 8, 12], p=[0.3, 0.15, 0.15, 0.15, 0.15, 0.1]))
    tags = " ".join("#" + TAGS[place] for place in chance.permutation(len(TAGS))[:crowd])
    body = f"{sentence} {tags}".strip()
    measures = measures_of(picture)
    known = ScoreFacts(
        kind=Kind.PHOTO, now=NOW, body=body, width=picture.width * 3, height=picture.height * 3, measures=measures,
        published_at=NOW,
    )  # fmt: skip
    found = {signal.name: (signal.label, signal.measure(known)) for signal in scoring_rules.SIGNALS}
    parts = {name: Signalled(shown, one.value, one.reason) for name, (shown, one) in found.items()}
    pixels = numpy.asarray(picture.resize((16, 16)), dtype=numpy.float64)
    facts = Facts(
        kind="photo", source="instagram", body=body, parts=parts,
        names_product=any(name in body.lower() for name in PRODUCTS), picture=vector_of(picture),
        colours=tuple(colours_of(picture)[:COLOURS]),
    )  # fmt: skip
    warmth = float(pixels[..., 0].mean() - pixels[..., 2].mean())
    return Thing(facts, photo, label, measures, warmth, crowd, len(words_of(sentence)))


def standard(values: Sequence[float]) -> Array:
    """Values as standard deviations from their mean."""
    array = numpy.asarray(values, dtype=numpy.float64)
    return (array - array.mean()) / max(float(array.std()), 1e-9)


def sharp_and_bright(things: Sequence[Thing]) -> Array:
    """Sharp, and bright without being burnt."""
    sharp = standard([numpy.log1p(thing.measures["sharpness"]) for thing in things])
    bright = standard([thing.measures["brightness"] for thing in things])
    return 1.2 * sharp + bright - 0.25 * bright**2


def well_told(things: Sequence[Thing]) -> Array:
    """Names a product, in a caption of some words."""
    named = numpy.asarray([float(thing.facts.names_product) for thing in things])
    return 1.6 * named + standard([min(thing.words, 25) for thing in things]) + 0.3 * sharp_and_bright(things)


def quirky(things: Sequence[Thing]) -> Array:
    """Dresses, hats and flowers in warm colours; no crowd of hashtags."""
    liked = numpy.asarray([float(thing.label in {"dress", "hat", "tulips", "daisy"}) for thing in things])
    crowd = numpy.asarray([float(thing.hashtags >= 4) for thing in things])
    return 1.2 * liked + 1.0 * standard([thing.warmth for thing in things]) - 2.0 * crowd


TASTES: dict[str, Callable[[Sequence[Thing]], Array]] = {
    "sharp and bright": sharp_and_bright, "well told": well_told, "quirky": quirky,
}  # fmt: skip


def decisions_of(taste: Array, chance: numpy.random.Generator, anywhere: bool) -> NDArray[numpy.bool_]:
    """What the coordinator decides on each item: a little more than half is approved, 3 % not as his taste would."""
    border = numpy.quantile(taste, 0.45)
    plain = taste > border
    if anywhere:
        return plain ^ (chance.random(len(taste)) < NOISE)
    draw, low, high = chance.standard_normal(len(taste)), 0.0, 3.0
    for _ in range(30):
        width = (low + high) / 2
        if ((taste + width * draw > border) != plain).mean() > NOISE:
            high = width
        else:
            low = width
    wavering: NDArray[numpy.bool_] = taste + low * draw > border
    return wavering


def in_order(order: str, pool: list[int], things: Sequence[Thing], y: NDArray[numpy.bool_], most: int) -> list[int]:
    """The items as they are decided: by chance (the pool is shuffled), or what teaches most, asked anew after every hundredth."""
    if order == "random":
        return pool[:most]
    decided, waiting = pool[: rules.NEEDED], pool[rules.NEEDED :]
    while len(decided) < most and waiting:
        model = train(taught_of(decided, things, y))
        p = model.predict([features.row_of(things[place].facts) for place in waiting])
        worth = rules.teaching(p.tolist(), [[str(things[place].photo)] for place in waiting])
        ranked = [waiting[place] for place in sorted(range(len(waiting)), key=lambda place: -worth[place])]
        step = 100 - len(decided) % 100
        decided, waiting = decided + ranked[:step], ranked[step:]
    return decided[:most]


def taught_of(places: Sequence[int], things: Sequence[Thing], y: NDArray[numpy.bool_]) -> list[Taught]:
    """Decisions with what was known when each was taken: of the creator, only what came before."""
    earlier: dict[int, list[int]] = {}
    taught = []
    for place in places:
        thing = things[place]
        counts = earlier.setdefault(thing.photo, [0, 0])
        row = features.row_of(replace(thing.facts, approved=counts[1], rejected=counts[0]))
        taught.append(Taught(place, row, bool(y[place]), "photo", thing.photo))
        counts[int(y[place])] += 1
    return taught


@dataclass(frozen=True)
class Outcome:
    """How it went with one coordinator after some decisions."""

    coverage: float
    agreement: float
    decided: int
    promised: float
    error: float
    loss: float


def measure(places: Sequence[int], rest: Sequence[int], things: Sequence[Thing], y: NDArray[numpy.bool_], asked: float) -> Outcome:
    """Learn from some decisions, decide on items never seen."""
    model = train(taught_of(places, things, y))
    bounds = rules.choose_bounds(model.heldout["p"], model.heldout["y"], asked)
    p = model.predict([features.row_of(things[place].facts) for place in rest])
    truth = y[list(rest)].astype(float)
    said = [bounds.decision(value) for value in p.tolist()]
    agreed = [value == bool(true) for value, true in zip(said, truth, strict=True) if value is not None]
    return Outcome(
        len(agreed) / len(rest), statistics.mean(agreed) if agreed else 1.0, len(agreed), bounds.coverage,
        rules.calibration_error(p, truth), rules.log_loss(p, truth),
    )  # fmt: skip


def run(things: Sequence[Thing], taste: str, order: str, seed: int, asked: float, anywhere: bool = False) -> list[Outcome]:
    """One coordinator, one order, all steps."""
    chance = numpy.random.default_rng(seed)
    y = decisions_of(TASTES[taste](things), chance, anywhere)
    photos = chance.permutation(sorted({thing.photo for thing in things}))
    mine = set(photos[: len(photos) // 2].tolist())
    pool = [int(place) for place in chance.permutation(len(things)) if things[place].photo in mine]
    rest = [place for place in range(len(things)) if things[place].photo not in mine]
    decided = in_order(order, pool, things, y, min(max(STEPS), len(pool)))
    return [measure(decided[:count], rest, things, y, asked) for count in STEPS if count <= len(pool)]


def main() -> None:
    """Print a table and a JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--items", type=int, default=3000)
    parser.add_argument("--runs", type=int, default=3, help="repetitions with other items and other wavering")
    parser.add_argument("--agreement", type=float, default=0.98)
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / "shared" / "data")
    asked = parser.parse_args()
    if not asked.data.is_dir():
        sys.exit(f"real data is not at {asked.data}")
    started = time.monotonic()
    things = make_things(asked.data, 640 if asked.quick else asked.items, 1)
    print(f"{len(things)} items in {time.monotonic() - started:.0f} s")
    seeds = range(1 if asked.quick else asked.runs)
    found: dict[tuple[str, str, int], list[Outcome]] = {}
    for order in ["random"] if asked.quick else ["random", "teaches most"]:
        for taste in TASTES:
            # What teaches most is asked by training anew many times: once is minutes.
            for seed in seeds if order == "random" else seeds[:1]:
                for count, outcome in zip(STEPS, run(things, taste, order, seed, asked.agreement), strict=False):
                    found.setdefault((order, taste, count), []).append(outcome)
    for seed in seeds:
        for count, outcome in zip(STEPS, run(things, "sharp and bright", "random", seed, asked.agreement, True), strict=False):
            found.setdefault(("random", "errs anywhere", count), []).append(outcome)
    show(found)
    metrics = metrics_of(found) | suggestions.run(asked.data, quick=asked.quick)
    print(json.dumps({"benchmark": "learning", "metrics": metrics}))


def show(found: dict[tuple[str, str, int], list[Outcome]]) -> None:
    """The table."""
    print(f"{'order':14}{'coordinator':18}{'after':>6}{'decides':>9}{'agrees':>8}{'promised':>10}{'calib.':>8}{'loss':>7}")
    for (order, taste, count), outcomes in found.items():
        total = sum(one.decided for one in outcomes)
        agrees = sum(one.agreement * one.decided for one in outcomes) / total if total else float("nan")
        middle = [statistics.mean(getattr(one, name) for one in outcomes) for name in ("coverage", "promised", "error", "loss")]
        print(f"{order:14}{taste:18}{count:>6}{middle[0]:>9.1%}{agrees:>8.2%}{middle[1]:>10.1%}{middle[2]:>8.3f}{middle[3]:>7.3f}")


def metrics_of(found: dict[tuple[str, str, int], list[Outcome]]) -> dict[str, Any]:
    """What is compared with the goals: the mean of the three coordinators."""
    metrics: dict[str, Any] = {}
    for count, goal in ((100, None), (300, 0.30), (1000, 0.60)):
        for order in ("random", "teaches most"):
            outcomes = [
                one for key, many in found.items() if key[0] == order and key[1] in TASTES and key[2] == count for one in many
            ]
            if not outcomes:
                continue
            name = f"{order.split()[0]}_{count}"
            share, total = statistics.mean(one.coverage for one in outcomes), sum(one.decided for one in outcomes)
            agrees = sum(one.agreement * one.decided for one in outcomes) / total if total else None
            metrics[f"decided_{name}"] = entry(share, goal if order == "random" else None)
            metrics[f"agreement_{name}"] = entry(agrees, 0.98 if goal and order == "random" else None)
            metrics[f"calibration_error_{name}"] = entry(statistics.mean(one.error for one in outcomes), None)
    return metrics


def entry(value: float | None, goal: float | None) -> dict[str, Any]:
    """One figure as the benchmarks print it."""
    ok = None if goal is None or value is None else value >= goal
    return {
        "value": None if value is None else round(value, 4),
        "unit": "share",
        "limit": None,
        "ratio": None,
        "goal": goal,
        "ok": ok,
    }


if __name__ == "__main__":
    main()
