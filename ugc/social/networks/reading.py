"""Reading aids for answers that may hold anything: a field by its path, plain text, moments, addresses, hashtags."""

from __future__ import annotations

import html
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import nh3

from ugc.library import rules
from ugc.library.models import Kind
from ugc.social.networks.base import MOST_POSTS, BadShape, MediaData, PostData, Skipped

MOST_BYTES = 10_000
"""Of one text field (T-39)."""
MOST_HTML = 100_000
"""Of one text with its tags; ten times what is kept of it."""
MOST_MEDIA = 35
"""In one post; the longest carousel of the networks (TikTok) has 35."""
MOST_HASHTAGS = 60
# The columns are 32 bits wide.
MOST_COUNT = 2**31 - 1
BREAKS = re.compile(
    r"<(?:br|/?(?:p|div|li|ul|ol|h[1-6]|tr|blockquote|figure|figcaption|section|article|pre))\b[^<>]*>", re.IGNORECASE
)
UNREAD = {"script", "style", "template", "noscript", "svg", "math", "iframe", "object", "textarea", "title"}
TAG_START = re.compile(r"(?<![^\s(\[{.,;:!?¡¿\"'“‘*_\-–—|\u200b])[#＃](?=\S)")
# Parts of a hashtag by Unicode category; joiners hold emoji and Persian words together.
JOINERS = "\u200c\u200d·"
Record = Mapping[str, Any]


class Missing(Exception):
    """A field that a post can't do without is not there, or holds something else."""

    def __init__(self, field: str, reason: str = "missing") -> None:
        self.field = field
        self.reason = reason
        super().__init__(f"{field}: {reason}")


def find(record: Any, path: str) -> Any:
    """What stands at a dotted path (`a.b.0.c`), None where anything on the way is not there."""
    here = record
    for step in path.split("."):
        if isinstance(here, Mapping):
            here = here.get(step)
        elif isinstance(here, list) and step.isdecimal() and int(step) < len(here):
            here = here[int(step)]
        else:
            return None
    return here


def need(record: Any, path: str) -> Any:
    """What stands there; raises Missing where there is nothing."""
    value = find(record, path)
    if value is None or value == "":
        raise Missing(path)
    return value


def id_at(record: Any, path: str) -> str:
    """An id, which networks write as text or as a number; raises Missing."""
    value = need(record, path)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Missing(path, "not an id")
    if not (text := cut(str(value), 500)):
        raise Missing(path)
    return text


def need_text(record: Any, path: str) -> str:
    """Text that must be there, though it may be empty; as it came, neither cut nor cleaned. Raises Missing."""
    value = find(record, path)
    if not isinstance(value, str):
        raise Missing(path, "missing" if value is None else "not text")
    return value


def text_at(record: Any, path: str) -> str:
    """Plain text, empty where there is none."""
    value = find(record, path)
    return cut(value) if isinstance(value, str) else ""


def url_at(record: Any, path: str) -> str:
    """An http or https address, empty where there is none (T-40)."""
    value = find(record, path)
    return rules.clean_url(value) if isinstance(value, str) else ""


def code_at(record: Any, path: str) -> str | int:
    """An error's code, a word or a number; empty where there is none. Safe to look up in a set."""
    value = find(record, path)
    return value if isinstance(value, str | int) else ""


def count_at(record: Any, path: str) -> int:
    """A count, which some networks write as text; 0 where there is none."""
    value = find(record, path)
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        value = int(value[:12])
    if isinstance(value, bool) or not isinstance(value, int):
        return 0
    return min(max(value, 0), MOST_COUNT)


def moment_at(record: Any, path: str) -> datetime | None:
    """A moment in UTC, None where there is none that can be read."""
    return moment(find(record, path))


def records_at(answer: Any, path: str) -> list[Any]:
    """The list of posts in an answer, "" = the answer itself; raises BadShape where there is no list."""
    value = find(answer, path) if path else answer
    if not isinstance(value, list):
        raise BadShape(path or "a list")
    return value


