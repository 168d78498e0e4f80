"""Writes of readings."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import text as sql
from sqlalchemy.orm import Session

from ugc.kit import jobs
from ugc.texts import queries, reading
from ugc.texts.base import Reading, Text

COLUMNS = {
    "item_id": "bigint", "reading": "jsonb", "language": "text", "sentiment": "text", "sentiment_p": "float8",
    "usefulness": "float8", "spam_p": "float8", "offence_p": "float8", "versions": "jsonb",
}  # fmt: skip
KEEP = sql(f"""
    insert into text_readings (brand_id, read_at, {", ".join(COLUMNS)})
    select :brand, :now, {", ".join(f"r.{name}" for name in COLUMNS)}
    from jsonb_to_recordset(cast(:rows as jsonb)) as r ({", ".join(f"{name} {type}" for name, type in COLUMNS.items())})
    join items i on i.id = r.item_id and i.brand_id = :brand
    order by r.item_id
    on conflict (item_id) do update
    set read_at = excluded.read_at, {", ".join(f"{name} = excluded.{name}" for name in COLUMNS if name != "item_id")}
""")  # noqa: S608  # the names are ours, the values are bound


def read_items(session: Session, brand_id: int, item_ids: Iterable[int], *, now: datetime) -> list[int]:
    """Read the texts of items that changed since they were read, or whose readers did; which these were. Announces
    `texts.items_read`, and `texts.usefulness_read` where a model of the brand's own judges usefulness or did so before; doing it
    twice changes nothing.
    """
    ids = sorted(set(item_ids))
    models = queries.map_versions(session, brand_id)
    texts = queries.map_texts(session, brand_id, ids)
    wanted = {id: {"text": checksum(text), **reading.versions(models)} for id, text in texts.items()}
    read = queries.map_read(session, brand_id, ids)
    due = [id for id in ids if id in wanted and read.get(id) != wanted[id]]
    if due:
        found = reading.read([texts[id] for id in due], queries.get_context(session, brand_id))
        keep(session, brand_id, [row_of(id, each, wanted[id]) for id, each in zip(due, found, strict=True)], now)
        jobs.announce(session, "texts.items_read", brand_id=brand_id, item_ids=due)
        if learnt := [id for id in due if models.get("usefulness") or has_learnt(read.get(id))]:
            jobs.announce(session, "texts.usefulness_read", brand_id=brand_id, item_ids=learnt)
    return due


def has_learnt(versions: Mapping[str, Any] | None) -> bool:
    """Whether a model of the brand's own judged usefulness when an item was read."""
    return bool(versions and versions.get("models", {}).get("usefulness"))


def checksum(text: Text) -> int:
    """Tells whether a text changed."""
    return zlib.crc32("\0".join((text.kind, text.language, text.author, text.title, text.body)).encode("utf-8", "surrogatepass"))


def row_of(item_id: int, found: Reading, versions: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a reading."""
    return {
        "item_id": item_id, "reading": reading.as_json(found), "language": found.language.label,
        "sentiment": found.sentiment.label, "sentiment_p": found.sentiment.p,
        "usefulness": found.usefulness.p if found.usefulness.label == "useful" else None,
        "spam_p": found.spam.p, "offence_p": found.offence.p, "versions": versions,
    }  # fmt: skip


def keep(session: Session, brand_id: int, rows: list[dict[str, Any]], now: datetime) -> None:
    """Store readings in one statement; items that are gone by now are left out."""
    session.execute(KEEP, {"brand": brand_id, "now": now, "rows": json.dumps(rows)})


def read_again(session: Session, brand_id: int, *, portion: int) -> int:
    """Have all of a brand's items read in the background, portion by portion; how many portions."""
    after, portions = 0, list[dict[str, Any]]()
    while ids := queries.find_ids(session, brand_id, after=after, limit=portion):
        portions.append({"brand_id": brand_id, "item_ids": ids})
        after = ids[-1]
    jobs.enqueue_many(session, "texts.read_items", portions)
    return len(portions)
