"""What own.json must become."""

from datetime import UTC, datetime

from ugc.library.models import Kind

MODE = "own"
OPTIONS = {"page_id": "woolandco"}
EXPECTED = [
    {
        "external_id": "100_200", "kind": Kind.PHOTO, "text": "The blue scarf again #scarf", "creator": ("Wool & Co", "100"),
        "published_at": datetime(2026, 10, 2, 10, 0, tzinfo=UTC), "media": [("https://scontent.fb.test/1.jpg", "picture")],
        "like_count": 7, "comment_count": 2, "hashtags": ("scarf",),
        "embed_url": "https://www.facebook.com/plugins/post.php?href=https%3A%2F%2Fwww.facebook.com%2F100%2Fposts%2F200%2F",
    },
]  # fmt: skip
