"""What atom.xml must become: the prefix is the feed's own choice, the entry's id is not the product's."""

from decimal import Decimal

from ugc.catalog.models import Availability
from ugc.catalog.rules import ProductData

FORMAT = "google-xml"
EXPECTED = [
    ProductData(
        sku="A-2", title="Scarf", description="Long", url="https://shop.test/a-2", price=Decimal("20.00"), currency="EUR",
        availability=Availability.OUT_OF_STOCK,
    )
]  # fmt: skip
