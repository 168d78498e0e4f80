"""What bare.json must become."""

from ugc.library.models import Kind

MODE = "own"
OPTIONS: dict[str, str] = {}
EXPECTED: list[dict[str, object]] = [
    {"external_id": "7080000000000000002", "kind": Kind.VIDEO, "url": "", "creator": None, "media": [], "published_at": None},
]  # fmt: skip
