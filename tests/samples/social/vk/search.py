"""What search.json must become."""

from datetime import UTC, datetime

from ugc.library.models import Kind

MODE = "search"
OPTIONS = {"query": "шапка"}
EXPECTED = [
    {
        "external_id": "-200_55", "kind": Kind.PHOTO, "text": "Новая шапка #шапка", "url": "https://vk.com/wall-200_55",
        "creator": ("Анна П", "anna_p"), "media": [("https://sun.test/w.jpg", "picture")], "hashtags": ("шапка",), "like_count": 3,
        "comment_count": 1, "published_at": datetime(2025, 11, 7, 7, 20, tzinfo=UTC), "is_mention": True, "embed_url": "",
    },
]  # fmt: skip
