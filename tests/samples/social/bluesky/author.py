"""What author.json must become."""

from ugc.library.models import Kind

MODE = "author"
OPTIONS = {"actor": "@ada.test"}
EXPECTED = [
    {
        "kind": Kind.VIDEO, "media": [("https://video.bsky.test/t.jpg", "picture")], "extra": {"labels": ["sexual"]},
        "is_mention": False,
    },
]  # fmt: skip
