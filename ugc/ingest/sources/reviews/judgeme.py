"""Judge.me: its import template (dates dd/mm/yyyy) and its export (`2026-01-02 03:04:05 UTC`) have one header."""

from __future__ import annotations

from ugc.ingest.sources.reviews.base import MEANINGS, Format

FORMAT = Format(
    name="judgeme",
    label="Judge.me",
    signatures=(frozenset({"curated", "reviewer name", "review date", "body"}),),
    columns=MEANINGS | {"product": ("product id",), "status": ("curated",)},
    dates="dmy",
)
