"""Training of the models of spam and offence. Imports scikit-learn: only from within a job's or a command's function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from zlib import crc32

import numpy
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from ugc.modelling.artefacts import Artefact
from ugc.texts import features, folding, hashed_model
from ugc.texts.base import Context, Text
from ugc.texts.readers import offence, spam
from ugc.texts.rules import Trained, is_better

Numbers = NDArray[Any]
# What the rules say is one number among thousands of words; it is scaled so that it weighs as much as a few of them.
RULES_SCALE = 0.25
ROUNDS = 500
SPAM_STRENGTH = 4.0
PARTS, BEGINNING = 5, 8
"""One of so many texts is held out, by its first words."""


def matrix(texts: Sequence[str], bits: int) -> Any:
    """Hashed words of texts as a sparse matrix."""
    found = features.hashed(tuple(texts), bits)
    return sparse.csr_matrix((found.values, (found.texts, found.buckets)), shape=(len(texts), 1 << bits))


def fit(
    kind: str, format: int, bits: int, texts: Sequence[str], answers: Numbers, *, strengths: Sequence[float],
    rules: Numbers | None = None, weighing: str | None = "balanced", **facts: Any,
) -> Artefact:  # fmt: skip
    """A logistic regression for each column of answers. `weighing`: "balanced" lets both classes weigh the same. `rules`: one more
    number a text, whose coefficient stands in the facts.
    """
    inputs = matrix(texts, bits)
    if rules is not None:
        inputs = sparse.hstack([inputs, sparse.csr_matrix(rules[:, None] * RULES_SCALE)]).tocsr()
    weights, intercepts = [], []
    for column, strength in zip(answers.T, strengths, strict=True):
        learner = LogisticRegression(C=strength, class_weight=weighing, max_iter=ROUNDS, random_state=0).fit(inputs, column)
        weights.append(learner.coef_[0])
        intercepts.append(learner.intercept_[0])
    table = numpy.array(weights)
    if rules is not None:
        facts["rules"] = float(table[0, -1] * RULES_SCALE)
        table = table[:, :-1]
    return hashed_model.store(kind, format, bits, table, numpy.array(intercepts), **facts)


def fit_spam(texts: Sequence[Text], is_spam: Sequence[bool], context: Context) -> Artefact:
    """A model of spam over the words and what the rules say of each text."""
    rules = numpy.array(spam.rule_logits(texts, context))
    answers = numpy.array(is_spam)[:, None]
    whole = [text.whole for text in texts]
    return fit("spam", spam.FORMAT, features.BITS, whole, answers, strengths=(SPAM_STRENGTH,), rules=rules, weighing=None)


def train(kind: str, texts: Sequence[Text], answers: Sequence[bool], incumbent: Artefact | None, context: Context) -> Trained:
    """A model of a brand's spam or offence, measured on a fifth of its texts beside what is in use and what ships.

    The fifth is chosen by how texts begin, so that copies of one stay on one side.
    """
    held = numpy.array([crc32(beginning(text).encode("utf-8", "surrogatepass")) % PARTS == 0 for text in texts])
    truth = numpy.array(answers)
    seen = [text for text, out in zip(texts, held, strict=True) if not out]
    asked = [text for text, out in zip(texts, held, strict=True) if out]
    candidate = fit_kind(kind, seen, truth[~held], context)
    metrics = measure(kind, candidate, asked, truth[held], context)
    others = {"shipped": measure(kind, None, asked, truth[held], context)}
    if incumbent is not None:
        others["incumbent"] = measure(kind, incumbent, asked, truth[held], context)
    better, why = is_better("f1", metrics, others)
    data = {"yes": int(truth.sum()), "no": int((~truth).sum()), "split": "a fifth by how texts begin", "held_out": int(held.sum()),
            "others": others}  # fmt: skip
    whole = fit_kind(kind, texts, truth, context)
    return Trained(whole, len(texts), data, metrics, others.get("incumbent", others["shipped"]), better, why)


def beginning(text: Text) -> str:
    """What near-copies of a text share: its first words, folded."""
    return " ".join(folding.read(text.whole).words[:BEGINNING])


def fit_kind(kind: str, texts: Sequence[Text], answers: Numbers, context: Context) -> Artefact:
    """A model of one kind from all of these texts; of one class only, one that always says the same."""
    if kind == "spam":
        return fit_spam(texts, answers.tolist(), context)
    whole = [text.whole for text in texts]
    return fit(kind, offence.FORMAT, features.BITS, whole, answers[:, None], strengths=(SPAM_STRENGTH,), weighing=None, own=True)


def measure(kind: str, model: Artefact | None, texts: Sequence[Text], truth: Numbers, context: Context) -> dict[str, float]:
    """Precision, recall and F1 of what the reader says with a model, or without one."""
    read = spam.read if kind == "spam" else offence.read
    models = {name: each for name, each in context.models.items() if name != kind} | ({kind: model} if model else {})
    found = numpy.array([finding.p >= 0.5 for finding in read(texts, replace(context, models=models))])
    right = float((found & truth).sum())
    precision, recall = right / max(float(found.sum()), 1.0), right / max(float(truth.sum()), 1.0)
    return {"f1": 2 * precision * recall / max(precision + recall, 1e-9), "precision": precision, "recall": recall}
