"""How well are spam and offence found, and how often are ordinary reviews taken for either? Beside alt-profanity-check.

Data: text/youtube_spam, text/offensive_tweets and reviews/womens_clothing of the folder of real data. What is fitted here is
fitted on the training part of the split; texts that begin alike stay on one side. Run:
python benchmarks/text_safety.py [--quick] [--data DIR] [--peers-python PYTHON]
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import html
import json
import random
import re
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy

from ugc.texts import features, safety_training
from ugc.texts.base import PLAIN, Context, Text
from ugc.texts.readers import offence, spam

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
FOLDS = 5
ORDINARY = 5_000
PLANTED = 150
GOALS = {"spam_f1": 0.93, "offence_f1": 0.88, "false_offence": 0.005, "false_spam": 0.005}
PEER = """
import json, sys, warnings
warnings.filterwarnings("ignore")
from profanity_check import predict_prob
print(json.dumps([float(p) for p in predict_prob(json.load(sys.stdin))]))
"""


@dataclass(frozen=True)
class Score:
    """Precision, recall and their harmonic mean."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """The harmonic mean."""
        return 2 * self.precision * self.recall / max(self.precision + self.recall, 1e-9)

    def __str__(self) -> str:
        return f"F1 {self.f1:.3f} (precision {self.precision:.3f}, recall {self.recall:.3f})"


def score(truth: Sequence[bool], found: Sequence[bool]) -> Score:
    """What was found against what is so."""
    both = sum(one and other for one, other in zip(truth, found, strict=True))
    return Score(both / max(sum(found), 1), both / max(sum(truth), 1))


def group_of(text: str) -> int:
    """0–255, the same for texts that begin alike once links, names and marks are off."""
    words = re.findall(r"[a-z]+", re.sub(r"https?://\S+|@\w+", "", text.lower()))
    return hashlib.sha256(" ".join([word for word in words if word != "rt"][:8]).encode()).digest()[0]


def read_comments(data: Path) -> tuple[list[str], list[bool]]:
    """The comments under one video, and which of them are spam; the mark at their ends is not part of them."""
    with open(data / "text/youtube_spam/Youtube01-Psy.csv", encoding="latin-1", newline="") as file:
        rows = [row for row in csv.reader(file) if len(row) >= 2]
    return [row[1].removesuffix("\u00a5\u00e9\u00cb").removesuffix("\u00ef\u00bb\u00bf").strip() for row in rows], [
        row[0] == "spam" for row in rows
    ]


def read_tweets(data: Path) -> tuple[list[str], list[str]]:
    """The tweets and their classes: 0 hate, 1 offensive, 2 neither."""
    with open(data / "text/offensive_tweets/labeled_data.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [html.unescape(row["tweet"]) for row in rows], [row["class"] for row in rows]


def read_reviews(data: Path) -> list[Text]:
    """Reviews of clothes."""
    with open(data / "reviews/womens_clothing/reviews.csv", encoding="utf-8", newline="") as file:
        return [Text(row["Title"], row["Review Text"], language="en") for row in csv.DictReader(file)]


def is_spam(texts: Sequence[Text], context: Context = PLAIN) -> list[bool]:
    """What the reader calls spam."""
    return [finding.p >= 0.5 for finding in spam.read(texts, context)]


def folds(texts: Sequence[str], count: int) -> Iterator[tuple[list[int], list[int]]]:
    """Places to learn from and to be asked about, by groups of texts that begin alike."""
    groups = [group_of(text) * count // 256 for text in texts]
    for fold in range(count):
        yield (
            [place for place, group in enumerate(groups) if group != fold],
            [place for place, group in enumerate(groups) if group == fold],
        )


def spam_of_comments(texts: list[str], truth: list[bool]) -> tuple[Score, Score]:
    """Cold (our rules alone, nothing learnt) and trained on the other folds."""
    all_texts = [Text(body=text, kind="review", language="en") for text in texts]
    trained = [False] * len(texts)
    for learn, ask in folds(texts, FOLDS):
        model = safety_training.fit_spam([all_texts[place] for place in learn], [truth[place] for place in learn], PLAIN)
        answers = is_spam([all_texts[place] for place in ask], Context(models={"spam": model}))
        for place, answer in zip(ask, answers, strict=True):
            trained[place] = answer
    return score(truth, is_spam(all_texts)), score(truth, trained)


def spam_among_reviews(reviews: list[Text], comments: list[str], truth: list[bool]) -> tuple[Score, Score]:
    """Spam comments planted among ordinary reviews: cold, and trained on one half of both."""
    planted = [Text(body=text, language="en") for text, wanted in zip(comments, truth, strict=True) if wanted][:PLANTED]
    rows = [(text, False) for text in reviews] + [(text, True) for text in planted]
    random.Random(4).shuffle(rows)
    learn = [row for row in rows if group_of(row[0].whole) < 128]
    ask = [row for row in rows if group_of(row[0].whole) >= 128]
    model = safety_training.fit_spam([text for text, _ in learn], [wanted for _, wanted in learn], PLAIN)
    asked, wanted = [text for text, _ in ask], [wanted for _, wanted in ask]
    return score(wanted, is_spam(asked)), score(wanted, is_spam(asked, Context(models={"spam": model})))


def peer(python: str, texts: Sequence[str]) -> list[float] | None:
    """What alt-profanity-check says of texts, in an interpreter that has it; None where there is none."""
    if not python:
        return None
    done = subprocess.run([python, "-c", PEER], input=json.dumps(list(texts)), capture_output=True, text=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else None


def metric(
    value: float, unit: str, *, limit: float | None = None, goal: float | None = None, least: bool = True
) -> dict[str, object]:
    """One figure of the JSON line."""
    ok = None if goal is None else value >= goal if least else value <= goal
    ratio = None if limit is None else round(value / max(limit, 1e-9), 3)
    return {
        "value": round(value, 4),
        "unit": unit,
        "limit": None if limit is None else round(limit, 4),
        "ratio": ratio,
        "goal": goal,
        "ok": ok,
    }


def measure(data: Path, *, quick: bool, peers_python: str) -> tuple[list[tuple[str, str]], dict[str, dict[str, object]]]:
    """The lines of the table and the figures of the JSON line."""
    tweets, classes = read_tweets(data)
    comments, truth = read_comments(data)
    reviews = read_reviews(data)[: 1_000 if quick else ORDINARY]
    learn = [place for place, text in enumerate(tweets) if group_of(text) >= 64]
    ask = [place for place, text in enumerate(tweets) if group_of(text) < 64]
    if quick:
        learn, ask = learn[:4_000], ask[:1_000]
    answers = numpy.array([[classes[place] != "2", classes[place] == "0"] for place in learn])
    model = safety_training.fit(
        "offence", offence.FORMAT, features.BITS, [tweets[place] for place in learn], answers, strengths=(4.0, 1.0)
    )
    asked = [Text(body=tweets[place], language="en") for place in ask]
    started = time.perf_counter()
    levels = offence.read_levels(asked, Context(models={"offence": model}))
    speed = len(asked) / (time.perf_counter() - started)
    offends = [classes[place] != "2" for place in ask]
    whole = score(offends, [each.p >= 0.5 for each in levels])
    hate = score([classes[place] == "0" for place in ask], [each.labels["hate"] >= 0.5 for each in levels])
    theirs = peer(peers_python, [text.whole for text in [*asked, *reviews]])
    their_score = None if theirs is None else score(offends, [p >= 0.5 for p in theirs[: len(asked)]])
    their_false = None if theirs is None else sum(p >= 0.5 for p in theirs[len(asked) :]) / len(reviews)
    false_offence = sum(each.p >= 0.5 for each in offence.read(reviews, PLAIN)) / len(reviews)
    false_spam = sum(is_spam(reviews)) / len(reviews)
    cold, trained = spam_of_comments(comments, truth)
    planted_cold, planted_trained = spam_among_reviews(reviews, comments, truth)
    not_run = "peer not run"
    rows = [
        (f"offence, {len(ask):,} unseen tweets (hate or offensive against neither)", str(whole)),
        ("  the same by alt-profanity-check", not_run if their_score is None else str(their_score)),
        ("  hate alone", str(hate)),
        (f"ordinary reviews taken for offence, of {len(reviews):,}", f"{false_offence:.2%}"),
        ("  the same by alt-profanity-check", not_run if their_false is None else f"{their_false:.2%}"),
        (f"spam, {len(comments)} comments: our rules, nothing learnt", str(cold)),
        (f"  trained on the other {FOLDS - 1} of {FOLDS} folds", str(trained)),
        (f"spam planted among {len(reviews):,} reviews: our rules", str(planted_cold)),
        ("  trained on one half, asked about the other", str(planted_trained)),
        (f"ordinary reviews taken for spam, of {len(reviews):,}", f"{false_spam:.2%}"),
        ("texts read for offence", f"{speed:,.0f}/s"),
    ]
    metrics = {
        "offence_f1": metric(whole.f1, "F1", limit=their_score and their_score.f1, goal=GOALS["offence_f1"]),
        "hate_f1": metric(hate.f1, "F1"),
        "false_offence": metric(false_offence, "share", limit=their_false, goal=GOALS["false_offence"], least=False),
        "spam_cold_f1": metric(cold.f1, "F1"),
        "spam_f1": metric(trained.f1, "F1", goal=GOALS["spam_f1"]),
        "spam_planted_cold_f1": metric(planted_cold.f1, "F1"),
        "spam_planted_f1": metric(planted_trained.f1, "F1"),
        "false_spam": metric(false_spam, "share", goal=GOALS["false_spam"], least=False),
        "offence_per_second": metric(speed, "texts/s"),
    }
    return rows, metrics


def main() -> None:
    """Print the table and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer tweets and reviews; under a minute")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--peers-python", default="", metavar="PYTHON", help="an interpreter that has alt-profanity-check")
    options = parser.parse_args()
    rows, metrics = measure(options.data, quick=options.quick, peers_python=options.peers_python)
    for name, value in rows:
        print(f"{name:72} {value}")
    print(json.dumps({"benchmark": "text_safety", "metrics": metrics}))


if __name__ == "__main__":
    main()
