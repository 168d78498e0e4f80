"""What atom.xml must become."""

from datetime import UTC, datetime

from ugc.library.models import Kind

MODE = "feed"
OPTIONS = {"url": "https://hats.test/blog/atom.xml"}
EXPECTED = [
    {
        "external_id": "tag:hats.test,2026:1", "title": "Warm <b>", "text": "Sehr warm.", "url": "https://hats.test/blog/a/1.html",
        "creator": ("Bea", ""), "published_at": datetime(2026, 11, 1, 9, 0, tzinfo=UTC), "language": "de", "kind": Kind.POST,
    },
    {"external_id": "urn:uuid:2", "creator": ("Bo", ""), "published_at": None, "text": ""},
]  # fmt: skip
