"""How outside text becomes an item: columns understood, ratings, dates and flags read, never invented. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from ugc.catalog.rules import ProductData, normal
from ugc.library.models import Kind, State
from ugc.library.rules import CreatorData, ItemData, NewItem, ProductTag

MAX_BODY = 10_000
MAX_TITLE = 300
MAX_EXTRA = 500
MAX_EXTRAS = 30
EARLIEST, LATEST = datetime(1995, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)

ALIASES = {
    "id": ("review id", "reviewid", "id"),
    "product": ("sku", "product sku", "product id", "productid", "product handle", "handle", "page id", "asin", "item id"),
    "product_title": ("product title", "product name"),
    "product_url": ("product url",),
    "product_department": ("department name", "department", "product category", "category"),
    "product_class": ("class name", "class", "product type", "subcategory"),
    "product_line": ("division name", "division", "product line", "collection", "brand"),
    "title": ("review title", "title", "summary", "headline"),
    "body": (
        "review text", "review body", "review content", "body", "body text", "content", "text", "reviewtext", "review", "comment",
        "comments", "message", "review description", "product comment",
    ),
    "rating": ("rating", "stars", "star rating", "review rating", "review score", "score", "overall", "product rating"),
    "author": (
        "reviewer name", "reviewername", "author", "display name", "nickname", "user name", "username", "customer name", "reviewer",
        "name", "user",
    ),
    "date": (
        "review date", "date", "created at", "datecreated", "date created", "review timestamp", "timestamp", "published at",
        "unixreviewtime", "review time", "reviewtime", "submission date", "feedback date",
    ),
    "helpful": ("positive feedback count", "helpful", "helpful count", "helpful votes", "votes up", "likes"),
    "verified": ("verified purchase", "verified buyer", "isverifiedbuyer", "is verified purchase", "is verified buyer", "verified"),
    "incentivised": ("incentivized", "incentivised", "isincentivized", "is incentivized review", "is incentivized"),
    "recommended": ("recommended ind", "recommended", "isrecommended", "is recommended", "would recommend"),
    "language": ("language", "review language", "lang", "locale"),
    "status": ("status", "state", "curated", "review status", "published", "isapproved"),
    "url": ("review url", "permalink"),
}  # fmt: skip
"""What a column can mean → headers that say so, in the order of preference."""

VOLATILE = {"helpful", "status", "verified", "incentivised"}
"""What changes between two exports of the same review, and so is no part of its identity."""

PERSONAL = re.compile(r"\b(e ?mail|phone|ip|ip address|address|location|first name|last name|full name|customer id|user id)\b")
"""Columns about the person that nothing here needs: not kept (L-11)."""

NOT_PRODUCTS = {"review", "user", "reviewer", "customer", "order", "person", "author", "store", "parent", "variant", "session"}

YES, NO = {"1", "true", "yes", "y", "t"}, {"0", "false", "no", "n", "f", ""}
SPAM = {"spam"}
HIDDEN = {"hidden", "unpublished", "pending", "not-yet", "rejected", "false", "0", "no", "draft", "disabled", "archived"}

NETWORKS = {
    "instagram.com": "instagram", "tiktok.com": "tiktok", "youtube.com": "youtube", "facebook.com": "facebook",
    "pinterest.com": "pinterest", "x.com": "x", "twitter.com": "x", "flickr.com": "flickr", "bsky.app": "bluesky",
}  # fmt: skip

TAG = re.compile(r"</?(?:p|br|b|i|u|strong|em|div|span|ul|ol|li|a|h[1-6])\b[^<>]*>", re.IGNORECASE)
# The label of the button that a scraper took along.
READ_MORE = re.compile(r"\s*READ MORE$")


class Refused(ValueError):
    """A row that can't become an item: a stable code and the reason for people."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column means what, by position, and what becomes of the others."""

    places: Mapping[str, int]
    width: int
    extras: Mapping[str, int] = field(default_factory=dict)
    dropped: Sequence[str] = ()
    has_header: bool = True

    @property
    def lasting(self) -> list[int]:
        """The columns by which a review without an id is known again."""
        volatile = {place for meaning, place in self.places.items() if meaning in VOLATILE}
        return [place for place in range(self.width) if place not in volatile]


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """A review as one row gives it: the item, the state that the row itself calls for, and what it says of its product."""

    item: NewItem
    state: State | None
    product: ProductData | None


def guess_columns(header: Sequence[str], mapping: Mapping[str, str] | None = None) -> Columns | None:
    """What the columns of a header mean; None where neither a text nor a rating is among them. `mapping` overrides."""
    names = [normal(cell) for cell in header]
    found: dict[str, int] = {}
    for meaning, aliases in ALIASES.items():
        place = next((names.index(alias) for alias in aliases if alias in names and names.index(alias) not in found.values()), None)
        if place is not None:
            found[meaning] = place
    if "product" not in found and (place := some_product_id(names)) is not None:
        found["product"] = place
    found = override(found, mapping, header)
    if not {"body", "rating"} & set(found):
        return None
    rest = {name: place for place, name in enumerate(names) if name and place not in found.values()}
    dropped = [name for name in rest if PERSONAL.search(name)]
    extras = [(name, place) for name, place in rest.items() if name not in dropped][:MAX_EXTRAS]
    return Columns(found, len(header), dict(extras), dropped)


