"""What own.json must become."""

from datetime import UTC, datetime

from ugc.library.models import Kind

MODE = "own"
OPTIONS = {"user_id": "17841400000000001"}
EXPECTED = [
    {
        "external_id": "17900000000000001", "kind": Kind.PHOTO, "text": "First walk in the new #WoolHat 🧶 #Winter",
        "url": "https://www.instagram.com/p/Cxample_1-A/", "creator": ("ada.knits", "ada.knits"), "hashtags": ("woolhat", "winter"),
        "published_at": datetime(2026, 11, 1, 8, 30, tzinfo=UTC),
        "media": [("https://scontent.cdn.test/v/1.jpg?oh=a&oe=b", "picture")],
        "like_count": 12, "comment_count": 3, "embed_url": "https://www.instagram.com/p/Cxample_1-A/embed/captioned/",
    },
    {
        "external_id": "17900000000000002", "kind": Kind.VIDEO, "media": [("https://scontent.cdn.test/v/2.jpg", "picture")],
        "embed_url": "https://www.instagram.com/reel/Creel2/embed/captioned/",
    },
]  # fmt: skip
