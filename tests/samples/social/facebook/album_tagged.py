"""What album_tagged.json must become."""

from ugc.library.models import Kind

MODE = "tagged"
OPTIONS = {"page_id": "100"}
EXPECTED = [
    {
        "external_id": "100_200", "kind": Kind.VIDEO, "creator": None, "is_mention": True, "url": "https://www.facebook.com/100/posts/201/",
        "media": [("https://scontent.fb.test/1.jpg", "picture"), ("https://video.fb.test/2.mp4", "video")],
    },
    {"external_id": "100_202", "kind": Kind.POST, "media": []},
]  # fmt: skip
