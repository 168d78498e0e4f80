"""Reads of the library: the publishable rule, filters, pages, counts and facets. Every query sees one brand only."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    SmallInteger,
    Text,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
    text,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, DOUBLE_PRECISION, JSONB
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload, selectinload

from ugc.catalog.models import Product
from ugc.kit import paging
from ugc.kit.db import among
from ugc.kit.errors import Invalid, NotFound
from ugc.library import colours, languages, rules
from ugc.library.models import (
    Creator,
    Decision,
    Item,
    ItemMedia,
    ItemProduct,
    ItemTag,
    Kind,
    Reason,
    RightsState,
    SourcePolicy,
    State,
    Tag,
)
from ugc.media.models import File

MAX_QUERY = 500
MAX_VALUES = 100
MAX_FACET_VALUES = 50
EXPIRING = timedelta(days=30)
"""A right that ends within this time counts as expiring."""
DERIVED_RIGHTS = ("upcoming", "expiring", "expired")
UNKNOWN = "unknown"
NOT = "!"
PAGING_NAMES = frozenset({"sort", "cursor", "limit", "facets", "search"})


def publishable(now: datetime) -> ColumnElement[bool]:
    """THE rule of what the public may see; its twin in Python is `rules.is_publishable` (T-45)."""
    return and_(
        Item.state == State.APPROVED,
        Item.rights_state.in_(sorted(rules.SHOWABLE_RIGHTS)),
        or_(Item.publish_at.is_(None), Item.publish_at <= now),
        or_(Item.expires_at.is_(None), Item.expires_at > now),
        or_(Item.rights_from.is_(None), Item.rights_from <= now),
        or_(Item.rights_until.is_(None), Item.rights_until > now),
        or_(not_(Item.needs_product), exists().where(ItemProduct.item_id == Item.id)),
        # What is only cached or embedded goes with its post; what is the brand's own copy stays (L-20 to L-25).
        or_(
            Item.source_policy.in_(sorted(rules.OWN_COPY)),
            and_(
                Item.source_policy == SourcePolicy.API_CACHED,
                Item.gone_at.is_(None),
                or_(Item.lease_until.is_(None), Item.lease_until > now),
            ),
        ),
    )


@dataclass(frozen=True, slots=True)
class ItemFilter:
    """What to look for. Values of one name are alternatives, names add up; a value that starts with `!` is left out."""

    q: str = ""
    state: tuple[str, ...] = ()
    rights: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    product: tuple[str, ...] = ()
    family: tuple[str, ...] = ()
    line: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    creator: tuple[str, ...] = ()
    rating: tuple[str, ...] = ()
    language: tuple[str, ...] = ()
    media: tuple[str, ...] = ()
    """`yes` or `no`: has a picture."""
    public: tuple[str, ...] = ()
    """`yes` or `no`: the public may see it now."""
    waiting: tuple[str, ...] = ()
    """`yes` or `no`: some of its files are still to be fetched."""
    gone: tuple[str, ...] = ()
    """`yes` or `no`: it was deleted or closed where it came from."""
    colour: tuple[str, ...] = ()
    """Names of `library.colours` or `#rrggbb`: one of the main colours of a picture looks like it."""
    flag: tuple[str, ...] = ()
    """A kind of sign that it may not be what it says it is, or `any`."""
    score_min: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    import_id: int | None = None
    similar_to: int | None = None
    """An item that the others are to resemble; `similarity.resembling.resolve` finds them and puts them into `near`."""
    near: tuple[tuple[int, float], ...] | None = None
    """Item ids with their cosines, nearest first: nothing else is found."""


INBOX = ItemFilter(state=(State.INBOX.value,), waiting=("no",))
"""What waits for a decision: an item comes into sight once its files are here."""

LISTS = tuple(field.name for field in fields(ItemFilter) if field.default == () and field.name != "q")
ALLOWED: dict[str, frozenset[str]] = {
    "state": frozenset(State),
    "rights": frozenset(RightsState) | frozenset(DERIVED_RIGHTS),
    "kind": frozenset(Kind),
    "rating": frozenset({"1", "2", "3", "4", "5", UNKNOWN}),
    "media": frozenset({"yes", "no"}),
    "public": frozenset({"yes", "no"}),
    "waiting": frozenset({"yes", "no"}),
    "gone": frozenset({"yes", "no"}),
}
"""The values of the names whose values we know; they may also be written with commas between them."""


def read_filter(values: Mapping[str, Any]) -> ItemFilter:
    """The filter in a query string, a form or a gallery's rule; raises Invalid for an unknown name or a bad value."""
    read: dict[str, Any] = {}
    for name in values:
        given = values_of(values, name)
        if name in PAGING_NAMES or not given:
            continue
        if name in LISTS:
            read[name] = read_list(name, given)
        elif name in SINGLES:
            read["import_id" if name == "import" else name] = SINGLES[name](name, given[-1])
        else:
            raise Invalid(f"there is no filter named {name!r}", name=name)
    return ItemFilter(**read)


