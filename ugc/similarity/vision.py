"""Pictures that the endpoint of the settings describes: which may be sent, how many in a day, and what it said of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from ugc.kit import clock, jobs
from ugc.kit.db import among
from ugc.kit.errors import Outside
from ugc.kit.storage.base import NoSuchFile, Storage
from ugc.library import queries as library_queries
from ugc.library import rules as library_rules
from ugc.library.models import Item, ItemMedia, ItemTag, State, Tag
from ugc.media import queries as media_queries
from ugc.media import rules as media_rules
from ugc.media.models import File, FileKind, FileState, Role
from ugc.runtime import Runtime
from ugc.settings import Settings
from ugc.similarity.encoders.base import Hints, Picture
from ugc.similarity.encoders.vision import SIDE, Endpoint, Seen, Throttled, Undescribed, VisionEncoder
from ugc.similarity.models import PictureDescription, VisionDay

PORTION = 20
"""Pictures looked at by one job; then others have their turn."""
PAUSE = timedelta(minutes=30)
"""After an error that another try may mend; the job itself was tried again several times by then."""
MAX_CHOICES = 200


@dataclass(frozen=True, slots=True)
class Due:
    """A picture that is to be sent, and the item that shows it."""

    file_id: int
    item_id: int


def make_encoder(runtime: Runtime) -> VisionEncoder | None:
    """The endpoint of the settings; None where there is none."""
    endpoint = endpoint_of(runtime.settings)
    return VisionEncoder(endpoint, runtime.fetcher) if endpoint else None


def endpoint_of(settings: Settings) -> Endpoint | None:
    """Where the settings say to ask."""
    return Endpoint(settings.vision_url, settings.vision_model, settings.vision_key) if settings.vision_url else None


def due_query(brand_id: int, model: str, now: datetime) -> Select[int, int]:
    """Pictures that were not described by this model and may be sent: the brand's own copies that it may use now, of items that
    wait or are approved. Those without a description in public come first, then the best.
    """
    held = and_(
        Item.source_policy.in_(sorted(library_rules.OWN_COPY)),
        Item.rights_state.in_(sorted(library_rules.SHOWABLE_RIGHTS)),
        or_(Item.rights_from.is_(None), Item.rights_from <= now),
        or_(Item.rights_until.is_(None), Item.rights_until > now),
        Item.gone_at.is_(None),
        Item.state.in_([State.INBOX, State.APPROVED]),
    )
    said = aliased(PictureDescription)
    return (
        select(ItemMedia.file_id, func.min(Item.id))
        .join(Item, Item.id == ItemMedia.item_id)
        .join(File, File.id == ItemMedia.file_id)
        .outerjoin(said, and_(said.file_id == File.id, said.model == model))
        .where(Item.brand_id == brand_id, held, ItemMedia.is_compared, said.file_id.is_(None))
        .where(File.state == FileState.READY, File.kind == FileKind.PICTURE)
        .group_by(ItemMedia.file_id)
        .order_by(
            func.bool_or(and_(Item.state == State.APPROVED, ItemMedia.alt == "")).desc(), func.max(Item.score).desc().nulls_last(),
            ItemMedia.file_id.desc(),
        )
    )  # fmt: skip


def find_due(session: Session, brand_id: int, model: str, *, now: datetime, limit: int) -> list[Due]:
    """The next pictures to send."""
    return [Due(*row) for row in session.execute(due_query(brand_id, model, now).limit(limit)).all()]


def find_still_due(session: Session, brand_id: int, model: str, due: Due, *, now: datetime) -> Due | None:
    """The picture as it may be sent now; None where it may not any more: it was found minutes ago, behind slow answers."""
    row = session.execute(due_query(brand_id, model, now).where(ItemMedia.file_id == due.file_id)).first()
    return Due(*row) if row else None


def find_day(session: Session, brand_id: int, now: datetime) -> VisionDay | None:
    """What the brand sent today."""
    return session.get(VisionDay, (brand_id, now.date()), populate_existing=True)


def is_paused(day: VisionDay | None, most: int, now: datetime) -> bool:
    """Whether nothing is sent by itself: the day's number is reached, or the endpoint failed lately."""
    return day is not None and (day.sent >= most or (day.paused_until is not None and day.paused_until > now))


def reserve(session: Session, brand_id: int, most: int, now: datetime) -> bool:
    """Count one more picture of today; False where that would be too many."""
    added = insert(VisionDay).values(brand_id=brand_id, day=now.date(), sent=1)
    counted = added.on_conflict_do_update(
        index_elements=["brand_id", "day"], set_={"sent": VisionDay.sent + 1}, where=VisionDay.sent < most
    )
    return session.execute(counted.returning(VisionDay.sent)).first() is not None


def note(
    session: Session, brand_id: int, now: datetime, *, tokens: int = 0, error: str = "", until: datetime | None = None
) -> None:
    """Write beside today's count how asking went."""
    day = VisionDay.brand_id == brand_id, VisionDay.day == now.date()
    found = session.scalar(select(VisionDay).where(*day).with_for_update().execution_options(populate_existing=True))
    if found is not None:
        found.tokens, found.error, found.paused_until = found.tokens + tokens, error, until


def keep(session: Session, brand_id: int, file_id: int, model: str, seen: Seen | None, error: str, now: datetime) -> None:
    """Keep what was said of a picture, in the place of what an earlier model said; nothing if the picture is gone."""
    if media_queries.find_file(session, brand_id, file_id) is None:
        return
    said = {
        "brand_id": brand_id, "model": model, "tags": dict(seen.description.tags) if seen else {},
        "alt": seen.description.alt if seen else "", "error": error, "described_at": now,
    }  # fmt: skip
    kept = insert(PictureDescription).values(file_id=file_id, **said)
    session.execute(kept.on_conflict_do_update(index_elements=["file_id"], set_=said))


