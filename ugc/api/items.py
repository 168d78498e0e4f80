"""/api/v1/items: the library for programs."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any, BinaryIO, cast

from flask import Response, request
from pydantic import BaseModel, Field

from ugc import web
from ugc.accounts import actions as accounts_actions
from ugc.accounts.models import Role
from ugc.api import schema
from ugc.api.schema import Id, Strict, api
from ugc.api.shapes import (
    BulkIn,
    DecisionOut,
    ItemIn,
    ItemOut,
    ItemPatch,
    LinkIn,
    ProductsIn,
    ProductTagIn,
    RejectIn,
    ScoreOut,
    TagsIn,
    UndoIn,
)
from ugc.ingest import actions as ingest_actions
from ugc.ingest import linking
from ugc.ingest.actions import Captions, Submission, Upload
from ugc.kit import paging
from ugc.kit.errors import Unprocessable
from ugc.library import actions, colours, queries
from ugc.library.models import Item, Kind, RightsState, State
from ugc.library.rules import CreatorData, ItemData, ProductTag
from ugc.runtime import Runtime
from ugc.scoring import queries as scoring_queries
from ugc.similarity import meaning, resembling

MAX_BULK = 5_000
MAX_CAPTIONS = 10


class TooManyItems(Unprocessable):
    """One action takes at most 5,000 items; narrow the filter or send portions."""


class ItemPath(Strict):
    """Which item."""

    id: Id


class ItemQuery(Strict):
    """Filters: values of one name are alternatives, names add up, `!value` leaves out."""

    q: str | None = None
    state: list[str] = []
    rights: list[str] = []
    kind: list[str] = []
    product: list[str] = []
    family: list[str] = []
    line: list[str] = []
    type: list[str] = []
    tag: list[str] = []
    source: list[str] = []
    creator: list[str] = []
    rating: list[str] = []
    language: list[str] = []
    media: list[str] = []
    public: list[str] = []
    colour: list[str] = Field([], description=f"Main colours: {', '.join(colours.NAMES)}, or #rrggbb for what is close to it.")
    similar_to: int | None = Field(None, description="An item's id: those nearest to it, 200 at most, nearest first.")
    score_min: int | None = None
    since: str | None = None
    until: str | None = None
    import_id: int | None = Field(None, alias="import")
    search: str | None = Field(
        None, description="`words`, as written, or `meaning`: the up to 200 items whose picture or text is nearest to `q`."
    )
    sort: str | None = Field(None, description=f"One of {', '.join(queries.SORTS)}; newest without words, relevance with them.")
    cursor: str | None = None
    limit: str | None = Field(None, description="1 to 100, 30 where not given.")
    facets: str | None = Field(None, description=f"Any of {', '.join(queries.FACETS)}, with commas between.")


class ItemList(BaseModel):
    """A page of items. `total` is exact up to 10,000; `more_than_total` says that there are more."""

    items: list[ItemOut]
    next: str | None
    total: int
    more_than_total: bool
    similarities: dict[str, float] | None = Field(None, description="With similar_to: the cosine of each item of the page, by id.")
    facets: dict[str, list[dict[str, Any]]] | None = None


@api.get("/items", summary="Find items", responses={200: ItemList})
@web.needs(Role.VIEWER)
def find_items(query: ItemQuery) -> Response:
    """Search with filters, facets and counts; paged by cursor."""
    session, who, now = web.session(), web.principal(), web.now()
    asked = meaning.resolve(session, who.brand_id, queries.read_filter(request.args), query.search or meaning.WORDS, now=now)
    wanted = resembling.resolve(session, who.brand_id, asked, now=now)
    page = queries.find_items(
        session, who.brand_id, wanted, sort=query.sort or default_sort(wanted), cursor=query.cursor,
        limit=paging.read_limit(query.limit), key=web.runtime().key("cursor"), now=now,
    )  # fmt: skip
    counts = queries.count_all(session, who.brand_id, wanted, names_in(query.facets or ""), now=now)
    counted: dict[str, Any] = {"total": counts.total, "more_than_total": counts.more}
    if wanted.similar_to is not None and wanted.near is not None:
        listed = {item.id for item in page.items}
        counted["similarities"] = {str(id): round(cosine, 4) for id, cosine in wanted.near if id in listed}
    if query.facets:
        counted["facets"] = {
            name: [{"value": each.value, "label": each.label, "count": each.count} for each in values]
            for name, values in counts.facets.items()
        }
    return schema.listed([shown(item) for item in page.items], page.next, **counted)


def default_sort(wanted: queries.ItemFilter) -> str:
    """The order that suits what was asked for."""
    return "similar" if wanted.near is not None else "relevance" if wanted.q else "newest"


def names_in(text: str) -> list[str]:
    """`kind,tag` → ["kind", "tag"]."""
    return [part.strip() for part in text.split(",") if part.strip()]


def shown(item: Item) -> ItemOut:
    """The item as the API shows it."""
    return ItemOut.of(item, web.runtime().settings.base_url, web.now())


def upload_limit(runtime: Runtime) -> int:
    """Ten files, nine pictures and what is largest, at their limits, and the fields (T-12)."""
    settings = runtime.settings
    return ((ingest_actions.MAX_FILES - 1) * settings.max_upload_mb + settings.largest_mb) * 1024 * 1024 + schema.MAX_JSON


def with_files(body: dict[str, Any]) -> dict[str, Any]:
    """The form of a new item: the same fields, and files."""
    for name in ("file", "captions"):
        body["properties"][name] = {"type": "array", "items": {"type": "string", "format": "binary"}}
    return body


@api.post(
    "/items", summary="Add an item", responses={201: ItemOut, 200: ItemOut},
    request_body=schema.body_of(ItemIn, multipart=with_files),
)  # fmt: skip
@web.needs(Role.COORDINATOR)
@web.body_limit(upload_limit)
def add_item() -> Response:
    """JSON, or a form with files; 201 when it was added, 200 when this external id was there.

    With an `Idempotency-Key` the same request always gets the same item.
    """
    request.max_form_parts = 60
    uploads = [Upload(cast(BinaryIO, part.stream), part.filename or "") for part in request.files.getlist("file")]
    key = request.headers.get("Idempotency-Key", "")
    done = ingest_actions.accept_item(
        web.runtime(), web.session(), web.principal(), read_submission(), uploads, captions=read_captions(), idempotency_key=key,
        now=web.now(),
    )  # fmt: skip
    where = {"Location": f"{schema.PREFIX}/items/{done.item.id}"}
    return schema.answer(shown(done.item), 201 if done.added else 200, where)


@api.post("/items/link", summary="Add a post by its address", responses={201: ItemOut, 200: ItemOut})
@web.needs(Role.COORDINATOR)
def add_link(body: LinkIn) -> Response:
    """201 when it was added, 200 when it was there; its words and pictures follow within seconds."""
    who = web.principal()
    done = linking.add_link(
        web.session(), who.brand_id, body.url, tags=body.tags, products=tags_of(body.products), actor=who.actor, now=web.now()
    )
    where = {"Location": f"{schema.PREFIX}/items/{done.item.id}"}
    return schema.answer(shown(done.item), 201 if done.added else 200, where)


def read_submission() -> Submission:
    """The new item in the body; raises FieldsInvalid, or NotHere for files by address."""
    if request.mimetype == "multipart/form-data":
        body = schema.read_model(ItemIn, form_fields())
    else:
        given = request.get_json(silent=True)
        if not isinstance(given, dict):
            raise schema.BodyUnreadable()
        body = schema.read_model(ItemIn, given)
    if body.url or body.files:
        raise schema.NotHere("send files as `file` parts of multipart/form-data, and the address of a post to /items/link")
    return submission_of(body)


def form_fields() -> dict[str, Any]:
    """A form's fields as JSON would have them: `creator.name` or `creator[name]` inside an object, objects also as JSON."""
    read: dict[str, Any] = {}
    for name, values in request.form.lists():
        parts = [part for part in re.split(r"[.\[\]]+", name) if part]
        if not parts or len(parts) > 2 or not all(part.isidentifier() for part in parts):
            raise schema.FieldsInvalid(f"{name[:60]!r} is not a field of an item")
        if len(parts) == 2:
            inner = read.setdefault(parts[0], {})
            if not isinstance(inner, dict):
                raise schema.FieldsInvalid(f"{parts[0]!r} is given twice")
            inner[parts[1]] = values[-1]
        elif parts[0] in {"products", "tags"}:
            read[parts[0]] = [each for value in values for each in listed_value(value)]
        else:
            read[parts[0]] = json_value(values[-1]) if parts[0] in {"creator", "source", "rights"} else values[-1] or None
    unknown = [name for name in request.files if name not in {"file", "captions"}]
    if unknown:
        raise schema.FieldsInvalid(f"files come as parts named `file` or `captions`, not {unknown[0][:60]!r}")
    return {name: value for name, value in read.items() if value is not None}


