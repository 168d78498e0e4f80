"""The upload form as one list of fields: the page's template and the element's script both draw it from here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ugc.submissions import rules
from ugc.submissions.queries import Page

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
ACCEPT = "image/*,video/*,audio/*"
PICTURES = "image/*"


@dataclass(frozen=True, slots=True)
class Field:
    """One question; `kind` says how it is drawn."""

    kind: str
    name: str
    label: str
    hint: str = ""
    options: Sequence[tuple[str, str]] = ()
    is_required: bool = False
    autocomplete: str = ""
    most: int = 0


def fields_of(page: Page, product: str) -> list[Field]:
    """Every question in its order; `product` is its title, empty where none is named."""
    about = f" {product}" if product else ""
    relations = [(each.value, rules.wording(words, page.name)) for each, words in rules.RELATIONS.items()]
    uses = [Field("box", name, rules.wording(words, page.name)) for name, words in rules.CHANNELS.items()]
    return [
        Field("files", "file", "Photos, videos, recordings", f"Up to {rules.MAX_FILES}. One is enough."),
        Field("stars", "stars", f"How many stars{' for' + about if about else ''}?", "You may leave this out."),
        Field("long", "text", "What would you tell a friend?", "You may leave this out.", most=rules.MAX_TEXT),
        Field("line", "name", "Your name as it should be shown", "For example Anna K.", is_required=True, autocomplete="nickname",
              most=rules.MAX_NAME),
        Field("email", "email", "Your e-mail address", "Never shown.", is_required=True, autocomplete="email", most=254),
        Field("birth", "birth_year", "When were you born?", "We look at it once and don't keep it.", is_required=True),
        Field("choice", "relation", f"Do you have a tie to {page.name}?", "If so, we say it beside it.", relations, True),
        Field("terms", "terms", "Terms"),
        Field("box", "others", rules.wording(rules.OTHERS, page.name)),
        Field("box", "agree", rules.wording(rules.AGREE, page.name), is_required=True),
        *uses,
    ]  # fmt: skip


def as_json(page: Page, stamp: str, sku: str, product: str, *, base_url: str, style: str) -> dict[str, Any]:
    """The form as the element's script reads it."""
    return {
        "brand": page.name,
        "product": {"sku": sku, "title": product} if product else None,
        "fields": [asdict(field) for field in fields_of(page, product)],
        "months": MONTHS,
        "style": style,
        "trap": rules.TRAP,
        "stamp": stamp,
        "terms": {"name": page.terms.name, "text": page.terms.text},
        "accept": ACCEPT,
        "most": rules.MAX_FILES,
        "uploads": f"{base_url}/uploads/{page.slug}",
        "submit": f"{base_url}/submit/{page.slug}",
    }
