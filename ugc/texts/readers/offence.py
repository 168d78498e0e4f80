"""Does it offend? Word lists of our own say what, a model trained on tweets says whether it is meant (decisions 0140, 0141).

Three questions with a probability each: profanity, insult, hate; and how grave it is. Never looked at: stars, sentiment (L-01).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from ugc.modelling import artefacts
from ugc.modelling.artefacts import Artefact
from ugc.texts import folding, hashed_model, lexicon
from ugc.texts.base import Context, Finding, Reader, Text

FORMAT = 1
NONE, BLOCKED = "none", "blocked"
LABELS = ("hate", "insult", "profanity")
"""The gravest first."""
# Questions that a model answers, in the order of its rows.
OFFENDS, HATES = 0, 1
# A word of these lists is meant for somebody only where somebody is named close by.
NEAR, ADDRESSED, ALONE = 4, 0.62, 0.2
MOST_OF_MILD = 0.4
MILD_COUNTS = 0.3
# Below one half: a model of tweets says nothing on its own (0141).
UNSUPPORTED = 0.49
# A word that is also harmless (a garden hoe) does not count where the model is as sure as this that nothing is meant.
AMBIGUOUS, HARMLESS = 0.65, 0.2
HATE_LISTED = 0.45
"""What a slur of the lists counts where a model says whether it is meant."""
# Without a slur of the lists the model must be nine to one for hate: people who judged the tweets agreed least about that.
HATE_UNLISTED = 2.2
TRUSTED = frozenset({"", "en", "unknown"})
"""Languages in which the shipped model, which knows English, is asked."""


@dataclass(frozen=True, slots=True)
class Levels:
    """All that is to say about one text."""

    p: float
    """How probable it is that the text offends at all."""
    labels: Mapping[str, float]
    """profanity, insult, hate: a probability each."""
    severity: int
    """0 none, 1 mild, 2 strong, 3 hate or a threat."""
    words: tuple[str, ...]

    @property
    def label(self) -> str:
        """The gravest that applies, `none` below one half; `blocked` for a word that the brand wants nowhere."""
        if BLOCKED in self.labels:
            return BLOCKED
        return next((label for label in LABELS if self.labels[label] >= 0.5), "profanity") if self.p >= 0.5 else NONE


def read(texts: Sequence[Text], context: Context) -> list[Finding]:
    """How probable it is that each text offends, by what, and which words do."""
    return [Finding(levels.label, levels.p, levels.words) for levels in read_levels(texts, context)]


def read_levels(texts: Sequence[Text], context: Context) -> list[Levels]:
    """The same with each label on its own and how grave it is."""
    model = hashed_model.usable(context.models.get("offence")) or shipped()
    found = [hits_of(text, context.words) for text in texts]
    weighed = hashed_model.weigh([without(text.whole, context.words.get("allowed", ())) for text in texts], model)
    return [
        levels_of(hits, Opinion(model, weighed, place) if is_asked(text, model) else None)
        for place, (text, hits) in enumerate(zip(texts, found, strict=True))
    ]


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a model says of one text."""

    model: Artefact
    weighed: hashed_model.Weighed
    place: int

    def logit(self, question: int) -> float:
        """The log-odds of a yes."""
        return float(self.weighed.logits[self.place, question])

    def p(self, question: int) -> float:
        """How probable it says a yes is."""
        return hashed_model.probability(self.logit(question))

    @property
    def is_own(self) -> bool:
        """Whether the brand taught it itself."""
        return bool(self.model.facts.get("own"))

    @property
    def knows_hate(self) -> bool:
        """Whether it was asked for hate apart from offence."""
        return int(self.weighed.logits.shape[1]) > HATES


def is_asked(text: Text, model: Artefact) -> bool:
    """Whether the model knows this kind of text: a brand's own knows its own, the shipped one English."""
    return any(map(str.isalpha, text.whole[: folding.MOST])) and (bool(model.facts.get("own")) or text.language in TRUSTED)


@cache
def shipped() -> Artefact:
    """The model that comes with the program (shipped/offence.md)."""
    return artefacts.read_shipped("ugc.texts", "offence", kind="offence", format=FORMAT)


