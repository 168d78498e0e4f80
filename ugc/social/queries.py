"""Reads of sources, their pulls and what networks say of items."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.orm import Session

from ugc.ingest.models import WantedFile, WantedState
from ugc.kit.db import among
from ugc.kit.errors import NotFound
from ugc.library.models import Item, SourcePolicy
from ugc.library.rules import SHOWABLE_RIGHTS, ItemData
from ugc.social import rules
from ugc.social.models import DeletionRequest, NetworkApp, Post, SearchedTerm, SkippedPost, Source, SourcePull, SourceState
from ugc.social.rules import Known

PULLED_STATES = (SourceState.ACTIVE, SourceState.DEGRADED)


def find_sources(session: Session, brand_id: int) -> list[Source]:
    """A brand's sources in the order of their names; those that only listen stand with what they listen for."""
    mine = select(Source).where(Source.brand_id == brand_id, Source.listening_id.is_(None))
    return list(session.scalars(mine.order_by(func.lower(Source.name), Source.id)))


def count_troubled(session: Session, brand_id: int) -> int:
    """How many of a brand's sources wait for a person or fail."""
    troubled = Source.state.in_([SourceState.NEEDS_CONNECT, SourceState.DEGRADED])
    mine = Source.brand_id == brand_id, Source.listening_id.is_(None)
    return session.scalar(select(func.count()).select_from(Source).where(*mine, troubled)) or 0


