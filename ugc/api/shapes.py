"""What the API shows and takes: allow-lists of fields, made from rows. Nothing leaves that is not named here (T-45)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, Field

from ugc.api.schema import Id, Strict
from ugc.catalog.models import Availability, Product
from ugc.galleries.models import Gallery
from ugc.ingest.models import Import
from ugc.library import rules as library_rules
from ugc.library.models import Item, ItemMedia, Kind, Reason, RightsState, State
from ugc.media import playing
from ugc.media import rules as media_rules
from ugc.orders.models import Order, WebhookDelivery
from ugc.rights.queries import EntryView
from ugc.scoring.rules import Score


class Money(BaseModel):
    """An amount as a decimal text, and its currency."""

    amount: str
    currency: str


class Hotspot(Strict):
    """A place in a picture, as fractions from its top left corner."""

    x: float = Field(ge=0, le=1)
    y: float = Field(ge=0, le=1)


# Out.


class RenditionOut(BaseModel):
    """A resized copy."""

    width: int
    height: int
    type: str
    url: str


class MovingOut(BaseModel):
    """A copy that plays, or captions, which have a language instead of a size."""

    role: str
    type: str
    url: str
    width: int | None = None
    height: int | None = None
    language: str | None = None


class MediaOut(BaseModel):
    """A file of an item; the original is never among the addresses."""

    id: int
    state: str
    width: int
    height: int
    alt: str
    placeholder: str
    colours: list[str]
    renditions: list[RenditionOut]
    kind: str
    duration_ms: int | None
    has_sound: bool
    moving: list[MovingOut]

    @classmethod
    def of(cls, medium: ItemMedia, base_url: str) -> MediaOut:
        """From its rows."""
        file = medium.file
        renditions = [RenditionOut(**each) for each in media_rules.rendition_urls(file, base_url)]
        return cls(
            id=file.id, state=file.state, width=file.width, height=file.height, alt=medium.alt, placeholder=file.placeholder,
            colours=file.colours, renditions=renditions, kind=file.kind.value, duration_ms=file.duration_ms,
            has_sound=file.has_sound, moving=[MovingOut(**each) for each in playing.moving_urls(file, base_url)],
        )  # fmt: skip


class ProductTagOut(BaseModel):
    """A product on an item."""

    sku: str
    title: str
    url: str
    price: Money | None
    availability: str
    hotspot: Hotspot | None


class CreatorOut(BaseModel):
    """Who made an item."""

    name: str
    handle: str
    url: str
    network: str


class SourceOut(BaseModel):
    """Where an item came from."""

    network: str
    url: str


class RightsOut(BaseModel):
    """Where the permission stands."""

    state: str
    starts_at: datetime | None
    expires_at: datetime | None


class ItemOut(BaseModel):
    """An item as the brand sees it."""

    id: int
    kind: str
    state: str
    reason: str | None
    note: str
    title: str
    text: str
    language: str
    rating: int | None
    verified: bool
    incentivised: bool
    helpful_count: int
    like_count: int
    comment_count: int
    creator: CreatorOut | None
    source: SourceOut
    external_id: str
    published_at: datetime
    created_at: datetime
    publish_at: datetime | None
    expires_at: datetime | None
    rights: RightsOut
    score: int | None
    approval_p: float | None
    """How likely people approve it, of what waits; null where that is not known or must not be told before they decided."""
    public: bool
    media: list[MediaOut]
    products: list[ProductTagOut]
    tags: list[str]
    extra: dict[str, Any]

    @classmethod
    def of(cls, item: Item, base_url: str, now: datetime) -> ItemOut:
        """From its rows."""
        creator = item.creator
        return cls(
            id=item.id, kind=item.kind, state=item.state, reason=item.state_reason, note=item.state_note, title=item.title,
            text=item.body, language=item.language, rating=item.rating, verified=item.verified, incentivised=item.incentivised,
            helpful_count=item.helpful_count, like_count=item.like_count, comment_count=item.comment_count,
            creator=creator and CreatorOut(name=creator.name, handle=creator.handle, url=creator.url, network=creator.network),
            source=SourceOut(network=item.source, url=item.source_url), external_id=item.external_id,
            published_at=item.published_at, created_at=item.created, publish_at=item.publish_at, expires_at=item.expires_at,
            rights=RightsOut(state=item.rights_state, starts_at=item.rights_from, expires_at=item.rights_until), score=item.score,
            approval_p=item.approval_p if item.state == State.INBOX else None,
            public=library_rules.is_publishable(item, now, has_product=bool(item.products)),
            media=[MediaOut.of(medium, base_url) for medium in item.media],
            products=[tag_out(each.product, each.x, each.y) for each in item.products],
            tags=[each.tag.name for each in item.tags], extra=item.extra,
        )  # fmt: skip


def tag_out(product: Product, x: float | None, y: float | None) -> ProductTagOut:
    """A product on an item, with its place where it has one."""
    hotspot = Hotspot(x=x, y=y) if x is not None and y is not None else None
    return ProductTagOut(
        sku=product.sku, title=product.title, url=product.url, price=money(product.price, product.currency),
        availability=product.availability, hotspot=hotspot,
    )  # fmt: skip


def money(amount: Decimal | None, currency: str) -> Money | None:
    """The amount with two decimals; None where no price is known."""
    return None if amount is None else Money(amount=f"{amount:.2f}", currency=currency)


class ScorePart(BaseModel):
    """What one signal adds to a score, and why."""

    signal: str
    value: float | None = None
    weight: float
    points: float
    reason: str


class ScoreOut(BaseModel):
    """A score with its parts; no score and no parts while it is not computed."""

    score: int | None
    computed_at: datetime | None
    parts: list[dict[str, Any]]

    @classmethod
    def of(cls, score: Score | None, computed_at: datetime | None) -> ScoreOut:
        """From the score as it stands and when its item was measured."""
        return cls(score=score and score.total, computed_at=score and computed_at, parts=score.as_json() if score else [])


class ProductOut(BaseModel):
    """A product."""

    sku: str
    title: str
    description: str
    url: str
    image_url: str
    price: Money | None
    availability: str
    family: str
    line: str
    type: str
    gtin: str
    mpn: str

    @classmethod
    def of(cls, row: Product) -> ProductOut:
        """From its row."""
        return cls(
            sku=row.sku, title=row.title, description=row.description, url=row.url, image_url=row.image_url,
            price=money(row.price, row.currency), availability=row.availability, family=row.family, line=row.line, type=row.type,
            gtin=row.gtin, mpn=row.mpn,
        )  # fmt: skip


class GalleryOut(BaseModel):
    """A gallery."""

    slug: str
    name: str
    layout: str
    sort: str
    fallback: str
    page_size: int
    rule: dict[str, Any]
    pins: list[int]

    @classmethod
    def of(cls, row: Gallery) -> GalleryOut:
        """From its rows."""
        return cls(
            slug=row.slug, name=row.name, layout=row.layout, sort=row.sort, fallback=row.fallback, page_size=row.page_size,
            rule=row.rule, pins=[pin.item_id for pin in row.pins],
        )  # fmt: skip


class LedgerEntryOut(BaseModel):
    """One entry of the rights ledger; text, link and giver are empty where they were erased."""

    sequence: int
    at: datetime
    actor: str
    state: str
    starts_at: datetime | None
    expires_at: datetime | None
    files: list[str]
    text: str
    link: str
    given_by: str
    erased: bool
    hash: str

    @classmethod
    def of(cls, view: EntryView) -> LedgerEntryOut:
        """From the entry and its evidence."""
        return cls(
            sequence=view.sequence, at=view.at, actor=view.actor, state=view.state, starts_at=view.starts_at,
            expires_at=view.expires_at, files=list(view.files), text=view.text, link=view.link, given_by=view.given_by,
            erased=view.erased, hash=view.hash,
        )  # fmt: skip


class OrderLineOut(BaseModel):
    """One product in an order."""

    id: str
    sku: str
    quantity: int
    price: str


class RefundOut(BaseModel):
    """Money given back."""

    id: str
    at: datetime
    amount: str


class OrderOut(BaseModel):
    """An order; `id` is the shop's, `number` ours."""

    number: int
    id: str
    source: str
    updated_at: datetime
    placed_at: datetime
    status: str
    currency: str
    total: str
    tax: str
    shipping: str
    discount: str
    coupon: str
    lines: list[OrderLineOut]
    refunds: list[RefundOut]

    @classmethod
    def of(cls, row: Order) -> OrderOut:
        """From its rows."""
        lines = [
            OrderLineOut(id=line.external_id, sku=line.sku, quantity=line.quantity, price=str(line.price)) for line in row.lines
        ]
        refunds = [RefundOut(id=each.external_id, at=each.at, amount=str(each.amount)) for each in row.refunds]
        return cls(
            number=row.id, id=row.external_id, source=row.source, updated_at=row.updated_at, placed_at=row.placed_at,
            status=row.status, currency=row.currency, total=str(row.total), tax=str(row.tax), shipping=str(row.shipping),
            discount=str(row.discount), coupon=row.coupon, lines=lines, refunds=refunds,
        )  # fmt: skip


