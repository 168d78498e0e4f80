"""Google's product review feed, versions 2.3 and 2.4: XML, read review by review."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from xml.etree.ElementTree import Element

from ugc.ingest.rules import YES
from ugc.ingest.sources.reviews.base import Mention, Record
from ugc.ingest.sources.reviews.reading import product_of
from ugc.kit import markup
from ugc.kit.errors import Unprocessable
from ugc.kit.markup import text_of, texts_of

VERSIONS = ("2.3", "2.4")
WHAT_TO_DO = "Export a Google product review feed 2.3 or 2.4 (a <feed> with <version> and <reviews>), or send the reviews as CSV"
SCHEMA = "google.com/shopping/reviews/schema/product/"


class NotAReviewFeed(Unprocessable):
    """This is not a Google product review feed 2.3 or 2.4."""


@dataclass(frozen=True, slots=True)
class Feed:
    """An opened feed."""

    notes: tuple[str, ...]
    records: Iterator[Record]


def open_feed(path: Path) -> Feed:
    """Open a feed; raises NotAReviewFeed with what is wrong, where, and what to do, before any review was handed out."""
    reader = FeedReader()
    records = reader.read(path)
    first = next(records, None)
    if first is None:
        raise NotAReviewFeed(f"the feed holds no <review>. {WHAT_TO_DO}")
    return Feed((f"Google product review feed {reader.version}",), chain([first], records))


class FeedReader:
    """Reads one feed; knows its version once the first review came."""

    def __init__(self) -> None:
        self.version = ""

    def open_root(self, name: str, attributes: Mapping[str, str]) -> None:
        """Refuse another kind of XML by its root; note the version that the schema's address names."""
        if name != "feed":
            raise NotAReviewFeed(f"line 1 ff.: the root element is <{name[:60]}> where <feed> is expected. {WHAT_TO_DO}")
        schema = next((value for key, value in attributes.items() if key.endswith("noNamespaceSchemaLocation")), "")
        if SCHEMA in schema and (match := re.search(r"/(\d+\.\d+)/", schema)):
            self.version = match[1]

    def read(self, path: Path) -> Iterator[Record]:
        """The feed's reviews as records; where the file breaks off, that is the last one."""
        try:
            for line, element in markup.read_records(path, {"version", "review"}, self.open_root):
                if element.tag == "version":
                    self.version = text_of(element)
                    continue
                self.check_version(line)
                yield record_of(line, element)
        except markup.BrokenOff as broken:
            yield Record(broken.line, {}, fault=broken.reason)
        except markup.BadXml as bad:
            raise NotAReviewFeed(f"{bad.detail}. {WHAT_TO_DO}") from bad

    def check_version(self, line: int) -> None:
        """Refuse a schema that nobody has looked at."""
        if self.version not in VERSIONS:
            said = f"its version is {self.version[:20]!r}" if self.version else "it names no <version>"
            raise NotAReviewFeed(f"line {line}: the feed has a <review>, but {said}. {WHAT_TO_DO}")


FIELDS = {
    "id": "review_id", "author": "reviewer/name", "date": "review_timestamp", "title": "title", "body": "content",
    "url": "review_url", "language": "review_language", "verified": "is_verified_purchase",
    "incentivised": "is_incentivized_review", "spam": "is_spam", "product_title": "products/product/product_name",
    "product_url": "products/product/product_url", "product_line": "products/product/product_ids/brands/brand",
}  # fmt: skip
BESIDE = {"country": "review_country", "collection method": "collection_method"}


def record_of(line: int, review: Element) -> Record:
    """One <review> by our meanings."""
    given = {meaning: text for meaning, path in FIELDS.items() if (text := text_of(review, path))}
    reviewer = review.find("reviewer/name")
    if reviewer is not None and reviewer.get("is_anonymous", "").strip().lower() in YES:
        given.pop("author", None)
    overall = review.find("ratings/overall")
    if overall is not None:
        given["rating"] = rating_of(overall)
    images = texts_of(review, "reviewer_images/reviewer_image/url")
    if images:
        given["pictures"] = " ".join(images)
    extras = {name: text for name, path in BESIDE.items() if (text := text_of(review, path))}
    for name in ("pro", "con"):
        if said := texts_of(review, f"{name}s/{name}"):
            extras[f"{name}s"] = "; ".join(said)
    mentions = tuple(mention for product in review.iterfind("products/product") if (mention := mention_of(product)))
    lasting = tuple(given.get(meaning, "") for meaning in ("author", "date", "title", "body", "rating", "url"))
    return Record(line, given, extras, lasting, mentions)


def rating_of(overall: Element) -> str:
    """The rating on a scale from 1 to 5; another scale is converted where that is exact, else left for the reader to refuse."""
    text, least, most = text_of(overall), overall.get("min", "1"), overall.get("max", "5")
    try:
        value, low, high = float(text), float(least), float(most)
    except ValueError:
        return text
    if (low, high) == (1.0, 5.0) or high <= low:
        return text
    return f"{1 + 4 * (value - low) / (high - low):g}"


def mention_of(product: Element) -> Mention | None:
    """A product under all the names that the feed has for it."""
    ids = product.find("product_ids")
    if ids is None:
        return None
    kinds = [list(dict.fromkeys(texts_of(ids, path))) for path in ("skus/sku", "mpns/mpn", "asins/asin", "gtins/gtin")]
    *named, gtins = kinds
    names = tuple(dict.fromkeys(chain.from_iterable(named)))
    if not names and not gtins:
        return None
    facts = {"product_title": text_of(product, "product_name"), "product_line": text_of(ids, "brands/brand")}
    several = any(len(kind) > 1 for kind in kinds)
    return Mention(names, tuple(gtins), product_of((names or gtins)[0], facts), several)
