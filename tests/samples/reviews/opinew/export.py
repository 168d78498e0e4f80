"""An export of Opinew, its columns in their fixed order."""

FORMAT = "opinew"
EXPECTED = [
    {"names": ("MUG-1", "12", "mug"), "gtins": ("4006381333931",), "pictures": ["https://pics.test/m.jpg"], "extra": {}},
    (3, "ambiguous_date"),
]  # fmt: skip
