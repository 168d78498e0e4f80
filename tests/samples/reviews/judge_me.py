"""What judge_me.csv must become."""

from datetime import UTC, datetime

from ugc.library.models import State

EXPECTED = [
    {
        "title": "Great", "body": "Fits well,\nand warm", "rating": 5, "creator": "Ada L.", "sku": "555", "verified": False,
        "state": None,
        "published_at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        "extra": {
            "source": "web", "product handle": "wool-hat", "reply": "Thanks!", "reply date": "2026-01-03 00:00:00 UTC",
            "picture urls": "https://pics.test/1.jpg",
        },
    },
    {"body": "Buy pills", "rating": 5, "creator": "Bot", "state": State.SPAM},
    (5, "ambiguous_date"),
]  # fmt: skip