def levels_of(hits: Sequence[lexicon.Hit], opinion: Opinion | None) -> Levels:
    """Lists and model together."""
    strong = [hit for hit in hits if hit.list in {*LABELS, BLOCKED}]
    offends = opinion.p(OFFENDS) if opinion else None
    if offends is not None and offends < HARMLESS:
        strong = [hit for hit in strong if hit.weight > AMBIGUOUS or hit.list == BLOCKED]
    labels = {label: together(hit.weight for hit in strong if hit.list == label) for label in LABELS}
    mild = min(MOST_OF_MILD, together(hit.weight for hit in hits if hit.list == "mild"))
    p = max([*labels.values(), mild * MILD_COUNTS])
    if opinion and offends is not None:
        p = max(p, offends if strong or opinion.is_own else min(UNSUPPORTED, offends))
        labels["hate"] = hate_of(labels["hate"], p, opinion)
    if any(hit.list == BLOCKED for hit in strong):
        labels, p = {**labels, BLOCKED: 1.0}, 1.0
    words = [hit.word for hit in sorted(strong or hits, key=lambda hit: -hit.weight)]
    if opinion and p >= 0.5 and not words:
        words += opinion.weighed.words(opinion.place, OFFENDS)
    shown = tuple(dict.fromkeys(words))[: hashed_model.WORDS_SHOWN]
    return Levels(round(p, 4), {label: round(value, 4) for label, value in labels.items()}, severity_of(p, labels, mild), shown)


def hate_of(listed: float, p: float, opinion: Opinion) -> float:
    """Hate by the lists and the model; nothing that offends nobody is hate."""
    if p < 0.5 or not opinion.knows_hate:
        return min(listed, p)
    doubt = 0.0 if listed else HATE_UNLISTED
    return max(hashed_model.probability(opinion.logit(HATES) - doubt), HATE_LISTED * listed)


def together(weights: Iterable[float]) -> float:
    """The probability that one of several independent signs is right."""
    left = 1.0
    for weight in weights:
        left *= 1 - weight
    return 1 - left


def severity_of(p: float, labels: Mapping[str, float], mild: float) -> int:
    """How grave it is, 0–3."""
    if p < 0.5:
        return 1 if mild > 0 else 0
    return 3 if labels["hate"] >= 0.5 or labels["insult"] >= 0.85 else 2


def hits_of(text: Text, own: Mapping[str, Sequence[str]]) -> list[lexicon.Hit]:
    """Words of the lists in a text, hidden ones among them, without those that are part of something harmless."""
    folded = folding.read(text.whole)
    known = lexicon.lexicon("offence", "en" if text.language in TRUSTED else text.language)
    allowed = lexicon.build([lexicon.parse("allowed", word, 1.0) for word in own.get("allowed", ())])
    blocked = lexicon.build([lexicon.parse(BLOCKED, word, 1.0) for word in own.get("blocked", ())])
    hits = blocked.find(folded.words) + addressed(known.find(folded.words)) + allowed.find(folded.words)
    safe = {place for hit in hits if hit.list in {"safe", "allowed"} for place in range(hit.at, hit.at + hit.length)}
    hits = [hit for hit in hits if hit.list not in {"safe", "allowed", "you"} and (hit.list == BLOCKED or hit.at not in safe)]
    for word in folded.hidden:
        hits += [hit for hit in [*known.find([word]), *blocked.find([word])] if hit.list in {*LABELS, BLOCKED}]
    return hits + [hit for chunk in folded.starred for hit in uncovered(chunk)]


def addressed(hits: Sequence[lexicon.Hit]) -> list[lexicon.Hit]:
    """The hits, with words that only insult somebody weighed by whether somebody stands beside them."""
    others = [hit.at for hit in hits if hit.list == "you"]
    weighed = []
    for hit in hits:
        if hit.list == "address":
            near = any(abs(hit.at - at) <= NEAR for at in others)
            hit = lexicon.Hit("insult" if near else "mild", hit.word, ADDRESSED if near else ALONE, hit.at)
        weighed.append(hit)
    return weighed


STARRED = ("fuck", "fucking", "fucker", "shit", "bitch", "cunt", "bullshit", "asshole", "motherfucker", "whore", "slut", "pussy")
MOST_STARS = 0.75


def uncovered(chunk: str) -> list[lexicon.Hit]:
    """The word that stars cover, where only one of a few can be meant; at least the first letter must be seen."""
    if chunk[0] == "*" or chunk.count("*") > MOST_STARS * len(chunk):
        return []
    for word in STARRED:
        if len(word) == len(chunk) and all(sign in {"*", letter} for sign, letter in zip(chunk, word, strict=True)):
            return [lexicon.Hit("profanity", chunk, 0.7, 0)]
    return []


def without(whole: str, allowed: Sequence[str]) -> str:
    """A text without the words that a brand allows, so that no model is moved by them."""
    if not allowed:
        return whole
    known = lexicon.build([lexicon.parse("allowed", word, 1.0) for word in allowed])
    words = list(folding.WORD.finditer(whole[: folding.MOST]))
    hits = known.find([folding.fold(word[0]) for word in words])
    for hit in reversed(hits):
        whole = f"{whole[: words[hit.at].start()]} {whole[words[hit.at + hit.length - 1].end() :]}"
    return whole


READER = Reader("offence", read, model="offence", format=FORMAT)
