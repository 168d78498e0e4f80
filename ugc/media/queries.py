"""Reads of files."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, selectinload

from ugc.kit.errors import NotFound
from ugc.media.models import File, FileKind, FileState


def get_file(session: Session, brand_id: int, file_id: int) -> File:
    """One file of the brand with its renditions; raises NotFound."""
    found = session.scalar(select(File).where(File.brand_id == brand_id, File.id == file_id).options(selectinload(File.renditions)))
    if found is None:
        raise NotFound("no such file")
    return found


def find_file(session: Session, brand_id: int, file_id: int) -> File | None:
    """One file of the brand, if it is still there."""
    return session.scalar(select(File).where(File.brand_id == brand_id, File.id == file_id))


def find_files(session: Session, brand_id: int, ids: Sequence[int]) -> list[File]:
    """The brand's files among the ids, with their renditions, by id."""
    rows = session.scalars(
        select(File).where(File.brand_id == brand_id, File.id.in_(ids)).options(selectinload(File.renditions)).order_by(File.id)
    )
    return list(rows)


def find_file_by_bytes(session: Session, brand_id: int, sha256: str, *, hold: bool = False) -> File | None:
    """The brand's file with these bytes; with `hold` it can't be removed before the transaction ends."""
    query = select(File).where(File.brand_id == brand_id, File.sha256 == sha256)
    return session.scalar(query.with_for_update(read=True, key_share=True) if hold else query)


def is_stored_for(session: Session, storage_key: str) -> bool:
    """Whether a file's row names this original."""
    return bool(session.scalar(select(exists().where(File.storage_key == storage_key))))


def count_bytes(session: Session, brand_id: int) -> int:
    """The bytes of all originals that a brand has stored."""
    return int(session.scalar(select(func.sum(File.size)).where(File.brand_id == brand_id)) or 0)


def find_outdated(session: Session, version: int, *, after: int, limit: int) -> list[File]:
    """The next finished files of any brand that an earlier release measured, by id. A recording shows nothing to measure."""
    query = select(File).where(File.measures_version < version, File.state == FileState.READY, File.id > after)
    return list(session.scalars(query.where(File.kind != FileKind.AUDIO).order_by(File.id).limit(limit)))


def count_outdated(session: Session, version: int) -> int:
    """How many of them there are."""
    query = select(func.count()).where(File.measures_version < version, File.state == FileState.READY)
    return session.scalar(query.where(File.kind != FileKind.AUDIO)) or 0


def count_states(session: Session, brand_id: int) -> dict[FileState, int]:
    """How many of the brand's files are in each state."""
    rows = session.execute(select(File.state, func.count()).where(File.brand_id == brand_id).group_by(File.state))
    return {state: count for state, count in rows.tuples()}  # noqa: C416  # dict() can't see that the rows are pairs
