"""How close is the right to use it? A picture that may be shown today is worth more than one that must be asked for."""

from __future__ import annotations

from ugc.library.models import RightsState
from ugc.scoring.signals.base import Facts, Measured, Signal

VALUES = {
    RightsState.OWNED: (1.0, "Owned"),
    RightsState.GRANTED: (1.0, "Granted"),
    RightsState.REPLIED_UNCLEAR: (0.5, "Answered, not yet clear"),
    RightsState.REQUESTED: (0.4, "Asked for"),
    RightsState.QUEUED: (0.3, "About to be asked for"),
    RightsState.NONE: (0.2, "Not yet asked for"),
    RightsState.NO_REPLY: (0.1, "No reply"),
    RightsState.DECLINED: (0.0, "Declined"),
    RightsState.REVOKED: (0.0, "Withdrawn"),
}


def measure(facts: Facts) -> Measured:
    """1 when held inside its window, .5 before it starts, 0 when it ended; else by how far the asking has come."""
    if facts.rights_state is None:
        return Measured(None, "Right unknown")
    value, reason = VALUES[facts.rights_state]
    if value == 1.0 and facts.rights_until is not None and facts.rights_until <= facts.now:
        return Measured(0.0, f"{reason}, ended")
    if value == 1.0 and facts.rights_from is not None and facts.rights_from > facts.now:
        return Measured(0.5, f"{reason}, not yet started")
    return Measured(value, reason)


SIGNAL = Signal("rights_readiness", "Right to use it", 10, measure)