def get_source(session: Session, brand_id: int, source_id: int, *, lock: bool = False) -> Source:
    """One source; raises NotFound."""
    query = select(Source).where(Source.brand_id == brand_id, Source.id == source_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None:
        raise NotFound("there is no such source")
    return found


def find_siblings(session: Session, source: Source) -> list[Source]:
    """The brand's other sources of the same network, those that work first."""
    query = select(Source).where(Source.brand_id == source.brand_id, Source.network == source.network, Source.id != source.id)
    working = Source.state.not_in(PULLED_STATES)
    return list(session.scalars(query.where(Source.listening_id.is_(None)).order_by(working, Source.id)))


def find_due(session: Session, now: datetime, *, limit: int = 200) -> list[Source]:
    """Sources of every brand whose time has come, locked; the longest waiting first."""
    due = select(Source).where(Source.state.in_(PULLED_STATES), Source.next_pull_at <= now)
    return list(session.scalars(due.order_by(Source.next_pull_at).limit(limit).with_for_update(skip_locked=True)))


def find_pulls(session: Session, source: Source, *, limit: int = 20) -> list[SourcePull]:
    """The newest pulls of a source."""
    query = select(SourcePull).where(SourcePull.source_id == source.id).order_by(SourcePull.id.desc()).limit(limit)
    return list(session.scalars(query))


def find_skipped(session: Session, source: Source, *, limit: int = 20) -> list[SkippedPost]:
    """Posts of a source that could not be read, the newest first."""
    query = select(SkippedPost).where(SkippedPost.source_id == source.id)
    return list(session.scalars(query.order_by(SkippedPost.at.desc(), SkippedPost.id.desc()).limit(limit)))


def find_known(session: Session, brand_id: int, network: str, external_ids: Iterable[str]) -> dict[str, Known]:
    """What we hold of these posts, by external id."""
    query = (
        select(Post, Item)
        .join(Item, Item.id == Post.item_id)
        .where(Post.brand_id == brand_id, Post.network == network, among(Post.external_id, external_ids))
    )
    found = session.execute(query).all()
    lost = find_lost(session, [item.id for _, item in found])
    return {post.external_id: known_of(post, item, lost.get(item.id, {})) for post, item in found}


def find_lost(session: Session, item_ids: Iterable[int]) -> dict[int, dict[str, str]]:
    """Files of items that did not come: the address that was tried, by key."""
    query = select(WantedFile.item_id, WantedFile.key, WantedFile.url).where(
        among(WantedFile.item_id, item_ids), WantedFile.state.in_([WantedState.FAILED, WantedState.GONE])
    )
    lost: dict[int, dict[str, str]] = {}
    for item_id, key, url in session.execute(query):
        lost.setdefault(item_id, {})[key] = url
    return lost


def known_of(post: Post, item: Item, lost: Mapping[str, str]) -> Known:
    """A post and its item as the rules take them."""
    return Known(
        item_id=item.id,
        text_digest=post.text_digest,
        own_digest=rules.text_digest(ItemData(item.kind, item.body, item.title)),
        like_count=item.like_count,
        comment_count=item.comment_count,
        media_keys=tuple(row["key"] for row in post.media),
        sources=tuple(post.sources),
        policy=item.source_policy,
        is_gone=item.gone_at is not None,
        lost=lost,
    )


def find_posts(session: Session, brand_id: int, item_ids: Iterable[int]) -> list[Post]:
    """What networks say of these items, where one does."""
    return list(session.scalars(select(Post).where(Post.brand_id == brand_id, among(Post.item_id, item_ids)).order_by(Post.id)))


def find_unchecked(session: Session, source: Source, before: datetime, *, limit: int) -> list[Post]:
    """Posts that this source asks about and that the network has not confirmed since, the longest first."""
    query = select(Post).where(Post.source_id == source.id, Post.checked_at < before)
    return list(session.scalars(query.order_by(Post.checked_at).limit(limit)))


def find_to_check(session: Session, before: datetime) -> list[Source]:
    """Sources of every brand with posts that the network has not confirmed since."""
    stale = exists().where(Post.source_id == Source.id, Post.checked_at < before)
    return list(session.scalars(select(Source).where(Source.state.in_(PULLED_STATES), stale).order_by(Source.id)))


def count_items(session: Session, source: Source) -> int:
    """How many items the source brought first."""
    return session.scalar(select(func.count()).select_from(Post).where(Post.source_id == source.id)) or 0


def find_newest(session: Session, source: Source, *, limit: int) -> list[int]:
    """Ids of the newest items that the source brought first."""
    return list(session.scalars(select(Post.item_id).where(Post.source_id == source.id).order_by(Post.id.desc()).limit(limit)))


def is_expired(now: datetime) -> ColumnElement[bool]:
    """Items whose lease has ended without being renewed, and that no right covers: its grant may not be settled yet."""
    unlicensed = Item.rights_state.not_in(sorted(SHOWABLE_RIGHTS))
    return and_(Item.lease_until <= now, Item.source_policy == SourcePolicy.API_CACHED, unlicensed)


def find_lent_to(session: Session, now: datetime) -> list[int]:
    """Brands that hold items whose lease has ended."""
    return list(session.scalars(select(Item.brand_id).where(is_expired(now)).distinct().order_by(Item.brand_id)))


def find_expired(session: Session, brand_id: int, now: datetime, *, limit: int) -> list[int]:
    """A brand's items whose lease has ended."""
    return list(session.scalars(select(Item.id).where(Item.brand_id == brand_id, is_expired(now)).order_by(Item.id).limit(limit)))


def quota_used(session: Session, brand_id: int, network: str, now: datetime) -> int:
    """Units of the network's quota that the brand's sources used in its current day."""
    query = select(func.sum(Source.quota_used)).where(Source.brand_id == brand_id, Source.network == network)
    return int(session.scalar(query.where(Source.quota_day == rules.quota_day(now))) or 0)


def find_searched(session: Session, brand_id: int, network: str) -> dict[str, datetime]:
    """Since when each hashtag counts against the network's limit."""
    query = select(SearchedTerm.term, SearchedTerm.counted_from)
    rows = session.execute(query.where(SearchedTerm.brand_id == brand_id, SearchedTerm.network == network))
    return {term: since for term, since in rows}  # noqa: C416  # dict() can't see that the rows are pairs


def find_app(session: Session, brand_id: int, network: str) -> NetworkApp | None:
    """The brand's own app on a network."""
    return session.scalar(select(NetworkApp).where(NetworkApp.brand_id == brand_id, NetworkApp.network == network))


def find_apps(session: Session, networks: Sequence[str]) -> list[NetworkApp]:
    """Every brand's apps on these networks."""
    return list(session.scalars(select(NetworkApp).where(NetworkApp.network.in_(networks)).order_by(NetworkApp.id)))


def get_deletion(session: Session, code: str) -> DeletionRequest:
    """A deletion request by the code that its person was given; raises NotFound."""
    found = session.scalar(select(DeletionRequest).where(DeletionRequest.code == code))
    if found is None:
        raise NotFound("there is no request with this code")
    return found


@dataclass(frozen=True, slots=True)
class Week:
    """How many different hashtags were searched in the last 7 days, and when there is room for the next."""

    used: int
    most: int
    free_at: datetime | None


def get_week(session: Session, brand_id: int, network: str, now: datetime) -> Week:
    """The state of a network's limit of hashtags."""
    current = sorted(since for since in find_searched(session, brand_id, network).values() if since > now - rules.WEEK)
    full = len(current) >= rules.HASHTAGS
    return Week(len(current), rules.HASHTAGS, current[0] + rules.WEEK if full else None)
