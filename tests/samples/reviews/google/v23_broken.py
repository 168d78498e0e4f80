"""A feed that breaks off in its second review."""

FORMAT = "google-xml"
EXPECTED = [
    {"id": "g1", "body": "Fine", "rating": 4},
    (13, "unreadable_row"),
]  # fmt: skip