def read_captions() -> list[Captions]:
    """The `captions` parts; their language stands in the name (`clip.de.vtt`), else it is the item's, else English."""
    parts = request.files.getlist("captions")[:MAX_CAPTIONS]
    return [Captions(cast(BinaryIO, part.stream), language_of(part.filename or "")) for part in parts]


def language_of(name: str) -> str:
    """`de` of `clip.de.vtt`."""
    before_ending = name.rsplit("/", 1)[-1].split(".")[1:-1]
    return before_ending[-1] if before_ending else request.form.get("language") or "en"


def json_value(text: str) -> Any:
    """A part that holds JSON; raises FieldsInvalid."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as cause:
        raise schema.FieldsInvalid(f"{text[:40]!r} is not JSON") from cause


def listed_value(text: str) -> list[Any]:
    """A repeated part's value: JSON where it begins like a list or an object, else one plain value."""
    if text[:1] not in {"[", "{"}:
        return [text] if text else []
    value = json_value(text)
    return value if isinstance(value, list) else [value]


def submission_of(body: ItemIn) -> Submission:
    """The new item as the ingest room takes it."""
    source, creator = body.source, body.creator
    network = source.network if source else ""
    data = ItemData(
        kind=body.kind or kind_of(body),
        title=body.title,
        body=body.text or body.caption,
        rating=body.rating,
        creator=CreatorData(creator.name, creator.handle, creator.url, network) if creator else None,
        source=network or "api",
        source_url=source.url if source else "",
        external_id=body.external_id,
        published_at=body.published_at,
        language=body.language,
    )
    return Submission(data, tags_of(body.products), tuple(body.tags), RightsState(body.rights.state), body.rights.evidence)


