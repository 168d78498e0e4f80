"""/api/v1/triage: what was learnt of approving, what may be decided by itself, and how that goes."""

from __future__ import annotations

from datetime import datetime

from flask import Response
from pydantic import BaseModel

from ugc import web
from ugc.accounts.models import Role
from ugc.api import schema
from ugc.api.schema import Id, Strict, api
from ugc.library import queries as library_queries
from ugc.library.models import State
from ugc.modelling import queries as modelling_queries
from ugc.triage import learning, queries, rules
from ugc.triage.models import ItemApproval


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


class ApprovalPath(Strict):
    """Which item."""

    id: Id


class ReasonOut(BaseModel):
    """What speaks for an item (above 0) or against it, in log-odds."""

    text: str
    weight: float


class ApprovalOut(BaseModel):
    """How likely people approve an item, and why; `p` is null where that is not known or must not be told."""

    p: float | None
    words: str
    reasons: list[ReasonOut]
    model_version: int
    at: datetime | None
    is_check: bool
    """Left to a person to measure agreement; nobody is told of it what the machine thinks."""

    @classmethod
    def of(cls, row: ItemApproval | None, *, is_check: bool) -> ApprovalOut:
        """From its row, which says nothing of a check."""
        if row is None or is_check:
            return cls(p=None, words="", reasons=[], model_version=0, at=None, is_check=is_check)
        reasons = [ReasonOut(text=words, weight=weight) for _, words, weight in row.why]
        return cls(
            p=row.p, words=rules.words_of(row.p), reasons=reasons, model_version=row.model_version, at=row.at, is_check=False
        )  # fmt: skip


@api.get("/items/<int:id>/approval", summary="How likely an item is approved", responses={200: ApprovalOut})
@web.needs(Role.VIEWER)
def get_item_approval(path: ApprovalPath) -> Response:
    """The probability with the strongest reasons for and against."""
    session = web.session()
    item = library_queries.get_item(session, web.principal().brand_id, path.id)
    is_check = item.state == State.INBOX and bool(queries.find_checked(session, item.brand_id, [item.id]))
    found = queries.map_approvals(session, item.brand_id, [item.id])
    return schema.answer(ApprovalOut.of(found.get(item.id), is_check=is_check))


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
