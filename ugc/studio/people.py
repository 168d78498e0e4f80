"""Who did what, in words: actors by name, decisions and edits as sentences."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from ugc.accounts import queries as accounts_queries
from ugc.accounts.models import AuditEntry
from ugc.library.queries import HistoryEntry

KINDS = {"key": "API key", "import": "Import"}
# The decisions table tells these in more detail than the audit log.
DECISIONS = ("approve", "reject", "move", "undo", "decide")


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a history."""

    at: datetime
    actor: str
    words: str
    note: str = ""
    undone_at: datetime | None = None


class Names:
    """Actors' names within a brand; an actor that is not known any more keeps its code."""

    def __init__(self, known: dict[str, str]) -> None:
        self.known = known

    def __call__(self, actor: str) -> str:
        """The name of `person:7`, `key:3`, `import:5`, `system` or `creator`."""
        kind, _, number = actor.partition(":")
        if actor in self.known:
            return self.known[actor]
        if kind == "person":
            return "A former colleague"
        return f"{KINDS[kind]} {number}" if kind in KINDS else actor.capitalize()


def names(session: Session, brand_id: int) -> Names:
    """The names of the brand's people."""
    members = accounts_queries.find_members(session, brand_id)
    return Names({f"person:{one.person_id}": one.person.name or one.person.email for one in members})


def decision_words(entry: HistoryEntry) -> str:
    """A decision as a sentence."""
    words = f"{entry.from_state.value.capitalize()} → {entry.to_state.value}"
    return f"{words}: {entry.reason.value.replace('_', ' ')}" if entry.reason else words


def audit_words(entry: AuditEntry) -> str:
    """An audited change as a sentence."""
    words = entry.action.rpartition(".")[2].replace("_", " ").capitalize()
    facts = ", ".join(f"{name} {shown(value)}" for name, value in entry.detail.items())
    return f"{words} ({facts})" if facts else words


def shown(value: Any) -> str:
    """A detail of the audit log, short."""
    text = ", ".join(str(one) for one in value) if isinstance(value, list) else str(value)
    return text if len(text) <= 80 else f"{text[:79]}…"


def is_decision(entry: AuditEntry) -> bool:
    """Whether the decisions table tells it already."""
    return entry.action.rpartition(".")[2] in DECISIONS
