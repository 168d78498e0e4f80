"""Trains the tag model; the only module here that needs scikit-learn, so it is imported by jobs alone, when they run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy
from numpy.typing import NDArray
from scipy import stats
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold

from ugc.suggestions import calibrating, tagging
from ugc.suggestions.rules import PRECISIONS
from ugc.suggestions.tagging import Seen, Sight, Tagger

MOST_ROWS = 5_000
"""Newest items that are learnt from."""
MOST_TAGS = 200
"""Commonest tags; the others are too rare to tell apart."""
LEAST_ROWS = 20
LEAST_OF_EACH = 5
"""Items with a tag, and without it, from which on it can be learnt."""
FOLDS = 5
ALPHAS = (0.1, 0.3, 1.0, 3.0, 10.0)
FEW = 1_000
"""Items up to which the ridge is chosen over all folds; of more, one fold says the same."""
MOST_LANDMARKS = 512
"""Pictures that nearness is taken to: more cost a second and find little more."""
SMALLEST = 1e-4
"""Size of a direction among landmarks below which it is noise."""
CONFIDENCE = 0.9
"""How sure it must be that a precision is met, one-sided: 22 right answers in a row are needed for .9, 114 for .98."""
STEPS = (0.99, 0.98, 0.97, 0.95, 0.93, 0.9, 0.87, 0.84, 0.8, 0.75, 0.7, 0.65, 0.6, 0.5)
"""Probabilities that are tried as a threshold, from the strictest on; the first that fails ends it, so that trying many of
them does not find one by luck (fixed-sequence testing).
"""
Labels = NDArray[numpy.float32]
Places = NDArray[numpy.int64]
Fold = tuple[Places, Places]
"""Places to learn from, and places that are held out."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A tagged item: what is seen of it, its tags, names about which nothing is known, and whose it is."""

    seen: Seen
    tags: frozenset[str]
    unsure: frozenset[str] = frozenset()
    group: int = 0
    """The creator: photos of one person are alike, and never stand on both sides of a split."""
    item_id: int = 0


def learnable(lessons: Sequence[Lesson]) -> list[str]:
    """The tags that enough items have and enough do not, the commonest first."""
    counts: dict[str, int] = {}
    for lesson in lessons:
        for name in lesson.tags - lesson.unsure:
            counts[name] = counts.get(name, 0) + 1
    known = {name: sum(name not in lesson.unsure for lesson in lessons) for name in counts}
    fit = [name for name, count in counts.items() if count >= LEAST_OF_EACH and known[name] - count >= LEAST_OF_EACH]
    return sorted(fit, key=lambda name: (-counts[name], name))[:MOST_TAGS]


def missing(lessons: Sequence[Lesson]) -> tuple[int, int, str]:
    """What there is, what is needed, and of what, where nothing can be learnt yet."""
    tagged = sum(bool(lesson.tags) for lesson in lessons)
    if tagged < LEAST_ROWS:
        return tagged, LEAST_ROWS, "tagged items"
    counts: dict[str, int] = {}
    for lesson in lessons:
        for name in lesson.tags:
            counts[name] = counts.get(name, 0) + 1
    commonest = max(counts.values())
    if commonest < LEAST_OF_EACH:
        return commonest, LEAST_OF_EACH, "items with the same tag"
    return min(len(lessons) - count for count in counts.values() if count >= LEAST_OF_EACH), LEAST_OF_EACH, "items without the tag"


def train(lessons: Sequence[Lesson], encoder: str, *, proven: bool = True) -> Tagger | None:
    """A model of all tags that can be learnt, with what held-out items prove of each; None where there is none."""
    names = learnable(lessons)
    if len(lessons) < LEAST_ROWS or not names:
        return None
    sight, whiten = look([lesson.seen for lesson in lessons])
    table = tagging.prepared([lesson.seen for lesson in lessons], sight)
    # Among whitened columns a ridge is the kernel ridge over the landmarks (Nyström); the weights are folded back below.
    table[:, : len(whiten)] = table[:, : len(whiten)] @ whiten
    labels, known = label(lessons, names)
    folds = split(lessons)
    alpha = choose_alpha(table, labels, folds if len(lessons) <= FEW else folds[:1])
    scores = numpy.zeros_like(labels)
    for kept, rest in folds:
        scores[rest] = predict(alpha, table, labels, kept, rest)
    final = Ridge(alpha=alpha).fit(table, labels)
    weights = numpy.atleast_2d(final.coef_).astype(numpy.float32)
    weights[:, : len(whiten)] = weights[:, : len(whiten)] @ whiten.T
    slope, offset = calibrating.curves(scores, labels, known)
    tagger = Tagger(
        tags=tuple(names), weights=weights, bias=numpy.atleast_1d(final.intercept_).astype(numpy.float32),
        slope=slope.astype(numpy.float32), offset=offset.astype(numpy.float32), sight=sight, thresholds={}, encoder=encoder,
        through=max(lesson.item_id for lesson in lessons),
    )  # fmt: skip
    if not proven:
        return tagger
    answers = held_out(scores, labels, known, folds)
    return replace(tagger, thresholds={name: thresholds_of(*answers[place]) for place, name in enumerate(names)})


