"""What bare.json must become."""

from ugc.library.models import Kind

MODE = "own"
OPTIONS = {}
EXPECTED = [
    {"external_id": "7080000000000000002", "kind": Kind.VIDEO, "url": "", "creator": None, "media": [], "published_at": None},
]  # fmt: skip
