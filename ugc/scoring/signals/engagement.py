"""Did people react where it was posted? Logarithmic: the tenth reaction says more than the thousandth."""

from __future__ import annotations

import math

from ugc.scoring.signals.base import Facts, Measured, Signal, counted, within

# A comment takes more effort than a like, a helpful vote was asked for by nobody.
COMMENT, HELPFUL = 3, 5
FULL = 1_000


def measure(facts: Facts) -> Measured:
    """log(1 + likes + 3 comments + 5 helpful votes) against 1,000; none may just mean that the source does not say."""
    reactions = facts.likes + COMMENT * facts.comments + HELPFUL * facts.helpful
    if reactions <= 0:
        return Measured(None, "No reactions known")
    counts = ((facts.likes, "like"), (facts.comments, "comment"), (facts.helpful, "helpful vote"))
    return Measured(
        within(math.log1p(reactions) / math.log1p(FULL)), ", ".join(counted(count, name) for count, name in counts if count)
    )


SIGNAL = Signal("engagement", "Engagement", 10, measure)
