"""The job app: what runs when (EVERY), what follows what (AFTER), and every room's jobs, imported so that they are registered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ugc import tables
from ugc.accounts import jobs as accounts
from ugc.authenticity import jobs as authenticity
from ugc.duplicates import jobs as duplicates
from ugc.galleries import jobs as galleries
from ugc.ingest import jobs as ingest
from ugc.insights import jobs as insights
from ugc.kit import jobs, working
from ugc.library import jobs as library
from ugc.media import jobs as media
from ugc.modelling import jobs as modelling
from ugc.orders import jobs as orders
from ugc.rights import jobs as rights
from ugc.runtime import Runtime
from ugc.scoring import jobs as scoring
from ugc.similarity import jobs as similarity
from ugc.similarity import meaning
from ugc.social import jobs as social
from ugc.submissions import jobs as submissions
from ugc.suggestions import jobs as suggestions
from ugc.texts import jobs as texts
from ugc.tracking import jobs as tracking
from ugc.triage import jobs as triage

ROOMS = (
    accounts,
    authenticity,
    duplicates,
    galleries,
    ingest,
    insights,
    library,
    media,
    modelling,
    orders,
    rights,
    scoring,
    similarity,
    submissions,
    suggestions,
    social,
    texts,
    tracking,
    triage,
)
"""The rooms that have jobs; importing them registers what they can do."""

# A new item gets its first score, and with that the answers that it comes into are dropped.
ADDED = ["scoring.score_items", "duplicates.find_for_items", "texts.read_items", "similarity.encode_items"]
CHANGED = [
    "galleries.unpublish",
    "scoring.score_items",
    "social.settle_policies",
    "texts.read_items",
    "suggestions.look_again",
    "similarity.encode_items",
    "suggestions.draft_alt_texts",
]
AFTER: dict[str, list[str]] = {
    "accounts.key_revoked": ["galleries.drop_brand"],
    "library.item_added": ADDED,
    "library.items_added": ADDED,
    "library.item_changed": CHANGED,
    "library.items_changed": CHANGED,
    "library.item_barred": ["duplicates.bar_items"],
    "library.items_barred": ["duplicates.bar_items"],
    "library.batch_undone": ["duplicates.reopen"],
    "duplicates.items_compared": ["authenticity.look_at_items"],
    "authenticity.flags_changed": ["triage.predict_items"],
    "media.file_declared": ["authenticity.look_at_files"],
    "duplicates.merged": ["galleries.pin_kept"],
    "catalog.product_changed": ["galleries.drop_product", "library.refresh_product", "similarity.want_picture"],
    "modelling.model_activated": ["triage.follow_model", "texts.read_again", "suggestions.after_model", "similarity.follow_model"],
    "texts.items_read": ["triage.predict_items"],
    "texts.usefulness_read": ["scoring.score_items"],
    "similarity.items_encoded": ["triage.predict_items", "suggestions.suggest_for_items", "suggestions.draft_alt_texts"],
    "similarity.pictures_described": ["suggestions.suggest_for_items", "suggestions.draft_alt_texts"],
    "orders.order_changed": ["insights.attribute_order"],
    "media.file_measured": ["scoring.score_file_items", "similarity.encode_files"],
    "media.file_refined": ["galleries.drop_file_items"],
    "media.file_ready": [
        "scoring.score_file_items",
        "galleries.drop_file_items",
        "duplicates.find_for_files",
        "similarity.encode_files",
        "texts.read_file_items",
    ],
}
"""What happened → the jobs that follow, each with the same arguments; of what waits, done together (`kit.gathering`)."""

EVERY: list[tuple[str, str]] = [
    ("worker.delete_old_jobs", "17 * * * *"),
    ("accounts.forget_old", "23 3 * * *"),
    ("galleries.hide_expired", "*/5 * * * *"),
    ("ingest.fetch_again", "53 * * * *"),
    ("ingest.forget_old", "13 4 * * *"),
    ("ingest.poll_buckets", "*/5 * * * *"),
    ("ingest.watch_folders", "* * * * *"),
    ("authenticity.look_again", "27 */6 * * *"),
    ("duplicates.catch_up", "47 * * * *"),
    ("insights.measure_late", "19 2 * * *"),
    ("insights.measure_performance", "31 * * * *"),
    ("insights.roll_up", "* * * * * */3"),
    ("media.measure_again", "11 * * * *"),
    ("media.sweep_orphans", "53 4 * * *"),
    ("media.sweep_storage", "29 * * * *"),
    ("modelling.check", "37 * * * *"),
    ("modelling.retrain", "19 2 * * *"),
    ("orders.forget_bodies", "41 3 * * *"),
    ("rights.check_copies", "7 4 * * *"),
    ("scoring.catch_up", "*/10 * * * *"),
    ("scoring.check_copies", "37 4 * * *"),
    ("scoring.measure_aged", "43 1 * * *"),
    ("similarity.describe_due", "*/10 * * * *"),
    ("similarity.catch_up", "51 * * * *"),
    ("similarity.want_pictures", "*/10 * * * *"),
    ("social.check_upstream", "13 * * * *"),
    ("social.end_leases", "43 * * * *"),
    ("social.pull_due", "* * * * *"),
    ("social.renew_tokens", "*/10 * * * *"),
    ("submissions.forget_old", "53 3 * * *"),
    ("suggestions.catch_up", "51 * * * *"),
    ("submissions.sweep_uploads", "43 * * * *"),
    ("texts.catch_up", "59 * * * *"),
    ("tracking.make_partitions", "11 */6 * * *"),
    ("triage.catch_up", "33 * * * *"),
]
"""Jobs by the clock: name and cron expression in UTC. They take no arguments and look after every brand."""


@jobs.job("worker.delete_old_jobs")
def delete_old_jobs(runtime: Runtime) -> None:
    """Keep the queue's table small: what succeeded is forgotten after a day, what died stays until somebody looks."""
    with runtime.transaction() as session:
        jobs.delete_old(session)


def plan() -> working.Plan:
    """Everything that a worker can do."""
    assert tables.metadata.tables
    assert ROOMS
    return working.Plan(jobs.REGISTERED, AFTER, EVERY)


def run(
    runtime: Runtime, *, concurrency: int = 4, pace: working.Pace | None = None, done: Callable[[], bool] | None = None
) -> bool:  # fmt: skip
    """Work in this process until asked to stop or until `done`; False when the queue failed. Raises BadModel."""
    meaning.set_up(runtime.settings)
    return asyncio.run(working.work(runtime, plan(), concurrency=concurrency, pace=pace, done=done))


def run_brand(runtime: Runtime, brand_id: int, *, wait: bool, concurrency: int = 4, pace: working.Pace | None = None) -> bool:
    """Work until nothing of the brand is left to do; with `wait` also until its failed attempts were tried again and what its
    visitors did stands in the reports.
    """

    def done() -> bool:
        with runtime.transaction() as session:
            if wait:
                jobs.hasten(session, brand_id)
            return jobs.count_unfinished(session, brand_id, retries=wait) == 0

    ended = run(runtime, concurrency=concurrency, pace=pace, done=done)
    if wait:
        insights.roll_up(runtime)
    return ended
