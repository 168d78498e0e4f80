"""What rss.xml must become."""

from decimal import Decimal

from ugc.catalog.models import Availability
from ugc.catalog.rules import ProductData

FORMAT = "google-xml"
EXPECTED = [
    ProductData(
        sku="A-1", title="Wool & hat", description="Warm <b>and</b> soft", url="https://shop.test/a-1",
        image_url="https://shop.test/a-1.jpg", price=Decimal("1234.56"), currency="EUR", availability=Availability.IN_STOCK,
        family="HATS", line="Ada", type="Accessories > Hats", gtin="4006381333931",
    ),
    (21, "no_identifier"),
]  # fmt: skip
