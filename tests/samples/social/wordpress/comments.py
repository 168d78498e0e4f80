"""What comments.json must become."""

from datetime import UTC, datetime

from ugc.library.models import Kind

MODE = "comments"
OPTIONS = {"site": "https://blog.test/"}
EXPECTED = [
    {
        "external_id": "blog.test/comment/9", "text": "The red one!", "creator": ("Gil & Jo", ""), "is_mention": True,
        "url": "https://blog.test/2026/10/hats/#comment-9", "parent_url": "https://blog.test/2026/10/hats/",
        "published_at": datetime(2026, 10, 11, 8, 0, tzinfo=UTC), "kind": Kind.POST,
    },
]  # fmt: skip
