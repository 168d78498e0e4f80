"""What wall.json must become."""

from ugc.library.models import Kind

MODE = "wall"
OPTIONS = {"owner": "-200"}
EXPECTED = [
    {"kind": Kind.VIDEO, "creator": ("Вязание", "knit"), "media": [("https://sun.test/v.jpg", "picture")], "is_mention": False},
    {
        "external_id": "-200_57", "url": "https://vk.com/wall-200_55?reply=57", "parent_url": "https://vk.com/wall-200_55",
        "media": [],
    },
]  # fmt: skip
