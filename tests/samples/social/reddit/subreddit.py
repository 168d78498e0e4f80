"""What subreddit.json must become."""

from datetime import UTC, datetime

from ugc.library.models import Kind

MODE = "subreddit"
OPTIONS = {"subreddit": "knitting"}
EXPECTED = [
    {
        "external_id": "t3_1abcde", "kind": Kind.PHOTO, "title": "Finished my hat", "text": "Took *two* weeks",
        "url": "https://www.reddit.com/r/knitting/comments/1abcde/finished_my_hat/", "creator": ("knitfan", "knitfan"),
        "media": [("https://i.redd.it/abc.jpg", "picture")], "like_count": 321, "comment_count": 18,
        "published_at": datetime(2025, 11, 7, 7, 20, tzinfo=UTC), "extra": {"subreddit": "knitting"},
        "embed_url": "https://embed.reddit.com/r/knitting/comments/1abcde/finished_my_hat/",
    },
]  # fmt: skip
