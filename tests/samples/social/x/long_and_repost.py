"""What long_and_repost.json must become."""

from ugc.library.models import Kind

MODE = "search"
OPTIONS = {"query": "hat"}
EXPECTED: list[dict[str, object]] = [
    {"external_id": "3", "kind": Kind.POST, "text": "The whole of it", "creator": None, "language": "", "media": []},
]  # fmt: skip