def kind_of(body: ItemIn) -> Kind:
    """What an item is that does not say it: its files where there are some, else a review where it has stars, else a post."""
    return Kind.PHOTO if request.files.get("file") else Kind.REVIEW if body.rating is not None else Kind.POST


def tags_of(products: list[ProductTagIn | str]) -> tuple[ProductTag, ...]:
    """Products as the library takes them; a plain text is a SKU."""
    return tuple(ProductTag(each) if isinstance(each, str) else each.tag() for each in products)


@api.get("/items/<int:id>", summary="One item", responses={200: ItemOut})
@web.needs(Role.VIEWER)
def get_item(path: ItemPath) -> Response:
    """The item with its files, products, tags and rights."""
    return schema.answer(shown(wanted(path)))


def wanted(path: ItemPath) -> Item:
    """The item in the path; raises NotFound, also for another brand's."""
    return queries.get_item(web.session(), web.principal().brand_id, path.id)


@api.patch("/items/<int:id>", summary="Correct an item", responses={200: ItemOut})
@web.needs(Role.COORDINATOR)
def change_item(path: ItemPath, body: ItemPatch) -> Response:
    """Change only what is given; null takes a date away."""
    session, who, now = web.session(), web.principal(), web.now()
    item = wanted(path)
    given = body.model_fields_set
    if given & {"title", "text", "language"}:
        actions.change_item(session, item, corrected(item, body), actor=who.actor, now=now)
    if given & {"publish_at", "expires_at"}:
        publish_at = body.publish_at if "publish_at" in given else item.publish_at
        expires_at = body.expires_at if "expires_at" in given else item.expires_at
        actions.set_window(session, item, publish_at, expires_at, actor=who.actor, now=now)
    if body.tags is not None:
        actions.set_tags(session, item, body.tags, actor=who.actor, now=now)
    if body.products is not None:
        actions.set_products(session, item, tags_of(body.products), actor=who.actor, now=now)
    for file_id, alt in (body.alt or {}).items():
        actions.set_alt(session, item, int(file_id) if file_id.isdecimal() else 0, alt, actor=who.actor, now=now)
    return schema.answer(shown(wanted(path)))


def corrected(item: Item, body: ItemPatch) -> ItemData:
    """The item's words with the corrections in place."""
    return ItemData(
        kind=item.kind,
        title=item.title if body.title is None else body.title,
        body=item.body if body.text is None else body.text,
        language=item.language if body.language is None else body.language,
        source=item.source,
        source_url=item.source_url,
        external_id=item.external_id,
    )


@api.delete("/items/<int:id>", summary="Put an item into the trash", responses={204: None})
@web.needs(Role.COORDINATOR)
def remove_item(path: ItemPath) -> Response:
    """The item leaves every gallery and lies in the trash; this can be undone. Erasing for good is another thing (privacy)."""
    item = wanted(path)
    actions.move(web.session(), item.brand_id, [item.id], State.TRASH, actor=web.principal().actor, now=web.now())
    return schema.empty()


@api.post("/items/<int:id>/approve", summary="Approve an item", responses={200: DecisionOut})
@web.needs(Role.COORDINATOR)
def approve_item(path: ItemPath) -> Response:
    """Approve one item."""
    who = web.principal()
    batch = actions.approve(web.session(), who.brand_id, [path.id], actor=who.actor, now=web.now())
    return schema.answer(DecisionOut(batch=batch, items=1))


