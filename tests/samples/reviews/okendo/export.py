"""An export of Okendo: a review that either column holds back waits; rejected pictures are not taken; a private answer."""

from ugc.library.models import State

FORMAT = "okendo"
EXPECTED = [
    {
        "names": ("BOOT-1", "900", "901", "boots"), "verified": True, "incentivised": True, "state": None, "title": "Boots",
        "pictures": ["https://pics.test/1.jpg", "https://pics.test/2.jpg"], "videos": ["https://vids.test/1.mp4"],
        "extra": {
            "recommended": True, "reply": {"text": "We are glad", "at": "2026-03-02T10:00:00+00:00", "public": False},
        },
    },
    {"names": ("900", "boots"), "state": State.INBOX, "verified": False},
    {"names": ("boots",), "state": State.INBOX, "verified": False},
]  # fmt: skip
