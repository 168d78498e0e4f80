"""What hashtag.json must become."""

from datetime import UTC, datetime

from ugc.library.models import Kind

MODE = "hashtag"
OPTIONS = {"server": "social.test", "hashtag": "#Mütze"}
EXPECTED = [
    {
        "external_id": "https://social.test/users/ada/statuses/111000000000000001", "kind": Kind.PHOTO, "language": "de",
        "text": "Die #Mütze wärmt!\n\nSehr.\nWirklich <3", "url": "https://social.test/@ada/111000000000000001",
        "creator": ("Ada", "ada@social.test"), "published_at": datetime(2026, 11, 10, 6, 0, tzinfo=UTC), "hashtags": ("mütze",),
        "media": [("https://files.social.test/1.jpg", "picture")], "like_count": 9, "comment_count": 2,
        "embed_url": "https://social.test/@ada/111000000000000001/embed",
    },
]  # fmt: skip
