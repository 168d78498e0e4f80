"""What gallery_video_removed.json must become."""

from ugc.library.models import Kind

MODE = "search"
OPTIONS = {"query": "hat"}
EXPECTED = [
    {
        "external_id": "t3_2", "kind": Kind.VIDEO, "is_mention": True,
        "media": [("https://preview.redd.it/b.mp4", "video"), ("https://preview.redd.it/a.jpg", "picture")],
    },
    {
        "external_id": "t3_3", "kind": Kind.VIDEO, "creator": None, "text": "",
        "media": [("https://v.redd.it/3/DASH_720.mp4", "video")],
    },
    {"external_id": "t3_5", "kind": Kind.POST, "media": []},
]  # fmt: skip
