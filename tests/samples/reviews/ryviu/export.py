"""An export of Ryviu, parted by tabs, in UTF-16."""

from ugc.library.models import State

FORMAT = "ryviu"
EXPECTED = [
    {
        "names": ("lamp",), "body": "Very bright", "pictures": ["https://pics.test/1.jpg", "https://pics.test/2.jpg"],
        "state": None, "extra": {"featured": "0"},
    },
    {"body": "Dim", "state": State.INBOX},
]  # fmt: skip
