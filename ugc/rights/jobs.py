"""The nightly proof that items say what the ledger says."""

from __future__ import annotations

import structlog

from ugc.accounts import queries as accounts_queries
from ugc.kit import jobs
from ugc.rights import actions
from ugc.runtime import Runtime

log = structlog.get_logger(__name__)


@jobs.job("rights.check_copies")
def check_copies(runtime: Runtime) -> None:
    """Put right every item whose copy differs from its last entry, and say so: something wrote past the ledger."""
    with runtime.transaction() as session:
        brands = [brand.id for brand in accounts_queries.find_brands(session)]
    for brand_id in brands:
        while differing := repair_some(runtime, brand_id):
            log.error("rights differed from the ledger", brand=brand_id, items=differing)


def repair_some(runtime: Runtime, brand_id: int) -> list[int]:
    """One transaction's worth of repairs."""
    with runtime.transaction() as session:
        return actions.repair_copies(session, brand_id)