@api.post("/items/<int:id>/reject", summary="Reject an item", responses={200: DecisionOut})
@web.needs(Role.COORDINATOR)
def reject_item(path: ItemPath, body: RejectIn) -> Response:
    """Reject one item for a reason."""
    who = web.principal()
    batch = actions.reject(web.session(), who.brand_id, [path.id], body.reason, body.note, actor=who.actor, now=web.now())
    return schema.answer(DecisionOut(batch=batch, items=1))


@api.put("/items/<int:id>/tags", summary="Set an item's tags", responses={200: ItemOut})
@web.needs(Role.COORDINATOR)
def set_item_tags(path: ItemPath, body: TagsIn) -> Response:
    """Exactly these tags."""
    actions.set_tags(web.session(), wanted(path), body.tags, actor=web.principal().actor, now=web.now())
    return schema.answer(shown(wanted(path)))


@api.put("/items/<int:id>/products", summary="Set an item's products", responses={200: ItemOut})
@web.needs(Role.COORDINATOR)
def set_item_products(path: ItemPath, body: ProductsIn) -> Response:
    """Exactly these products, with their hotspots."""
    actions.set_products(web.session(), wanted(path), tags_of(body.products), actor=web.principal().actor, now=web.now())
    return schema.answer(shown(wanted(path)))


@api.get("/items/<int:id>/score", summary="An item's score and its parts", responses={200: ScoreOut})
@web.needs(Role.VIEWER)
def get_item_score(path: ItemPath) -> Response:
    """Each signal's part with its reason."""
    session, item = web.session(), wanted(path)
    score = scoring_queries.get_score(session, item.brand_id, item.id)
    return schema.answer(ScoreOut.of(score, scoring_queries.get_computed_at(session, item.brand_id, item.id)))


@api.post("/items/bulk", summary="Act on many items", responses={200: DecisionOut})
@web.needs(Role.COORDINATOR)
def act_on_items(body: BulkIn) -> Response:
    """Approve, reject, move, tag, untag or tag with products, by ids or by filter."""
    who, now = web.principal(), web.now()
    ids = chosen(body, now)
    batch = act(body, ids, now)
    accounts_actions.audit(
        web.session(), brand_id=who.brand_id, actor=who.actor, action=f"items.bulk_{body.action}", subject_type="item",
        subject_id=None, now=now, items=len(ids),
    )  # fmt: skip
    return schema.answer(DecisionOut(batch=batch, items=len(ids)))


def chosen(body: BulkIn, now: datetime) -> list[int]:
    """The items that are meant; raises FieldsInvalid unless either ids or a filter say so."""
    if (body.ids is None) == (body.filter is None):
        raise schema.FieldsInvalid("give either `ids` or `filter`")
    if body.ids is not None:
        return list(dict.fromkeys(body.ids))
    given = queries.read_filter(body.filter or {})
    wanted = resembling.resolve(web.session(), web.principal().brand_id, given, now=now)
    found = queries.find_ids(web.session(), web.principal().brand_id, wanted, now=now, limit=MAX_BULK + 1)
    if len(found) > MAX_BULK:
        raise TooManyItems()
    return found


def act(body: BulkIn, ids: list[int], now: datetime) -> str | None:
    """Do it; the batch for undo where the action decides."""
    session, brand_id, actor = web.session(), web.principal().brand_id, web.principal().actor
    match body.action:
        case "approve":
            return actions.approve(session, brand_id, ids, actor=actor, now=now)
        case "reject":
            if body.reason is None:
                raise schema.FieldsInvalid("a rejection needs a `reason`")
            return actions.reject(session, brand_id, ids, body.reason, body.note, actor=actor, now=now)
        case "move":
            if body.state is None:
                raise schema.FieldsInvalid("a move needs a `state`")
            return actions.move(session, brand_id, ids, body.state, actor=actor, now=now)
        case "tag":
            actions.add_tags(session, brand_id, ids, body.tags, actor=actor, now=now)
        case "untag":
            actions.remove_tags(session, brand_id, ids, body.tags, actor=actor, now=now)
        case "product":
            actions.add_products(session, brand_id, ids, body.products, actor=actor, now=now)
    return None


@api.post("/items/undo", summary="Take a decision back", responses={200: DecisionOut})
@web.needs(Role.COORDINATOR)
def undo_items(body: UndoIn) -> Response:
    """Undo a whole batch; items decided on again since stay as they are."""
    who = web.principal()
    undone = actions.undo(web.session(), who.brand_id, body.batch, actor=who.actor, now=web.now())
    return schema.answer(DecisionOut(batch=body.batch, items=undone))
