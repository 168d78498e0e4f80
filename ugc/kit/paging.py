"""Opaque cursors for keyset paging: a signed, URL-safe form of the last row's sort values (T-49)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from typing import Any

from ugc.kit.errors import Invalid

MAX_PAGE = 100
DEFAULT_PAGE = 30


class BadCursor(Invalid):
    """The cursor was not made by this service; start again without one."""


def make_cursor(values: list[Any], key: bytes) -> str:
    """The text that stands for `values` (JSON scalars), signed with `key`."""
    body = json.dumps(values, separators=(",", ":"), default=str).encode()
    tag = hmac.new(key, body, hashlib.sha256).digest()[:12]
    return base64.urlsafe_b64encode(tag + body).decode().rstrip("=")


def read_cursor(cursor: str, key: bytes) -> list[Any]:
    """The values in a cursor; raises BadCursor when it was altered or cut."""
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except (binascii.Error, ValueError) as cause:
        raise BadCursor() from cause
    tag, body = raw[:12], raw[12:]
    if not hmac.compare_digest(tag, hmac.new(key, body, hashlib.sha256).digest()[:12]):
        raise BadCursor()
    values: list[Any] = json.loads(body)
    return values


def read_limit(value: str | None, *, default: int = DEFAULT_PAGE, most: int = MAX_PAGE) -> int:
    """A page size from a query string: 1 to `most`, else Invalid."""
    if value is None or value == "":
        return default
    if not value.isascii() or not value.isdigit() or not 1 <= int(value) <= most:
        raise Invalid(f"limit must be a whole number from 1 to {most}")
    return int(value)
