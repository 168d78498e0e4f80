"""What shopify.csv must become: a product for each variant, pictures' rows none, prices in the shop's currency."""

from decimal import Decimal

from ugc.catalog.models import Availability
from ugc.catalog.rules import ProductData

FORMAT = "shopify"
HAT = {
    "description": "Warm & soft one", "currency": "EUR", "family": "wool-hat", "line": "Ada", "type": "Hats",
    "url": "https://shop.test/products/wool-hat",
}  # fmt: skip
EXPECTED = [
    ProductData(
        sku="HAT-R-L", title="Wool hat – Red / L", image_url="https://cdn.test/red.jpg", price=Decimal("19.90"),
        availability=Availability.IN_STOCK, gtin="4006381333931", **HAT,
    ),
    ProductData(
        sku="HAT-B-M", title="Wool hat – Blue / M", image_url="https://cdn.test/hat.jpg", price=Decimal("19.90"),
        availability=Availability.OUT_OF_STOCK, **HAT,
    ),
    ProductData(
        sku="wool-hat:Green/M", title="Wool hat – Green / M", image_url="https://cdn.test/hat.jpg", price=Decimal("21.00"),
        availability=Availability.BACKORDER, **HAT,
    ),
    ProductData(
        sku="mug", title="Mug", price=Decimal("9.00"), currency="EUR", availability=Availability.IN_STOCK, family="mug", line="Ada",
        type="Kitchen", url="https://shop.test/products/mug",
    ),
    (8, "bad_price"),
    ProductData(
        sku="SC-1", title="Scarf", price=Decimal("15.00"), currency="EUR", availability=Availability.OUT_OF_STOCK, family="scarf",
        line="Ada", type="Scarves", url="https://shop.test/products/scarf",
    ),
    (10, "unreadable_row"),
]  # fmt: skip
