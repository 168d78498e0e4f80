"""What a form must say, who is old enough, when a form was sent too quickly, which sites may carry it. Pure."""

from __future__ import annotations

import ipaddress
import json
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from ugc.accounts import rules as accounts_rules
from ugc.kit import signing
from ugc.kit.errors import Conflict, Forbidden, Gone, Invalid, TooMany, Unprocessable
from ugc.library import rules as library_rules

MAX_FILES = 10
# Files of one submission together: some minutes of video, decoded within one request.
MAX_TOTAL_BYTES = 600 * 1024**2
MAX_TEXT = 5_000
MAX_NAME = 80
MAX_TERMS = 20_000
# Nobody reads a form, chooses a picture and ticks the boxes in less; a script does.
LEAST_TIME = timedelta(seconds=3)
STAMP_LIFE = timedelta(hours=24)
UPLOAD_LIFE = timedelta(hours=24)
# Unfinished files of one brand, all senders together (T-13).
MAX_WAITING_BYTES = 4 * 1024**3
# The field that people don't see and scripts fill in. No browser or password manager knows it as part of an address or a person:
# what they fill in for people would throw those people's photos away (decision 0117).
TRAP = "topic"

# One address is often a household, a school or a mobile network's gateway, so these stop floods, not neighbours.
FILES_OF_ADDRESS = ("60/hour", "300/day")
MEGABYTES_OF_ADDRESS = ("4000/day",)
SUBMISSIONS_OF_ADDRESS = ("20/hour", "60/day")
SUBMISSIONS_OF_PERSON = ("10/day",)
PAGES_OF_ADDRESS = ("600/hour",)
LINKS_OF_ADDRESS = ("120/hour",)


class Relation(StrEnum):
    """How the sender stands to the brand (L-03, L-06)."""

    NONE = "none"
    GIFTED = "gifted"
    PAID = "paid"
    EMPLOYEE = "employee"
    RELATIVE = "relative"


RELATIONS = {
    Relation.NONE: "No, I'm a customer",
    Relation.GIFTED: "I got the product free or cheaper",
    Relation.PAID: "I'm paid, or get a commission",
    Relation.EMPLOYEE: "I work for {brand}",
    Relation.RELATIVE: "Somebody in my family works for {brand}",
}

AGREE = "I made this myself, and I agree to the terms: {brand} may show it in its shop."
OTHERS = "Everybody who can be recognised agrees that it is shown."
CHANNELS = {
    "ads": "{brand} may also use it in advertisements.",
    "social": "{brand} may also post it on its social networks.",
}
"""Further uses, each a box of its own that is empty at first (L-09)."""

DEFAULT_TERMS = """\
What you send stays yours. You allow {brand} to show it, together with the name that you give, in its shop: on product pages and \
in galleries. {brand} may make it smaller, cut it to fit and describe it in words, and pays nothing for it.

{brand} uses it in advertisements or on social networks only if you tick the box for that.

Send only what you made yourself. Everybody who can be recognised must agree; children only if their parents agree.

You can take this back at any time, without giving a reason, by the link that you get after sending. It then disappears from the \
shop within seconds. What is printed or sent already can't be called back.

{brand} keeps your e-mail address to answer you and to prove your permission. It is never shown and is deleted after two years, or \
at once when you ask for it.
"""


class Closed(Gone):
    """This brand takes no uploads at the moment."""


class TermsChanged(Conflict):
    """The terms have changed since you opened this page; please read them again and send."""


class FormTooOld(Conflict):
    """This page was open for a long time; please look at it once more and send again."""


class TooQuick(TooMany):
    """That was very quick; please wait a moment and send again."""


class TooYoung(Forbidden):
    """Thank you for your interest. We can't take this from you."""


class StrangeSite(Forbidden):
    """This page's address may not send anything to this brand."""


class QuotaExceeded(TooMany):
    """This brand has no room for more at the moment; try again later."""


class BadTerms(Unprocessable):
    """Terms have 50 to 20,000 characters."""


class BadOrigin(Unprocessable):
    """A site is given as https://shop.example, without a path."""


class BadColour(Unprocessable):
    """A colour is given as #rrggbb."""


class BadUpload(Invalid):
    """The upload's headers can't be read."""


class BadForm(Unprocessable):
    """Something is missing or not right; see the marked fields."""

    def __init__(
        self, detail: str | None = None, *, fields: Mapping[str, str] = MappingProxyType({}), files: Sequence[RefusedFile] = (),
        kept: Sequence[KeptFile] = (),
    ) -> None:  # fmt: skip
        super().__init__(detail, fields=dict(fields), files=[each.as_json() for each in files])
        self.fields, self.files, self.kept = dict(fields), tuple(files), tuple(kept)


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """A file that is not accepted, and why."""

    upload: str
    name: str
    code: str
    reason: str

    def as_json(self) -> dict[str, str]:
        """As the page's script reads it."""
        return {"upload": self.upload, "name": self.name, "code": self.code, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that lies here already and goes along when the form is sent again."""

    upload: str
    name: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A form as it was understood."""

    name: str
    email: str
    text: str
    stars: int | None
    sku: str
    relation: Relation
    channels: tuple[str, ...]
    others_agree: bool


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the form carried with it: when it was opened, and a number that no other form has."""

    nonce: str
    at: datetime


def make_stamp(key: bytes, brand: str, now: datetime) -> str:
    """A signed mark for a form that is opened now."""
    body = f"{int(now.timestamp())}.{secrets.token_hex(16)}"
    return f"{body}.{signing.keyed_digest(key, f'{brand}.{body}'.encode())}"


def read_stamp(key: bytes, brand: str, text: str, now: datetime) -> Stamp:
    """The mark of a form that we made for this brand within a day; raises FormTooOld for any other."""
    body, _, mac = text.rpartition(".")
    moment, _, nonce = body.partition(".")
    if not signing.same(mac, signing.keyed_digest(key, f"{brand}.{body}".encode())):
        raise FormTooOld()
    at = datetime.fromtimestamp(int(moment), UTC)
    if not timedelta(0) <= now - at + timedelta(minutes=1) <= STAMP_LIFE:
        raise FormTooOld()
    return Stamp(nonce, at)


def check_pace(stamp: Stamp, now: datetime) -> None:
    """Raise TooQuick where less time passed than people need."""
    if now - stamp.at < LEAST_TIME:
        raise TooQuick(retry_after=int(LEAST_TIME.total_seconds()))


def is_old_enough(year: int, month: int, least_age: int, now: datetime) -> bool:
    """Whether somebody born in this month has surely reached the age; in the month of the birthday it is not sure yet."""
    return (now.year - least_age, now.month) > (year, month)


def read_birth(form: Mapping[str, str], now: datetime) -> tuple[int, int] | None:
    """Year and month of birth; None where they can't be read."""
    year, month = form.get("birth_year", "").strip(), form.get("birth_month", "").strip()
    if not (year.isascii() and year.isdecimal() and month.isascii() and month.isdecimal()):
        return None
    if not (now.year - 120 <= int(year[:5]) <= now.year and 1 <= int(month[:3]) <= 12):
        return None
    return int(year), int(month)


def find_wrong(form: Mapping[str, str], files: int, brand: str, now: datetime) -> dict[str, str]:
    """What is wrong with a form, by field, in words for its sender."""
    stars, text = form.get("stars", "").strip(), form.get("text", "")
    checks = {
        "file": (files > MAX_FILES, f"Send at most {MAX_FILES} files at a time."),
        "stars": (stars not in {"", "1", "2", "3", "4", "5"}, "Choose one to five stars, or none."),
        "text": (len(text) > MAX_TEXT, f"Please use at most {MAX_TEXT:,} characters."),
        "name": (not clean_name(form.get("name", "")), "Tell us the name to show, for example Anna K."),
        "email": (not is_email(form.get("email", "")), "Give an e-mail address like anna@example.com."),
        "birth_year": (read_birth(form, now) is None, "Tell us the month and the year, for example May 1990."),
        "relation": (form.get("relation", "") not in set(Relation), "Choose the answer that fits."),
        "others": (bool(files) and form.get("others") != "yes", "Please ask the others first, or choose a picture without them."),
        "agree": (form.get("agree") != "yes", f"Without this {brand} may not show what you send."),
    }
    wrong = {name: words for name, (is_wrong, words) in checks.items() if is_wrong}
    if not files and not stars:
        wrong["file"] = "Add a photo, a video or a recording, or choose stars."
    return wrong


def read_form(form: Mapping[str, str]) -> Sent:
    """A form in which nothing is wrong, cleaned."""
    return Sent(
        name=clean_name(form["name"]),
        email=accounts_rules.clean_email(form["email"]),
        text=library_rules.clean_text(form.get("text", ""), MAX_TEXT),
        stars=int(form["stars"]) if form.get("stars", "").strip() else None,
        sku=library_rules.clean_text(form.get("product", ""), 200),
        relation=Relation(form["relation"]),
        channels=tuple(channel for channel in CHANNELS if form.get(channel) == "yes"),
        others_agree=form.get("others") == "yes",
    )


def clean_name(name: str) -> str:
    """The name to show, on one line."""
    return " ".join(library_rules.clean_text(name, MAX_NAME).split())


def is_email(email: str) -> bool:
    """Whether this can be an e-mail address; one with a line break in it never is (T-66)."""
    try:
        accounts_rules.clean_email(email)
    except accounts_rules.BadEmail:
        return False
    return True


def is_trapped(form: Mapping[str, str]) -> bool:
    """Whether the field that nobody sees was filled in."""
    return bool(form.get(TRAP, "").strip())


def wording(text: str, brand: str) -> str:
    """One of our sentences with the brand's name in it."""
    return text.replace("{brand}", brand)


def check_terms(text: str) -> str:
    """Terms as they can be stored; raises BadTerms."""
    clean = library_rules.clean_text(text.replace("\r\n", "\n"), MAX_TERMS + 1)
    if not 50 <= len(clean) <= MAX_TERMS:
        raise BadTerms()
    return clean


def check_colour(text: str) -> str:
    """A colour, or nothing; raises BadColour."""
    clean = text.strip().lower()
    if clean and not re.fullmatch(r"#[0-9a-f]{6}", clean):
        raise BadColour()
    return clean


def text_on(colour: str) -> str:
    """Black or white, whichever is read better on a colour (WCAG 2's relative luminance)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return "#000000" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 else "#ffffff"


def evidence_text(
    sent: Sent, brand: str, version: int, sha256: str, network: str, person: str, now: datetime
) -> str:  # fmt: skip
    """What a permission rests on, in words and figures that somebody else can check (T-65)."""
    ticked = [wording(AGREE, brand)]
    ticked += [wording(OTHERS, brand)] if sent.others_agree else []
    ticked += [wording(CHANNELS[channel], brand) for channel in sent.channels]
    left = [wording(CHANNELS[channel], brand) for channel in CHANNELS if channel not in sent.channels]
    lines = [
        "Given by the sender on the brand's own upload form.",
        f"At: {now.astimezone(UTC).isoformat(timespec='seconds')}",
        f"Terms: version {version}, SHA-256 of the exact text {sha256}",
        *(f"Ticked: {words}" for words in ticked),
        *(f"Left empty: {words}" for words in left),
        f"Channels: {', '.join(('shop', *sent.channels))}",
        f"Stands to the brand: {sent.relation.value}",
        f"E-mail address, keyed digest: {person}",
        f"Network address: {network or 'unknown'}",
    ]
    return "\n".join(lines)


def network_of(address: str) -> str:
    """The part of an address that names a network and not a person's line: /24 of IPv4, /48 of IPv6; empty if it is none."""
    return prefix_of(address, 24, 48)


def line_of(address: str) -> str:
    """What stands for one sender's line when counting: the whole IPv4 address, /64 of IPv6."""
    return prefix_of(address, 32, 64) or "unknown"


def prefix_of(address: str, bits: int, bits_of_6: int) -> str:
    """The first bits of an address; of an IPv4 address also where it comes in IPv6's clothes."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return str(ipaddress.ip_network((found, bits if found.version == 4 else bits_of_6), strict=False))


def content_digest(key: bytes, sent: Sent, files: Iterable[str]) -> str:
    """What tells two submissions apart: person, words, stars, product and bytes."""
    facts = [sent.email, sent.name, sent.text, sent.stars, sent.sku, sorted(files)]
    return signing.keyed_digest(key, json.dumps(facts).encode())


def request_digest(key: bytes, nonce: str, form: Mapping[str, str], files: Iterable[str]) -> str:
    """What a repeated request has in common with its first: the form's own number, all its fields, all its files."""
    fields = sorted((name, value) for name, value in form.items() if name != "stamp")
    return signing.keyed_digest(key, json.dumps([nonce, fields, sorted(files)]).encode())


def clean_origin(text: str) -> str:
    """A site as browsers name it in `Origin`; raises BadOrigin (T-47)."""
    parts = urlsplit(text.strip().lower())
    host = parts.hostname or ""
    try:
        port = parts.port
    except ValueError as cause:
        raise BadOrigin() from cause
    plain = parts.path in {"", "/"} and not parts.query and not parts.fragment and parts.username is None
    if parts.scheme not in {"http", "https"} or not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)*", host) or not plain:
        raise BadOrigin(f"{text[:100]!r}: {BadOrigin.message()}")
    default = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != default else "")


