"""What board.json must become."""

from datetime import UTC, datetime

from ugc.library.models import Kind

MODE = "board"
OPTIONS = {"board_id": "549755885175"}
EXPECTED = [
    {
        "external_id": "813744226420795884", "kind": Kind.PHOTO, "title": "Hat", "text": "Warm and red #hat",
        "url": "https://www.pinterest.com/pin/813744226420795884/", "creator": ("woolco", "woolco"),
        "media": [("https://i.pinimg.test/1200x/1.jpg", "picture")], "published_at": datetime(2026, 1, 1, 20, 10, 40, tzinfo=UTC),
        "hashtags": ("hat",), "embed_url": "https://assets.pinterest.com/ext/embed.html?id=813744226420795884",
        "extra": {"link": "https://shop.test/hat"},
    },
]  # fmt: skip
