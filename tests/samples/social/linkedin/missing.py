"""What missing.json must become."""

MODE = "organisation"
OPTIONS = {"organisation": "2414183"}
EXPECTED = [
    ("urn:li:share:7000000000000000001", "commentary"),
    ("", "id"),
]  # fmt: skip
