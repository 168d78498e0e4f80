"""The table that Loox imports: two photos, an answer, a verified and incentivised purchase."""

FORMAT = "loox"
EXPECTED = [
    {
        "sku": "77", "names": ("77", "scarf"), "creator": "Ada", "verified": True, "incentivised": True,
        "pictures": ["https://pics.test/a.jpg", "https://pics.test/b.jpg"],
        "extra": {"reply": {"text": "Thank you", "at": "2026-02-02T00:00:00+00:00", "public": True}},
    },
    {"sku": "scarf", "verified": False, "incentivised": False, "pictures": [], "state": None},
]  # fmt: skip
