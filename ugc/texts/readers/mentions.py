"""Whom a text mentions: competitors by the brand's list, hosts that it links to, people and accounts by their handles."""

from __future__ import annotations

from collections.abc import Sequence

from ugc.texts import folding, lexicon, links
from ugc.texts.base import Context, Finding, Reader, Text

COMPETITOR, LINK, HANDLE = "competitor", "link", "handle"
MOST_FOUND = 20


def read(texts: Sequence[Text], context: Context) -> list[tuple[Finding, ...]]:
    """The mentions of each text: label competitor, link or handle; the words say whom."""
    hosts = tuple(bare(name) for name in context.competitors if is_host(name))
    # A host is found as words too: people write it without https:// and with endings that no list knows.
    listed = [bare(name) if is_host(name) else name for name in context.competitors]
    names = lexicon.build([lexicon.parse(name, name, 1.0) for name in listed])
    return [mentions_of(text, context, names, hosts) for text in texts]


def is_host(name: str) -> bool:
    """Whether a competitor is named by its address."""
    return "." in name.strip(".") and " " not in name.strip()


def bare(host: str) -> str:
    """A host in lower case without www."""
    return host.strip().lower().removeprefix("www.")


def mentions_of(text: Text, context: Context, names: lexicon.Lexicon, hosts: tuple[str, ...]) -> tuple[Finding, ...]:
    """The mentions of one text, competitors first, none twice."""
    whole = text.whole[: folding.MOST]
    found = (
        {hit.list: Finding(COMPETITOR, 0.95, (hit.list,)) for hit in names.find(folding.read(whole).words)}
        if names_any(names)
        else {}
    )
    for link in links.find(whole):
        if link.host and not links.is_under(link.host, context.own):
            kind, p = (COMPETITOR, 0.99) if links.is_under(link.host, hosts) else (LINK, 0.9 if link.is_hidden else 0.98)
            found.setdefault(link.host, Finding(kind, p, (link.host,)))
    own = {name.lower() for name in context.own}
    for handle in text.handles[:MOST_FOUND]:
        if handle.lower() not in own:
            found.setdefault(f"@{handle.lower()}", Finding(HANDLE, 0.95, (f"@{handle}",)))
    return tuple(sorted(found.values(), key=lambda finding: finding.label != COMPETITOR))[:MOST_FOUND]


def names_any(names: lexicon.Lexicon) -> bool:
    """Whether there is a name to look for."""
    return bool(names.whole or names.stems or names.ends or names.parts)


READER = Reader("mentions", read)