class ImportOut(BaseModel):
    """An import with its report."""

    id: int
    kind: str
    format: str
    name: str
    created_at: datetime
    finished_at: datetime | None
    state: str
    report: dict[str, Any]

    @classmethod
    def of(cls, row: Import) -> ImportOut:
        """From its row."""
        return cls(
            id=row.id, kind=row.kind, format=row.format, name=row.name, created_at=row.created, finished_at=row.finished_at,
            state=row.state, report=row.report,
        )  # fmt: skip


class DeliveryOut(BaseModel):
    """A webhook that came in; its body is not shown."""

    id: int
    source: str
    delivery_id: str
    received_at: datetime
    done_at: datetime | None
    error: str

    @classmethod
    def of(cls, row: WebhookDelivery) -> DeliveryOut:
        """From its row."""
        return cls(
            id=row.id, source=row.source, delivery_id=row.delivery_id, received_at=row.received_at, done_at=row.done_at,
            error=row.error,
        )  # fmt: skip


# In.


class CreatorIn(Strict):
    """Who made an item."""

    name: str = Field(max_length=300)
    handle: str = Field("", max_length=300)
    url: str = Field("", max_length=2000)


class SourceIn(Strict):
    """Where an item came from."""

    network: str = Field("", max_length=60, pattern=r"^[a-z0-9_.-]*$")
    url: str = Field("", max_length=2000)


