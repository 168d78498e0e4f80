"""An export of Loox: hidden reviews wait, half stars are refused."""

from datetime import UTC, datetime

from ugc.library.models import State

FORMAT = "loox-export"
EXPECTED = [
    {
        "body": "So soft", "rating": 5, "creator": "Ada", "sku": "77", "names": ("77", "scarf"), "verified": True, "state": None,
        "id": "r1", "published_at": datetime(2026, 2, 1, tzinfo=UTC), "extra": {"variant": "blue"},
        "pictures": ["https://pics.test/r1.jpg"],
    },
    {"body": "Scratchy", "rating": 1, "verified": False, "state": State.INBOX},
    (4, "bad_rating"),
]  # fmt: skip
