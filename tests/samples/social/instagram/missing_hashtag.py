"""What missing_hashtag.json must become."""

MODE = "hashtag"
OPTIONS = {"user_id": "17841400000000001", "hashtag": "#WoolHat"}
EXPECTED = [
    ("17900000000000001", "permalink"),
    ("", "id"),
    ("17900000000000001", "media_type"),
    {"external_id": "17900000000000001", "creator": None, "hashtags": ("woolhat", "winter")},
]  # fmt: skip
