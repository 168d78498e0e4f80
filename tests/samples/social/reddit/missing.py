"""What missing.json must become."""

MODE = "subreddit"
OPTIONS = {"subreddit": "knitting"}
EXPECTED = [
    ("t3_1abcde", "title"),
    ("1abcde", "name"),
    ("t3_1abcde", "permalink"),
]  # fmt: skip
