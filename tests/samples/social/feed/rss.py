"""What rss.xml must become."""

from datetime import UTC, datetime

from ugc.library.models import Kind

MODE = "feed"
OPTIONS = {"url": "https://hats.test/feed.xml"}
EXPECTED = [
    {
        "external_id": "hats.test:17", "kind": Kind.POST, "title": "Six hats & one scarf", "text": "Long & warm", "language": "en",
        "url": "https://hats.test/posts/1", "creator": ("Ada", ""), "published_at": datetime(2026, 10, 30, 8, 0, tzinfo=UTC),
        "media": [("https://cdn.test/b.jpg", "picture"), ("https://hats.test/img/a.jpg", "picture")], "hashtags": ("wool",),
    },
    {"external_id": "https://hats.test/e/2", "kind": Kind.AUDIO, "media": [("https://cdn.test/2.mp3", "audio")]},
    ("", "id"),
]  # fmt: skip