class RightsIn(Strict):
    """What is known of the right to use an item."""

    state: Literal["none", "owned", "granted"] = "none"
    evidence: str = Field("", max_length=20_000)


class ProductTagIn(Strict):
    """A product on an item, with its place in the first picture where it has one."""

    sku: str = Field(min_length=1, max_length=200)
    hotspot: Hotspot | None = None

    def tag(self) -> library_rules.ProductTag:
        """As the library takes it."""
        if self.hotspot is None:
            return library_rules.ProductTag(self.sku)
        return library_rules.ProductTag(self.sku, self.hotspot.x, self.hotspot.y)


class ItemIn(Strict):
    """A new item. Files are parts named `file` of a multipart form."""

    kind: Kind | None = Field(
        None, description="Photo, video and audio follow from the file; without one it is a review or a post."
    )
    title: str = Field("", max_length=300)
    text: str = Field("", max_length=20_000)
    caption: str = Field("", max_length=20_000)
    rating: int | None = Field(None, ge=1, le=5)
    language: str = Field("", max_length=8)
    creator: CreatorIn | None = None
    source: SourceIn | None = None
    products: list[ProductTagIn | str] = Field([], max_length=50)
    tags: list[str] = Field([], max_length=50)
    external_id: str = Field("", max_length=300)
    published_at: AwareDatetime | None = None
    rights: RightsIn = RightsIn()
    url: str | None = Field(None, description="A post's address goes to `/items/link`; files come as parts.")
    files: list[str] | None = Field(None, description="Files by address are not fetched: send them as parts.")


class LinkIn(Strict):
    """A post or page by its address. What it says of itself is read by a job; networks' posts are shown by their own embed."""

    url: str = Field(min_length=1, max_length=2000)
    tags: list[str] = Field([], max_length=50)
    products: list[ProductTagIn | str] = Field([], max_length=50)


