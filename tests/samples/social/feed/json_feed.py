"""What json_feed.json must become."""

from datetime import UTC, datetime

from ugc.library.models import Kind

MODE = "feed"
OPTIONS = {"url": "https://hats.test/feed.json"}
EXPECTED = [
    {
        "external_id": "hats.test:2", "kind": Kind.VIDEO, "title": "Two", "text": "Second", "creator": ("Ada", ""),
        "language": "en", "published_at": datetime(2026, 11, 3, 15, 0, tzinfo=UTC), "hashtags": ("wool", "two"),
        "media": [("https://cdn.test/2.mp4", "video"), ("https://hats.test/2.jpg", "picture")],
    },
    {
        "external_id": "https://hats.test/1", "text": "First <3", "creator": ("Bo", ""),
        "media": [("https://cdn.test/1.jpg", "picture")],
    },
    ("", "id"),
    ("", "post"),
]  # fmt: skip
