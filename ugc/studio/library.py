"""The library: search, facets with counts, grid or table, decisions on many items at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from ugc import web
from ugc.accounts.models import Role
from ugc.library import queries as library_queries
from ugc.library.queries import FacetValue, ItemFilter
from ugc.similarity import meaning, resembling
from ugc.studio import shapes
from ugc.studio.inbox import REASONS
from ugc.studio.render import bare, page, with_query, words
from ugc.suggestions import describing

pages = Blueprint("library", __name__)

PAGE = 60
SORTS = {"score": "Best first", "newest": "Newest first", "oldest": "Oldest first", "rating": "Highest rating first"}
SEARCHES = {meaning.WORDS: "These words", meaning.MEANING: "What is meant"}
COUNTED = 1_000
# Approved items of which the page's head says how many lack a description; the list itself looks at all of them.
LOOKED_AT = 5_000
VIEWS = {"grid": "Grid", "table": "Table"}
OWN_NAMES = frozenset({"view", "done", "n", "batch"})
FACETS = {
    "state": "State", "rights": "Rights", "kind": "Content", "media": "Picture", "rating": "Stars", "tag": "Tag",
    "line": "Product line", "type": "Product type", "product": "Product", "source": "Source", "language": "Language",
    "colour": "Colour",
}  # fmt: skip
# Values shown before "more": enough to choose from, few enough to see the next facet.
SHOWN_VALUES = 6
LABELS = {
    ("media", "yes"): "With a picture",
    ("media", "no"): "Text only",
    ("rights", "none"): "No right yet",
    ("rating", "unknown"): "No stars",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A facet's value with its count, and whether it is chosen."""

    value: str
    label: str
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter in force, and the address without it."""

    name: str
    label: str
    without: str


@pages.get("/library")
@web.needs(Role.VIEWER)
def show() -> Response:
    """What the filter finds; with `cursor`, only the rows behind it."""
    brand_id = web.principal().brand_id
    written, search = read_chosen(), request.args.get("search") or meaning.WORDS
    asked = meaning.resolve(web.session(), brand_id, written, search, now=web.now())
    chosen = resembling.resolve(web.session(), brand_id, asked, now=web.now())
    sort, view = request.args.get("sort") or next(iter(sorts_for(chosen))), request.args.get("view", "grid")
    found = library_queries.find_items(
        web.session(), brand_id, chosen, sort=sort, cursor=request.args.get("cursor"), limit=PAGE,
        key=web.runtime().key("cursor"), now=web.now(),
    )  # fmt: skip
    facts: dict[str, Any] = {"cards": shapes.cards(web.session(), found.items), "next": found.next, "sort": sort, "view": view}
    if request.headers.get("HX-Request") and request.args.get("cursor"):
        return bare("library/rows.html" if view == "table" else "library/tiles.html", **facts)
    counts = library_queries.count_all(web.session(), brand_id, chosen, FACETS, now=web.now())
    return page(
        "library/page.html", sorts=sorts_for(chosen), views=VIEWS, reasons=REASONS, chosen=chosen, q=written.q, search=search,
        searches=SEARCHES,
        undescribed=describing.count_undescribed(web.session(), brand_id, now=web.now(), most=COUNTED, newest=LOOKED_AT),
        counted=COUNTED, chips=find_chips(replace(chosen, q=written.q), counts.facets), counts=counts, facet_names=FACETS,
        shown_values=SHOWN_VALUES,
        facets={name: choices(name, values, chosen) for name, values in counts.facets.items()},
        toast=shapes.toast(request.args), **facts,
    )  # fmt: skip


def read_chosen() -> ItemFilter:
    """The filter in the address, without the page's own names."""
    pairs = [(name, value) for name, value in request.args.items(multi=True) if name not in OWN_NAMES]
    return library_queries.read_filter(MultiDict(pairs))


def sorts_for(chosen: ItemFilter) -> dict[str, str]:
    """The orders on offer; the best match only where there are words to match."""
    most_alike = (
        {"similar": "Most alike first" if chosen.similar_to is not None else "Nearest first"} if chosen.near is not None else {}
    )
    return most_alike | ({"relevance": "Best match first"} if chosen.q else {}) | SORTS


def choices(name: str, values: list[FacetValue], chosen: ItemFilter) -> list[Choice]:
    """A facet's values, the chosen ones first, also those that find nothing any more."""
    picked = getattr(chosen, name)
    known = {value.value for value in values}
    made = [Choice(one.value, label_of(name, one.value, one.label), one.count, one.value in picked) for one in values]
    made += [Choice(value, label_of(name, value, value), 0, True) for value in picked if value not in known]
    if name == "rating":
        return sorted(made, key=lambda one: (one.value.isdigit(), one.value), reverse=True)
    return sorted(made, key=lambda one: not one.chosen)


def label_of(name: str, value: str, label: str) -> str:
    """A value as people say it."""
    if (name, value) in LABELS:
        return LABELS[name, value]
    if name == "rating" and value.isdigit():
        return "★" * int(value)
    if name == "colour":
        return label.capitalize()
    return words(label) if name in ("state", "rights", "kind", "source", "rating") else label


def find_chips(chosen: ItemFilter, facets: dict[str, list[FacetValue]]) -> list[Chip]:
    """One chip for each value in force."""
    chips = [Chip("Words", chosen.q, with_query(q=None, cursor=None))] if chosen.q else []
    for name, title in FACETS.items():
        labels = {value.value: value.label for value in facets.get(name, [])}
        for value in getattr(chosen, name):
            rest = [one for one in getattr(chosen, name) if one != value]
            label = label_of(name, value.removeprefix("!"), labels.get(value, value.removeprefix("!")))
            chips.append(Chip(f"Not {title.lower()}" if value.startswith("!") else title, label, without(name, rest)))
    if chosen.similar_to is not None:
        chips.append(Chip("Like", f"item {chosen.similar_to}", with_query(similar_to=None, sort=None, cursor=None)))
    if chosen.score_min is not None:
        chips.append(Chip("Score", f"at least {chosen.score_min}", with_query(score_min=None, cursor=None)))
    return chips


def without(name: str, rest: list[str]) -> str:
    """This address with only `rest` left of a name's values, from its first page."""
    kept = [(key, value) for key, value in request.args.items(multi=True) if key not in (name, "cursor")]
    return f"{request.path}?{urlencode([*kept, *((name, value) for value in rest)])}"
