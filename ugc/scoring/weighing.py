"""Scores of very many items from their stored values: in numpy, to the point what `rules.weigh` says of each. Pure."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ugc.scoring import rules
from ugc.scoring.rules import Finding

Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Values:
    """What the signals of `rules.SIGNALS` said of many items: a row an item, a column a signal, −1 where one does not apply."""

    ids: Whole
    scores: Whole
    """As they stand."""
    table: NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.ids)


def pack(findings: Sequence[Finding]) -> bytes:
    """One item's row as it is stored: two bytes a signal, the lower first."""
    return struct.pack(f"<{len(findings)}h", *(rules.units(found.value) for found in findings))


def unpack(ids: bytes, scores: bytes, measured: bytes) -> Values:
    """Rows that the database joined into three strings, its own numbers with the higher byte first."""
    rows = np.frombuffer(ids, dtype=">i8").astype(np.int64)
    return Values(rows, np.frombuffer(scores, dtype=">i2").astype(np.int64), table_of([measured]))


def table_of(packed: Iterable[bytes]) -> NDArray[np.int16]:
    """Packed rows as a table."""
    return np.frombuffer(b"".join(packed), dtype="<i2").reshape(-1, len(rules.SIGNALS))


def weigh(table: NDArray[np.int16], weights: Mapping[str, float]) -> Whole:
    """The score of each row, in whole numbers: 100 × what was earned of what could be, rounded; a column at a time, so that a
    million rows need little room.
    """
    earned, whole = np.zeros(len(table), dtype=np.int64), np.zeros(len(table), dtype=np.int64)
    for signal, column in zip(rules.SIGNALS, np.ascontiguousarray(table.T), strict=True):
        weight = rules.hundredths(weights.get(signal.name, signal.default_weight))
        if weight:
            earned += np.maximum(column, 0).astype(np.int64) * weight
            whole += (column >= 0) * weight
    whole *= rules.UNITS
    return np.where(whole > 0, (200 * earned + whole) // np.maximum(2 * whole, 1), 0)
