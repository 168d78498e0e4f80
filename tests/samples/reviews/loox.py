"""What loox.csv must become."""

from datetime import UTC, datetime

from ugc.library.models import State

EXPECTED = [
    {
        "body": "So soft", "rating": 5, "creator": "Ada", "sku": "77", "verified": True, "state": None,
        "published_at": datetime(2026, 2, 1, tzinfo=UTC), "extra": {"handle": "scarf", "variant": "blue"},
    },
    {"body": "Scratchy", "rating": 1, "verified": False, "state": State.INBOX},
    (4, "bad_rating"),
]  # fmt: skip
