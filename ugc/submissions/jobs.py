"""What is done later: the sweep of what never finished, the deletion that a sender asked for, forgetting addresses in time."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, update

from ugc.kit import clock, jobs
from ugc.runtime import Runtime
from ugc.submissions import actions, rules, uploads
from ugc.submissions.models import RefusedCount, SpentStamp, Submission

# Long enough to answer and to prove a permission; the keyed digest and the ledger's evidence stay (L-11).
KEEP_ADDRESSES = timedelta(days=730)
KEEP_COUNTS = timedelta(days=400)


@jobs.job("submissions.sweep_uploads")
def sweep_uploads(runtime: Runtime) -> None:
    """Remove uploads that ran out of time, with their bytes."""
    uploads.sweep(runtime, now=clock.now())


@jobs.job("submissions.forget_old")
def forget_old(runtime: Runtime) -> None:
    """Delete e-mail addresses, closed forms and counts that have done their service."""
    now = clock.now()
    with runtime.transaction() as session:
        old = (Submission.created < now - KEEP_ADDRESSES) & (Submission.email_sealed != "")
        session.execute(update(Submission).where(old).values(email_sealed=""))
        session.execute(delete(SpentStamp).where(SpentStamp.at < now - 2 * rules.STAMP_LIFE))
        session.execute(delete(RefusedCount).where(RefusedCount.day < (now - KEEP_COUNTS).date()))


@jobs.job("submissions.erase")
def erase(runtime: Runtime, *, brand_id: int, submission_id: int) -> None:
    """Delete what a sender wants deleted: item, files, words of the permission, address. It left the public before."""
    with runtime.transaction() as session:
        actions.erase(runtime, session, brand_id, submission_id, now=clock.now())
