"""What do texts say, and how often is that right? Sentiment by language, usefulness, language, speed; spam and offence beside them.

Every figure is of rows that the model never saw: posts are split in the order of their files (the first four fifths train, the last
fifth tests) with the recipe of training/sentiment.py, since what ships has seen all of them; reviews likewise, with the job's own
code, so that "brand" is what a brand with that many starred reviews gets. Beside VADER and lingua in the same run, where an
interpreter has them. Run: python benchmarks/text.py [--quick] [--peers-python PYTHON] [--data FOLDER]
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from training import sentiment as recipe  # noqa: E402
from ugc.texts import features, feeling, linear, reading, sentiment_training, training, usefulness_training  # noqa: E402
from ugc.texts.base import PLAIN, UNKNOWN, Context, Text  # noqa: E402
from ugc.texts.readers import language, sentiment, usefulness  # noqa: E402

VADER = """
import json, sys
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
score = SentimentIntensityAnalyzer().polarity_scores
print(json.dumps([score(text)["compound"] for text in json.load(sys.stdin)]))
"""
LINGUA = """
import json, resource, sys, time
from lingua import LanguageDetectorBuilder
from lingua import IsoCode639_1 as Code
codes, texts = json.load(sys.stdin)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
build = LanguageDetectorBuilder.from_iso_codes_639_1(*[getattr(Code, code.upper()) for code in codes])
detector = (build.with_low_accuracy_mode() if "low" in sys.argv else build).with_preloaded_language_models().build()
started = time.process_time()
found = [detector.detect_language_of(text) for text in texts]
spent = time.process_time() - started
names = [each.iso_code_639_1.name.lower() if each else "" for each in found]
print(json.dumps([names, spent * 1e6 / len(texts), (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024]))
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One figure."""

    name: str
    value: float
    unit: str = "share"
    limit: float | None = None
    goal: float | None = None
    note: str = ""
    reached: bool | None = None
    """Given where less is better."""

    @property
    def ok(self) -> bool | None:
        """Whether the goal is reached; None without one."""
        return None if self.goal is None else self.value >= self.goal if self.reached is None else self.reached

    def as_json(self) -> dict[str, Any]:
        """As the last line has it."""
        ratio = None if not self.limit else round(self.value / self.limit, 3)
        return {
            "value": round(self.value, 4),
            "unit": self.unit,
            "limit": self.limit,
            "ratio": ratio,
            "goal": self.goal,
            "ok": self.ok,
        }


def peer(python: str | None, program: str, given: object, *arguments: str) -> Any:
    """What a peer says in its own interpreter; None where it is not to be had."""
    if not python:
        return None
    done = subprocess.run([python, "-c", program, *arguments], input=json.dumps(given), capture_output=True, text=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else None


def three_and_two(labels: list[str], p: Any) -> dict[str, float]:
    """Figures of all three classes, and of those that praise or complain alone."""
    return recipe.figures_of_language(p, labels)


def of_compound(compound: list[float]) -> Any:
    """VADER's compound score as one-hot probabilities by its authors' thresholds; the sign decides between two classes."""
    p = numpy.zeros((len(compound), 3))
    for place, value in enumerate(compound):
        p[place, 2 if value >= 0.05 else 0 if value <= -0.05 else 1] = 1
        p[place, 2 if value >= 0 else 0] += 1e-6
    return p


def sentiment_of_posts(data: Path, options: argparse.Namespace) -> Iterator[Line]:
    """Posts in six languages, trained on the first four fifths of all of them."""
    early, late = recipe.read_posts(data / "text" / "tweets_sentiment")
    if options.quick:
        early, late = early[::2], late[::2]
    model = recipe.fit(early)
    p = linear.softmax(training.scores_of(model, recipe.rows_of(late)))
    for code in recipe.LANGUAGES:
        own = [place for place, post in enumerate(late) if post.language == code]
        labels, texts = [late[place].label for place in own], [late[place].text for place in own]
        ours = three_and_two(labels, p[own])
        compound = peer(options.peers_python, VADER, texts)
        vader = three_and_two(labels, of_compound(compound)) if compound else None
        above = round(vader["accuracy"] + 0.1, 4) if vader and code == "en" else None
        yield from compared(f"posts_{code}", ours, vader, "accuracy", above)
        yield from compared(f"posts_{code}", ours, vader, "macro_f1", None)
        yield from compared(f"posts_{code}", ours, vader, "accuracy_2", 0.75)
        yield Line(f"posts_{code}_calibration_error", ours["calibration_error"], note="0 is best")


def compared(name: str, ours: dict[str, float], peers: dict[str, float] | None, figure: str, goal: float | None) -> Iterator[Line]:
    """A figure beside VADER's."""
    yield Line(f"{name}_{figure}", ours[figure], limit=peers[figure] if peers else None, goal=goal)


def sentiment_of_reviews(data: Path, options: argparse.Namespace) -> Iterator[Line]:
    """Reviews of two shops, with a model of the shop's own and with what would ship beside it (fitted on the early posts)."""
    for name, rows in (("womens_clothing", womens_clothing(data)), ("flipkart", flipkart(data))):
        chosen = rows[:: 10 if options.quick else 1]
        cut = len(chosen) * 4 // 5
        texts, stars = [row.text for row in chosen], [row.stars for row in chosen]
        labels = [sentiment_training.label_of(each) for each in stars[cut:]]
        # The job's training on all that lies before the test rows; it holds out a fifth of that for its own decision.
        own = sentiment_training.train(texts[:cut], stars[:cut], None)
        ours = three_and_two(labels, probabilities(texts[cut:], Context(models={sentiment.KIND: own.artefact})))
        plain = three_and_two(labels, probabilities(texts[cut:], PLAIN))
        compound = peer(options.peers_python, VADER, [text.whole for text in texts[cut:]])
        vader = three_and_two(labels, of_compound(compound)) if compound else None
        for figure in ("accuracy", "macro_f1", "accuracy_2", "macro_f1_2"):
            goal = round(vader[figure] + 0.1, 4) if vader and figure.startswith("macro_f1") else None
            yield from compared(f"{name}_brand", ours, vader, figure, goal)
            yield from compared(f"{name}_shipped", plain, vader, figure, None)
        yield Line(f"{name}_calibration_error", ours["calibration_error"], note="0 is best")


def probabilities(texts: list[Text], context: Context) -> Any:
    """Of each label, as the reader has them."""
    own = context.models.get(sentiment.KIND)
    model, p = linear.unpack(own or sentiment.shipped()), []
    for portion in reading.portions(texts):
        found = features.hashed(tuple(text.whole for text in portion))
        sums, _ = feeling.sums_of(found.words, [text.language for text in portion])
        before = numpy.zeros(len(sentiment.LABELS)) if own else sentiment.leaning(portion)
        p.append(sentiment.predict(model, found, sums, before)[0])
    return numpy.vstack(p)


@dataclass(frozen=True, slots=True)
class Review:
    """A starred review."""

    text: Text
    stars: int
    helpful: int = 0


def womens_clothing(data: Path) -> list[Review]:
    """Reviews of a clothes shop, in the order of the file."""
    with open(data / "reviews" / "womens_clothing" / "reviews.csv", encoding="utf-8", newline="") as file:
        return [
            Review(Text(row["Title"], row["Review Text"], language="en"), int(row["Rating"]), int(row["Positive Feedback Count"]))
            for row in csv.DictReader(file)
            if row["Review Text"]
        ]


def flipkart(data: Path) -> list[Review]:
    """Reviews of a department store, in the order of the file; what its page appended is taken off."""
    with open(data / "reviews" / "flipkart" / "flipkart_data.csv", encoding="utf-8", errors="replace", newline="") as file:
        return [Review(Text("", row["review"].removesuffix("READ MORE"), language="en"), int(row["rating"]))
                for row in csv.DictReader(file)]  # fmt: skip


def usefulness_of_reviews(data: Path, options: argparse.Namespace) -> Iterator[Line]:
    """The rank correlation of usefulness with helpful counts, and with stars, which it must not learn."""
    from datetime import UTC, datetime, timedelta

    from scipy.stats import spearmanr

    rows = womens_clothing(data)[:: 10 if options.quick else 1]
    cut = len(rows) * 4 // 5
    dates = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=place) for place in range(cut)]  # the file names none
    texts, stars = [row.text for row in rows], [row.stars for row in rows]
    own = usefulness_training.train(texts[:cut], stars[:cut], [row.helpful for row in rows[:cut]], dates, None)
    context = Context(models={usefulness.KIND: own.artefact})
    truth = [row.helpful for row in rows[cut:]]
    learnt = [each.p for each in usefulness.read(texts[cut:], context)]
    plain = [each.p for each in usefulness.read(texts[cut:], PLAIN)]
    length = [len(text.body.split()) for text in texts[cut:]]
    words = float(spearmanr(length, truth)[0])
    yield Line(
        "usefulness_spearman", float(spearmanr(learnt, truth)[0]), limit=round(words, 4), note="limit: number of words alone"
    )
    yield Line("usefulness_formula_spearman", float(spearmanr(plain, truth)[0]), limit=round(words, 4))
    of_length = float(spearmanr(length, stars[cut:])[0])
    yield Line("usefulness_stars_spearman", float(spearmanr(learnt, stars[cut:])[0]), limit=round(of_length, 4),
               note="to be near that of length")  # fmt: skip


