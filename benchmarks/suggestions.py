"""How good are the suggestions: tags of photos by what is seen and by captions, products by the words of captions.

    .venv/bin/python benchmarks/suggestions.py [--quick] [--data DIR]

Tags: photos of clothes, their class as the only tag, ten classes, 384 photos; five folds by photo, the projection onto the
space of pictures fitted anew on the photos that were learnt from; also the data's own test folder, learnt from the others.
Captions: reviews of women's clothes, their class as the tag, the newest fifth held out. Products: captions made from the titles
of 19,406 products (a part of the title's first ten words between words that people write, in one of four captions as one
hashtag, in one of four with a wrong letter), the product to be found among all; a title that several products have counts
for any of them.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import random
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy

sys.path.insert(0, str(Path(__file__).parents[1]))

from training import picture_space
from ugc.similarity.encoders.base import Vector, unit
from ugc.suggestions import evidence, matching, ranking, training
from ugc.suggestions.matching import Index, Listed
from ugc.suggestions.tagging import Seen
from ugc.suggestions.training import Lesson

DATA = Path(__file__).parents[2] / "shared" / "data"
FOLDS = 5
TODAY = datetime(2026, 11, 22, tzinfo=UTC)
SMALL_TALK = (
    "love", "my", "new", "so", "happy", "with", "this", "today", "finally", "arrived", "the", "best", "ever", "for",
    "work", "and", "it", "looks", "really", "great",
)  # fmt: skip


def photos(data: Path, limit: int | None) -> tuple[list[str], list[str], numpy.ndarray]:
    """Class and folder of each photo, and its descriptor; every n-th photo of all where there is a limit."""
    paths = sorted((data / "photos" / "clothing").rglob("*.jpg"))
    paths = paths[:: max(1, len(paths) // limit)] if limit else paths
    return [path.parts[-2] for path in paths], [path.parts[-3] for path in paths], picture_space.describe_all(paths)


def vectors(rows: numpy.ndarray, learnt: Sequence[int]) -> list[Vector | None]:
    """All photos in a space that was fitted to those that are learnt from."""
    space = picture_space.fit(rows[list(learnt)])
    projection = space.arrays["projection"].astype(numpy.float32)
    return [unit(row) for row in (rows - space.arrays["mean"]) @ projection]


def measure_photos(classes: Sequence[str], rows: numpy.ndarray, held: Sequence[int]) -> dict[str, float] | None:
    """One split: learnt from the other photos, asked about the held-out ones."""
    learnt = sorted(set(range(len(classes))) - set(held))
    seen = vectors(rows, learnt)
    lessons = [Lesson(Seen(vector=seen[place]), frozenset({classes[place]})) for place in range(len(classes))]
    model = training.train([lessons[place] for place in learnt], "benchmark")
    return training.measure(model, [lessons[place] for place in held], model.tags) if model else None


def folds(classes: Sequence[str]) -> list[list[int]]:
    """Every class spread over all folds."""
    places: dict[str, list[int]] = defaultdict(list)
    for place in random.Random(1).sample(range(len(classes)), len(classes)):
        places[classes[place]].append(place)
    listed = [place for name in sorted(places) for place in places[name]]
    return [listed[start::FOLDS] for start in range(FOLDS)]


def mean_of(found: Sequence[dict[str, float] | None], name: str) -> float:
    """The mean of the folds, by their size."""
    kept = [each for each in found if each]
    return sum(each[name] * each["held_out"] for each in kept) / sum(each["held_out"] for each in kept)


def measure_captions(data: Path, limit: int) -> dict[str, float]:
    """The class of a garment from its review's title and text alone; the newest fifth of the rows is held out."""
    with (data / "reviews" / "womens_clothing" / "reviews.csv").open(newline="") as opened:
        rows = [row for row in csv.DictReader(opened) if row["Class Name"] and row["Review Text"]][:limit]
    lessons = [
        Lesson(Seen(text=f"{row['Title']}\n{row['Review Text']}", kind="review"), frozenset({row["Class Name"]})) for row in rows
    ]
    cut = len(lessons) * 4 // 5
    model = training.train(lessons[:cut], "benchmark")
    assert model is not None
    return training.measure(model, lessons[cut:], model.tags)


