"""What draft_and_article.json must become."""

MODE = "organisation"
OPTIONS = {"organisation": "urn:li:organization:2414183"}
EXPECTED = [
    {"title": "On wool", "extra": {"link": "https://blog.test/wool"}, "media": []},
]  # fmt: skip
