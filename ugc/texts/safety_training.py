"""Training of the models of spam and offence. Imports scikit-learn: only from within a job's or a command's function."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from ugc.modelling.artefacts import Artefact
from ugc.texts import features, hashed_model
from ugc.texts.base import Context, Text
from ugc.texts.readers import spam

Numbers = NDArray[Any]
# What the rules say is one number among thousands of words; it is scaled so that it weighs as much as a few of them.
RULES_SCALE = 0.25
ROUNDS = 500
SPAM_STRENGTH = 4.0


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
