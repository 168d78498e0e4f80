"""Personal data in a text: where it stands, what it is, and a masked form that may be shown and kept; the value itself never is.

Every search begins at a sign that such data can't do without (an @, a run of digits, a word for a street) and looks a bounded way
to both sides, so that the time grows with the text's length whatever it holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from ugc.texts import folding, lexicon
from ugc.texts.base import Context, Finding, Reader, Text

MOST_FOUND = 50
"""Findings of one text; more of them tell nothing new."""
AROUND = 60
"""Characters before something in which a word may say what it is."""


@dataclass(frozen=True, slots=True)
class Place:
    """Something personal."""

    kind: str
    """email, phone, address, order_number, iban, card, name."""
    start: int
    end: int
    """In characters of the text as written: title, a line break, body."""
    p: float
    masked: str


def read(texts: Sequence[Text], context: Context) -> list[tuple[Finding, ...]]:
    """The personal data of each text; its words are the masked form and the place."""
    return [tuple(finding(place) for place in find(text, context)) for text in texts]


def finding(place: Place) -> Finding:
    """A place as a finding."""
    return Finding(place.kind, place.p, (place.masked, f"{place.start}–{place.end}"))


def find(text: Text, context: Context) -> list[Place]:
    """Everything personal in a text, in its order; of what overlaps only the first kind in the order of certainty."""
    whole = text.whole[: folding.MOST]
    places = find_contacts(whole)
    for search in (find_addresses, find_order_numbers):
        places = without_overlaps(places, search(whole))
    places = without_overlaps(places, find_names(whole, [text.author, *context.products, *context.own]))
    return sorted(places, key=lambda place: place.start)[:MOST_FOUND]


def find_contacts(whole: str) -> list[Place]:
    """E-mail addresses, bank and card numbers, telephone numbers."""
    places: list[Place] = []
    for search in (find_emails, find_ibans, find_cards, find_phones):
        places = without_overlaps(places, search(whole))
    return places


def without_overlaps(places: Sequence[Place], more: Iterable[Place]) -> list[Place]:
    """The places with those of `more` that stand apart from them."""
    kept = list(places)
    for place in more:
        if len(kept) >= MOST_FOUND:
            break
        if not any(place.start < other.end and other.start < place.end for other in kept):
            kept.append(place)
    return kept


LOCAL = re.compile(r"[\w.+%-]{1,64}$")
DOMAIN = re.compile(r"(?:[\w-]{1,63}\.){1,4}[^\W\d_]{2,24}")
SPELT_AT = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}\s?[\[(]\s?at\s?[\])]\s?[\w-]{1,63}\s?(?:\.|[\[(]\s?dot\s?[\])])\s?[a-z]{2,12}(?!\w)", re.IGNORECASE
)


def find_emails(whole: str) -> list[Place]:
    """What stands around an @ and is an address; `name (at) host (dot) com` too."""
    places: list[Place] = []
    at = whole.find("@")
    while at >= 0 and len(places) < MOST_FOUND:
        before, behind = LOCAL.search(whole[max(0, at - 64) : at]), DOMAIN.match(whole, at + 1, at + 1 + 255)
        if before and behind:
            local, host = before[0], behind[0]
            places.append(Place("email", at - len(local), behind.end(), 0.98, f"{local[0]}…@{host[0]}….{host.rpartition('.')[2]}"))
        at = whole.find("@", at + 1)
    spelt = [Place("email", found.start(), found.end(), 0.9, f"{found[0][0]}… (at) …") for found in SPELT_AT.finditer(whole)]
    return places + spelt


# In small letters digits alone may follow: whole sentences would else be tried.
IBAN = re.compile(r"(?<!\w)(?:[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}|[a-z]{2}\d{2}(?:[ -]?\d){11,30})(?!\w)")
CARD = re.compile(r"(?<![\w.,])[3-6](?:[ -]?\d){12,18}(?![\w])")

# The head of an account number, whose rest is no card's.
BEGUN = re.compile(r"[A-Za-z]{2}\d{2}[ -]$")


def find_ibans(whole: str) -> list[Place]:
    """Account numbers whose check digits are right."""
    places = []
    for found in IBAN.finditer(whole):
        for value in shorter(found[0]):
            if is_iban(value):
                places.append(Place("iban", found.start(), found.start() + len(value), 0.99, f"{value[:2].upper()}…{value[-2:]}"))
                break
    return places


def shorter(written: str) -> Iterable[str]:
    """What was written, then without its last groups: words in capitals may follow a number."""
    yield written
    while " " in written:
        written = written.rpartition(" ")[0]
        yield written


def is_iban(written: str) -> bool:
    """ISO 13616: the number with its head behind it, letters as 10–35, leaves 1 when divided by 97."""
    value = re.sub("[ -]", "", written)
    return 15 <= len(value) <= 34 and int("".join(str(int(sign, 36)) for sign in value[4:] + value[:4])) % 97 == 1


def find_cards(whole: str) -> list[Place]:
    """Card numbers whose check digit is right."""
    places = []
    for found in CARD.finditer(whole):
        digits = digits_of(found[0])
        is_rest = BEGUN.search(whole, max(0, found.start() - 5), found.start())
        if 13 <= len(digits) <= 19 and is_luhn(digits) and len(set(digits)) > 1 and not is_rest:
            places.append(Place("card", found.start(), found.end(), 0.97, f"…{digits[-4:]}"))
    return places


def is_luhn(digits: str) -> bool:
    """ISO/IEC 7812: every second digit from the right doubled, digits added up, divisible by ten."""
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def digits_of(written: str) -> str:
    """Its digits, whichever script they are in."""
    return "".join(str(int(sign)) for sign in written if sign.isdecimal())


PHONE = re.compile(r"(?<![\w.,/#$€£-])\+?\(?\d(?:[ ()./\u00a0-]{0,3}\d){6,16}(?![\w%€£$]|[.,]\d)")
DATE = re.compile(r"\d{1,4}([./-])\d{1,2}\1\d{1,4}|(?:19|20)\d\d ?[-–/] ?(?:19|20)\d\d")
# As the countries of our languages write their numbers: with a gap behind the first group, the first digit a 0; or 3-3-4.
NATIONAL = re.compile(r"\(?0\d{1,5}\)?[ ./-]\d[\d ./-]{4,14}|0\d(?:[ .-]\d\d){4}|\(?[2-9]\d\d\)?[ .-]{1,2}\d{3}[ .-]\d{4}")
MOBILE = re.compile(
    r"(?:06|07|01[5-7]|09)\d{8,9}|[679]\d\d[ .-]\d{3}[ .-]\d{3}|3\d\d[ .-]\d{3}[ .-]?\d{4}|\(\d\d\)[ ]?9\d{4}-?\d{4}"
)


ORDER_CUE = 25
"""Characters before a number in which a word says that it is an order's and no telephone's."""


def find_phones(whole: str) -> list[Place]:
    """International numbers; national ones in their usual shapes; any other long number behind a word for a telephone."""
    places = []
    for found in PHONE.finditer(whole):
        written = found[0].rstrip(" -./(")
        p = phone_probability(written, whole[max(0, found.start() - AROUND) : found.start()])
        if p:
            digits = digits_of(written)
            places.append(Place("phone", found.start(), found.start() + len(written), p, f"{digits[:2]}…{digits[-2:]}"))
    return places


def phone_probability(written: str, before: str) -> float:
    """How sure it is that a run of digits is a telephone number; 0 for dates, measures and numbers of anything else."""
    count = len(digits_of(written))
    if not 7 <= count <= 15 or DATE.fullmatch(written.strip("() ")) or len(set(digits_of(written))) < 3:
        return 0.0
    if not written.startswith("+") and has_cue("order.cue", before[-ORDER_CUE:]):
        return 0.0
    cued = has_cue("phone.cue", before)
    if written.startswith("+") or (written.startswith("00") and count >= 10):
        return 0.95 if count >= 9 else 0.0
    if NATIONAL.fullmatch(written) and 9 <= count <= 12:
        return 0.9 if cued else 0.8
    if MOBILE.fullmatch(written):
        return 0.9 if cued else 0.7
    return 0.75 if cued else 0.0


@cache
def cues(name: str) -> lexicon.Lexicon:
    """The words of a list in all languages, ready to be found."""
    return lexicon.build([lexicon.parse(name, word, 1.0) for word in sorted(lexicon.words_of(name))])


def has_cue(name: str, before: str) -> bool:
    """Whether a word of a list stands shortly before."""
    return bool(cues(name).find(folding.WORD.findall(folding.fold(before))[-6:]))


ORDER = re.compile(r"(?<![\w.,€$£])#?(?=[A-Z0-9-]{0,8}\d)[A-Z0-9](?:[A-Z0-9]|-(?=[A-Z0-9])){4,24}(?![\w%]|[.,]\d)")

FOUR_DIGITS = re.compile(r"\d{4}")


def find_order_numbers(whole: str) -> list[Place]:
    """Numbers of at least five signs, four of them digits in a row (sizes such as 34-30-40 have fewer), close behind a word for
    an order, an invoice or a parcel.
    """
    places = []
    for found in ORDER.finditer(whole):
        if FOUR_DIGITS.search(found[0]) and not DATE.fullmatch(found[0]):
            before = whole[max(0, found.start() - AROUND // 2) : found.start()]
            if cues("order.cue").find(folding.WORD.findall(folding.fold(before))[-3:]):
                places.append(Place("order_number", found.start(), found.end(), 0.85, f"…{found[0][-2:]}"))
    return places


HOUSE = re.compile(r"(?<![\w.,/])\d{1,5}[a-zA-Z]?(?![\w%€$£])")
POSTCODE = re.compile(r"[,\s]{1,3}(?:[A-Z]{1,2}-)?(?:\d{4,5}(?:-\d{3})?|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2})(?!\w)")
STREET_WORDS = 4


def find_addresses(whole: str) -> list[Place]:
    """A house number with a street beside it: `12 Mill Lane`, `12, rue de la Paix`, `Lindenstraße 12`, `Calle Mayor 5`."""
    places = []
    for found in HOUSE.finditer(whole):
        for look in (street_behind, street_before):
            if span := look(whole, found):
                start, end = span
                code = POSTCODE.match(whole, end)
                places.append(Place("address", start, code.end() if code else end, 0.95 if code else 0.8, f"{whole[start]}… …"))
                break
        if len(places) >= MOST_FOUND:
            break
    return places


SPACED = re.compile(r",?[ \u00a0]{1,2}")
NAME_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|['’.-]){0,30}")


def street_behind(whole: str, house: re.Match[str]) -> tuple[int, int] | None:
    """The span from a house number to a street that follows it: capitalised words up to a word for a street, or behind one."""
    at, words = house.end(), list[str]()
    while len(words) < STREET_WORDS and (gap := SPACED.match(whole, at)) and (word := NAME_WORD.match(whole, gap.end())):
        words.append(word[0])
        at = word.end()
        folded = folding.fold(word[0]).rstrip(".")
        if folded in lexicon.words_of("street.after") and len(words) > 1 and all(name[0].isupper() for name in words[:-1]):
            return house.start(), at
        if len(words) == 1 and folded in lexicon.words_of("street.before"):
            return named(whole, house.start(), at)
        if not word[0][0].isupper():
            return None
    return None


def named(whole: str, start: int, at: int) -> tuple[int, int] | None:
    """The span on to the end of a street's name, which has a word in capitals: `rue de la Paix`."""
    for _ in range(STREET_WORDS):
        gap = SPACED.match(whole, at)
        word = NAME_WORD.match(whole, gap.end()) if gap else None
        if word is None:
            return None
        at = word.end()
        if word[0][0].isupper():
            return start, at
    return None


