"""The template filled in with the month first: what the app documents does not hold for this file."""

from datetime import UTC, datetime

FORMAT = "judgeme"
EXPECTED = [
    (2, "ambiguous_date"),
    {"published_at": datetime(2025, 12, 25, tzinfo=UTC)},
]  # fmt: skip
