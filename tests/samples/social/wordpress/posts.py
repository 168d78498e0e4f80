"""What posts.json must become."""

from datetime import UTC, datetime

from ugc.library.models import Kind

MODE = "posts"
OPTIONS = {"site": "blog.test"}
EXPECTED = [
    {
        "external_id": "blog.test/post/77", "kind": Kind.POST, "title": "Hats – a test", "text": "We wore six.",
        "url": "https://blog.test/2026/10/hats/", "creator": ("Bea", ""), "published_at": datetime(2026, 10, 10, 7, 0, tzinfo=UTC),
        "media": [("https://blog.test/wp-content/1.jpg", "picture"), ("https://blog.test/wp-content/2.jpg", "picture")],
        "hashtags": ("reviews", "wool"), "embed_url": "https://blog.test/2026/10/hats/embed/",
    },
]  # fmt: skip