def values_of(values: Mapping[str, Any], name: str) -> list[str]:
    """The texts given for a name: repeated in a query string, a list or one value in JSON."""
    many = values.getlist(name) if hasattr(values, "getlist") else values[name]
    listed = list(many) if isinstance(many, list | tuple) else [many]
    if not all(isinstance(value, str | int) for value in listed if value is not None):
        raise Invalid(f"{name} must be text, a number or a list of them", name=name)
    return [str(value) for value in listed if value is not None and value != ""]


def read_list(name: str, given: Sequence[str]) -> tuple[str, ...]:
    """The distinct values of a name; raises Invalid for one that can't be."""
    allowed = ALLOWED.get(name)
    if allowed is not None:
        given = [part.strip() for value in given for part in value.split(",") if part.strip()]
    chosen = tuple(dict.fromkeys(rules.clean_text(value, rules.MAX_NAME) for value in given))
    if len(chosen) > MAX_VALUES:
        raise Invalid(f"{name} takes at most {MAX_VALUES} values", name=name)
    if name == "colour":
        return tuple(colours.normal(value) for value in chosen)
    for value in chosen:
        if allowed is not None and value.removeprefix(NOT) not in allowed:
            raise Invalid(f"{name} can't be {value!r}; it is one of {', '.join(sorted(allowed))}", name=name)
    return chosen


def read_text(name: str, value: str) -> str:
    """Free text, cut where a longer one could not find more."""
    return rules.clean_text(value, MAX_QUERY)


def read_number(name: str, value: str) -> int:
    """A whole number from 0 up."""
    if not (value.isascii() and value.isdigit() and len(value) <= 18):
        raise Invalid(f"{name} must be a whole number", name=name)
    return int(value)


def read_moment(name: str, value: str) -> datetime:
    """A date or a moment in ISO 8601; without a zone it is UTC."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as cause:
        raise Invalid(f"{name} must be a date like 2026-11-21", name=name) from cause
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


SINGLES: dict[str, Callable[[str, str], Any]] = {
    "q": read_text, "score_min": read_number, "since": read_moment, "until": read_moment, "import": read_number,
    "similar_to": read_number,
}  # fmt: skip


def write_filter(filter: ItemFilter) -> dict[str, Any]:
    """The filter as JSON, as `read_filter` takes it: what a gallery's rule or a saved view keeps."""
    written: dict[str, Any] = {name: list(getattr(filter, name)) for name in LISTS if getattr(filter, name)}
    singles = {"q": filter.q, "score_min": filter.score_min, "import": filter.import_id, "similar_to": filter.similar_to}
    written |= {name: value for name, value in singles.items() if value not in ("", None)}
    return written | {name: at.isoformat() for name, at in (("since", filter.since), ("until", filter.until)) if at}


# What each name of the filter asks of an item.


def rights_conditions(now: datetime, item: Any = Item) -> dict[str, ColumnElement[bool]]:
    """The derived rights states: of a right that is held, whether it is yet to start, soon to end or over."""
    held = item.rights_state.in_(sorted(rules.SHOWABLE_RIGHTS))
    over = item.rights_until <= now
    return {
        "upcoming": and_(held, item.rights_from > now),
        "expiring": and_(held, not_(over), item.rights_until <= now + EXPIRING),
        "expired": and_(held, over),
    }


def has_media() -> ColumnElement[bool]:
    """The item has at least one picture."""
    return exists().where(ItemMedia.item_id == Item.id)


