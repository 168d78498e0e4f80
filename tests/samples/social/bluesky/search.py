"""What search.json must become."""

from datetime import UTC, datetime

from ugc.library.models import Kind

MODE = "search"
OPTIONS = {"query": "#knit"}
EXPECTED = [
    {
        "external_id": "at://did:plc:abc/app.bsky.feed.post/3kxyz", "kind": Kind.PHOTO, "text": "My new hat #knit",
        "language": "en", "creator": ("Ada", "ada.test"),
        "url": "https://bsky.app/profile/ada.test/post/3kxyz", "hashtags": ("knit", "wool"),
        "media": [("https://cdn.bsky.test/f/1", "picture"), ("https://cdn.bsky.test/f/2", "picture")], "like_count": 6,
        "comment_count": 1, "published_at": datetime(2026, 11, 11, 10, 0, tzinfo=UTC), "is_mention": True,
        "embed_url": "https://embed.bsky.app/embed/did%3Aplc%3Aabc/app.bsky.feed.post/3kxyz",
    },
]  # fmt: skip
