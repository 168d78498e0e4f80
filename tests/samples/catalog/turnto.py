"""What turnto.tsv must become."""

from decimal import Decimal

from ugc.catalog.rules import ProductData

FORMAT = "turnto"
EXPECTED = [
    ProductData(
        sku="K-1", title="Kettle", url="https://shop.test/k1", image_url="https://shop.test/k1.jpg", price=Decimal("39.95"),
        currency="USD", family="KETTLE", line="Ada", type="Kitchen", gtin="4006381333931",
    ),
    (3, "ambiguous_price"),
    (4, "bad_url"),
]  # fmt: skip