def matches(name: str, values: Sequence[str], brand_id: int, now: datetime) -> ColumnElement[bool]:
    """The item has at least one of the values of a name."""
    if name in COLUMNS:
        return COLUMNS[name].in_(values)
    if name in PRODUCT_COLUMNS:
        tagged = select(ItemProduct.item_id).join(Product, Product.id == ItemProduct.product_id)
        return Item.id.in_(tagged.where(Product.brand_id == brand_id, PRODUCT_COLUMNS[name].in_(values)))
    return or_(*(matches_one(name, value, brand_id, now) for value in values))


def matches_one(name: str, value: str, brand_id: int, now: datetime) -> ColumnElement[bool]:
    """The item has one value of a name that is no plain column."""
    match name:
        case "tag":
            tagged = select(ItemTag.item_id).join(Tag, Tag.id == ItemTag.tag_id)
            return Item.id.in_(tagged.where(Tag.brand_id == brand_id, Tag.name == rules.clean_text(value).casefold()))
        case "creator":
            return creator_is(value, brand_id)
        case "rights":
            derived = rights_conditions(now)
            return derived.get(value, Item.rights_state == value)
        case "rating":
            return Item.rating.is_(None) if value == UNKNOWN else Item.rating == int(value)
        case "language":
            return Item.language == ("" if value == UNKNOWN else value.lower())
        case "media":
            return has_media() if value == "yes" else not_(has_media())
        case "public":
            return publishable(now) if value == "yes" else not_(publishable(now))
        case "waiting":
            return Item.waiting_media > 0 if value == "yes" else Item.waiting_media == 0
        case "flag":
            return Item.flags != [] if value == "any" else and_(Item.flags != [], Item.flags.contains([value]))
        case "colour":
            return Item.id.in_(coloured(value))
        case "gone":
            return Item.gone_at.is_not(None) if value == "yes" else Item.gone_at.is_(None)
    raise Invalid(f"there is no filter named {name!r}", name=name)


def coloured(value: str) -> Select[Any]:
    """Items with a picture one of whose main colours is in the cells of a colour; the index answers for all brands."""
    wanted = cast(list(colours.cells_like(value)), ARRAY(SmallInteger))
    cells: ColumnElement[Any] = func.ugc_colour_cells(File.colours, type_=ARRAY(SmallInteger))
    return select(ItemMedia.item_id).join(File, File.id == ItemMedia.file_id).where(cells.bool_op("&&")(wanted))


def resembles(filter: ItemFilter) -> ColumnElement[bool]:
    """The item is among those that were found to resemble another; raises Invalid where nobody looked for them."""
    if filter.near is None:
        raise Invalid("similar_to can't be used here", name="similar_to")
    return among(Item.id, [id for id, _ in filter.near])


def nearness(filter: ItemFilter) -> ColumnElement[Any]:
    """The cosine of each item that was found, in the filter itself: a cursor can stand on it."""
    cosines = cast(literal(json.dumps(dict(filter.near or ()))), JSONB).op("->>")(cast(Item.id, Text))
    return cast(cosines, DOUBLE_PRECISION)


def creator_is(value: str, brand_id: int) -> ColumnElement[bool]:
    """A creator by id (what facets give) or by handle."""
    if value.isascii() and value.isdigit() and len(value) <= 18:
        return Item.creator_id == int(value)
    return Item.creator_id.in_(select(Creator.id).where(Creator.brand_id == brand_id, Creator.handle == value.lower().lstrip("@")))


COLUMNS: dict[str, InstrumentedAttribute[Any]] = {"state": Item.state, "kind": Item.kind, "source": Item.source}
PRODUCT_COLUMNS: dict[str, InstrumentedAttribute[Any]] = {
    "product": Product.sku,
    "family": Product.family,
    "line": Product.line,
    "type": Product.type,
}


def conditions(filter: ItemFilter, brand_id: int, configurations: Iterable[str], now: datetime) -> list[ColumnElement[bool]]:
    """What the filter asks of an item of the brand, one condition a name."""
    asked = [Item.brand_id == brand_id]
    for name in LISTS:
        given = getattr(filter, name)
        wanted = [value for value in given if not value.startswith(NOT)]
        unwanted = [value.removeprefix(NOT) for value in given if value.startswith(NOT)]
        asked += [matches(name, wanted, brand_id, now)] if wanted else []
        asked += [func.coalesce(not_(matches(name, unwanted, brand_id, now)), True)] if unwanted else []
    asked += [found(filter.q, configurations)] if filter.q else []
    asked += [Item.score >= filter.score_min] if filter.score_min is not None else []
    asked += [Item.published_at >= filter.since] if filter.since is not None else []
    asked += [Item.published_at < filter.until] if filter.until is not None else []
    asked += [resembles(filter)] if filter.similar_to is not None or filter.near is not None else []
    return asked + ([Item.import_id == filter.import_id] if filter.import_id is not None else [])


