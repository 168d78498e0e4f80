"""Finds topics in a brand's texts by NMF with scikit-learn; imported by jobs alone, since scikit-learn is heavy."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import combinations

import numpy
from scipy.sparse import csr_matrix
from sklearn.decomposition import NMF

from ugc.modelling.artefacts import Artefact
from ugc.texts import topics
from ugc.texts.base import Context, Text
from ugc.texts.features import Numbers
from ugc.texts.readers import topics_found
from ugc.texts.rules import Need, Trained

SEED = 20_261_122
FEWEST, MOST = 4, 12
"""Topics of a brand."""
A_TOPIC = 150
"""Texts for each topic beyond the fewest."""
VOCABULARY = 2_000
# A word of fewer texts tells of one product, one of more than these tells nothing.
RAREST, COMMONEST = 5, 0.3
CLEARLY = 0.02
JUDGED = 8
"""Strongest words of a topic that its coherence is measured on."""


def find(texts: Sequence[str]) -> Artefact | None:
    """The topics of texts; None where they share too few words."""
    documents = [Counter(topics.terms_of(text)) for text in texts]
    counts = Counter(term for document in documents for term in document)
    common = [term for term, count in counts.items() if RAREST <= count <= COMMONEST * len(documents)]
    terms = sorted(sorted(common, key=lambda term: (-counts[term], term))[:VOCABULARY])
    if len(terms) < FEWEST * FEWEST:
        return None
    rarity = numpy.asarray([math.log((1 + len(documents)) / (1 + counts[term])) + 1 for term in terms], dtype=numpy.float32)
    model = NMF(min(MOST, FEWEST + len(documents) // A_TOPIC), init="nndsvda", random_state=SEED, max_iter=500, tol=1e-3)
    model.fit(matrix_of(documents, terms, rarity))
    return packed(model.components_, terms, rarity, len(documents))


def matrix_of(documents: Sequence[Counter[str]], terms: Sequence[str], rarity: Numbers) -> csr_matrix:
    """TF-IDF rows of length one, as `topics.weights_of` makes them."""
    places = {term: place for place, term in enumerate(terms)}
    rows, columns, values = [], [], []
    for row, document in enumerate(documents):
        known = {places[term]: (1 + math.log(count)) * rarity[places[term]] for term, count in document.items() if term in places}
        length = math.sqrt(sum(value * value for value in known.values())) or 1.0
        rows += [row] * len(known)
        columns += list(known)
        values += [value / length for value in known.values()]
    return csr_matrix((values, (rows, columns)), shape=(len(documents), len(terms)))


def packed(components: Numbers, terms: Sequence[str], rarity: Numbers, rows: int) -> Artefact:
    """The artefact: names from the strongest words, and the least-squares projection on the topics."""
    kept = components[components.sum(axis=1) > 0]
    # A little on the diagonal keeps two topics that are nearly the same from shooting up against each other.
    projection = numpy.linalg.solve(kept @ kept.T + 1e-2 * numpy.eye(len(kept)), kept)
    strongest = [[terms[place] for place in numpy.argsort(-row)[: 2 * JUDGED]] for row in kept]
    facts = {"names": distinct([topics.name_of(words) for words in strongest]), "terms": list(terms), "rows": rows,
             "strongest": [words[:JUDGED] for words in strongest]}  # fmt: skip
    return Artefact(topics.KIND, topics.FORMAT, {"rarity": rarity, "projection": projection.astype(numpy.float32)}, facts)


def distinct(names: Sequence[str]) -> list[str]:
    """Names of which none is there twice."""
    seen = Counter[str]()
    told = []
    for name in names:
        seen[name] += 1
        told.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return told


def coherence(artefact: Artefact, texts: Sequence[str]) -> float:
    """How much more often than by chance the strongest words of a topic stand together in texts that it never saw: the mean
    normalised pointwise mutual information of their pairs (Bouma 2009), −1 to 1.
    """
    documents = [set(topics.terms_of(text)) for text in texts]
    scores = [npmi(documents, one, other) for words in artefact.facts["strongest"] for one, other in combinations(words, 2)]
    return round(float(numpy.mean(scores)), 4) if scores else -1.0


def npmi(documents: Sequence[set[str]], one: str, other: str) -> float:
    """Normalised pointwise mutual information of two words; −1 for words that never meet."""
    first = sum(one in document for document in documents)
    second = sum(other in document for document in documents)
    both = sum(one in document and other in document for document in documents)
    if not both:
        return -1.0
    share = both / len(documents)
    return math.log(share * len(documents) ** 2 / (first * second)) / -math.log(share) if share < 1 else 1.0


def train(texts: Sequence[str], incumbent: Artefact | None) -> Trained | Need:
    """Topics of texts in the order of their dates; how well their words hang together in the newest fifth decides."""
    cut = len(texts) * 4 // 5
    trial, whole = find(texts[:cut]), find(texts)
    if trial is None or whole is None:
        return Need(len(texts), 2 * len(texts), "texts")
    metrics = {"coherence": coherence(trial, texts[cut:]), "covered": covered(trial, texts[cut:])}
    before = None
    if incumbent is not None:
        before = {"coherence": coherence(incumbent, texts[cut:]), "covered": covered(incumbent, texts[cut:])}
    # New names confuse those who know the old ones: other topics must hang together clearly better.
    better = before is None or metrics["coherence"] >= before["coherence"] + CLEARLY
    why = f"coherence {metrics['coherence']:.3f} on held-out texts" + (f", before {before['coherence']:.3f}" if before else "")
    data = {"split": "the newest fifth is held out", "held_out": len(texts) - cut, "names": whole.facts["names"]}
    return Trained(whole, len(texts), data, metrics, before, better, why)


def covered(artefact: Artefact, texts: Sequence[str]) -> float:
    """The share of texts that hold a topic."""
    found = topics_found.read([Text(body=text) for text in texts], Context(models={topics.KIND: artefact}))
    return round(sum(bool(each) for each in found) / max(len(texts), 1), 4)
