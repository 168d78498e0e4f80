"""What missing.json must become."""

MODE = "posts"
OPTIONS = {"site": "blog.test"}
EXPECTED = [
    ("77", "content.rendered"),
    ("", "id"),
    {"title": "", "creator": None, "media": [("https://blog.test/wp-content/2.jpg", "picture")]},
]  # fmt: skip