def words_of(configuration: str, q: str) -> ColumnElement[Any]:
    """The query in one configuration; any text is a query, `websearch_to_tsquery` has no syntax errors (T-97)."""
    return func.websearch_to_tsquery(literal_column(f"'{configuration}'::regconfig"), q)


def found(q: str, configurations: Iterable[str]) -> ColumnElement[bool]:
    """The item matches the words, each item asked in the configuration that it was indexed in (decision 0041)."""
    return or_(
        false(),
        *(and_(Item.search_language == name, Item.search.bool_op("@@")(words_of(name, q))) for name in configurations),
    )


def find_configurations(session: Session, brand_id: int) -> list[str]:
    """The text search configurations in use by a brand's items, by hops over the index instead of a scan."""
    hops = text("""
        with recursive hop (name) as (
            (select search_language from items where brand_id = :brand order by search_language limit 1)
            union all
            select (select search_language from items where brand_id = :brand and search_language > hop.name
                    order by search_language limit 1)
            from hop where hop.name is not null)
        select name from hop where name is not null
    """)
    known = {languages.SIMPLE, *languages.CONFIGURATIONS.values()}
    return [name for name in session.scalars(hops, {"brand": brand_id}) if name in known]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of items; `next` is the cursor of the page after it."""

    items: list[Item]
    next: str | None


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of a sort that an index can walk: the items that it holds, and the columns, never null there, that order them."""

    holds: ColumnElement[bool]
    columns: list[Any]


def phases(sort: str, rank: ColumnElement[Any] | None, near: ColumnElement[Any] | None = None) -> list[Phase]:
    """A sort as its parts, one after the other; raises Invalid."""
    dated = [Item.published_at, Item.id]
    match sort:
        case "newest" | "oldest":
            return [Phase(true(), dated)]
        case "relevance":
            return [Phase(true(), dated if rank is None else [rank, Item.id])]
        case "similar":
            return [Phase(true(), dated if near is None else [near, Item.id])]
        case "score" | "rating" | "performance" | "teaches":
            column: InstrumentedAttribute[Any] = getattr(Item, sort)
            return [Phase(column.is_not(None), [column, Item.id]), Phase(column.is_(None), dated)]
    raise Invalid(f"there is no sort named {sort!r}", name="sort")


SORTS = ("newest", "oldest", "score", "rating", "relevance", "performance", "teaches")


def rank_of(q: str, configurations: Iterable[str]) -> ColumnElement[Any] | None:
    """How well the item matches the words: `ts_rank`, divided by 1 + log of the length; None without words."""
    ranks = [
        (Item.search_language == name, cast(func.ts_rank(Item.search, words_of(name, q), 1), DOUBLE_PRECISION))
        for name in configurations
    ]
    return case(*ranks, else_=literal_column("0.0::float8")) if q and ranks else None


def find_items(
    session: Session, brand_id: int, filter: ItemFilter, *, sort: str = "newest", cursor: str | None = None,
    limit: int = paging.DEFAULT_PAGE, key: bytes, now: datetime,
) -> Page:  # fmt: skip
    """A page of items with everything that a list shows of them; stable while items are added (keyset paging)."""
    configurations = find_configurations(session, brand_id) if filter.q else []
    parts = phases(sort, rank_of(filter.q, configurations), nearness(filter) if filter.near else None)
    asked = conditions(filter, brand_id, configurations, now)
    at, last = read_place(sort, parts, cursor, key)
    rows: list[tuple[int, Any]] = []
    while at < len(parts) and len(rows) <= limit:
        query = page_query(asked, parts[at], sort == "oldest", last).limit(limit + 1 - len(rows))
        rows += [(at, row) for row in session.execute(query).unique()]
        at, last = at + 1, []
    more = len(rows) > limit
    return Page([row[0] for _, row in rows[:limit]], write_place(sort, rows[limit - 1], key) if more else None)


