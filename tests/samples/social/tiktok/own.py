"""What own.json must become."""

from datetime import UTC, datetime

from ugc.library.models import Kind

MODE = "own"
OPTIONS: dict[str, str] = {}
EXPECTED = [
    {
        "external_id": "7080000000000000001", "kind": Kind.VIDEO, "title": "Hat try-on", "text": "Three ways to wear it #hat",
        "url": "https://www.tiktok.com/@wool.co/video/7080000000000000001", "creator": ("wool.co", "wool.co"), "like_count": 90,
        "comment_count": 8, "published_at": datetime(2025, 10, 9, 8, 53, 20, tzinfo=UTC), "hashtags": ("hat",),
        "media": [("https://p16.cdn.test/1.image?x-expires=1", "picture")],
        "embed_url": "https://www.tiktok.com/embed/v2/7080000000000000001",
    },
]  # fmt: skip
