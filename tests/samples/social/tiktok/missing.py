"""What missing.json must become."""

MODE = "own"
OPTIONS = {}
EXPECTED = [
    ("", "id"),
    ("", "post"),
]  # fmt: skip