def look(rows: Sequence[Seen]) -> tuple[Sight, NDArray[numpy.float32]]:
    """How vectors are seen, and the matrix that makes the columns of nearness of one size and independent (K^−½)."""
    widths = [len(row.vector) for row in rows if row.vector is not None]
    if len(widths) < LEAST_ROWS:
        return tagging.blind(), numpy.zeros((0, 0), dtype=numpy.float32)
    width = max(set(widths), key=widths.count)
    stacked = numpy.stack([row.vector for row in rows if row.vector is not None and len(row.vector) == width]).astype(numpy.float32)
    mean = stacked.mean(axis=0)
    usual = float(numpy.linalg.norm(stacked - mean, axis=1).mean())
    moved = (stacked - mean) / max(usual, 1e-6)
    chosen = numpy.random.default_rng(0).permutation(len(moved))[:MOST_LANDMARKS]
    # Two pictures that are the same would make the matrix singular; so would half of what is stored otherwise.
    landmarks = numpy.unique(moved[numpy.sort(chosen)].astype(numpy.float16), axis=0).astype(numpy.float32)
    sizes, axes = numpy.linalg.eigh(tagging.near(landmarks, landmarks).astype(numpy.float64))
    whiten = (axes / numpy.sqrt(numpy.maximum(sizes, SMALLEST))) @ axes.T
    sight = Sight(mean, 1 / max(usual, 1e-6), landmarks, tagging.near(moved, landmarks).mean(axis=0))
    return sight, whiten.astype(numpy.float32)


def label(lessons: Sequence[Lesson], names: Sequence[str]) -> tuple[Labels, NDArray[numpy.bool_]]:
    """1 where an item has a tag, and where that is known at all."""
    labels = numpy.array([[float(name in lesson.tags) for name in names] for lesson in lessons], dtype=numpy.float32)
    known = numpy.array([[name not in lesson.unsure for name in names] for lesson in lessons], dtype=bool)
    return labels, known


def split(lessons: Sequence[Lesson]) -> list[Fold]:
    """Which items to learn from and which to hold out, in turn; everybody's own items stay together."""
    groups = numpy.array([lesson.group or -place - 1 for place, lesson in enumerate(lessons)])
    folds = min(FOLDS, len(set(groups.tolist())))
    if folds < 2:  # all of one person: then item by item is the best that there is
        groups, folds = numpy.arange(len(lessons)), FOLDS
    return list(GroupKFold(folds).split(groups, groups=groups))


def choose_alpha(table: Labels, labels: Labels, folds: Sequence[Fold]) -> float:
    """The ridge that is nearest to the truth of items that it did not see."""
    errors = {
        alpha: sum(float(((predict(alpha, table, labels, kept, rest) - labels[rest]) ** 2).sum()) for kept, rest in folds)
        for alpha in ALPHAS
    }
    return min(ALPHAS, key=lambda alpha: errors[alpha])


def predict(alpha: float, table: Labels, labels: Labels, kept: Places, rest: Places) -> Labels:
    """Scores of some items by what the others teach."""
    found = Ridge(alpha=alpha).fit(table[kept], labels[kept]).predict(table[rest])
    return numpy.asarray(found, dtype=numpy.float32).reshape(len(rest), -1)


def held_out(
    scores: Labels, labels: Labels, known: NDArray[numpy.bool_], folds: Sequence[Fold]
) -> list[tuple[NDArray[numpy.float64], NDArray[numpy.bool_]]]:  # fmt: skip
    """For each tag, probability and truth of every item whose tag is known, by a curve that did not see the item either."""
    p = numpy.zeros(labels.shape)
    for kept, rest in folds:
        slope, offset = calibrating.curves(scores[kept], labels[kept], known[kept])
        p[rest] = calibrating.sigmoid(scores[rest] * slope + offset)
    return [(p[sure, place], labels[sure, place] > 0.5) for place, sure in enumerate(known.T)]


def thresholds_of(p: NDArray[numpy.float64], truth: NDArray[numpy.bool_]) -> dict[str, float]:
    """Precision → the lowest probability that met it on held-out decisions; precisions that none met are left out."""
    found: dict[str, float] = {}
    for precision in PRECISIONS:
        for step in STEPS:
            above = p >= step
            if lower_bound(int(above.sum()), int(above.sum())) < precision:
                continue  # too few to say anything, were all of them right
            if lower_bound(int(truth[above].sum()), int(above.sum())) < precision:
                break
            found[str(precision)] = step
    return found


