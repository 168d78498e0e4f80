"""Which products a caption names: the catalogue as an index of words, one entry a family. Pure.

Scored by the idf-weighted share of a product's words that the caption holds (a cosine would punish long captions), by the
longest run of them in order, and by how many other families would fit as well: "dress" fits three hundred.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from urllib.parse import urlsplit

import numpy
from numpy.typing import NDArray

from ugc.suggestions.words import Word, fold, read_text, words_of

MOST = 12
"""Families that a text can name; more than are ever shown."""
SHORTEST_TYPO = 5
"""Letters of the shortest word in which one may be wrong: among shorter ones, another word is as near."""
TYPO_WEIGHT = 0.8
SHORTEST_CODE = 4
"""Characters of the shortest SKU or number that is looked for by itself; a SKU `12` would be found in every caption."""
AS_GOOD = 0.95
"""Families whose matched words weigh at least this share of the best count as its rivals."""
EVERYWHERE = 0.2
"""Words that are in more than this share of the families name none of them (the brand's own name, a size)."""
TITLE_WORDS = 16
"""Words of a title that count: the rest of a long one is measures and equipment."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A product of the catalogue, as far as words go."""

    product_id: int
    sku: str
    title: str
    family: str = ""
    line: str = ""
    type: str = ""
    url: str = ""
    codes: tuple[str, ...] = ()
    """GTIN and manufacturer's number."""
    for_sale: bool = True


@dataclass(frozen=True, slots=True)
class Match:
    """A family that a text names. All figures are from 0 to 1, except `rivals`."""

    family: str
    product_id: int
    """The variant that fits the words best, else the family's main product."""
    covered: float
    """Share of the weight of the title's words that is in the text."""
    weight: float
    """How rare the words are that were found, together."""
    run: float
    """Share of the title's words in their longest run in order."""
    hashtag: float
    """Share of the found weight that is from hashtags."""
    rivals: int
    """Other families that fit about as well."""
    code: bool
    """Its SKU or number is in the text."""
    said: tuple[str, ...]
    """The words as the text has them."""


@dataclass(frozen=True, slots=True)
class Family:
    """Variants of one product, the main one first."""

    name: str
    members: tuple[Listed, ...]
    words: tuple[str, ...]
    """Of the main title, in order."""
    size: float
    """What they weigh together."""


@dataclass(frozen=True, slots=True)
class Index:
    """A catalogue by its words."""

    families: tuple[Family, ...]
    postings: Mapping[str, NDArray[numpy.int32]]
    idf: Mapping[str, float]
    codes: Mapping[str, int]
    pages: Mapping[str, int]
    """Family by its product page: host and path."""
    near: Mapping[str, tuple[str, ...]]
    """Words by their first or last half: of one wrong letter, the other half tells."""
    places: Mapping[str, int]
    """Family by name."""
    heaviest: float = 1.0
    product_families: Mapping[int, int] = field(default_factory=dict)


def build(products: Iterable[Listed]) -> Index:
    """The index of a catalogue; 20,000 products take about a second."""
    grouped: dict[str, list[Listed]] = defaultdict(list)
    for product in products:
        grouped[product.family or product.sku].append(product)
    ordered = [(name, sorted(members, key=lambda each: (not each.for_sale, each.product_id))) for name, members in grouped.items()]
    keys = [own_words(members) for _, members in ordered]
    counts = Counter(key for each in keys for key in each)
    everywhere = max(3.0, EVERYWHERE * len(ordered))
    idf = {key: weigh(count, len(ordered)) if count <= everywhere else 0.0 for key, count in counts.items()}
    families = tuple(family_of(name, members, idf) for name, members in ordered)
    return Index(
        families=families, postings=post(keys, idf), idf=idf, codes=find_codes(families), pages=find_pages(families),
        near=halve(idf), places={family.name: place for place, family in enumerate(families)},
        heaviest=2 * max(idf.values(), default=1.0) or 1.0,
        product_families={member.product_id: place for place, family in enumerate(families) for member in family.members},
    )  # fmt: skip


def own_words(members: Sequence[Listed]) -> list[str]:
    """Every word that names one of a family's variants: title, line, the last part of the type."""
    keys: dict[str, None] = {}
    for member in members:
        kind = member.type.rsplit(">", 1)[-1]
        for text in (member.title, member.line, kind):
            keys |= dict.fromkeys(word.key for word in words_of(text))
    return list(keys)


def weigh(count: int, families: int) -> float:
    """How much a word tells that so many of the families have."""
    return math.log(1 + families / count)


def family_of(name: str, members: Sequence[Listed], idf: Mapping[str, float]) -> Family:
    """A family; its words are those that all variants share, so that a size or colour is not missed in the caption."""
    titles = [list(dict.fromkeys(word.key for word in words_of(member.title))) for member in members]
    shared = set(titles[0]).intersection(*titles[1:]) or set(titles[0])
    words = tuple(key for key in titles[0] if key in shared and idf[key] > 0)[:TITLE_WORDS]
    return Family(name, tuple(members), words, sum(idf[key] for key in words))


def post(keys: Sequence[Sequence[str]], idf: Mapping[str, float]) -> dict[str, NDArray[numpy.int32]]:
    """Word → the families that have it."""
    lists: dict[str, list[int]] = defaultdict(list)
    for place, each in enumerate(keys):
        for key in each:
            if idf[key] > 0:
                lists[key].append(place)
    return {key: numpy.array(places, dtype=numpy.int32) for key, places in lists.items()}


def find_codes(families: Sequence[Family]) -> dict[str, int]:
    """SKU, GTIN and the maker's number, without signs between, → family; what several have names none."""
    found: dict[str, set[int]] = defaultdict(set)
    for place, family in enumerate(families):
        for member in family.members:
            for code in (member.sku, *member.codes):
                if len(plain := bare(code)) >= SHORTEST_CODE and any(sign.isdigit() for sign in plain):
                    found[plain].add(place)
    return {code: next(iter(places)) for code, places in found.items() if len(places) == 1}


def find_pages(families: Sequence[Family]) -> dict[str, int]:
    """Product page → family; a page that several share (the shop's front page) names none."""
    found: dict[str, set[int]] = defaultdict(set)
    for place, family in enumerate(families):
        for member in family.members:
            if page := page_of(member.url):
                found[page].add(place)
    return {page: next(iter(places)) for page, places in found.items() if len(places) == 1}


def page_of(url: str) -> str:
    """What two addresses of one page share: host without `www.`, and path; empty for a front page or no address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    path = parts.path.rstrip("/")
    return f"{parts.netloc.lower().removeprefix('www.')}{path}" if parts.netloc and path else ""


def bare(code: str) -> str:
    """A code as people write it in a hundred ways: letters and digits only."""
    return "".join(sign for sign in fold(code) if sign.isalnum())


def halve(keys: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Words by half: `<` and the first letters, `>` and the last."""
    halves: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        if len(key) >= SHORTEST_TYPO and key.isalpha():
            middle = len(key) // 2
            halves[f"<{key[:middle]}"].append(key)
            halves[f">{key[-middle:]}"].append(key)
    return {half: tuple(words) for half, words in halves.items()}


def meant(index: Index, word: str) -> str | None:
    """The word of the catalogue that differs in one letter or in two that changed places; the rarest of several."""
    if len(word) < SHORTEST_TYPO or not word.isalpha():
        return None
    tried: set[str] = set()
    for size in {(len(word) - 1) // 2, len(word) // 2, (len(word) + 1) // 2} - {0, 1}:
        tried.update(index.near.get(f"<{word[:size]}", ()), index.near.get(f">{word[-size:]}", ()))
    close = [each for each in tried if is_close(word, each) and index.idf[each] > 0]
    return max(close, key=lambda each: (index.idf[each], each)) if close else None


def is_close(one: str, other: str) -> bool:
    """Whether one letter was added, left out or changed, or two neighbours changed places (Damerau-Levenshtein 1)."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    if len(one) == len(other):
        swapped = one[start : start + 2] == other[start : start + 2][::-1] and one[start + 2 :] == other[start + 2 :]
        return swapped or one[start + 1 :] == other[start + 1 :]
    longer, shorter = (one, other) if len(one) > len(other) else (other, one)
    return longer[start + 1 :] == shorter[start:]


def match(index: Index, text: str, *, most: int = MOST) -> list[Match]:
    """The families that a text names, the likeliest first."""
    if not index.families or not text.strip():
        return []
    words = [known_as(index, word) for word in read_text(text, index.idf)]
    weights: dict[str, tuple[float, Word]] = {}
    for key, share, word in words:
        if key in index.postings and (key not in weights or weights[key][0] < share):
            weights[key] = (share, word)
    scores = numpy.zeros(len(index.families), dtype=numpy.float32)
    for key, (share, _) in weights.items():
        scores[index.postings[key]] += share * index.idf[key]
    coded = {index.codes[code] for code in codes_in(text) if code in index.codes}
    best = likeliest(index, scores, coded, most)
    made = [match_of(index, place, scores, weights, [key for key, _, _ in words], place in coded) for place in best]
    return sorted(made, key=lambda each: (-each.code, -(each.covered + 0.5 * each.run), -each.weight, each.family))


def known_as(index: Index, word: Word) -> tuple[str, float, Word]:
    """The catalogue's word for a word of the text, and how surely it is that one."""
    if word.key in index.idf:
        return word.key, 1.0, word
    close = meant(index, word.key)
    return (close, TYPO_WEIGHT, word) if close else (word.key, 0.0, word)


def codes_in(text: str) -> set[str]:
    """What could be a SKU or a number: words with signs between, as they stand and two or three neighbours together."""
    plain = [bare(piece) for piece in text[:6000].split()[:400]]
    joined = {"".join(plain[place : place + size]) for size in (1, 2, 3) for place in range(len(plain))}
    return {code for code in joined if len(code) >= SHORTEST_CODE and any(sign.isdigit() for sign in code)}


def likeliest(index: Index, scores: NDArray[numpy.float32], coded: set[int], most: int) -> list[int]:
    """The places of the families to look at closely: a few times as many as are wanted, by found weight, short titles first."""
    found = numpy.flatnonzero(scores)
    if len(found) > 8 * most:
        sizes = numpy.array([index.families[place].size for place in found], dtype=numpy.float32)
        covered = scores[found] / numpy.maximum(sizes, 1e-6)
        order = numpy.argsort(-(scores[found] * (0.3 + numpy.minimum(covered, 1.0))), kind="stable")
        found = found[order[: 8 * most]]
    listed = list(dict.fromkeys([*sorted(coded), *(int(place) for place in found)]))
    sized = {place: float(scores[place]) / max(index.families[place].size, 1e-6) for place in listed}
    return sorted(listed, key=lambda place: (place not in coded, -min(sized[place], 1.0) * float(scores[place]), place))[:most]


def match_of(
    index: Index, place: int, scores: NDArray[numpy.float32], weights: Mapping[str, tuple[float, Word]], text: Sequence[str],
    code: bool,
) -> Match:  # fmt: skip
    """What speaks for one family."""
    family = index.families[place]
    own = set(own_words(family.members))
    found = [key for key in weights if key in own]
    weight = sum(weights[key][0] * index.idf[key] for key in found)
    titled = sum(weights[key][0] * index.idf[key] for key in family.words if key in weights)
    tagged = sum(weights[key][0] * index.idf[key] for key in found if weights[key][1].from_hashtag)
    member = fitting(family, weights)
    return Match(
        family=family.name, product_id=member.product_id,
        covered=min(1.0, titled / family.size) if family.size else 0.0,
        weight=min(1.0, weight / index.heaviest), run=run_of(family.words, text), hashtag=tagged / weight if weight else 0.0,
        rivals=int((scores >= AS_GOOD * scores[place]).sum()) - 1 if scores[place] > 0 else 0,
        code=code, said=tuple(dict.fromkeys(weights[key][1].shown for key in sorted(found, key=lambda key: -index.idf[key]))),
    )  # fmt: skip


def fitting(family: Family, weights: Mapping[str, object]) -> Listed:
    """The variant whose own words are in the text; without any the family's main product stands for all of its sizes."""
    if len(family.members) == 1:
        return family.members[0]
    return max(family.members, key=lambda each: sum(word.key in weights for word in words_of(each.title)))


def run_of(title: Sequence[str], text: Sequence[str]) -> float:
    """The longest run of the title's words in the text, in order and without a gap, as a share of the title's words."""
    if not title:
        return 0.0
    following = dict(pairwise(title))
    longest, current, last = 0, 0, ""
    known = set(title)
    for key in text:
        current = current + 1 if last and following.get(last) == key else int(key in known)
        last = key if key in known else ""
        longest = max(longest, current)
    return longest / len(title)