def street_before(whole: str, house: re.Match[str]) -> tuple[int, int] | None:
    """The span from a street to the house number that follows it."""
    text = whole[max(0, house.start() - AROUND) : house.start()].rstrip(" ,\u00a0")
    words = list(NAME_WORD.finditer(text))[-STREET_WORDS - 1 :]
    if not words or words[-1].end() != len(text):
        return None
    offset = max(0, house.start() - AROUND)
    last = folding.fold(words[-1][0]).rstrip(".")
    if words[-1][0][0].isupper() and any(last.endswith(end) and len(last) > len(end) + 1 for end in street_ends()):
        return offset + words[-1].start(), house.end()
    for word in words[:-1]:
        if folding.fold(word[0]).rstrip(".") in lexicon.words_of("street.before") and words[-1][0][0].isupper():
            return (offset + word.start(), house.end()) if word[0][0].isupper() or len(word[0]) > 3 else None
    return None


@cache
def street_ends() -> tuple[str, ...]:
    """How German streets end."""
    return tuple(word.strip("*") for word in lexicon.words_of("street.end"))


CAPITAL = r"[^\W\d_a-zß-ÿ][^\W\d_]{1,24}(?:['’-][^\W\d_]{1,24})?"
FULL = re.compile(rf"(?<!\w){CAPITAL}(?: [^\W\d_]\.)?(?: (?:von|van|de|da|di|del|dos|le|la))? {CAPITAL}(?!\w)")


