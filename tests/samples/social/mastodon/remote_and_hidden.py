"""What remote_and_hidden.json must become."""

from ugc.library.models import Kind

MODE = "hashtag"
OPTIONS = {"server": "https://social.test/", "hashtag": "hat"}
EXPECTED = [
    {
        "external_id": "https://far.test/objects/7", "kind": Kind.VIDEO, "title": "Food", "creator": ("Ada", "bo@far.test"),
        "embed_url": "", "media": [("https://far.test/v.mp4", "video"), ("https://far.test/a.ogg", "audio")],
        "extra": {"sensitive": True},
    },
]  # fmt: skip
