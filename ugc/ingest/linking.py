"""Posts by their address: an item at once, filled in by a job; of some networks nothing but the address is kept (C4, L-20)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from ugc.accounts import actions as accounts_actions
from ugc.ingest import wanting
from ugc.ingest.sources import link
from ugc.ingest.sources.link import Embed, NotALink, PageData
from ugc.ingest.wanting import WantedUrl
from ugc.kit import jobs
from ugc.kit.errors import Outside
from ugc.library import actions as library_actions
from ugc.library import queries as library_queries
from ugc.library.models import Item, Kind, SourcePolicy
from ugc.library.rules import MAX_NAME, CreatorData, ItemData, ProductTag
from ugc.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Linked:
    """The item of an address, and whether it is new."""

    item: Item
    added: bool


def add_link(
    session: Session, brand_id: int, url: str, *, tags: Sequence[str] = (), products: Sequence[ProductTag] = (),
    actor: str, now: datetime,
) -> Linked:  # fmt: skip
    """The item of a post's address; the same post again adds nothing but tags. Raises NotALink. Nothing is fetched here.

    No right comes with an address: the item waits in the inbox until its creator was asked (L-21).
    """
    data = data_of(url)
    item, added = library_actions.add_item(session, brand_id, data, products=products, tags=tags, actor=actor, now=now)
    if added:
        accounts_actions.audit(
            session, brand_id=brand_id, actor=actor, action="item.linked", subject_type="item", subject_id=item.id, now=now,
            source=item.source,
        )  # fmt: skip
        if item.source_policy is not SourcePolicy.EMBED_ONLY:
            jobs.enqueue(session, "ingest.read_link", brand_id=brand_id, item_id=item.id)
    return Linked(item, added)


def data_of(url: str) -> ItemData:
    """What an address tells by itself; raises NotALink."""
    url = url.strip()
    try:
        embed = link.find_embed(url)
        return of_embed(embed) if embed else of_page(PageData(url), name_of(link.page_id(url)))
    except Outside as refused:
        raise NotALink(refused.detail) from refused


def name_of(page: str) -> str:
    """A page's name as an external id: itself, or its digest where it is longer than one may be."""
    return page if len(page) <= MAX_NAME else wanting.digest(page)


def of_embed(embed: Embed) -> ItemData:
    """A post of which only addresses may be kept (L-20)."""
    return ItemData(
        Kind.POST, source=embed.network, source_url=embed.url, external_id=embed.external_id, embed_url=embed.embed_url,
        source_policy=SourcePolicy.EMBED_ONLY,
    )  # fmt: skip


def of_page(page: PageData, external_id: str) -> ItemData:
    """A page as an item; until it was read, its address stands for it."""
    creator = CreatorData(page.author, f"{page.author}@{page.site}" if page.site else page.author, page.author_url, "web")
    return ItemData(
        Kind.POST, title=page.title or page.url, body=page.text, source="link", source_url=page.url, external_id=external_id,
        creator=creator if page.author else None, published_at=page.published_at, language=page.language,
        source_policy=SourcePolicy.OWN,
    )  # fmt: skip


def read_link(runtime: Runtime, brand_id: int, item_id: int, *, now: datetime) -> None:
    """Ask the page and write what it says on its item; raises Outside, NotFound where the item is gone."""
    with runtime.sessions() as session:
        url = library_queries.get_item(session, brand_id, item_id).source_url
    read = link.read_page(runtime.fetcher, url)
    with runtime.transaction() as session:
        library_actions.hold(session, brand_id)
        item = library_queries.get_item(session, brand_id, item_id)
        if isinstance(read, Embed):
            library_actions.set_policy(session, item, SourcePolicy.EMBED_ONLY, embed_url=read.embed_url)
            return
        data = of_page(read, item.external_id)
        library_actions.change_item(session, item, data, actor="link", now=now)
        library_actions.set_origin(session, item, data.creator, data.published_at)
        pictures = [WantedUrl(each.url, place, each.alt) for place, each in enumerate(read.pictures)]
        wanting.want_files(session, brand_id, item.id, pictures, now=now)
