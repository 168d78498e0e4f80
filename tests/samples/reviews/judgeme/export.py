"""An export of Judge.me; a date with slashes among the others was typed by hand, so nobody knows its order."""

from datetime import UTC, datetime

from ugc.library.models import State

FORMAT = "judgeme"
EXPECTED = [
    {
        "title": "Great", "body": "Fits well,\nand warm", "rating": 5, "creator": "Ada L.", "sku": "555", "verified": False,
        "state": None, "names": ("555", "wool-hat"),
        "published_at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        "extra": {"source": "web", "reply": {"text": "Thanks!", "at": "2026-01-03T00:00:00+00:00", "public": True}},
        "pictures": ["https://pics.test/1.jpg"],
    },
    {"body": "Buy pills", "rating": 5, "creator": "Bot", "state": State.SPAM},
    (5, "ambiguous_date"),
]  # fmt: skip
