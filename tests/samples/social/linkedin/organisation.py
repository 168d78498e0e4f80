"""What organisation.json must become."""

from datetime import UTC, datetime

from ugc.library.models import Kind

MODE = "organisation"
OPTIONS = {"organisation": "2414183"}
EXPECTED = [
    {
        "external_id": "urn:li:share:7000000000000000001", "kind": Kind.POST, "creator": ("2414183", "2414183"),
        "text": "Meet Wool Co at the fair (hall 3) #Knitting", "hashtags": ("knitting",),
        "url": "https://www.linkedin.com/feed/update/urn%3Ali%3Ashare%3A7000000000000000001/",
        "embed_url": "https://www.linkedin.com/embed/feed/update/urn%3Ali%3Ashare%3A7000000000000000001",
        "published_at": datetime(2025, 11, 7, 7, 20, tzinfo=UTC),
    },
]  # fmt: skip
