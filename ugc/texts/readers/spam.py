"""Is it spam? Rules of our own give log-odds; where a brand taught its own model, that one weighs the rules with the words.

Never looked at: stars, sentiment, who wrote it (L-01).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ugc.texts import folding, hashed_model, lexicon, links
from ugc.texts.base import Context, Finding, Reader, Text
from ugc.texts.readers import personal_data

FORMAT = 1
LABEL, ELSE = "spam", "ham"
# Log-odds of a text that holds nothing suspicious.
AT_FIRST = -3.1
MOST_OF_PHRASES = 7.0
# What shops and customers link to in captions and posts tells less than a link in a review.
LINK = {"review": 2.4}
LINK_ELSEWHERE = 1.2
FEW_WORDS = 6
REPEATED = 0.35
# The longer a text, the more of its words return by themselves.
FIRST = 200
# A phrase of such a weight says the same as the next one of its list; lighter ones are hints that add up.
PHRASE = 2.0
# Customers use phrases below this one too: they tell something where there is little else.
SURE = 3.0
# Letters of a word that is worth repeating: "ha ha ha" is laughter.
SHORTEST = 3
# In a longer text a hint is only a word.
SHORT = 30


@dataclass(frozen=True, slots=True)
class Clue:
    """One thing that speaks for spam."""

    weight: float
    words: str


def read(texts: Sequence[Text], context: Context) -> list[Finding]:
    """How probable it is that each text is spam, and what says so."""
    clues = [clues_of(text, context) for text in texts]
    logits, learnt = rule_sums(clues), list[tuple[str, ...]]([()] * len(texts))
    if model := hashed_model.usable(context.models.get("spam")):
        weighed = hashed_model.weigh([text.whole for text in texts], model)
        logits = [float(weighed.logits[place, 0]) + float(model.facts["rules"]) * logit for place, logit in enumerate(logits)]
        learnt = [weighed.words(place, 0) if logit > 0 else () for place, logit in enumerate(logits)]
    return [
        finding(logit, each, more) if text.whole.strip() else Finding(ELSE, 0.0)
        for text, logit, each, more in zip(texts, logits, clues, learnt, strict=True)
    ]


def finding(logit: float, clues: Sequence[Clue], learnt: Sequence[str]) -> Finding:
    """Log-odds as a finding."""
    p = hashed_model.probability(logit)
    words = [clue.words for clue in sorted(clues, key=lambda clue: -clue.weight)] + list(learnt)
    return Finding(LABEL if p >= 0.5 else ELSE, round(p, 4), tuple(dict.fromkeys(words))[: hashed_model.WORDS_SHOWN])


def rule_sums(clues: Sequence[Sequence[Clue]]) -> list[float]:
    """The log-odds that clues add up to."""
    return [AT_FIRST + sum(clue.weight for clue in each) for each in clues]


def rule_logits(texts: Sequence[Text], context: Context) -> list[float]:
    """What the rules alone say of texts: the one number beside the words that a model learns from."""
    return rule_sums([clues_of(text, context) for text in texts])


def clues_of(text: Text, context: Context) -> list[Clue]:
    """Everything in a text that speaks for spam; nothing for one without a word."""
    whole = text.whole[: folding.MOST]
    if not whole.strip():
        return []
    folded = folding.read(whole)
    return [
        *clues_of_links(text, whole, len(folded.words), context),
        *clues_of_phrases(text, folded, context.words),
        *clues_of_contact(whole),
        *(Clue(3.0, trick) for trick in folded.tricks[:1]),
        *clues_of_repetition(whole, folded.words),
        *clues_of_shouting(whole, len(folded.words)),
    ]


def clues_of_links(text: Text, whole: str, words: int, context: Context) -> list[Clue]:
    """Links to somewhere else than the brand's own pages."""
    found = [link for link in links.find(whole) if not links.is_under(link.host, context.own)]
    if not found:
        return []
    first = LINK.get(text.kind, LINK_ELSEWHERE)
    clues = [Clue(first, found[0].host or whole[found[0].start : found[0].end])]
    # The words of the address itself count among the words.
    others = words - sum(len(folding.WORD.findall(whole[link.start : link.end])) for link in found)
    if others <= FEW_WORDS:
        clues.append(Clue(1.6, "little but a link"))
    if len(found) > 1:
        clues.append(Clue(min(0.5 * (len(found) - 1), 1.5), f"{len(found)} links"))
    clues += [Clue(1.2, link.host) for link in found if link.is_short][:1]
    return clues + [Clue(2.4, whole[link.start : link.end]) for link in found if link.is_hidden][:1]