class ItemPatch(Strict):
    """What a brand may correct; a customer's rating never changes."""

    title: str | None = Field(None, max_length=300)
    text: str | None = Field(None, max_length=20_000)
    language: str | None = Field(None, max_length=8)
    publish_at: AwareDatetime | None = None
    expires_at: AwareDatetime | None = None
    tags: list[str] | None = Field(None, max_length=50)
    products: list[ProductTagIn | str] | None = Field(None, max_length=50)
    alt: dict[str, str] | None = Field(None, description="Media id → text for those who can't see the picture.")


class RejectIn(Strict):
    """Why an item is rejected."""

    reason: Reason
    note: str = Field("", max_length=2000)


class TagsIn(Strict):
    """Exactly these tags."""

    tags: list[str] = Field(max_length=50)


class ProductsIn(Strict):
    """Exactly these products."""

    products: list[ProductTagIn | str] = Field(max_length=50)


class BulkIn(Strict):
    """One action on many items, chosen by ids or by the filter names of GET /items."""

    action: Literal["approve", "reject", "move", "tag", "untag", "product"]
    ids: list[Id] | None = Field(None, max_length=5_000)
    filter: dict[str, Any] | None = None
    reason: Reason | None = None
    note: str = Field("", max_length=2000)
    state: State | None = None
    tags: list[str] = Field([], max_length=50)
    products: list[str] = Field([], max_length=50)


class UndoIn(Strict):
    """The batch that a decision answered with."""

    batch: str = Field(min_length=1, max_length=100)


class DecisionOut(BaseModel):
    """What was decided on how many items; `batch` takes it back."""

    batch: str | None
    items: int


class ProductIn(Strict):
    """A product to add or bring up to date; an empty field keeps what is stored."""

    sku: str = Field(min_length=1, max_length=200)
    title: str = Field("", max_length=500)
    description: str = Field("", max_length=10_000)
    url: str = Field("", max_length=2000)
    image_url: str = Field("", max_length=2000)
    price: str = Field("", max_length=40, description="As `12.34 EUR`.")
    availability: Availability | None = None
    family: str = Field("", max_length=300)
    line: str = Field("", max_length=300)
    type: str = Field("", max_length=300)
    gtin: str = Field("", max_length=300)
    mpn: str = Field("", max_length=300)


class GalleryIn(Strict):
    """A new gallery; `rule` uses the filter names of GET /items."""

    slug: str = Field(min_length=1, max_length=64)
    name: str = Field(min_length=1, max_length=200)
    layout: str = "grid"
    sort: str = "score"
    fallback: str = "type"
    page_size: int = Field(30, ge=1, le=100)
    rule: dict[str, Any] = {}
    pins: list[Id] = Field([], max_length=30)


class GalleryPatch(Strict):
    """What may change of a gallery; its slug stays."""

    name: str | None = Field(None, min_length=1, max_length=200)
    layout: str | None = None
    sort: str | None = None
    fallback: str | None = None
    page_size: int | None = Field(None, ge=1, le=100)
    rule: dict[str, Any] | None = None
    pins: list[Id] | None = Field(None, max_length=30)


class RecordIn(Strict):
    """A right to record, with what it rests on."""

    state: RightsState
    text: str = Field("", max_length=20_000)
    link: str = Field("", max_length=2000)
    given_by: str = Field("", max_length=300)
    starts_at: AwareDatetime | None = None
    expires_at: AwareDatetime | None = None


class ImportIn(Strict):
    """How to read an uploaded file."""

    kind: Literal["catalog", "reviews"]
    format: str = Field("auto", max_length=20)
    mapping: dict[str, str] | None = None
    dates: Literal["", "dmy", "mdy"] = ""
    identifier: str | None = Field(None, max_length=60)
    state: Literal["inbox", "approved"] = "inbox"
    rights: Literal["none", "owned", "granted"] = "owned"
    evidence: str = Field("", max_length=20_000)
    source: str = Field("import", max_length=60, pattern=r"^[a-z0-9_.-]+$")
    create_products: bool = False
    dry_run: bool = False
