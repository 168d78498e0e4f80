"""A table of no known app: numbered rows, a product under a name of its own."""

FORMAT = "csv"
EXPECTED = [
    {
        "body": "Love it", "rating": 5, "sku": "1080", "helpful": 4, "extra": {"age": "34", "recommended": True},
        "product_title": "Dresses 1080", "product_type": "Dresses", "product_line": "General",
    },
    {"body": "", "rating": 5, "product_type": "Tops > Knits", "product_title": "Knits 1080"},
    (4, "empty_review"),
]  # fmt: skip
