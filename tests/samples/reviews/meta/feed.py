"""Meta's product review feed: lists as JSON, addresses of pictures among them; who is anonymous has no name."""

from datetime import UTC, datetime

FORMAT = "meta"
EXPECTED = [
    {
        "id": "m1", "sku": "BAG-1", "gtins": ("4006381333931",), "pictures": ["https://pics.test/1.jpg", "https://pics.test/2.jpg"],
        "incentivised": True, "verified": True, "published_at": datetime(1997, 7, 16, 18, 20, 30, tzinfo=UTC),
        "product_title": "Bag", "extra": {},
    },
    {"id": "m2", "creator": None, "verified": False, "incentivised": False},
    {"id": "m3", "creator": None, "verified": True, "names": ("BAG-2",), "gtins": ("4006381333948",), "extra": {}},
]  # fmt: skip