def dicts(value: Any) -> list[dict[str, Any]]:
    """The records of a list inside a post; whatever else is there counts for nothing."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def moment(value: Any) -> datetime | None:
    """A moment from ISO 8601, a mail date, Unix seconds or milliseconds; in UTC."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC)
        if isinstance(value, str) and value.strip():
            return moment_of_text(value.strip()[:100])
    except (ValueError, OverflowError, OSError):
        pass
    return None


def moment_of_text(text: str) -> datetime:
    """A moment from text; raises ValueError or OverflowError."""
    if text.isascii() and text.isdecimal() and len(text) >= 9:
        return datetime.fromtimestamp(int(text) / (1000 if len(text) > 11 else 1), UTC)
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        read = parsedate_to_datetime(text)
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)


def cut(text: str, most: int = MOST_BYTES) -> str:
    """Text that can be stored, at most so many bytes of it, whole characters (T-39)."""
    clean = rules.clean_text(text[: most * 2], most)
    return clean.encode()[:most].decode(errors="ignore").strip()


def plain(markup: Any) -> str:
    """The text of HTML: no tags, no scripts, entities read, a line for each block (T-35)."""
    if not isinstance(markup, str) or not markup:
        return ""
    lines = BREAKS.sub("\n", markup[:MOST_HTML].encode("utf-8", "ignore").decode())
    text = html.unescape(nh3.clean(lines, tags=set(), clean_content_tags=UNREAD, strip_comments=True))
    tidy = "\n".join(" ".join(line.split()) for line in text.splitlines())
    return cut(re.sub(r"\n{3,}", "\n\n", tidy))


def hashtags_of(*texts: str) -> tuple[str, ...]:
    """The hashtags of texts in their order, lower case, each once; "#1" is a number, not a hashtag."""
    found: dict[str, None] = {}
    for text in texts:
        for start in TAG_START.finditer(text):
            if (tag := tag_at(text, start.end())) and len(found) < MOST_HASHTAGS:
                found[tag] = None
    return tuple(found)


def tag_at(text: str, start: int) -> str:
    """The hashtag whose first letter stands here, else empty."""
    end = start
    while (
        end < len(text)
        and end - start < 100
        and (text[end] in JOINERS or unicodedata.category(text[end])[0] in "LMN" or text[end] == "_")
    ):
        end += 1
    tag = text[start:end]
    return tag.lower() if any(character.isalpha() for character in tag) else ""


def same_tag(tag: Any) -> str:
    """A hashtag as a network's own list or a person writes it, in the same shape as ours."""
    return tag_at(tag.strip().lstrip("#＃"), 0) if isinstance(tag, str) else ""


def kind_of(media: Sequence[MediaData]) -> Kind:
    """What a post is by its media: a video beats a picture, a picture beats a sound, nothing = a post of text."""
    kinds = {one.kind for one in media}
    for name, kind in (("video", Kind.VIDEO), ("picture", Kind.PHOTO), ("audio", Kind.AUDIO)):
        if name in kinds:
            return kind
    return Kind.POST


def read_posts(
    entries: Iterable[Any], read: Callable[[Record], PostData | None]
) -> tuple[tuple[PostData, ...], tuple[Skipped, ...]]:
    """Each entry as a post; one whose shape has changed is skipped and named, the others go on. None = not for us."""
    posts: list[PostData] = []
    skipped: list[Skipped] = []
    for number, entry in enumerate(entries):
        if number > MOST_POSTS:  # one more, by which the pull knows that there were too many
            break
        try:
            if not isinstance(entry, Mapping):
                raise Missing("post", "not a record")
            if (post := read(entry)) is not None:
                posts.append(post)
        except Missing as missing:
            skipped.append(Skipped(name_of(entry), missing.field, missing.reason))
    return tuple(posts), tuple(skipped)


NAMED_BY = ("id", "uri", "url", "data.name", "data.id", "post.uri", "id.videoId")


def name_of(entry: Any) -> str:
    """What a post that can't be read may be called by, for the report."""
    names = (find(entry, path) for path in NAMED_BY)
    return next((cut(str(name), 200) for name in names if isinstance(name, str | int) and name), "")
