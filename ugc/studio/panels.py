"""What was understood of items, for the item page and the large view of the inbox: one reader a panel, for many items at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from ugc.library.models import Item
from ugc.studio import chips, drafts, flags, readings, similar

Panel = Callable[[Session, int, Sequence[Item]], Mapping[int, Any]]
"""Of a session, a brand and its items: what to show, by item id. Items with nothing to show are left out."""

PANELS: dict[str, Panel] = {
    "alt": drafts.panel,
    "flags": flags.panel,
    "reading": readings.panel,
    "suggestions": chips.panel,
    "similar": similar.panel,
}
"""By name; `templates/panels/<name>.html` shows what it gives as `panel`, with the item as `item`."""


def of(session: Session, brand_id: int, items: Sequence[Item]) -> dict[int, dict[str, Any]]:
    """Every panel of every item: a query or two for each kind of panel, however many items there are."""
    found: dict[int, dict[str, Any]] = {item.id: {} for item in items}
    for name, read in PANELS.items():
        for item_id, panel in read(session, brand_id, items).items():
            found[item_id][name] = panel
    return found
