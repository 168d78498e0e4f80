"""A table with bars: quoted bars, times behind dates, stars, a row with too many cells."""

from datetime import UTC, datetime

FORMAT = "csv"
EXPECTED = [
    {
        "body": "Good | cheap", "published_at": datetime(2025, 6, 5, 14, 30, tzinfo=UTC),
        "pictures": ["https://pics.test/a.jpg", "https://pics.test/b.jpg"], "refused_media": 1, "names": (),
    },
    {"rating": 3, "body": "Meh", "published_at": datetime(2025, 12, 31, 23, 59, tzinfo=UTC)},
    (4, "wrong_columns"),
]  # fmt: skip
