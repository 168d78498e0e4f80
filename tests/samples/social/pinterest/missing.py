"""What missing.json must become."""

MODE = "own"
OPTIONS: dict[str, str] = {}
EXPECTED = [
    ("813744226420795884", "media"),
    ("", "id"),
]  # fmt: skip
