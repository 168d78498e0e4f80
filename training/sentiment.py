"""Makes ugc/texts/shipped/sentiment.npz from the posts of multilingual-sentiment-datasets (Apache-2.0), and prints its figures.

python training/sentiment.py FOLDER [--out FILE]: FOLDER holds <language>/train.csv with columns text, label. The last fifth of each
language is held out for the figures; what ships is then fitted on all rows with the same settings.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy

from ugc.modelling import artefacts
from ugc.texts import feeling, linear, training
from ugc.texts.features import BITS, Features, Numbers
from ugc.texts.linear import Linear
from ugc.texts.readers import sentiment

LANGUAGES = {"en": "english", "de": "german", "fr": "french", "es": "spanish", "pt": "portuguese", "it": "italian"}
ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
# What is kept of the buckets: half of them lift no figure and double the file.
KEEP = 100_000
SETTINGS = training.Settings(strength=0.2, keep=KEEP)


@dataclass(frozen=True, slots=True)
class Post:
    """A labelled post."""

    text: str
    label: str
    language: str


def read_posts(folder: Path) -> tuple[list[Post], list[Post]]:
    """The posts of all languages: the first four fifths of each, the last fifth of each. Escaped letters are read as letters."""
    early: list[Post] = []
    late: list[Post] = []
    for language, name in LANGUAGES.items():
        with open(folder / name / "train.csv", encoding="utf-8", newline="") as file:
            rows = [Post(unescaped(row["text"]), row["label"], language) for row in csv.DictReader(file)]
        cut = len(rows) * 4 // 5
        early += rows[:cut]
        late += rows[cut:]
    return early, late


def unescaped(text: str) -> str:
    """`\\u2019` as the letter that it stands for."""
    return ESCAPED.sub(lambda found: chr(int(found.group(1), 16)), text)


def rows_of(posts: list[Post]) -> training.Rows:
    """Posts as numbers."""

    def sum_up(found: Features, place: slice) -> Numbers:
        return feeling.sums_of(found.words, [post.language for post in posts[place]])[0]

    return training.rows_of([post.text for post in posts], sum_up)


def fit(posts: list[Post]) -> Linear:
    """A model of posts, made as sure as one of three quarters of them is right on the last quarter."""
    rows, labels = rows_of(posts), [post.label for post in posts]
    places = numpy.arange(len(posts))
    seen, unseen = places[places % 4 > 0], places[places % 4 == 0]
    trial = training.fit(rows[seen], [labels[place] for place in seen], SETTINGS)
    heat = training.heat_of(trial, rows[unseen], [labels[place] for place in unseen])
    return training.fit(rows, labels, SETTINGS).times(heat)


def figures_of(model: Linear, posts: list[Post]) -> dict[str, dict[str, float]]:
    """Figures by language: of all three classes, and of the two that praise or complain."""
    p = linear.softmax(training.scores_of(model, rows_of(posts)))
    figures = {}
    for language in LANGUAGES:
        own = numpy.asarray([post.language == language for post in posts])
        figures[language] = figures_of_language(p[own], [post.label for post in posts if post.language == language])
    return figures


def figures_of_language(p: Numbers, labels: list[str]) -> dict[str, float]:
    """Accuracy and macro-F1 of three and of two classes, and how far probabilities are from what came true."""
    three = training.metrics_of(labels, [sentiment.LABELS[place] for place in p.argmax(axis=1)])
    sided = [place for place, label in enumerate(labels) if label != "neutral"]
    two = ["positive" if p[place, 2] >= p[place, 0] else "negative" for place in sided]
    return {**three, **{f"{name}_2": value for name, value in training.metrics_of([labels[place] for place in sided], two).items()},
            "calibration_error": training.calibration_error(labels, sentiment.LABELS, p)}  # fmt: skip


def main() -> None:
    """Fit, measure, fit on all, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "ugc" / "texts" / "shipped" / "sentiment.npz")
    options = parser.parse_args()
    early, late = read_posts(options.folder)
    figures = figures_of(fit(early), late)
    for language, found in figures.items():
        print(language, json.dumps(found))
    model = fit(early + late)
    facts = {"languages": list(LANGUAGES), "rows": len(early) + len(late), "held_out": figures}
    packed = artefacts.pack(linear.packed(sentiment.KIND, sentiment.FORMAT, model, facts))
    options.out.parent.mkdir(exist_ok=True)
    options.out.write_bytes(packed)
    print(f"{options.out}: {len(packed):,} bytes, {len(early) + len(late):,} rows, {1 << BITS:,} buckets")


if __name__ == "__main__":
    main()
