"""What olapic.xml must become: a parent and its variants are one family."""

from ugc.catalog.rules import ProductData

FORMAT = "olapic"
EXPECTED = [
    ProductData(sku="D-1", title="Dress", url="https://shop.test/d1", image_url="https://shop.test/d1.jpg", family="D-1"),
    (8, "bad_url"),
    ProductData(
        sku="D-1-BLUE", title="Dress blue", url="https://shop.test/d1-blue", image_url="https://shop.test/d1b.jpg", family="D-1"
    ),
]
