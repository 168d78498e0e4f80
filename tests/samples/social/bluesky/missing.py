"""What missing.json must become."""

MODE = "search"
OPTIONS = {"query": "hat"}
EXPECTED = [
    ("at://did:plc:abc/app.bsky.feed.post/3kxyz", "record.text"),
    ("at://did:plc:abc/app.bsky.feed.post/3kxyz", "author.handle"),
    ("", "uri"),
]  # fmt: skip