def page_query(asked: Sequence[ColumnElement[bool]], part: Phase, upwards: bool, last: Sequence[Any]) -> Select[Any]:
    """The items of one part of a sort behind the last one shown; rows compare as a whole, which an index can start at."""
    query = select(Item, *part.columns).where(*asked, part.holds).options(*LOADED)
    if last:
        left, right = tuple_(*part.columns), tuple_(*last)
        query = query.where(left > right if upwards else left < right)
    return query.order_by(*(column.asc() if upwards else column.desc() for column in part.columns))


def write_place(sort: str, shown: tuple[int, Any], key: bytes) -> str:
    """The cursor behind the last item shown."""
    at, row = shown
    return paging.make_cursor([sort, at, *(value.isoformat() if isinstance(value, datetime) else value for value in row[1:])], key)


def read_place(sort: str, parts: Sequence[Phase], cursor: str | None, key: bytes) -> tuple[int, list[Any]]:
    """The part of the sort and the values of the last item shown; raises BadCursor for a cursor of another list."""
    if not cursor:
        return 0, []
    values = paging.read_cursor(cursor, key)
    if len(values) < 2 or values[0] != sort or not isinstance(values[1], int) or not 0 <= values[1] < len(parts):
        raise paging.BadCursor()
    at, last = values[1], values[2:]
    if len(last) != len(parts[at].columns):
        raise paging.BadCursor()
    return at, [datetime.fromisoformat(value) if isinstance(value, str) else value for value in last]


LOADED = (
    joinedload(Item.creator),
    selectinload(Item.media).joinedload(ItemMedia.file).selectinload(File.renditions),
    selectinload(Item.tags).joinedload(ItemTag.tag),
    selectinload(Item.products).joinedload(ItemProduct.product),
)
"""What a list or a page shows of an item, loaded in a fixed number of queries."""


def count_items(session: Session, brand_id: int, filter: ItemFilter, *, now: datetime, most: int | None = None) -> int:
    """How many items the filter finds; with `most`, counting stops there, so that `most` means "at least so many"."""
    configurations = find_configurations(session, brand_id) if filter.q else []
    found_ids: Select[Any] = select(Item.id).where(*conditions(filter, brand_id, configurations, now))
    if most is not None:
        found_ids = found_ids.limit(most)
    return session.scalar(select(func.count()).select_from(found_ids.subquery())) or 0


def find_ids(session: Session, brand_id: int, filter: ItemFilter, *, now: datetime, limit: int) -> list[int]:
    """The ids of what the filter finds, the oldest first: what an action on all of it means."""
    configurations = find_configurations(session, brand_id) if filter.q else []
    query = select(Item.id).where(*conditions(filter, brand_id, configurations, now))
    return list(session.scalars(query.order_by(Item.id).limit(limit)))


def get_item(session: Session, brand_id: int, item_id: int) -> Item:
    """One item with what a page shows of it; raises NotFound."""
    query = select(Item).where(Item.id == item_id, Item.brand_id == brand_id).options(*LOADED)
    item = session.scalars(query).unique().one_or_none()
    if item is None:
        raise NotFound("there is no such item")
    return item


def map_items(session: Session, brand_id: int, item_ids: Iterable[int]) -> dict[int, Item]:
    """Those of the items that the brand has, by id."""
    query = select(Item).where(among(Item.id, item_ids), Item.brand_id == brand_id).options(*LOADED)
    return {item.id: item for item in session.scalars(query).unique()}


def find_showing(session: Session, brand_id: int, file_ids: Iterable[int]) -> list[int]:
    """The items that show one of these files."""
    query = select(ItemMedia.item_id).join(Item, Item.id == ItemMedia.item_id)
    mine = query.where(Item.brand_id == brand_id, among(ItemMedia.file_id, file_ids))
    return list(session.scalars(mine.distinct().order_by(ItemMedia.item_id)))