def map_descriptions(session: Session, brand_id: int, file_ids: Iterable[int]) -> dict[int, PictureDescription]:
    """What was said of pictures, by file; pictures that nobody was asked about are left out."""
    query = select(PictureDescription).where(PictureDescription.brand_id == brand_id, among(PictureDescription.file_id, file_ids))
    return {said.file_id: said for said in session.scalars(query)}


def map_tags(session: Session, brand_id: int, item_ids: Iterable[int]) -> dict[int, dict[str, float]]:
    """Tags that the endpoint gave to the items' pictures, with their probabilities: evidence, nothing more."""
    query = (
        select(ItemMedia.item_id, PictureDescription.tags)
        .join(PictureDescription, PictureDescription.file_id == ItemMedia.file_id)
        .where(PictureDescription.brand_id == brand_id, among(ItemMedia.item_id, item_ids))
    )
    found: dict[int, dict[str, float]] = {}
    for item_id, tags in session.execute(query):
        known = found.setdefault(item_id, {})
        known.update({name: max(p, known.get(name, 0.0)) for name, p in tags.items()})
    return {item_id: tags for item_id, tags in found.items() if tags}


def find_choices(session: Session, brand_id: int) -> tuple[str, ...]:
    """The brand's tags, the commonest first."""
    query = (
        select(Tag.name).join(ItemTag, ItemTag.tag_id == Tag.id, isouter=True).where(Tag.brand_id == brand_id)
        .group_by(Tag.id, Tag.name).order_by(func.count(ItemTag.id).desc(), Tag.name).limit(MAX_CHOICES)
    )  # fmt: skip
    return tuple(session.scalars(query))


def describe_some(runtime: Runtime, brand_id: int) -> list[int]:
    """Ask about the next pictures, each in a transaction of its own; the items of those that were described.

    Ends quietly when the day's number is reached or the endpoint wants to be left alone. Raises Outside where it failed.
    """
    encoder, described = make_encoder(runtime), list[int]()
    if encoder is None:
        return described
    with runtime.transaction() as session:
        due = find_due(session, brand_id, encoder.version, now=clock.now(), limit=PORTION)
        choices = find_choices(session, brand_id) if due else ()
    for each in due:
        with runtime.transaction() as session:
            still = find_still_due(session, brand_id, encoder.version, each, now=clock.now())
            if still and not reserve(session, brand_id, runtime.settings.vision_per_day, clock.now()):
                return described
        if still and not ask(runtime, encoder, brand_id, still, choices):
            return described
        described += [still.item_id] if still else []
    return described


def ask(runtime: Runtime, encoder: VisionEncoder, brand_id: int, due: Due, choices: tuple[str, ...]) -> bool:
    """Ask about one picture and keep the answer; False where the endpoint wants to be left alone. Raises Outside."""
    with runtime.transaction() as session:
        picture, hints = read_picture(runtime, session, brand_id, due, choices)
    seen, error = None, ""
    try:
        seen = encoder.look(picture, hints)
    except Undescribed as refused:
        error = refused.detail
    except Throttled as busy:
        with runtime.transaction() as session:
            note(session, brand_id, clock.now(), error=busy.detail, until=clock.now() + busy.retry_after)
        return False
    except Outside as failed:
        with runtime.transaction() as session:
            note(session, brand_id, clock.now(), error=failed.detail, until=pause_of(failed, clock.now()))
        raise
    with runtime.transaction() as session:
        keep(session, brand_id, due.file_id, encoder.version, seen, error, clock.now())
        note(session, brand_id, clock.now(), tokens=seen.tokens if seen else 0)
        # Beside each answer, not at the end: an endpoint that fails at the tenth picture does not take nine with it.
        jobs.announce(session, "similarity.pictures_described", brand_id=brand_id, item_ids=[due.item_id])
    return True


def pause_of(failed: Outside, now: datetime) -> datetime:
    """Until when nobody asks by himself: a wrong key or address will be wrong all day."""
    tomorrow = datetime.combine(now.date() + timedelta(days=1), time(), tzinfo=now.tzinfo)
    return tomorrow if failed.permanent else now + PAUSE


def read_picture(
    runtime: Runtime, session: Session, brand_id: int, due: Due, choices: tuple[str, ...]
) -> tuple[Picture, Hints]:  # fmt: skip
    """What is sent of a picture: a rendition of ours, the titles of its products, the brand's tags; no caption and no name."""
    file = media_queries.get_file(session, brand_id, due.file_id)
    item = library_queries.get_item(session, brand_id, due.item_id)
    name = rendition_of(file)
    key = media_rules.rendition_key(file.public_name, name)
    titles = tuple(tagged.product.title for tagged in item.products)
    picture = Picture(brand_id, file.id, load=lambda: read_rendition(runtime.storage, key) if name else b"")
    return picture, Hints(products=titles, choices=choices)


def read_rendition(storage: Storage, key: str) -> bytes:
    """The rendition's bytes; none where it was taken away meanwhile."""
    try:
        return storage.read(key)
    except NoSuchFile:
        return b""


def rendition_of(file: File) -> str:
    """The smallest WebP copy that is large enough to be looked at, else the largest; empty where there is none."""
    copies = sorted(
        (made for made in file.renditions if made.role == Role.PICTURE and made.type == "image/webp"), key=lambda x: x.width
    )
    return next((made.name for made in copies if made.width >= SIDE // 2), copies[-1].name if copies else "")
