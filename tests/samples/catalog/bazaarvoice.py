"""What bazaarvoice.xml must become: brands and categories stand behind the products, two categories in a circle."""

from ugc.catalog.models import Availability
from ugc.catalog.rules import ProductData

FORMAT = "bazaarvoice"
EXPECTED = [
    ProductData(
        sku="BOOT-42", title="Stiefel & Co", description="For <rain>", url="https://shop.test/boot?size=42",
        image_url="https://shop.test/boot.jpg", family="BOOT", line="Ada", type="Shoes > Rain boots", gtin="4006381333931",
        mpn="M-42",
    ),
    ProductData(sku="OLD", title="Old boot", availability=Availability.OUT_OF_STOCK, line="Found", type="Found > Lost"),
    (22, "no_identifier"),
]  # fmt: skip