def languages(data: Path, options: argparse.Namespace) -> Iterator[Line]:
    """Languages of posts of 20 characters or more; the label is that of the file, which a few posts are not in."""
    _, late = recipe.read_posts(data / "text" / "tweets_sentiment")
    posts = [post for post in late if len(post.text) >= 20][:: 6 if options.quick else 1]
    language.READER.read([Text(body=post.text) for post in posts[:50]], PLAIN)  # loads the detector
    started = time.process_time()
    found = language.READER.read([Text(body=post.text) for post in posts], PLAIN)
    spent = (time.process_time() - started) * 1e6 / len(posts)
    right = [each.label == post.language for each, post in zip(found, posts, strict=True)]
    said = [each.label != UNKNOWN for each in found]
    yield Line("language_accuracy", statistics.mean(right), goal=0.98, note="unknown counts as wrong")
    sure = [hit for hit, known in zip(right, said, strict=True) if known]
    yield Line("language_accuracy_where_said", statistics.mean(sure), goal=0.98)
    yield Line("language_said", statistics.mean(said))
    yield Line("language_us", spent, "µs a text")
    from ugc.library.languages import CANDIDATES

    for mode in ("",) if options.quick else ("", "low"):
        answer = peer(options.peers_python, LINGUA, [[*sorted(CANDIDATES - {"no"}), "nb"], [post.text for post in posts]], mode)
        if answer:
            hits = [name == post.language for name, post in zip(answer[0], posts, strict=True)]
            label = f"lingua{'_low' if mode else ''}"
            yield Line(f"{label}_accuracy", statistics.mean(hits))
            yield Line(f"{label}_us", answer[1], "µs a text")
            yield Line(f"{label}_mb", answer[2], "MB")


