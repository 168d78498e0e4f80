"""/api/v1/triage: what was learnt of approving, what may be decided by itself, and how that goes."""

from __future__ import annotations

from flask import Response
from pydantic import BaseModel

from ugc import web
from ugc.accounts.models import Role
from ugc.api import schema
from ugc.api.schema import api
from ugc.modelling import queries as modelling_queries
from ugc.triage import learning, queries


class TriageOut(BaseModel):
    """The bounds that the brand set, and what the model in use may decide inside them."""

    mode: str
    agreement: float
    kinds: list[str]
    decides: str
    per_day: int
    note: str
    """Why it went back to suggesting by itself; empty otherwise."""
    model_version: int
    """0 while there is none."""
    decisions: int
    decisions_needed: int
    approve_at: float | None
    """From this probability on it may approve; null where it may not."""
    reject_at: float | None
    """Up to this probability it may reject; null where it may not."""
    coverage: float
    """The share of held-out decisions inside the bounds."""
    checked: int
    """Items inside the bounds that a person decided on instead, lately."""
    checked_agreed: int
    decided: int
    """Automatic decisions, lately."""
    overturned: int


@api.get("/triage", summary="What approval rests on", responses={200: TriageOut})
@web.needs(Role.VIEWER)
def get_triage() -> Response:
    """Bounds, model and live agreement; each item carries its own `approval_p`."""
    session, brand_id = web.session(), web.principal().brand_id
    wanted, model = queries.get_wanted(session, brand_id), queries.get_model(session, brand_id)
    bounds = queries.bounds_of(model, wanted) if model else None
    live = queries.get_live(session, brand_id)
    have, needed = queries.get_need(session, brand_id)
    return schema.answer(
        TriageOut(
            mode=wanted.mode.value,
            agreement=wanted.agreement,
            kinds=list(wanted.kinds),
            decides=wanted.decides.value,
            per_day=wanted.per_day,
            note=wanted.note,
            model_version=modelling_queries.version_of(session, brand_id, learning.KIND),
            decisions=len(model.heldout["p"]) if model else have,
            decisions_needed=0 if model else max(0, needed - have),
            approve_at=bounds.approve_at if bounds else None,
            reject_at=bounds.reject_at if bounds else None,
            coverage=round(bounds.coverage, 4) if bounds else 0.0,
            checked=live.checked,
            checked_agreed=live.agreed,
            decided=live.decided,
            overturned=live.overturned,
        )
    )
