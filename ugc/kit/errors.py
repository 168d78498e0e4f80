"""The one tree of errors: a class names the cause, carries its HTTP status and a stable code; its docstring is the message."""

from __future__ import annotations

import re
from typing import Any, ClassVar


class UgcError(Exception):
    """Something went wrong."""

    status: ClassVar[int] = 500

    def __init__(self, detail: str | None = None, **facts: Any) -> None:
        self.detail = detail or self.message()
        self.facts = facts
        super().__init__(self.detail)

    @classmethod
    def message(cls) -> str:
        """The class's sentence for people, from its docstring."""
        return (cls.__doc__ or "").strip().splitlines()[0]

    @property
    def code(self) -> str:
        """A stable name for programs: `RightsMissing` → `rights_missing`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()


class Unauthorised(UgcError):
    """Sign in, or send a valid key."""

    status = 401


class Forbidden(UgcError):
    """You may not do this."""

    status = 403


class NotFound(UgcError):
    """There is nothing here."""

    status = 404


class Conflict(UgcError):
    """This contradicts what is stored already."""

    status = 409


class Gone(UgcError):
    """This was here and has been withdrawn."""

    status = 410


class TooLarge(UgcError):
    """The body is larger than this address accepts."""

    status = 413


class Invalid(UgcError):
    """The request can't be read."""

    status = 400


class Unprocessable(UgcError):
    """The content was read and is not acceptable."""

    status = 422


class TooMany(UgcError):
    """Too many requests; wait and try again."""

    status = 429


class Unavailable(UgcError):
    """The service can't answer now; try again shortly."""

    status = 503


class StorageFull(UgcError):
    """There is no room left to store this."""

    status = 507


class Outside(UgcError):
    """A service outside answered with an error."""

    status = 502

    def __init__(self, detail: str | None = None, *, permanent: bool = False, **facts: Any) -> None:
        super().__init__(detail, **facts)
        self.permanent = permanent


class BadSetting(UgcError):
    """A setting is unknown or has a value that can't be used."""