@lru_cache(maxsize=65_536)
def lower_bound(right: int, of: int) -> float:
    """What the share of right answers is at least, as sure as CONFIDENCE (Clopper and Pearson 1934)."""
    if right == 0:
        return 0.0
    return float(stats.beta.ppf(1 - CONFIDENCE, right, of - right + 1))


@dataclass(frozen=True, slots=True)
class Outcome:
    """A candidate beside what is in use, both measured on the same newest items, which neither was to learn from."""

    tagger: Tagger
    metrics: dict[str, float]
    incumbent: dict[str, float] | None
    better: bool
    why: str


HELD_OUT = 0.2
"""Share of the items, the newest, on which a candidate is compared; the one that is kept has learnt from them too."""


def compare(lessons: Sequence[Lesson], encoder: str, incumbent: Tagger | None) -> Outcome | None:
    """Train on all items, newest first; measured with a twin that saw only the older ones. None where nothing can be learnt."""
    final = train(lessons[:MOST_ROWS], encoder)
    if final is None:
        return None
    newest = max(1, round(HELD_OUT * min(len(lessons), MOST_ROWS)))
    held, older = lessons[:newest], lessons[newest:MOST_ROWS]
    twin = train(older, encoder, proven=False)
    if twin is None:
        return Outcome(final, {"tags": float(len(final.tags))}, None, incumbent is None, "the first that there was enough for")
    fresh = unseen(held, incumbent)
    metrics = measure(twin, fresh, final.tags)
    before = measure(incumbent, fresh, final.tags) if incumbent else {"log_loss": usual_loss(older, fresh, final.tags)}
    better = metrics["log_loss"] <= before["log_loss"] and bool(label(fresh, final.tags)[0].any())
    said = why(metrics, before, is_first=incumbent is None) if better or metrics["log_loss"] > before["log_loss"] else NOT_SHOWN
    return Outcome(final, metrics, before, better, said)


NOT_SHOWN = "none of the newest items bears one of its tags, so nothing was shown"


def usual_loss(older: Sequence[Lesson], held: Sequence[Lesson], names: Sequence[str]) -> float:
    """The log loss of who knows only how common each tag is: a first model that is no better has learnt nothing."""
    given, asked = label(older, names)
    shares = (given * asked).sum(axis=0) / numpy.maximum(1, asked.sum(axis=0))
    labels, known = label(held, names)
    kept = numpy.clip(numpy.broadcast_to(shares, labels.shape), 1e-4, 1 - 1e-4)
    return round(float(-(labels * numpy.log(kept) + (1 - labels) * numpy.log(1 - kept))[known].mean()), 4)


def unseen(held: Sequence[Lesson], incumbent: Tagger | None) -> Sequence[Lesson]:
    """Held-out items that the one in use did not learn from either, as soon as there are enough to tell two models apart."""
    fresh = [lesson for lesson in held if incumbent is None or lesson.item_id > incumbent.through]
    return fresh if len(fresh) >= LEAST_ROWS else held


def why(metrics: dict[str, float], before: dict[str, float], *, is_first: bool) -> str:
    """What decided, in a sentence."""
    word = "surprised no more often" if metrics["log_loss"] <= before["log_loss"] else "surprised more often"
    other = "who knows only how common each tag is" if is_first else "the model in use"
    return f"{word} by the newest items than {other}: log loss {metrics['log_loss']:.3f} against {before['log_loss']:.3f}"


def measure(tagger: Tagger, held: Sequence[Lesson], names: Sequence[str]) -> dict[str, float]:
    """Precision of the first suggestion, recall of the first three, and log loss, on items with at least one of the names."""
    chances = tagging.probabilities(tagger, [lesson.seen for lesson in held])
    places = {name: place for place, name in enumerate(tagger.tags)}
    blank = numpy.full(len(held), 0.01)  # a tag that this model does not know
    table = numpy.stack([chances[:, places[name]] if name in places else blank for name in names], axis=1)
    labels, known = label(held, names)
    kept = numpy.clip(table, 1e-4, 1 - 1e-4)
    loss = -(labels * numpy.log(kept) + (1 - labels) * numpy.log(1 - kept))[known].mean()
    tagged = [row for row in range(len(held)) if labels[row].any()]
    order = numpy.argsort(-table, axis=1, kind="stable")
    first = [bool(labels[row, order[row, 0]]) for row in tagged]
    three = [labels[row, order[row, :3]].sum() / min(labels[row].sum(), 3) for row in tagged]
    return {
        "log_loss": round(float(loss), 4), "precision_at_1": round(float(numpy.mean(first)), 4) if tagged else 0.0,
        "recall_at_3": round(float(numpy.mean(three)), 4) if tagged else 0.0, "tags": float(len(names)),
        "held_out": float(len(held)),
    }  # fmt: skip
