"""Yotpo under the labels of its pages, with semicolons, in Windows-1252."""

from datetime import UTC, datetime

FORMAT = "yotpo"
EXPECTED = [
    {
        "title": "Schön", "body": "Sehr schön; warm", "rating": 4, "creator": "Jürgen", "sku": "A-1", "product_title": "Mütze",
        "published_at": datetime(2025, 12, 31, tzinfo=UTC), "extra": {},
    }
]  # fmt: skip
