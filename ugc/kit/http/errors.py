"""What can go wrong on the way to an address outside; `permanent` says that another try will not help."""

from __future__ import annotations

from typing import Any

from ugc.kit.errors import Outside


class FetchRefused(Outside):
    """This will not be fetched."""

    def __init__(self, detail: str | None = None, *, permanent: bool = True, **facts: Any) -> None:
        super().__init__(detail, permanent=permanent, **facts)


class BadAddress(FetchRefused):
    """This is not an address that can be fetched."""


class BlockedAddress(FetchRefused):
    """This address leads where the service may not go."""


class TooManyRedirects(FetchRefused):
    """This address leads on and on."""


class BodyTooLarge(FetchRefused):
    """The answer is larger than allowed."""


class NotJson(FetchRefused):
    """The answer is no JSON."""


class Unreachable(Outside):
    """The server outside can't be reached."""


class TooSlow(Outside):
    """The server outside took too long."""
