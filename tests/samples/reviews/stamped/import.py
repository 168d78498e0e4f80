"""The table that Stamped imports; the import says that its dates have the day first."""

from datetime import UTC, datetime

FORMAT = "stamped"
DATES = "dmy"
EXPECTED = [
    {
        "sku": "31", "product_title": "Teapot", "pictures": ["https://pics.test/1.jpg", "https://pics.test/2.jpg"],
        "videos": ["https://vids.test/1.mp4"], "published_at": datetime(2026, 6, 7, tzinfo=UTC), "verified": False,
    },
    {"published_at": datetime(2026, 6, 7, tzinfo=UTC), "body": "Drips"},
]  # fmt: skip
