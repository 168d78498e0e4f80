"""Web addresses in texts: whole ones, bare hosts, and those that are cut apart so that no filter sees them. Linear in the text."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Endings of hosts that people write without https://. What is a word too must have a path behind it, since a full stop without
# a space ends many a sentence: "great.It", "500.ml".
ENDINGS = "com|net|org|info|biz|io|tv|gg|ly|gl|cc|xyz|app|dev|ru|cn|uk|fr|eu|nl|pl|jp|mx|cz|gr|ro|eus|edu|gov"
WORDS_TOO = (
    "shop|store|online|site|top|club|co|me|to|de|es|pt|it|be|at|ch|br|ar|us|ca|au|in|se|dk|no|fi|tk|ml|cf|link|live|blog|bio|page|vip|"
    "pro|win|bet|casino|space|website|id"
)
WHOLE = re.compile(r"(?:https?://|www\.)([^\s/?#<>\"']{1,255})([^\s<>\"']{0,2000})", re.IGNORECASE)
HOST = r"(?<![\w.@/-])((?:[a-z0-9][a-z0-9-]{0,62}\.){1,4}"
PATH = r"/[^\s<>\"']{0,2000}"
BARE = re.compile(rf"{HOST}(?:{ENDINGS}))(?![\w@-]|\.[a-z])(?:{PATH})?", re.IGNORECASE)
WITH_PATH = re.compile(rf"{HOST}(?:{WORDS_TOO})){PATH}", re.IGNORECASE)
CUT = re.compile(
    r"(?<![\w.@-])([a-z0-9-]{2,63})(?:\s{1,2}\.\s{0,2}|\s{0,2}\.\s{1,2}|\s?[\[(]\s?(?:\.|dot)\s?[\])]\s?|\sdot\s)(com|net|org|info|shop)(?![\w-])",
    re.IGNORECASE,
)
VIDEO = re.compile(r"(?<![\w./?])watch\?v=[\w-]{6,20}")
# Behind these names anything can stand.
SHORTENERS = frozenset({
    "adf.ly", "bit.ly", "buff.ly", "cutt.ly", "goo.gl", "is.gd", "linktr.ee", "ow.ly", "rb.gy", "s.id", "shorturl.at", "soo.gd",
    "t.co", "t.me", "tiny.cc", "tinyurl.com",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Link:
    """An address in a text."""

    host: str
    """Lower case, without www. and port; empty for a piece of an address."""
    start: int
    end: int
    is_hidden: bool = False
    """Written so that it is no link: `shop . com`, `shop[dot]com`."""

    @property
    def is_short(self) -> bool:
        """Whether it says nothing of where it leads."""
        return self.host in SHORTENERS


def find(text: str) -> list[Link]:
    """The addresses in a text in their order, none twice."""
    found: list[Link] = []
    if "." in text or "dot" in text.lower() or "watch?" in text:
        for pattern in (WHOLE, BARE, WITH_PATH):
            for each in pattern.finditer(text):
                add(found, Link(host_of(each[1]), each.start(), each.end()))
        for each in CUT.finditer(text):
            if not is_sentence(text, each):
                add(found, Link(f"{each[1]}.{each[2]}".lower(), each.start(), each.end(), True))
        for each in VIDEO.finditer(text):
            add(found, Link("", each.start(), each.end()))
    return sorted(found, key=lambda link: link.start)


def add(found: list[Link], link: Link) -> None:
    """Keep a link unless it is part of one that was found before."""
    if not any(link.start < other.end and other.start < link.end for other in found[-200:]):
        found.append(link)


def host_of(written: str) -> str:
    """The host without user, port, www. and a full stop behind it."""
    host = written.rpartition("@")[2].split(":")[0].strip(".,;!)]").lower()
    return host.removeprefix("www.")


def is_sentence(text: str, found: re.Match[str]) -> bool:
    """Whether the cut is only the end of a sentence: `… comfortable. Net result …`."""
    return found[2][0].isupper() and not found[2].isupper() and "dot" not in found[0].lower()


def is_under(host: str, domains: tuple[str, ...]) -> bool:
    """Whether a host is one of these, or below one of them."""
    return any(host == domain or host.endswith(f".{domain}") for domain in domains if domain)
