"""Judge.me's import template: dates dd/mm/yyyy throughout, a list of pictures with commas inside an address."""

from datetime import UTC, datetime

from ugc.library.models import State

FORMAT = "judgeme"
EXPECTED = [
    {
        "title": "Lovely 😍", "body": "Warm & soft", "published_at": datetime(2026, 4, 3, tzinfo=UTC), "names": ("wool-hat",),
        "pictures": ["https://pics.test/1.jpg", "https://pics.test/w_100,h_100/2.jpg"], "refused_media": 1, "state": None,
        "verified": False,
    },
    {"published_at": datetime(2025, 12, 25, tzinfo=UTC), "state": State.INBOX, "names": ("555", "wool-hat")},
]  # fmt: skip
