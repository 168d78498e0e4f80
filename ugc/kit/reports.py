"""The report of an import: what was read, added, updated, already there and refused, line by line."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

# A file of a million bad lines must not fill memory or a table; the counts stay exact.
MAX_REJECTED_LINES = 1_000


@dataclass(frozen=True, slots=True)
class Rejected:
    """One line that was not taken: its number in the file (1 = first line), a stable code and the reason for people."""

    line: int
    code: str
    reason: str


@dataclass(slots=True)
class Report:
    """Counts of one import; `read = added + updated + duplicate + rejected`."""

    format: str = ""
    read: int = 0
    added: int = 0
    updated: int = 0
    duplicate: int = 0
    rejected: int = 0
    dry_run: bool = False
    lines: list[Rejected] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def reject(self, line: int, code: str, reason: str) -> None:
        """Count a refused line and keep its reason."""
        self.read += 1
        self.rejected += 1
        if len(self.lines) < MAX_REJECTED_LINES:
            self.lines.append(Rejected(line, code, reason))

    def take(self, outcome: str) -> None:
        """Count a line that was taken: `added`, `updated` or `duplicate`."""
        self.read += 1
        setattr(self, outcome, getattr(self, outcome) + 1)

    @property
    def exit_code(self) -> int:
        """0 when every row was read, 1 when some were refused, 2 when nothing could be read."""
        if self.read == self.rejected:
            return 2
        return 1 if self.rejected else 0

    def as_json(self) -> dict[str, Any]:
        """The report as `--report FILE.json` and the imports page show it."""
        return asdict(self)
