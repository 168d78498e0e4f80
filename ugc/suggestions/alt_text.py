"""Drafts of alternative texts: short sentences from what is known of a picture, and a check of those that a model wrote.

No draft says a person's sex, age, origin or identity: nothing that we know tells them, and a guess would be published as a fact.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

MOST = 140
"""Characters: what a screen reader says in one breath, and most platforms take."""
MOST_PRODUCTS, MOST_TAGS, MOST_COLOURS = 2, 4, 2
LONGEST_TITLE = 70
LEAST_P = 0.7
"""From which probability on a suggested product is worth a word in a draft."""

SEX = (
    "woman|women|man|men|girl|boy|lady|ladies|gentleman|gentlemen|guy|guys|female|females|male|males|lad|lass|"
    "mother|father|mom|mum|dad|sister|brother|daughter|son|wife|husband|girlfriend|boyfriend|bride|groom|grandmother|grandfather|"
    "grandma|grandpa|aunt|uncle|queen|king|waitress|actress|businesswoman|businessman"
)
AGE = "baby|babies|toddler|child|children|kid|kids|teen|teens|teenager|teenagers|adult|adults|senior|seniors|infant|newborn"
ORIGIN = (
    "asian|african|african-american|afro-american|caucasian|european|hispanic|latina|latino|latinx|arab|arabic|indian|chinese|"
    "japanese|korean|mexican|black|white|brown|dark-skinned|light-skinned|fair-skinned|middle-eastern|jewish|muslim|christian"
)
LOOKS = f"young|younger|old|older|elderly|middle-aged|teenage|adult|pregnant|beautiful|pretty|handsome|attractive|fat|slim|{ORIGIN}"
WHO = f"(?:{SEX}|{AGE})s?"
PLURAL = re.compile(r"(?:ies|men|ren|[^s]s)$", re.IGNORECASE)
DESCRIBED = re.compile(rf"(?<![-\w])(?:(?:{LOOKS})(?:,? (?:and )?| ))*(?P<who>{WHO})\b(?!['’]s\b)", re.IGNORECASE)
LOOKING = re.compile(rf"(?<![-\w])(?:(?:{LOOKS})(?:,? (?:and )?| ))+(?=(?:person|people)\b)", re.IGNORECASE)
OWNED = re.compile(r"\b(?:his|her|hers)\b", re.IGNORECASE)
ARTICLE = re.compile(r"\b(an?)(?= person\b)", re.IGNORECASE)
# What is left of a sentence that says who somebody is, in a way that no exchange of a word can mend.
SAYS_WHO = re.compile(
    r"\b(?:he|she|him|himself|herself|aged \d|\d+[- ]years?[- ]old|skinned|ethnicity|named|"
    rf"(?:{WHO})|(?:{LOOKS}) (?:person|people))\b",
    re.IGNORECASE,
)
LEAD = re.compile(r"^(?:an? |the )?(?:image|picture|photo|photograph|close-up|closeup|shot) (?:of|showing) ", re.IGNORECASE)
HASHTAG = re.compile(r"#(\w+)")


@dataclass(frozen=True, slots=True)
class Sight:
    """What is known of a picture."""

    products: tuple[str, ...] = ()
    """Titles, those on it by a person first, then those that are likely."""
    tags: tuple[str, ...] = ()
    colours: tuple[str, ...] = ()
    """Names, the commonest first."""
    caption: str = ""
    vocabulary: tuple[str, ...] = ()
    """The brand's tags: the only words that a caption can give a draft."""
    kind: str = "photo"
    place: int = 1
    """Which of the item's pictures it is."""
    of: int = 1
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Phrases:
    """How one language says the parts of a draft."""

    both: str
    mostly: str
    kinds: dict[str, str]
    picture: str
    capital: Callable[[str], str]


def capital(text: str) -> str:
    """The sentence with a capital at its beginning."""
    return text[:1].upper() + text[1:]


ENGLISH = Phrases("{} and {}", "Mostly {}.", {"video": "Video: {}", "audio": "Recording: {}"}, "Picture {} of {}.", capital)
PHRASES = {"en": ENGLISH}
"""By ISO 639-1. A brand whose language is not here gets none of ours: half a sentence in another language helps nobody."""


