"""An export of Shopify Product Reviews, with a byte order mark."""

from datetime import UTC, datetime

from ugc.library.models import State

FORMAT = "shopify"
EXPECTED = [
    {
        "names": ("wool-hat",), "state": None, "published_at": datetime(2019, 5, 6, 11, 8, 9, tzinfo=UTC),
        "extra": {"reply": {"text": "Thanks", "at": "2019-05-07T11:08:09+00:00", "public": True}},
    },
    {"state": State.INBOX, "verified": False},
]  # fmt: skip