def count_states(session: Session, brand_id: int) -> dict[State, int]:
    """How many items there are in each moderation state, zeros too."""
    rows = session.execute(select(Item.state, func.count()).where(Item.brand_id == brand_id).group_by(Item.state))
    counts = dict(rows.all())
    return {state: counts.get(state, 0) for state in State}


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One moderation decision on an item."""

    at: datetime
    actor: str
    from_state: State
    to_state: State
    reason: Reason | None
    note: str
    batch: str
    undone_at: datetime | None


def find_history(session: Session, brand_id: int, item_id: int) -> list[HistoryEntry]:
    """What was decided on an item, the newest first."""
    query = select(Decision).where(Decision.brand_id == brand_id, Decision.item_id == item_id).order_by(Decision.id.desc())
    return [
        HistoryEntry(row.at, row.actor, row.from_state, row.to_state, row.reason, row.note, row.batch, row.undone_at)
        for row in session.scalars(query)
    ]


def find_next_change(session: Session, brand_id: int, filter: ItemFilter | None = None, *, now: datetime) -> datetime | None:
    """The nearest moment at which time alone can change which of the filter's items the public sees."""
    filter = filter or ItemFilter()
    configurations = find_configurations(session, brand_id) if filter.q else []
    moments = [Item.publish_at, Item.expires_at, Item.rights_from, Item.rights_until, Item.lease_until]
    nearest = func.least(*(case((moment > now, moment)) for moment in moments))
    query = select(func.min(nearest)).where(
        *conditions(filter, brand_id, configurations, now),
        Item.state == State.APPROVED,
        Item.rights_state.in_(sorted(rules.SHOWABLE_RIGHTS)),
        func.num_nonnulls(*moments) > 0,
    )
    change: datetime | None = session.scalar(query)
    return change


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value that would narrow a list, and how many items it would then hold; with `more` set, at least so many."""

    value: str
    label: str
    count: int
    more: bool = False


Counting = Select[str, str, str, int]
"""A query of the name of a facet, a value, its label and its count."""

FACETS = ("state", "rights", "kind", "product", "line", "type", "tag", "source", "creator", "rating", "language", "media", "colour")
EXACT = 10_000
"""Up to so many found items counts are exact; past that they say "at least" (docs/performance.md, search)."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many items a filter finds, with `more` set at least so many, and what each facet's values would leave of them."""

    total: int
    more: bool
    facets: dict[str, list[FacetValue]]


def count_facets(
    session: Session, brand_id: int, filter: ItemFilter, names: Iterable[str], *, now: datetime
) -> dict[str, list[FacetValue]]:
    """Values and counts of each name, all other filters applied: choosing a value shows exactly its count."""
    return count_all(session, brand_id, filter, names, now=now).facets


def count_all(session: Session, brand_id: int, filter: ItemFilter, names: Iterable[str], *, now: datetime) -> Counts:
    """The total and the facets together, which costs hardly more than either alone."""
    configurations = find_configurations(session, brand_id) if filter.q else []
    wanted = list(dict.fromkeys(names))
    bases: dict[ItemFilter, list[str]] = {filter: []}
    for name in wanted:
        if name not in FACETS:
            raise Invalid(f"there is no facet named {name!r}", name="facets")
        bases.setdefault(without(filter, name), []).append(name)
    together = {
        base: count_together(session, conditions(base, brand_id, configurations, now), names, now) for base, names in bases.items()
    }
    counted = {name: values for counts in together.values() for name, values in counts.facets.items()}
    return replace(together[filter], facets={name: counted[name] for name in wanted})


def without(filter: ItemFilter, name: str) -> ItemFilter:
    """The filter with one name's values taken out."""
    empty: Any = {name: ()}
    return replace(filter, **empty)


def count_together(session: Session, asked: Sequence[ColumnElement[bool]], names: Sequence[str], now: datetime) -> Counts:
    """Facets that rest on the same items, in one statement that finds those items once."""
    facts = (*COLUMNS.values(), Item.id, Item.creator_id, Item.rating, Item.language)
    rights = (Item.rights_state, Item.rights_from, Item.rights_until)
    hits = select(*facts, *rights).where(*asked).limit(EXACT + 1).cte("hits").prefix_with("MATERIALIZED")
    all_hits = select(
        literal("").label("name"), literal("").label("value"), literal("").label("label"), func.count().label("count")
    )
    counts = [all_hits.select_from(hits), *(query for name in names for query in facet_queries(name, hits.c, now))]
    counted: dict[str, list[FacetValue]] = {name: [] for name in names}
    rows = session.execute(union_all(*(select(query.subquery()) for query in counts))).all()
    total = next(count for name, _, _, count in rows if not name)
    for name, value, label, count in rows:
        if name and count:
            counted[name].append(FacetValue(value, label, count, total > EXACT))
    ordered = {name: sorted(values, key=lambda found: (-found.count, found.value)) for name, values in counted.items()}
    return Counts(min(total, EXACT), total > EXACT, ordered)


