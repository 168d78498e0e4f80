"""What missing.json must become."""

MODE = "own"
OPTIONS: dict[str, str] = {}
EXPECTED = [
    ("", "id"),
    ("", "post"),
]  # fmt: skip
