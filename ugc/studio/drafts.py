"""The draft of a description beside an item's picture."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from ugc.library.models import Item
from ugc.suggestions import describing, queries
from ugc.suggestions.models import Suggestion, What


def panel(session: Session, brand_id: int, items: Sequence[Item]) -> dict[int, Suggestion]:
    """The draft for each item's first picture, as long as nobody described it."""
    bare = {item.id: item.media[0].file_id for item in items if item.media and not item.media[0].alt}
    found = queries.map_open(session, brand_id, bare, What.ALT)
    drafts = {id: describing.draft_of(found.get(id, []), file_id) for id, file_id in bare.items()}
    return {id: draft for id, draft in drafts.items() if draft is not None}
