"""What missing.json must become."""

MODE = "search"
OPTIONS = {"query": "wool hat"}
EXPECTED = [
    ("", "id.videoId"),
    {"external_id": "zzzzzzzzzzz", "title": "", "creator": None, "media": []},
]  # fmt: skip
