"""PowerReviews: dates MM/DD/YYYY or ISO 8601 by its own documentation, the nickname under `Review Display`."""

from __future__ import annotations

from ugc.ingest.sources.reviews.base import MEANINGS, Format

FORMAT = Format(
    name="powerreviews",
    label="PowerReviews",
    signatures=(frozenset({"page id", "review text"}), frozenset({"page id", "review id", "review display"})),
    columns=MEANINGS
    | {
        "product": ("page id",),
        "author": ("review display", "review display name", "nickname"),
        "verified": ("verified buyer", "verified buyer yes no"),
        "status": ("review status", "review status approved pending rejected"),
    },
    dates="mdy",
)