def some_product_id(names: Sequence[str]) -> int | None:
    """A column such as `Clothing ID`: a thing's id, and the thing is not a person, review or order."""
    for place, name in enumerate(names):
        thing, _, last = name.rpartition(" ")
        if last in {"id", "sku", "code"} and thing and thing not in NOT_PRODUCTS:
            return place
    return None


def override(found: Mapping[str, int], mapping: Mapping[str, str] | None, header: Sequence[str]) -> dict[str, int]:
    """The guess with what the user said instead: a header, or a column's number from 1; raises Refused."""
    said: dict[str, int] = {}
    for meaning, name in (mapping or {}).items():
        if meaning not in ALIASES:
            raise Refused("bad_mapping", f"{meaning!r} is no field of a review; known are {', '.join(ALIASES)}")
        places = [place for place, cell in enumerate(header) if cell.strip().lower() == name.strip().lower()]
        if not places and name.isascii() and name.isdigit() and 1 <= int(name) <= len(header):
            places = [int(name) - 1]
        if not places:
            raise Refused("bad_mapping", f"there is no column {name!r}; the columns are {', '.join(header)[:300]}")
        said[meaning] = places[0]
    return {meaning: place for meaning, place in found.items() if place not in said.values()} | said


def guess_by_content(sample: Sequence[Sequence[str]]) -> Columns | None:
    """What the columns of a file without a header mean, from what stands in them; None where no rating and text stand out."""
    width = max({len(row) for row in sample}, key=lambda size: sum(len(row) == size for row in sample), default=0)
    columns = [[row[place].strip() for row in sample if len(row) == width] for place in range(width)]
    free = dict(enumerate(columns))
    found: dict[str, int] = {}

    def claim(meaning: str, places: Sequence[int]) -> None:
        if places:
            found[meaning] = places[0]
            del free[places[0]]

    claim("rating", [place for place, cells in free.items() if all(re.fullmatch(r"[1-5](\.0)?", cell) for cell in cells)])
    claim("helpful", [place for place, cells in free.items() if all(re.fullmatch(r"\[\d+, ?\d+\]", cell) for cell in cells)])
    dates = [place for place, cells in free.items() if all(is_date(cell) for cell in cells)]
    claim(
        "date", sorted(dates, key=lambda place: -len(set(free[place])))
    )  # a product's number can look like Unix time, but repeats
    claim("body", sorted(free, key=lambda place: -sum(map(len, free[place])))[:1])
    if "rating" not in found or "body" not in found:
        return None
    ids = [place for place, cells in free.items() if all(re.fullmatch(r"[A-Z0-9-]{6,20}", cell) for cell in cells)]
    claim("product", sorted(ids, key=lambda place: len(set(free[place]))))
    names = [place for place, cells in free.items() if place not in ids and not any(is_date(cell) for cell in cells)]
    claim("author", [place for place in names if place < found["body"]])
    claim("title", [place for place in names if place > found["body"]])
    return Columns(found, width, has_header=False)


def is_date(text: str) -> bool:
    """Whether the text is a date that can be read without doubt."""
    try:
        return read_date(text) is not None
    except Refused:
        return False


def read_review(
    cells: Sequence[str], columns: Columns, *, source: str = "import", detect: Callable[[str], str] = lambda text: ""
) -> ReviewRow:
    """The review in one row, its language as the row says it, else as `detect` finds it; raises Refused."""
    if len(cells) != columns.width:
        raise Refused("wrong_columns", f"the row has {len(cells)} cells where {columns.width} were expected")
    given = {meaning: cells[place].strip() for meaning, place in columns.places.items()}
    title, body = plain(given.get("title", "")), plain(given.get("body", ""))
    rating = read_rating(given.get("rating", ""))
    if not body and not title and rating is None:
        raise Refused("empty_review", "the row has neither a text nor a rating")
    if len(body) > MAX_BODY or len(title) > MAX_TITLE:
        raise Refused("text_too_long", f"a review has at most {MAX_BODY} characters, its title {MAX_TITLE}")
    sku = product_id(given.get("product", ""))
    data = ItemData(
        kind=Kind.REVIEW,
        title=title,
        body=body,
        rating=rating,
        creator=CreatorData(name=plain(given["author"])) if given.get("author") else None,
        source=source,
        source_url=given.get("url", ""),
        external_id=identity(cells, columns, given),
        published_at=read_date(given.get("date", "")),
        language=language_of(given.get("language", "")) or detect(f"{title} {body}"),
        helpful_count=read_count(given.get("helpful", "")),
        verified=read_flag(given.get("verified", "")) is True,
        incentivised=read_flag(given.get("incentivised", "")) is True,
        extra=extra_of(cells, columns, given),
    )
    item = NewItem(data, products=(ProductTag(sku),) if sku else ())
    return ReviewRow(item, state_of(given.get("status", "")), product_of(sku, given) if sku else None)


