"""Tags that need no training: those that the caption names, those of items that look alike, and colours by name. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ugc.library import colours
from ugc.suggestions.evidence import Near
from ugc.suggestions.words import read_text, words_of

SAID, SAID_IN_HASHTAG = 0.6, 0.7
"""How often a tag is right that the caption names; set by hand until the brand's own model knows the tag."""
DOUBT = 2.0
"""Alike items count as if this many others without the tag looked alike too: one neighbour proves little."""
NAMED_COLOURS = 2
"""Colours that are offered of a picture; a third is rarely one that somebody would tag."""
COLOUR_FALL = 0.6
"""How much less likely each further colour is the one to tag."""
COLOUR_PRIOR = (3.0, 6.0)
"""Of six colours that we imagine were offered before, three were accepted; what the brand decides outweighs them."""


LEAST_SHOWN, MOST_SHOWN = 0.9, 3
"""How sure an encoder of pictures and words must be of a tag that nobody taught it, and how many such tags count."""
SHOWN_TRUST = 0.6


@dataclass(frozen=True, slots=True)
class Hint:
    """A tag that something speaks for."""

    name: str
    p: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The brand's own tags by the words that they consist of."""

    tags: Mapping[str, tuple[str, ...]]
    known: frozenset[str]


def vocabulary(names: Iterable[str]) -> Vocabulary:
    """The brand's tags as words."""
    tags = {name: tuple(dict.fromkeys(word.key for word in words_of(name))) for name in names}
    return Vocabulary(tags, frozenset(key for keys in tags.values() for key in keys))


def said(vocabulary: Vocabulary, text: str) -> list[Hint]:
    """Tags all of whose words are in the caption or its hashtags."""
    words = {word.key: word for word in read_text(text, vocabulary.known)}
    found = []
    for name, keys in vocabulary.tags.items():
        if keys and all(key in words for key in keys):
            tagged = all(words[key].from_hashtag for key in keys)
            shown = " ".join(dict.fromkeys(words[key].shown for key in keys))
            reason = f"{'hashtag' if tagged else 'caption'} says “{shown}”"
            found.append(Hint(name, SAID_IN_HASHTAG if tagged else SAID, (reason,)))
    return found


def alike(votes: Mapping[str, Sequence[Near]], near: Sequence[Near]) -> list[Hint]:
    """Tags of the items that look alike, by the share of the closeness that is theirs."""
    whole = sum(each.closeness for each in near) + DOUBT
    found = []
    for name, items in votes.items():
        count = len(items)
        reason = f"looks like {count} {'photo' if count == 1 else 'photos'} tagged “{name}”"
        found.append(Hint(name, sum(each.closeness for each in items) / whole, (reason,)))
    return found


def coloured(hexes: Sequence[str], accepted: int, refused: int) -> list[Hint]:
    """The names of a picture's main colours; how likely they are wanted is what the brand did with those before."""
    right, of = COLOUR_PRIOR
    usual = (right + accepted) / (of + accepted + refused)
    names = list(dict.fromkeys(colours.name_of(each) for each in hexes))[:NAMED_COLOURS]
    place_of = ("its main colour is", "its second colour is")
    return [Hint(name, usual * COLOUR_FALL**place, (f"{place_of[place]} {name}",)) for place, name in enumerate(names)]


def shown(likely: Mapping[str, float], by_endpoint: Mapping[str, float], known: Iterable[str]) -> list[Hint]:
    """Tags of the brand that an encoder of pictures and words, or the endpoint of the settings, sees on a picture.

    Neither is calibrated for the brand, so that even the surest is not as sure as what the brand's own model says.
    """
    own = {name.casefold(): name for name in known}
    best = sorted(((p, name) for name, p in likely.items() if p >= LEAST_SHOWN), reverse=True)[:MOST_SHOWN]
    hints = [Hint(name, p * SHOWN_TRUST, ("the picture is like this word",)) for p, name in best]
    told = [(own[name.casefold()], p) for name, p in by_endpoint.items() if name.casefold() in own]
    return hints + [Hint(name, p * SHOWN_TRUST, ("a model saw it on the picture",)) for name, p in told]


def together(hints: Iterable[Hint]) -> dict[str, Hint]:
    """Hints by tag: several that agree make it likelier, as if each could be wrong by itself."""
    found: dict[str, Hint] = {}
    for hint in sorted(hints, key=lambda each: -each.p):
        other = found.get(hint.name)
        found[hint.name] = (
            hint if other is None else Hint(hint.name, 1 - (1 - other.p) * (1 - hint.p), (*other.reasons, *hint.reasons))
        )
    return found
