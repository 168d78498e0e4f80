"""What missing.json must become."""

MODE = "hashtag"
OPTIONS = {"server": "social.test", "hashtag": "hat"}
EXPECTED = [
    ("111000000000000001", "content"),
    ("111000000000000001", "account.acct"),
    ("https://social.test/users/ada/statuses/111000000000000001", "id"),
]  # fmt: skip
