"""How outside text is read: ratings, dates, flags, names of products, lists of addresses; nothing is invented. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape
from urllib.parse import urlsplit

from ugc.library.models import Kind, State

EARLIEST, LATEST = datetime(1995, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)

YES, NO = {"1", "true", "yes", "y", "t"}, {"0", "false", "no", "n", "f", ""}
SPAM = {"spam"}

NETWORKS = {
    "instagram.com": "instagram", "tiktok.com": "tiktok", "youtube.com": "youtube", "facebook.com": "facebook",
    "pinterest.com": "pinterest", "x.com": "x", "twitter.com": "x", "flickr.com": "flickr", "bsky.app": "bluesky",
}  # fmt: skip

TAG = re.compile(r"</?(?:p|br|b|i|u|strong|em|div|span|ul|ol|li|a|h[1-6])\b[^<>]*>", re.IGNORECASE)
# The label of the button that a scraper took along.
READ_MORE = "READ MORE"
# Longer than any way to write a date; patterns need not look at more (T-97).
MAX_DATE = 60


class Refused(ValueError):
    """A row that can't become an item: a stable code and the reason for people."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


KIND_OF_FILE = {"picture": Kind.PHOTO, "video": Kind.VIDEO, "audio": Kind.AUDIO}


def kind_of(said: Kind, files: Sequence[str]) -> Kind:
    """What an item is: where it is its files, what the first of them is, by our decoder; a review or post stays one."""
    return KIND_OF_FILE[files[0]] if files and said in KIND_OF_FILE.values() else said


def digest(*parts: str) -> str:
    """32 hex digits that stand for the parts in their order."""
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()


def read_rating(text: str) -> int | None:
    """1 to 5 from `4`, `4.0`, `4/5` or `★★★★☆`; None where nothing is said; half stars are refused rather than rounded."""
    if not text:
        return None
    if set(text) <= {"★", "☆"} and len(text) <= 5:
        rating = float(text.count("★"))
    elif match := re.fullmatch(r"(\d(?:[.,]\d+)?)(?:\s*/\s*5)?", text):
        rating = float(match[1].replace(",", "."))
    else:
        raise Refused("bad_rating", f"{text[:40]!r} is not a rating from 1 to 5")
    if rating not in {1.0, 2.0, 3.0, 4.0, 5.0}:
        raise Refused("bad_rating", f"{text[:40]!r} is not a whole rating from 1 to 5")
    return int(rating)


def read_date(text: str, order: str = "") -> datetime | None:
    """The moment in UTC; None where nothing is said. A date that could be read in two ways needs `order`: `dmy` or `mdy`."""
    if not text:
        return None
    if len(text) > MAX_DATE:
        raise Refused("bad_date", f"{text[:40]!r} is not a date")
    try:
        if re.fullmatch(r"\d{10}(\d{3})?", text):
            moment = datetime.fromtimestamp(int(text[:10]), UTC)
        else:
            moment = iso_date(text) or slashed_date(text, order) or mail_date(text)
    except OverflowError as cause:  # the first or last day of all time, in another zone
        raise Refused("bad_date", f"{text[:40]!r} is out of range") from cause
    if not EARLIEST <= moment < LATEST:
        raise Refused("bad_date", f"{text[:40]!r} is out of range")
    return moment


ISO = re.compile(r"(\d{4})([-/])(\d\d)\2(\d\d)")


def iso_date(text: str) -> datetime | None:
    """`2026-01-02` or `2026/01/02`, with a time and a zone where given; a time without a zone is UTC."""
    if not (match := ISO.match(text)):
        return None
    day, rest = "-".join(match.group(1, 3, 4)), text[match.end() :]
    if rest:
        rest = re.sub(r"\s*(UTC|GMT|Z)$", "+00:00", rest)
        rest = "" if rest == "+00:00" else re.sub(r"(\d) ([+-]\d\d:?\d\d)$", r"\1\2", rest)
    try:
        moment = datetime.fromisoformat(day + rest)
    except ValueError as cause:
        raise Refused("bad_date", f"{text[:40]!r} is not a date") from cause
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


SLASHED = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})(?:[ ,T]+(\d{1,2}):(\d\d)(?::(\d\d))?(?:\s*([AaPp])\.?[Mm]\.?)?)?(?:\s|$)")
ORDERS = {"dmy": "day first", "mdy": "month first"}


def slashed_date(text: str, order: str = "") -> datetime | None:
    """`31/12/2026`, `12/31/2026`, `31.12.2026`, also with a time behind it; dots always have the day first unless it can't be."""
    match = SLASHED.match(text)
    if not match:
        return None
    first, second = int(match[1]), int(match[3])
    if match[2] == ".":
        order = "mdy" if second > 12 else "dmy"
    elif not order:
        order = order_of(first, second)
        if not order:
            raise Refused("ambiguous_date", f"{text[:40]!r} could be two dates; say which with --dates dmy or --dates mdy")
    day, month = (first, second) if order == "dmy" else (second, first)
    try:
        return datetime(int(match[4]), month, day, *clock_time(match), tzinfo=UTC)
    except ValueError as cause:
        raise Refused("bad_date", f"{text[:40]!r} is not a date with the {ORDERS[order]}") from cause


