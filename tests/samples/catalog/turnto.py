"""What turnto.tsv must become."""

from decimal import Decimal

from ugc.catalog.models import Availability
from ugc.catalog.rules import ProductData

FORMAT = "turnto"
EXPECTED = [
    ProductData(
        sku="K-1", title="Kettle", url="https://shop.test/k1", image_url="https://shop.test/k1.jpg", price=Decimal("39.95"),
        currency="USD", availability=Availability.IN_STOCK, family="KETTLE", line="Ada", type="Kitchen", gtin="4006381333931",
    ),
    (3, "ambiguous_price"),
    (4, "bad_url"),
    ProductData(
        sku="C-1", title="Cup", url="https://shop.test/cup?c=1", price=Decimal("4.50"), currency="EUR",
        availability=Availability.OUT_OF_STOCK, type="Kitchen > Cups",
    ),
]  # fmt: skip