def clues_of_phrases(text: Text, folded: folding.Folded, own: Mapping[str, Sequence[str]]) -> list[Clue]:
    """Phrases of the trade; the first of a list counts whole, the others half, and more where there is little else."""
    hits = lexicon.lexicon("spam", text.language, "en").find(folded.words)
    covered = {place for hit in hits if hit.list == "safe" for place in range(hit.at, hit.at + hit.length)}
    covered |= covered_places(folded.words, own.get("allowed", ()))
    hits = [hit for hit in hits if hit.at not in covered]
    clues, seen, taken = [], set[str](), set[int]()
    faded = min(1.0, SHORT / max(len(folded.words), 1))
    for hit in sorted(hits, key=lambda hit: (-hit.weight, -hit.length, hit.at)):
        places = set(range(hit.at, hit.at + hit.length))
        if hit.word not in seen and not places <= taken:
            again = hit.weight / 2 if hit.list in seen and hit.weight >= PHRASE else hit.weight
            clues.append(Clue(again if hit.weight >= SURE else again * faded, hit.word))
            seen |= {hit.word, hit.list}
            taken |= places
    if clues and clues[0].weight >= PHRASE and len(taken) >= 0.3 * len(folded.words):
        clues.append(Clue(0.8, clues[0].words))
    return capped(clues, MOST_OF_PHRASES)


def covered_places(words: Sequence[str], allowed: Sequence[str]) -> set[int]:
    """The places of words that a brand allows."""
    found = lexicon.build([lexicon.parse("allowed", word, 1.0) for word in allowed]).find(words)
    return {place for hit in found for place in range(hit.at, hit.at + hit.length)}


def capped(clues: Sequence[Clue], most: float) -> list[Clue]:
    """Clues whose weights add up to no more than this."""
    total = sum(clue.weight for clue in clues)
    return [Clue(clue.weight * most / total, clue.words) for clue in clues] if total > most else list(clues)


def clues_of_contact(whole: str) -> list[Clue]:
    """Ways to get in touch; shown masked, like everywhere else."""
    found = {place.kind: place.masked for place in personal_data.find_contacts(whole)}
    weights = {"email": 1.4, "phone": 1.6}
    return [Clue(weights[kind], masked) for kind, masked in found.items() if kind in weights]


def clues_of_repetition(whole: str, words: Sequence[str]) -> list[Clue]:
    """The same words or lines over and over."""
    clues = []
    first = words[:FIRST]
    if len(first) >= 8 and len(set(first)) <= REPEATED * len(first):
        most = Counter(first).most_common(1)[0][0]
        clues.append(Clue(3.3 if len(most) >= SHORTEST else 1.0, f"“{most[:20]}” again and again"))
    lines = Counter(line.strip() for line in whole.splitlines() if len(line.strip()) >= 8)
    if lines and lines.most_common(1)[0][1] >= 3:
        clues.append(Clue(2.2, "the same line three times"))
    if len(words) >= 20 and sum(one == two for one, two in pairwise(words)) > len(words) / 3:
        clues.append(Clue(1.0, "a word repeated"))
    return clues


def clues_of_shouting(whole: str, words: int) -> list[Clue]:
    """Capitals, signs of exclamation, money and tags in a crowd: little each, since customers shout too."""
    letters = sum(map(str.isalpha, whole))
    clues = []
    if words >= 5 and sum(map(str.isupper, whole)) > 0.7 * max(letters, 1):
        clues.append(Clue(0.5, "capitals"))
    if whole.count("!") >= 5:
        clues.append(Clue(0.3, "!!!"))
    if "$$" in whole or whole.count("€€"):
        clues.append(Clue(1.2, "$$"))
    if whole.count("#") >= 15:
        clues.append(Clue(0.8, f"{whole.count('#')} hashtags"))
    return clues


READER = Reader("spam", read, model="spam", format=FORMAT)
