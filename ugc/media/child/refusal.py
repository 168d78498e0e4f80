"""Why a picture is not taken, as the limited process says it: a stable code and the facts."""

from __future__ import annotations


class Refused(Exception):
    """A code that `ugc.media.rules.REFUSALS` turns into the error that people see."""

    def __init__(self, code: str, **facts: int | str) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts
