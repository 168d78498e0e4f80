"""An export of Yotpo: a verified reviewer is no buyer, an unpublished picture stays away."""

from datetime import UTC, datetime

from ugc.library.models import State

FORMAT = "yotpo"
EXPECTED = [
    {
        "body": "Two lines\nof joy 🎉", "verified": True, "state": None, "sku": "A-1", "product_title": "Hat",
        "pictures": ["https://pics.test/1.jpg"], "published_at": datetime(2026, 1, 5, 12, tzinfo=UTC),
        "extra": {
            "cf default form age": "25-34", "reply": {"text": "Thanks", "at": "2026-01-06T00:00:00+00:00", "public": True},
        },
    },
    {"verified": False, "state": State.INBOX, "pictures": []},
]  # fmt: skip
