"""What missing.json must become."""

MODE = "wall"
OPTIONS = {"owner": "knit"}
EXPECTED = [
    ("55", "owner_id"),
    ("55", "text"),
    ("x", "id"),
]  # fmt: skip
