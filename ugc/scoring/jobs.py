"""What the worker calls to score."""

from __future__ import annotations

import structlog

from ugc.accounts import queries as accounts_queries
from ugc.kit import clock, jobs
from ugc.library import queries as library_queries
from ugc.runtime import Runtime
from ugc.scoring import actions, queries, rescoring
from ugc.scoring.models import Cause

log = structlog.get_logger(__name__)

PORTION = 500
"""Items scored in one transaction."""
AGED_AT_ONCE = 20_000
"""Aged items of a brand measured in one night; the rest follows in the next ones."""


@jobs.job("scoring.score_item")
def score_item(runtime: Runtime, *, brand_id: int, item_id: int) -> None:
    """Score one item; nothing if it is gone. Asked for by jobs of the release before, which may still wait after an upgrade."""
    score_items(runtime, brand_id=brand_id, item_ids=[item_id])


@jobs.job("scoring.score_items", gathers="item_ids")
def score_items(runtime: Runtime, *, brand_id: int, item_ids: list[int]) -> None:
    """Score some items."""
    for start in range(0, len(item_ids), PORTION):
        with runtime.transaction() as session:
            actions.score_items(session, brand_id, item_ids[start : start + PORTION], now=clock.now())


@jobs.job("scoring.score_file_items", gathers="file_ids")
def score_file_items(runtime: Runtime, *, brand_id: int, file_ids: list[int]) -> None:
    """Score the items that show files, now that these were measured."""
    with runtime.transaction() as session:
        ids = library_queries.find_showing(session, brand_id, file_ids)
    score_items(runtime, brand_id=brand_id, item_ids=ids)


@jobs.job("scoring.score_brand")
def score_brand(runtime: Runtime, *, brand_id: int) -> None:
    """Measure all of a brand's items anew."""
    with runtime.transaction() as session:
        actions.rescore(session, brand_id, Cause.ASKED, actor="system", now=clock.now())


@jobs.job("scoring.rescore")
def rescore(runtime: Runtime, *, brand_id: int, run_id: int) -> None:
    """Go on with a run to its end, a commit for each portion; nothing where a newer one took its place."""
    while rescore_some(runtime, brand_id, run_id):
        pass


def rescore_some(runtime: Runtime, brand_id: int, run_id: int) -> bool:
    """One portion of a run; False when it is over."""
    with runtime.transaction() as session:
        run = rescoring.go_on(session, brand_id, run_id)
        if run is None:
            return False
        return (actions.measure_portion if run.measures else rescoring.weigh_portion)(session, run, now=clock.now())


@jobs.job("scoring.catch_up")
def catch_up(runtime: Runtime) -> None:
    """Begin a run for every brand whose scores an older release made, and take up runs whose job is gone."""
    with runtime.transaction() as session:
        brands = [brand.id for brand in accounts_queries.find_brands(session)]
        at_work = {facts["run_id"] for facts in jobs.find_unfinished(session, "scoring.rescore")}
    for brand_id in brands:
        with runtime.transaction() as session:
            run = queries.find_running(session, brand_id)
            if run is None:
                actions.catch_up(session, brand_id, now=clock.now())
            elif run.id not in at_work:
                rescoring.enqueue(session, run)


@jobs.job("scoring.measure_aged")
def measure_aged(runtime: Runtime) -> None:
    """Measure anew what time alone has changed: nothing announces that an item grew old or that its rights began."""
    with runtime.transaction() as session:
        brands = [brand.id for brand in accounts_queries.find_brands(session)]
    for brand_id in brands:
        with runtime.transaction() as session:
            aged = queries.find_aged(session, brand_id, now=clock.now(), limit=AGED_AT_ONCE)
        score_items(runtime, brand_id=brand_id, item_ids=aged)


@jobs.job("scoring.check_copies")
def check_copies(runtime: Runtime) -> None:
    """Put right every item whose copy of the score differs from its source, and say so."""
    with runtime.transaction() as session:
        brands = [brand.id for brand in accounts_queries.find_brands(session)]
    for brand_id in brands:
        while differing := repair_some(runtime, brand_id):
            log.error("scores differed from their source", brand=brand_id, items=differing)


def repair_some(runtime: Runtime, brand_id: int) -> list[int]:
    """One transaction's worth of repairs."""
    with runtime.transaction() as session:
        return actions.repair_copies(session, brand_id)