def measure_training(items: int, names: int) -> float:
    """Processor seconds of one nightly training: drawn vectors around a centre a tag, two tags and ten words an item."""
    numbers = numpy.random.default_rng(1)
    centres = numbers.normal(size=(names, 64))
    lessons = []
    for place in range(items):
        own = numbers.choice(names, size=2, replace=False)
        vector = (centres[own].mean(axis=0) + 0.7 * numbers.normal(size=64)).astype(numpy.float32)
        words = (f"word{chr(97 + word % 26)}{chr(97 + word // 26)}" for word in [*own, *numbers.integers(0, 400, 8)])
        lessons.append(
            Lesson(Seen(text=" ".join(words), vector=vector), frozenset(f"tag {each}" for each in own), group=place // 2)
        )
    began = time.process_time()
    assert training.compare(lessons, "benchmark", None) is not None
    return time.process_time() - began


def catalogue(data: Path, limit: int | None) -> list[Listed]:
    """The products of a shop for office and computer goods."""
    with gzip.open(data / "search" / "chorus_products" / "products.jsonl.gz", "rt") as opened:
        rows = [json.loads(line) for line in opened if line.lstrip().startswith("{")][:limit]
    return [
        Listed(place, str(row["id"]), row["title"], line=row.get("supplier") or "", codes=tuple(row.get("ean") or ()))
        for place, row in enumerate(rows)
    ]


def caption_of(title: str, share: float, numbers: random.Random) -> str:
    """What somebody could write of a product: some words of its title between others."""
    words = title.split()[:10]
    kept = [word for place, word in enumerate(words) if place == 0 or numbers.random() < share]
    if numbers.random() < 0.25:
        kept = ["#" + "".join(sign for sign in "".join(kept) if sign.isalnum())]
    elif numbers.random() < 1 / 3:
        place = max(range(len(kept)), key=lambda at: len(kept[at]))
        wrong = numbers.randrange(1, max(2, len(kept[place]) - 1))
        kept[place] = kept[place][:wrong] + kept[place][wrong + 1 :]
    talk = numbers.sample(SMALL_TALK, 6)
    return " ".join([*talk[:3], *kept, *talk[3:]])


def measure_products(index: Index, listed: Sequence[Listed], share: float, count: int) -> dict[str, float]:
    """How often the product stands first and among three, ranked by our own weights; milliseconds a caption."""
    numbers = random.Random(7)
    first = three = 0
    spent = 0.0
    for product in numbers.sample(listed, count):
        caption = caption_of(product.title, share, numbers)
        began = time.perf_counter()
        found = matching.match(index, caption)
        rows = [evidence.features(evidence.Evidence(each.family, match=each), TODAY) for each in found]
        chances = ranking.probabilities(ranking.default_weights(), rows)
        spent += time.perf_counter() - began
        order = sorted(range(len(found)), key=lambda at: -chances[at])[:3]
        right = [listed[found[at].product_id].title == product.title for at in order]
        first += right[:1] == [True]
        three += any(right)
    return {"precision_at_1": first / count, "recall_at_3": three / count, "ms": 1000 * spent / count}


def run(data: Path, *, quick: bool) -> dict[str, dict[str, Any]]:
    """Every figure, by name."""
    metrics: dict[str, dict[str, Any]] = {}

    def note(name: str, value: float, unit_name: str = "share") -> None:
        metrics[name] = {"value": round(value, 4), "unit": unit_name, "limit": None, "ratio": None, "goal": None, "ok": None}

    note("tags_training_cpu_seconds", measure_training(*((1_000, 20) if quick else (training.MOST_ROWS, 100))), "s")
    if (data / "photos" / "clothing").is_dir():
        classes, folders, rows = photos(data, None)
        found = [measure_photos(classes, rows, held) for held in (folds(classes)[:2] if quick else folds(classes))]
        note("tags_photos_precision_at_1", mean_of(found, "precision_at_1"))
        note("tags_photos_recall_at_3", mean_of(found, "recall_at_3"))
        given = measure_photos(classes, rows, [place for place, folder in enumerate(folders) if folder == "test"])
        if given:
            note("tags_photos_test_folder_precision_at_1", given["precision_at_1"])
            note("tags_photos_test_folder_recall_at_3", given["recall_at_3"])
    if (data / "reviews" / "womens_clothing").is_dir():
        captions = measure_captions(data, 1_500 if quick else 5_000)
        note("tags_captions_precision_at_1", captions["precision_at_1"])
        note("tags_captions_recall_at_3", captions["recall_at_3"])
    if (data / "search" / "chorus_products").is_dir():
        listed = catalogue(data, None)
        began = time.perf_counter()
        index = matching.build(listed)
        note("products_index_seconds", time.perf_counter() - began, "s")
        for share in (1.0, 0.7):
            of_products = measure_products(index, listed, share, 200 if quick else 1_000)
            name = f"products_{int(100 * share)}_percent_of_title"
            note(f"{name}_precision_at_1", of_products["precision_at_1"])
            note(f"{name}_recall_at_3", of_products["recall_at_3"])
            note(f"{name}_ms", of_products["ms"], "ms")
    return metrics


def main() -> None:
    """Print a table and a JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--data", type=Path, default=DATA)
    options = parser.parse_args()
    if not options.data.is_dir():
        sys.exit(f"real data is not at {options.data}")
    metrics = run(options.data, quick=options.quick)
    for name, found in metrics.items():
        print(f"{name:55} {found['value']:>8} {found['unit']}")
    print(json.dumps({"benchmark": "suggestions", "metrics": metrics}))


if __name__ == "__main__":
    main()
