"""What search.json must become."""

from datetime import UTC, datetime

from ugc.library.models import Kind

MODE = "search"
OPTIONS = {"query": "@woolco hat"}
EXPECTED = [
    {
        "external_id": "1850000000000000001", "kind": Kind.VIDEO, "text": "Cold? Not with @woolco & this hat https://shop.test/hat",
        "creator": ("Grace", "grace_h"), "url": "https://x.com/grace_h/status/1850000000000000001", "language": "en",
        "media": [("https://video.test/m.mp4", "video"), ("https://pbs.test/1.jpg", "picture")], "hashtags": ("winter",),
        "published_at": datetime(2026, 11, 5, 7, 0, tzinfo=UTC), "like_count": 5, "comment_count": 1, "is_mention": True,
        "embed_url": "https://platform.twitter.com/embed/Tweet.html?id=1850000000000000001",
    },
]  # fmt: skip