def find_names(whole: str, known: Sequence[str]) -> list[Place]:
    """First name and surname, where a word says that it is somebody: a greeting, a title, or a first name that we know.

    Names that everybody may see are left out: the author's own, the brand's and its products'.
    """
    public = {folding.fold(name) for name in known if name}
    places: list[Place] = []
    for found in FULL.finditer(whole):
        if len(places) >= MOST_FOUND or found[0].isupper():
            continue
        p = name_probability(found[0], whole[max(0, found.start() - AROUND) : found.start()])
        folded = folding.fold(found[0])
        if p and not any(folded in name or name in folded for name in public):
            places.append(Place("name", found.start(), found.end(), p, initials(found[0])))
    return places


def name_probability(written: str, before: str) -> float:
    """How sure it is that two words with capitals are somebody's name; 0 without a sign of it."""
    words = folding.WORD.findall(folding.fold(before))[-4:]
    first = folding.fold(written.split()[0])
    ends_words = cues("name.cue").find(words)
    if any(hit.at + hit.length == len(words) for hit in ends_words):
        return 0.85
    if words and words[-1] in lexicon.words_of("name.title") and not re.search(r"[.!?]\s*$", before.rstrip(". ") + " "):
        return 0.8
    return 0.6 if first in lexicon.words_of("given_name") else 0.0


def initials(written: str) -> str:
    """`A… S…`."""
    return " ".join(f"{word[0]}…" for word in written.split() if word[0].isupper())


READER = Reader("personal_data", read)
