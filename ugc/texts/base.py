"""What every reader is given and gives back: texts and the brand's context in, findings with their probability and words out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from ugc.modelling.artefacts import Artefact

HASHTAG = re.compile(r"#(\w+)")
MENTION = re.compile(r"(?<![\w@/.])@([\w.]*\w)")
UNKNOWN = "unknown"
"""The label of what can't be known: no text, too short, too uncertain."""
ENOUGH = 8_000
"""Characters of a text that learnt readers look at: a 50 kB caption says nothing new after them, and costs as much as 500."""


@dataclass(frozen=True, slots=True)
class Text:
    """What someone wrote."""

    title: str = ""
    body: str = ""
    kind: str = "review"
    """An item's kind: review, photo, video, audio, post."""
    language: str = ""
    """ISO 639-1, where it is known; empty otherwise."""
    author: str = ""

    @property
    def whole(self) -> str:
        """Title and body, a line each."""
        return f"{self.title}\n{self.body}" if self.title and self.body else self.title or self.body

    @property
    def hashtags(self) -> tuple[str, ...]:
        """Its hashtags in lower case, without the #."""
        return tuple(tag.lower() for tag in HASHTAG.findall(self.whole))

    @property
    def handles(self) -> tuple[str, ...]:
        """Whom it mentions, without the @."""
        return tuple(MENTION.findall(self.whole))


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a text was found to be or to hold."""

    label: str
    p: float
    """The probability of the label; of usefulness its value from 0 to 1. Of spam and offence: how probable it is that it is one."""
    words: tuple[str, ...] = ()
    """What made it, strongest first."""


NOTHING = Finding(UNKNOWN, 0.0)


@dataclass(frozen=True, slots=True)
class Reading:
    """All that was found in one text."""

    language: Finding = NOTHING
    sentiment: Finding = NOTHING
    """negative, neutral, positive. Shown, never used to decide."""
    usefulness: Finding = NOTHING
    spam: Finding = NOTHING
    offence: Finding = NOTHING
    topics: tuple[Finding, ...] = ()
    personal_data: tuple[Finding, ...] = ()
    """label: email, phone, address, order_number, iban, card, name; words: a masked form and its place, never the value itself."""
    mentions: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Context:
    """What is the brand's own. All defaulted, so that everything reads without a database."""

    models: Mapping[str, Artefact] = field(default_factory=lambda: MappingProxyType({}))
    """Kind → the brand's active model (ugc/modelling); readers fall back on what ships."""
    topics: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """The brand's taxonomy: topic → its words. Empty: the taxonomy that ships."""
    competitors: tuple[str, ...] = ()
    words: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """The brand's own word lists by name, such as `blocked` and `allowed`."""
    products: tuple[str, ...] = ()
    """Titles of its products."""
    own: tuple[str, ...] = ()
    """Its own names and hosts, which are no mention of anybody else."""


PLAIN = Context()
"""No brand: what ships reads."""

Found = list[Finding] | list[tuple[Finding, ...]]


@dataclass(frozen=True, slots=True)
class Reader:
    """One way to look at texts, all at once. `name` is the field of Reading that it fills; several may fill `topics`."""

    name: str
    read: Callable[[Sequence[Text], Context], Any]
    """(texts, context) → a finding for each text, or a tuple of findings for each where the field holds several (`Found`)."""
    version: int = 1
    """Raised when the reader itself changes: what an older one read is read again."""
    model: str = ""
    """The kind of model (ugc/modelling) that it looks for in `Context.models`; empty where it learns nothing from a brand."""
    format: int = 1
    """The format of that model."""