def draft(sight: Sight) -> str:
    """A draft for a picture, or nothing where nothing but its colours is known."""
    phrases = PHRASES.get(sight.language)
    products, tags = name_products(sight), name_tags(sight)
    if phrases is None or not (products or tags):
        return ""
    colours = [colour for colour in sight.colours if colour][:MOST_COLOURS]
    while len(text := write(phrases, sight, products, tags, colours)) > MOST:
        if colours:
            colours = []
        elif tags[1:] or (tags and products):
            tags = tags[:-1]
        elif products[1:]:
            products = products[:1]
        else:
            return cut(text, MOST)
    return text


def write(phrases: Phrases, sight: Sight, products: Sequence[str], tags: Sequence[str], colours: Sequence[str]) -> str:
    """The parts as sentences: products, tags, colours, and which picture it is where there are several."""
    parts = [join(phrases, products), ", ".join(tags)]
    text = " ".join(f"{phrases.capital(part)}." for part in parts if part)
    text = phrases.kinds.get(sight.kind, "{}").format(text)
    ending = [phrases.mostly.format(join(phrases, colours))] if colours else []
    ending += [phrases.picture.format(sight.place, sight.of)] if sight.place > 1 else []
    return " ".join([text, *ending])


def join(phrases: Phrases, words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return phrases.both.format(", ".join(words[:-1]), words[-1]) if len(words) > 1 else "".join(words)


def name_products(sight: Sight) -> list[str]:
    """The first titles as a sentence can hold them."""
    plain = dict.fromkeys(tidy_title(title) for title in sight.products)
    return [title for title in plain if title][:MOST_PRODUCTS]


def tidy_title(title: str) -> str:
    """A catalogue's title without the size behind it, not shouted, not endless."""
    plain = re.split(r" [|/] | [–—] (?=\S{1,4}$)", " ".join(title.split()))[0].rstrip(" .,;:-–")
    if len(plain) > 4 and plain.isupper():
        plain = plain.capitalize()
    return cut(plain, LONGEST_TITLE).rstrip(".")


def name_tags(sight: Sight) -> list[str]:
    """Tags of the item, then words of its caption that are tags of the brand; none that says who somebody is."""
    named = " ".join(sight.products).casefold()
    found = dict.fromkeys([*(tag.strip() for tag in sight.tags), *read_caption(sight.caption, sight.vocabulary)])
    return [tag for tag in found if tag and not says_who(tag) and tag.casefold() not in named][:MOST_TAGS]


def read_caption(caption: str, vocabulary: Iterable[str]) -> list[str]:
    """The brand's tags that a caption names, as words or as hashtags, in the order in which they come.

    Nothing else of a caption enters a draft: it may name people, and it says what somebody felt, not what is seen.
    """
    text = " ".join(HASHTAG.sub(r"\1", caption[:2_000]).casefold().split())
    places = {word: found.start() for word in vocabulary if (found := find_word(word, text)) is not None}
    return sorted(places, key=lambda word: places[word])


def find_word(word: str, text: str) -> re.Match[str] | None:
    """Where a word stands by itself."""
    plain = word.casefold().strip()
    return re.search(rf"(?<!\w){re.escape(plain)}(?!\w)", text) if len(plain) > 2 else None


def says_who(text: str, titles: Iterable[str] = ()) -> bool:
    """Whether a text says a person's sex, age or origin; a word that a product's own title holds is the product's."""
    own = " ".join(titles).casefold()
    return any(found.group().casefold() not in own for found in SAYS_WHO.finditer(text))


def check(text: str, titles: Sequence[str] = ()) -> str:
    """A model's sentence as a draft: people are people, nothing else about them; empty where that can't be mended."""
    own = " ".join(titles).casefold()

    def person(found: re.Match[str]) -> str:
        """`person` or `people`, unless a product is called so."""
        who = found["who"]
        return found.group() if who.casefold() in own else "people" if PLURAL.search(who) else "person"

    plain = LEAD.sub("", " ".join(text.split()))
    plain = LOOKING.sub("", DESCRIBED.sub(person, plain))
    plain = ARTICLE.sub(lambda found: "A" if found[1][0] == "A" else "a", OWNED.sub("their", plain))
    return "" if says_who(plain, titles) else cut(capital(plain), MOST)


def cut(text: str, most: int) -> str:
    """Text of at most so many characters: whole sentences where that leaves half of it, else whole words and an ellipsis."""
    if len(text) <= most:
        return text
    sentence = text[:most].rfind(". ") + 1
    if sentence > most // 2:
        return text[:sentence]
    whole = text[: most - 1].rsplit(" ", 1)[0] if " " in text[: most - 1] else text[: most - 1]
    return whole.rstrip(" .,;:–-") + "…"
