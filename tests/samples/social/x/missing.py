"""What missing.json must become."""

MODE = "search"
OPTIONS = {"query": "hat"}
EXPECTED = [
    ("4", "text"),
    ("", "id"),
]  # fmt: skip
