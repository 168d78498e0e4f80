"""What the fields of a request say."""

from __future__ import annotations

from ugc.kit.errors import Invalid


def read_whole(text: str) -> int:
    """An id from a form; raises Invalid."""
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Invalid("this is not an id")
    return int(text)
