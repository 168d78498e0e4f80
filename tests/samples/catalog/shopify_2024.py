"""What shopify_2024.csv, with the headers of the newer export, must become."""

from decimal import Decimal

from ugc.catalog.models import Availability
from ugc.catalog.rules import ProductData

FORMAT = "shopify"
LAMP = {
    "description": "Bright", "currency": "EUR", "family": "lamp", "line": "Ada", "type": "Lamps",
    "url": "https://shop.test/products/lamp", "image_url": "https://cdn.test/lamp.jpg",
}  # fmt: skip
EXPECTED = [
    ProductData(sku="LAMP-1", title="Lamp – Small", price=Decimal("49.00"), availability=Availability.IN_STOCK, **LAMP),
    ProductData(sku="LAMP-2", title="Lamp – Large", price=Decimal("59.00"), availability=Availability.BACKORDER, **LAMP),
]