def identity(cells: Sequence[str], columns: Columns, given: Mapping[str, str]) -> str:
    """A name that the same review gets in every run: its own id within its product, else a digest of what does not change."""
    if given.get("id"):
        context = digest(given.get("product", ""), given.get("author", ""))[:8]
        return f"{given['id'][:200]}:{context}"
    return "row:" + digest(*(cells[place].strip() for place in columns.lasting))


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


def read_date(text: str) -> datetime | None:
    """The moment in UTC; None where nothing is said; a date that could be read in two ways is refused."""
    if not text:
        return None
    if re.fullmatch(r"\d{10}(\d{3})?", text):
        moment = datetime.fromtimestamp(int(text[:10]), UTC)
    else:
        moment = iso_date(text) or slashed_date(text) or mail_date(text)
    if not EARLIEST <= moment < LATEST:
        raise Refused("bad_date", f"{text[:40]!r} is out of range")
    return moment


def iso_date(text: str) -> datetime | None:
    """`2026-01-02`, with a time and a zone where given; a time without a zone is UTC."""
    tidy = re.sub(r"\s*(UTC|GMT|Z)$", "+00:00", text)
    if not re.match(r"\d{4}-\d\d-\d\d", tidy):
        return None
    try:
        moment = datetime.fromisoformat(re.sub(r"(\d) ([+-]\d\d:?\d\d)$", r"\1\2", tidy) if len(tidy) > 16 else tidy[:10])
    except ValueError as cause:
        raise Refused("bad_date", f"{text[:40]!r} is not a date") from cause
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def slashed_date(text: str) -> datetime | None:
    """`31/12/2026`, `12.31.2026`, also with a time behind it; refused where day and month could change places."""
    match = re.match(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})(?:\s|$)", text)
    if not match:
        return None
    first, second, year = int(match[1]), int(match[3]), int(match[4])
    if first <= 12 and second <= 12 and first != second and match[2] != ".":
        raise Refused("ambiguous_date", f"{text[:40]!r} could be two dates; write it as YYYY-MM-DD")
    day, month = (second, first) if second > 12 else (first, second)
    try:
        return datetime(year, month, day, tzinfo=UTC)
    except ValueError as cause:
        raise Refused("bad_date", f"{text[:40]!r} is not a date") from cause


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


def state_of(text: str) -> State | None:
    """The state that the exporting shop had given: spam stays spam, what it hid waits in the inbox; None = as the import says."""
    word = text.lower()
    return State.SPAM if word in SPAM else State.INBOX if word in HIDDEN and word else None


def language_of(text: str) -> str:
    """`en` from `en`, `en-GB` or `en_US`; empty for anything else."""
    match = re.fullmatch(r"([A-Za-z]{2})(?:[-_][A-Za-z]{2,4})?", text)
    return match[1].lower() if match else ""


def product_id(text: str) -> str:
    """A product's id; Shopify's `gid://shopify/Product/555` → `555`."""
    return text.rsplit("/", 1)[-1] if text.startswith("gid://") else text[:200]


def product_of(sku: str, given: Mapping[str, str]) -> ProductData:
    """What a review row says of its product, for `--create-products`."""
    parts = [part for name in ("product_department", "product_class") if (part := given.get(name, ""))]
    kind = " > ".join(dict.fromkeys(parts))
    title = given.get("product_title") or (f"{parts[-1]} {sku}" if parts else sku)
    return ProductData(sku=sku, title=title[:500], line=given.get("product_line", "")[:300], type=kind[:300])


def extra_of(cells: Sequence[str], columns: Columns, given: Mapping[str, str]) -> dict[str, Any]:
    """What the row says beyond our columns: never shown in public."""
    extra: dict[str, Any] = {
        name: cells[place].strip()[:MAX_EXTRA] for name, place in columns.extras.items() if cells[place].strip()
    }
    recommended = read_flag(given.get("recommended", ""))
    if recommended is not None:
        extra["recommended"] = recommended
    return extra


def plain(text: str) -> str:
    """Text without HTML tags and entities and without a scraper's `READ MORE`; the customer's words stay as they are."""
    if "<" in text and TAG.search(text):
        text = TAG.sub(lambda match: "\n" if match[0].lower()[:3] in {"<br", "</p"} else "", text)
    if "&" in text:
        text = unescape(text)
    return READ_MORE.sub("", text).strip()


def network_of(url: str) -> str:
    """The network whose address this is; empty for a site of one's own."""
    try:
        host = (urlsplit(url).hostname or "").removeprefix("www.").removeprefix("m.")
    except ValueError:
        return ""
    return NETWORKS.get(host, "")
