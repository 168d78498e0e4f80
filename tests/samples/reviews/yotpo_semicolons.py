"""What yotpo_semicolons.csv (Windows-1252) must become."""

from datetime import UTC, datetime

EXPECTED = [
    {
        "title": "Schön", "body": "Sehr schön; warm", "rating": 4, "creator": "Jürgen", "sku": "A-1", "product_title": "Mütze",
        "published_at": datetime(2025, 12, 31, tzinfo=UTC), "extra": {},
    }
]  # fmt: skip
