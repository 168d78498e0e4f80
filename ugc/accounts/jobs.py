"""What the worker does for accounts: forget ended sign-ins and old refused attempts."""

from __future__ import annotations

from ugc.accounts import actions
from ugc.kit import clock
from ugc.kit.jobs import job
from ugc.runtime import Runtime


@job("accounts.forget_old")
def forget_old(runtime: Runtime) -> None:
    """Remove what no rule reads any more."""
    with runtime.transaction() as session:
        actions.forget_old(session, now=clock.now())
