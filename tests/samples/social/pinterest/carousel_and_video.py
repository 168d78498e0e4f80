"""What carousel_and_video.json must become."""

from ugc.library.models import Kind

MODE = "own"
OPTIONS: dict[str, str] = {}
EXPECTED = [
    {
        "kind": Kind.PHOTO,
        "media": [("https://i.pinimg.test/600x/1.jpg", "picture"), ("https://i.pinimg.test/600x/2.jpg", "picture")],
    },
    {"external_id": "2", "kind": Kind.VIDEO, "media": [("https://i.pinimg.test/cover.jpg", "picture")]},
]  # fmt: skip