def order_of(first: int, second: int) -> str:
    """Which of the two numbers can only be the day; equal ones mean the same either way; empty where both could be."""
    return "mdy" if second > 12 else "dmy" if first > 12 or first == second else ""


def clock_time(match: re.Match[str]) -> tuple[int, int, int]:
    """Hours, minutes and seconds behind a date; midnight where there are none."""
    hour = int(match[5] or 0)
    if match[8]:
        hour = hour % 12 + (12 if match[8] in "pP" else 0)
    return hour, int(match[6] or 0), int(match[7] or 0)


@dataclass(frozen=True, slots=True)
class Dates:
    """What the dates of a file look like: how many can only be read one way, how many both ways, and some of those."""

    day_first: int = 0
    month_first: int = 0
    either: int = 0
    other: int = 0
    """ISO 8601, Unix time, names of months: never in doubt."""
    examples: tuple[tuple[str, str, str], ...] = ()
    """Doubtful dates as written, read day first, read month first."""

    @property
    def ambiguous(self) -> bool:
        """Whether somebody must say which reading holds."""
        return self.either > 0


MAX_EXAMPLES = 5


def examine_dates(texts: Iterable[str]) -> Dates:
    """What the dates look like; nothing is decided here."""
    counts = {"dmy": 0, "mdy": 0, "": 0, "other": 0}
    examples: dict[str, tuple[str, str, str]] = {}
    for text in texts:
        match = SLASHED.match(text)
        if not match or match[2] == ".":
            counts["other"] += bool(text)
            continue
        first, second = int(match[1]), int(match[3])
        if first == second:
            continue
        order = order_of(first, second)
        counts[order] += 1
        if not order and len(examples) < MAX_EXAMPLES:
            examples[text] = (text, f"{match[4]}-{second:02d}-{first:02d}", f"{match[4]}-{first:02d}-{second:02d}")
    return Dates(counts["dmy"], counts["mdy"], counts[""], counts["other"], tuple(examples.values()))


def mail_date(text: str) -> datetime:
    """`Fri, 02 Jan 2026 03:04:05 GMT`; raises Refused for anything else."""
    for pattern in ("%d %B %Y", "%d %b %Y", "%B %d, %Y", "%b %d, %Y", "%d %B, %Y"):
        try:
            return datetime.strptime(text, pattern).replace(tzinfo=UTC)
        except ValueError:
            continue
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError) as cause:
        raise Refused("bad_date", f"{text[:40]!r} is not a date") from cause
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def read_flag(text: str) -> bool | None:
    """True or False where the text says so, else None."""
    word = text.lower()
    return True if word in YES else False if word in NO and word else None


def read_count(text: str) -> int:
    """A count, the first of `[13, 14]`; nothing readable counts as none."""
    match = re.match(r"\[?(\d{1,9})\b", text)
    return int(match[1]) if match else 0


def state_of(text: str, shown: Collection[str]) -> State | None:
    """The state that the exporting shop had given: spam stays spam, what was not shown waits in the inbox; None = shown there."""
    word = text.lower()
    return None if not word or word in shown else State.SPAM if word in SPAM else State.INBOX


def language_of(text: str) -> str:
    """`en` from `en`, `en-GB` or `en_US`; empty for anything else."""
    match = re.fullmatch(r"([A-Za-z]{2})(?:[-_][A-Za-z]{2,4})?", text)
    return match[1].lower() if match else ""


def product_id(text: str) -> str:
    """A product's id; Shopify's `gid://shopify/Product/555` → `555`."""
    return text.rsplit("/", 1)[-1] if text.startswith("gid://") else text[:200]


# A comma may be part of an address; it parts two only where another address or nothing follows.
BETWEEN = re.compile(r"[;|\s]+|,(?=\s*(?:[A-Za-z][A-Za-z0-9+.-]*:|//|[;|,]|$))")


def read_urls(text: str) -> tuple[list[str], int]:
    """The http(s) addresses in a cell, each once, parted by commas, semicolons, bars or spaces; how many others were there."""
    parts = [part for part in BETWEEN.split(re.sub(r"[\[\]\"']", " ", text)) if part]
    urls = [part for part in parts if re.match(r"https?://[^/]", part, re.IGNORECASE)]
    return list(dict.fromkeys(urls)), len(parts) - len(urls)


def plain(text: str) -> str:
    """Text without HTML tags and entities and without a scraper's `READ MORE`; the customer's words stay as they are."""
    if "<" in text and TAG.search(text):
        text = TAG.sub(lambda match: "\n" if match[0].lower()[:3] in {"<br", "</p"} else "", text)
    if "&" in text:
        text = unescape(text)
    return text.strip().removesuffix(READ_MORE).rstrip()


def network_of(url: str) -> str:
    """The network whose address this is; empty for a site of one's own."""
    try:
        host = (urlsplit(url).hostname or "").removeprefix("www.").removeprefix("m.")
    except ValueError:
        return ""
    return NETWORKS.get(host, "")
