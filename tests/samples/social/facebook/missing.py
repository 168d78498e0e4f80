"""What missing.json must become."""

from ugc.library.models import Kind

MODE = "own"
OPTIONS = {"page_id": "100"}
EXPECTED = [
    ("", "id"),
    {"external_id": "100_203", "kind": Kind.POST, "text": "", "creator": None, "published_at": None},
]  # fmt: skip
