"""PowerReviews' table, whose documented dates have the month first."""

from datetime import UTC, datetime

from ugc.library.models import State

FORMAT = "powerreviews"
EXPECTED = [
    {
        "id": "3045211", "sku": "B-12", "creator": "Ada L.", "published_at": datetime(2026, 3, 4, tzinfo=UTC), "verified": True,
        "state": None, "extra": {},
    },
    {"published_at": datetime(2025, 12, 25, tzinfo=UTC), "verified": False, "state": State.INBOX},
    {"verified": False, "state": State.INBOX},
]  # fmt: skip
