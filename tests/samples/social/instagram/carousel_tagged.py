"""What carousel_tagged.json must become."""

from ugc.library.models import Kind

MODE = "tagged"
OPTIONS = {"user_id": "17841400000000001"}
EXPECTED = [
    {
        "external_id": "17900000000000003", "kind": Kind.VIDEO, "is_mention": True,
        "media": [("https://scontent.cdn.test/c1.jpg", "picture"), ("https://scontent.cdn.test/c2.mp4", "video")],
    },
]  # fmt: skip
