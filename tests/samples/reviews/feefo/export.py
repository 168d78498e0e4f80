"""An export of Feefo; a row about the service alone is no review of the product."""

from datetime import UTC, datetime

FORMAT = "feefo"
EXPECTED = [
    {
        "sku": "K-1", "rating": 4, "body": "Good kettle", "published_at": datetime(2026, 1, 9, tzinfo=UTC),
        "extra": {"product attributes": "colour=red"},
    },
    {"sku": None, "rating": 2, "body": "Slow parcel"},
]  # fmt: skip
