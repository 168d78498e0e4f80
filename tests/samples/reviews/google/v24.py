"""A Google product review feed 2.4: two products in a review, an anonymous one of ten stars, spam, half stars."""

from datetime import UTC, datetime

from ugc.library.models import State

FORMAT = "google-xml"
EXPECTED = [
    {
        "id": "g1", "creator": "Ada", "verified": True, "incentivised": True, "title": "Nice & warm", "body": "Really warm",
        "language": "en", "url": "https://shop.test/hat#g1", "pictures": ["https://pics.test/1.jpg", "https://pics.test/2.jpg"],
        "rating": 5, "products": ["HAT-1", "HAT-2"], "names": ("HAT-1", "M1"), "gtins": ("4006381333931",),
        "product_title": "Hat", "product_line": "Wool", "state": None,
        "published_at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        "extra": {"country": "GB", "collection method": "post_fulfillment", "pros": "warm; light", "cons": "dear"},
    },
    {"id": "g2", "creator": None, "rating": 3, "verified": False, "state": State.SPAM, "products": []},
    (38, "bad_rating"),
]  # fmt: skip
