"""Files in pieces on the disk: what was acknowledged stays, what was not is cut off, one writer at a time."""

from __future__ import annotations

import io
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ugc.kit import parts
from ugc.kit.parts import NoSuchPart, PartBusy, PartCutShort, Parts

NAME = "a" * 64


@pytest.fixture
def folder(tmp_path: Path) -> Parts:
    made = Parts(tmp_path / "uploads")
    made.make(NAME, 100)
    return made


def add(folder: Parts, offset: int, data: bytes) -> int:
    with folder.hold(NAME) as file:
        return parts.append(file, offset, io.BytesIO(data).read, len(data))


def leave(folder: Parts, data: bytes) -> None:
    """What a killed writer wrote last."""
    with folder.path(NAME).open("ab") as file:
        file.write(data)


def content(folder: Parts) -> bytes:
    with folder.open(NAME) as file:
        return file.read()


def test_pieces_come_one_after_the_other(folder: Parts) -> None:
    assert add(folder, 0, b"abc") == 3
    assert add(folder, 3, b"def") == 3
    assert content(folder) == b"abcdef"


def test_what_nobody_acknowledged_is_cut_off(folder: Parts) -> None:
    """A writer died after its write and before anybody said so: its bytes are not doubled."""
    add(folder, 0, b"abc")
    leave(folder, b"left over by a killed writer")
    assert add(folder, 3, b"def") == 3
    assert content(folder) == b"abcdef"


def test_bytes_that_are_gone_are_noticed(folder: Parts) -> None:
    add(folder, 0, b"abc")
    os.truncate(folder.path(NAME), 1)
    with pytest.raises(PartCutShort):
        add(folder, 3, b"def")


def test_a_sender_that_breaks_off_has_sent_what_came(folder: Parts) -> None:
    pieces = iter([b"abc"])

    def read(size: int) -> bytes:
        piece = next(pieces, None)
        if piece is None:
            raise ConnectionResetError
        return piece

    with folder.hold(NAME) as file:
        assert parts.append(file, 0, read, 100) == 3


def test_nobody_writes_beside_another(folder: Parts) -> None:
    with folder.hold(NAME), pytest.raises(PartBusy), folder.hold(NAME):
        pass
    assert add(folder, 0, b"abc") == 3


@pytest.mark.parametrize("name", ["", "../x", "a" * 63, "A" * 64, "/etc/passwd", "a" * 32 + "/" + "a" * 31])
def test_a_name_of_somebody_elses_making_leads_nowhere(folder: Parts, name: str) -> None:
    """T-11"""
    for act in (folder.path, folder.open, folder.delete):
        with pytest.raises(NoSuchPart):
            act(name)


def test_only_old_files_are_swept(folder: Parts) -> None:
    fresh = "b" * 64
    folder.make(fresh, 1)
    old = datetime.now(UTC) - timedelta(days=3)
    os.utime(folder.path(NAME), (old.timestamp(), old.timestamp()))
    (folder.root / "somebody's").write_text("x")
    assert folder.sweep(datetime.now(UTC) - timedelta(days=2)) == 1
    assert sorted(path.name for path in folder.root.iterdir()) == [fresh, "somebody's"]


@given(cuts=st.lists(st.tuples(st.integers(0, 300), st.booleans(), st.binary(max_size=50)), max_size=12))
def test_however_it_is_cut_the_file_ends_up_whole(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[tuple[int, bool, bytes]]
) -> None:
    """Pieces of any length; some are written and never acknowledged, some leave other bytes behind."""
    folder = Parts(tmp_path_factory.mktemp("parts"))
    folder.make(NAME, 100)
    whole, known = bytes(range(256)) * 4, 0
    for length, is_acknowledged, left in cuts:
        piece = whole[known : known + length]
        came = add(folder, known, piece)
        known += came if is_acknowledged else 0
        leave(folder, left)
    add(folder, known, whole[known:])
    assert content(folder) == whole
