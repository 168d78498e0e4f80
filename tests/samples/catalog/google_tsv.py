"""What google_tsv.tsv must become."""

from decimal import Decimal

from ugc.catalog.models import Availability
from ugc.catalog.rules import ProductData

FORMAT = "google-table"
EXPECTED = [
    ProductData(
        sku="custom", title="Hat, red", url="https://shop.test/h", price=Decimal("12.50"), currency="EUR",
        availability=Availability.IN_STOCK, family="H",
    ),
    (3, "unreadable_row"),
    (4, "ambiguous_price"),
]  # fmt: skip