def facet_queries(name: str, hits: Any, now: datetime) -> list[Counting]:
    """What counts the values of one name among the hits: (name, value, label, count), the commonest values only."""
    match name:
        case "product" | "line" | "type":
            column = PRODUCT_COLUMNS[name]
            label = Product.title if name == "product" else column
            tagged = (ItemProduct, Product.id == ItemProduct.product_id, ItemProduct.item_id)
            return [linked_query(name, column, label, Product, tagged, hits)]
        case "tag":
            return [linked_query(name, Tag.name, Tag.name, Tag, (ItemTag, Tag.id == ItemTag.tag_id, ItemTag.item_id), hits)]
        case "creator":
            counted = facet_query(name, Creator.id, Creator.name, func.count())
            return [ordered(counted.select_from(hits.id.table).join(Creator, Creator.id == hits.creator_id))]
        case "media":
            pictured = exists().where(ItemMedia.item_id == hits.id)
            return [one_value(name, "yes", pictured, hits), one_value(name, "no", not_(pictured), hits)]
        case "colour":
            return [colour_query(hits)]
        case "rights":
            derived = rights_conditions(now, hits)
            stored = facet_query(name, hits.rights_state, hits.rights_state, func.count()).select_from(hits.id.table)
            return [ordered(stored), *(one_value(name, value, condition, hits) for value, condition in derived.items())]
    return [ordered(facet_query(name, hits[name], hits[name], func.count()).select_from(hits.id.table))]


def facet_query(name: str, value: Any, label: Any, count: ColumnElement[int]) -> Counting:
    """Counts by the values of a column."""
    columns = (literal(name).label("name"), as_text(value).label("value"), as_text(label).label("label"), count.label("count"))
    return select(*columns).group_by(value, label)


def linked_query(name: str, value: Any, label: Any, target: Any, link: tuple[Any, Any, Any], hits: Any) -> Counting:
    """Counts by the values of a table that the hits are linked to.

    The hits go in as an array, so that the link's index is asked for them instead of the whole table being read.
    """
    through, on, item_id = link
    ids = func.array(select(hits.id).scalar_subquery())
    # Several products of one item may be of one line or type; a product or a tag is on it once.
    count = func.count(item_id.distinct()) if value is label and target is Product else func.count()
    counted = facet_query(name, value, label, count).select_from(through).join(target, on)
    return ordered(counted.where(item_id == func.any(ids), value != ""))


def colour_query(hits: Any) -> Counting:
    """Counts by the names of main colours: the letter of each cell's name stands in a text of all cells."""
    ids = func.array(select(hits.id).scalar_subquery())
    cells = func.unnest(func.ugc_colour_cells(File.colours, type_=ARRAY(SmallInteger)), type_=SmallInteger)
    shown = select(ItemMedia.item_id, cells.label("cell")).join(File, File.id == ItemMedia.file_id)
    found = shown.where(ItemMedia.item_id == func.any(ids)).subquery()
    letter = func.ascii(func.substr(colours.letters(), found.c.cell + 1, 1))
    named = func.split_part(",".join(colours.NAMES), ",", letter - ord("a") + 1)
    return ordered(facet_query("colour", named, named, func.count(found.c.item_id.distinct())))


def ordered(query: Counting) -> Counting:
    """The commonest values first, and only so many."""
    return query.order_by(literal_column("count").desc()).limit(MAX_FACET_VALUES)


def as_text(column: Any) -> ColumnElement[str]:
    """A value as text, `unknown` for none."""
    return func.coalesce(func.nullif(cast(column, Text), ""), UNKNOWN)


def one_value(name: str, value: str, condition: ColumnElement[bool], hits: Any) -> Counting:
    """The count of one value that is a condition on the hits."""
    columns = (literal(name).label("name"), literal(value).label("value"), literal(value).label("label"))
    query: Counting = select(*columns, func.count().label("count")).select_from(hits.id.table).where(condition)
    return query
