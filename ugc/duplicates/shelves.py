"""This process's indexes, one for each brand and kind, kept in step with the table whenever they are asked (decision 0095)."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ugc.duplicates import queries
from ugc.duplicates.index import Hit, Index
from ugc.media.models import FileKind

MOST_BYTES = 512 * 1024**2
"""Five million hashes; past that the indexes asked for longest ago are let go and read again when they are needed."""
PORTION = 50_000


@dataclass(slots=True)
class Shelf:
    """One index and how far it has read."""

    index: Index = field(default_factory=Index)
    read_to: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, session: Session, brand_id: int, kind: FileKind, hashes: list[bytes]) -> list[list[Hit]]:
        """What each hash finds among all prints that were committed before the call."""
        with self.lock:
            while rows := queries.find_new_prints(session, brand_id, kind, self.read_to, PORTION):
                self.index.add([row[0] for row in rows], [row[1] for row in rows])
                self.read_to = rows[-1][0]
            return [self.index.find(hash) for hash in hashes]


class Shelves:
    """The indexes of one database. Threads may share them."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.most_bytes = most_bytes
        self._shelves: OrderedDict[tuple[int, FileKind], Shelf] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, session: Session, brand_id: int, kind: FileKind, hashes: list[bytes]) -> list[list[Hit]]:
        """What each hash finds; the ids are those of prints."""
        with self._lock:
            shelf = self._shelves.setdefault((brand_id, kind), Shelf())
            self._shelves.move_to_end((brand_id, kind))
        found = shelf.find(session, brand_id, kind, hashes)
        self.let_go()
        return found

    def let_go(self) -> None:
        """Forget the indexes asked for longest ago until the rest fits, all but the last."""
        with self._lock:
            while len(self._shelves) > 1 and sum(shelf.index.size for shelf in self._shelves.values()) > self.most_bytes:
                self._shelves.popitem(last=False)


_of: WeakKeyDictionary[Engine, Shelves] = WeakKeyDictionary()


def of(engine: Engine) -> Shelves:
    """This process's indexes of a database."""
    return _of.setdefault(engine, Shelves())
