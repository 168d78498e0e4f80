"""What comments.json must become."""

from datetime import UTC, datetime

from ugc.library.models import Kind

MODE = "comments"
OPTIONS = {"target": "abcdefghijk", "query": "warm"}
EXPECTED = [
    {
        "external_id": "Ug1", "kind": Kind.POST, "text": "Mine <3 is warm", "creator": ("@grace", "UCgrace"), "is_mention": True,
        "like_count": 4, "comment_count": 1, "parent_url": "https://www.youtube.com/watch?v=abcdefghijk",
        "url": "https://www.youtube.com/watch?v=abcdefghijk&lc=Ug1", "published_at": datetime(2026, 9, 4, tzinfo=UTC),
    },
    {"external_id": "Ug2", "text": "Only\nHTML & more"},
]  # fmt: skip
