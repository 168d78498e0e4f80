"""What search.json must become."""

from datetime import UTC, datetime

from ugc.library.models import Kind

MODE = "search"
OPTIONS = {"query": "wool hat"}
EXPECTED = [
    {
        "external_id": "abcdefghijk", "kind": Kind.VIDEO, "title": "Wool hat review & care", "text": "Is it warm? #woolhat",
        "url": "https://www.youtube.com/watch?v=abcdefghijk", "creator": ("Knit Tests", "UCabcdefghijklmnopqrstuv"),
        "media": [("https://i.ytimg.test/h.jpg", "picture")], "published_at": datetime(2026, 9, 3, 12, 0, tzinfo=UTC),
        "embed_url": "https://www.youtube-nocookie.com/embed/abcdefghijk", "hashtags": ("woolhat",),
    },
]  # fmt: skip