def speed(data: Path, options: argparse.Namespace) -> Iterator[Line]:
    """Short texts a second of one core: all readers, and those of language, sentiment and usefulness alone."""
    texts = [Text("", row.text.body[:140]) for row in flipkart(data)][: 500 if options.quick else 4_000]
    reading.read(texts[:300])
    rates = [len(texts) / spent(lambda: reading.read(texts)) for _ in range(3)]
    yield Line("texts_a_second", statistics.median(rates), "texts/s and core", goal=2_000)
    for reader in reading.READERS:
        cost = statistics.median(spent(lambda reader=reader: read_by(reader, texts)) for _ in range(3))  # type: ignore[misc]
        yield Line(f"us_{reader.name}", cost * 1e6 / len(texts), "µs a text", note=reader.read.__module__.rsplit(".", 1)[-1])


def read_by(reader: Any, texts: list[Text]) -> None:
    """One reader over all texts, in the portions of a reading."""
    for portion in reading.portions(texts):
        reader.read(portion, PLAIN)


def spent(work: Callable[[], object]) -> float:
    """Processor seconds of a piece of work."""
    started = time.process_time()
    work()
    return time.process_time() - started


def safety(data: Path, options: argparse.Namespace) -> Iterator[Line]:
    """Spam and offence, from the file beside this one where it is there."""
    path = Path(__file__).with_name("text_safety.py")
    if path.is_file():
        spec = importlib.util.spec_from_file_location("text_safety", path)
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules["text_safety"] = module
        spec.loader.exec_module(module)
        _, figures = module.measure(data, quick=options.quick, peers_python=options.peers_python or "")
        for name, figure in figures.items():
            yield Line(name, figure["value"], figure["unit"], figure["limit"], figure["goal"], reached=figure["ok"])


@contextmanager
def section(title: str) -> Iterator[None]:
    """A headline, and how long what stands below it took."""
    started = time.perf_counter()
    print(f"\n{title}")
    yield
    print(f"  ({time.perf_counter() - started:.0f} s)")


def main() -> None:
    """Print the table and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="every tenth review, every second post; under a minute")
    parser.add_argument(
        "--peers-python", metavar="PYTHON", help="an interpreter that has vaderSentiment, lingua, alt-profanity-check"
    )
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="the folder of real data")
    options = parser.parse_args()
    if not options.data.is_dir():
        sys.exit(f"real data is not at {options.data}")
    if not options.peers_python:
        print("peers not run: no --peers-python")
    lines: list[Line] = []
    parts = {
        "Sentiment of posts (limit: VADER; accuracy of 3 classes, _2: of 2)": sentiment_of_posts,
        "Sentiment of reviews (limit: VADER)": sentiment_of_reviews,
        "Usefulness of reviews": usefulness_of_reviews, "Language, 20 characters or more": languages,
        "Spam and offence": safety, "Speed": speed,
    }  # fmt: skip
    for title, measure in parts.items():
        with section(title):
            for line in measure(options.data, options):
                lines.append(line)
                limit = "" if line.limit is None else f"  limit {line.limit:.3f}"
                goal = "" if line.goal is None else f"  goal {line.goal:g} {'reached' if line.ok else 'MISSED'}"
                print(f"  {line.name:44} {line.value:10.3f} {line.unit}{limit}{goal}  {line.note}", flush=True)
    print(f"\npeak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    print(json.dumps({"benchmark": "text", "metrics": {line.name: line.as_json() for line in lines}}))


if __name__ == "__main__":
    main()