def allowed_origins(shop_url: str, origins: Iterable[str]) -> frozenset[str]:
    """Every site whose pages may carry a brand's element; an address that names no site allows none."""
    allowed = set(origins)
    parts = urlsplit(shop_url)
    if parts.scheme in {"http", "https"} and parts.netloc:
        allowed.add(clean_origin(f"{parts.scheme}://{parts.netloc}"))
    return frozenset(allowed)


def is_staff_address(email: str, shop_url: str) -> bool:
    """Whether an e-mail address is of the shop's own domain, so that somebody looks twice (L-03)."""
    host = (urlsplit(shop_url).hostname or "").removeprefix("www.")
    domain = email.rpartition("@")[2]
    return "." in host and (domain == host or domain.endswith("." + host))


def disclosure_tags(sent: Sent, shop_url: str) -> list[str]:
    """The tags under which the library finds who stands near to the brand."""
    tags = [] if sent.relation is Relation.NONE else [sent.relation.value]
    return [*tags, "staff address"] if is_staff_address(sent.email, shop_url) else tags


def extra_of(sent: Sent, known_sku: bool) -> dict[str, Any]:
    """What is kept beside the item's own columns."""
    extra: dict[str, Any] = {"relation": sent.relation.value, "channels": ["shop", *sent.channels]}
    return extra if known_sku or not sent.sku else extra | {"unknown_sku": sent.sku}
