"""Listening: keywords in many places, what was heard as mentions, and where customers talk by site and week."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ugc.accounts import actions as accounts_actions
from ugc.catalog.models import Product
from ugc.ingest import linking
from ugc.kit.db import among
from ugc.kit.errors import NotFound, Unprocessable
from ugc.library.models import Item
from ugc.library.rules import ProductTag, clean_text, clean_url
from ugc.social import actions, hearing, rules
from ugc.social.actions import Taken
from ugc.social.models import Listening, Mention, Source
from ugc.social.networks.base import Mode, PostData

MAX_NAME = 120
# Titles that are looked for in texts; more would not fit a pull's memory and patience.
MAX_TITLES = 20_000
MAX_PLACES = 60
WEEKS = 12

SEARCHES = {
    ("bluesky", "search"): "query", ("reddit", "search"): "query", ("vk", "search"): "query", ("x", "search"): "query",
    ("youtube", "search"): "query", ("mastodon", "hashtag"): "hashtag",
}  # fmt: skip
"""Modes that are asked for one term at a time → the field that takes it; every other place is read as it comes."""
PLACES = (
    ("feed", "feed"), ("wordpress", "posts"), ("wordpress", "comments"), ("reddit", "subreddit"), ("reddit", "search"),
    ("mastodon", "hashtag"), ("bluesky", "search"), ("youtube", "search"), ("youtube", "comments"), ("vk", "search"),
    ("linkedin", "organisation"), ("x", "search"),
)  # fmt: skip
"""Where one can listen: blogs, boards and forums by their feeds, and networks that let one search or read along."""


class TooManyPlaces(Unprocessable):
    """A brand listens in at most 60 places; a search counts once for each word."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A page of mentions, the newest first, and where the next begins."""

    mentions: tuple[Mention, ...]
    next: int | None


@dataclass(frozen=True, slots=True)
class Site:
    """Where customers talk: mentions of one site in all and in each of the last weeks, the oldest first."""

    site: str
    count: int
    weeks: tuple[int, ...]
    latest: datetime


# Setting up.


def add_listening(
    session: Session, brand_id: int, name: str, terms: Sequence[str], *, excluded: Sequence[str] = (), skus: Sequence[str] = (),
    actor: str, now: datetime,
) -> Listening:  # fmt: skip
    """Begin to listen for some words; places come by `add_place`. Raises BadTerms."""
    tidy = hearing.clean_terms(terms)
    made = Listening(
        brand_id=brand_id, name=" ".join(clean_text(name, MAX_NAME).split()) or tidy[0], terms=tidy,
        excluded=hearing.clean_terms(excluded, required=False), skus=known_skus(session, brand_id, skus),
    )  # fmt: skip
    session.add(made)
    session.flush()
    note(session, made, "listening.added", actor, now, terms=made.terms)
    return made


def known_skus(session: Session, brand_id: int, skus: Sequence[str]) -> list[str]:
    """The SKUs that the catalogue has; raises Unprocessable for one that it has not."""
    wanted = list(dict.fromkeys(sku.strip() for sku in skus if sku.strip()))
    known = (
        set(session.scalars(select(Product.sku).where(Product.brand_id == brand_id, among(Product.sku, wanted))))
        if wanted
        else set()
    )
    missing = [sku for sku in wanted if sku not in known]
    if missing:
        raise Unprocessable(f"no product has the SKU {missing[0][:80]!r}")
    return wanted


def note(session: Session, listening: Listening, action: str, actor: str, now: datetime, **detail: Any) -> None:
    """An entry in the log of who did what."""
    accounts_actions.audit(
        session, brand_id=listening.brand_id, actor=actor, action=action, subject_type="listening", subject_id=listening.id,
        now=now, **detail,
    )  # fmt: skip


def change_listening(
    session: Session, listening: Listening, *, name: str, terms: Sequence[str], excluded: Sequence[str], skus: Sequence[str],
    actor: str, now: datetime,
) -> None:  # fmt: skip
    """Listen for other words: searches for new ones begin, those for old ones end; what was heard stays."""
    listening.name = " ".join(clean_text(name, MAX_NAME).split()) or listening.name
    listening.terms, listening.excluded = hearing.clean_terms(terms), hearing.clean_terms(excluded, required=False)
    listening.skus = known_skus(session, listening.brand_id, skus)
    follow_terms(session, listening, actor=actor, now=now)
    note(session, listening, "listening.changed", actor, now, terms=listening.terms)


def follow_terms(session: Session, listening: Listening, *, actor: str, now: datetime) -> None:
    """Make the searches fit the words: one for each word in each place, with that place's access."""
    searches: dict[tuple[str, str, str], list[Source]] = {}
    for source in find_places(session, listening):
        if (field := SEARCHES.get((source.network, source.mode))) is not None:
            rest = repr(sorted((name, value) for name, value in source.options.items() if name != field))
            searches.setdefault((source.network, source.mode, rest), []).append(source)
    for (network, mode, _), sources in searches.items():
        field = SEARCHES[network, mode]
        wanted = {query_of(network, term): term for term in listening.terms}
        for query, term in wanted.items():
            if all(source.options.get(field) != query for source in sources):
                copy_place(session, listening, sources[0], field, query, term, actor=actor, now=now)
        for source in sources:
            if source.options.get(field) not in wanted:
                actions.remove_source(session, source, actor=actor, now=now)
    check_room(session, listening.brand_id)


def copy_place(
    session: Session, listening: Listening, like: Source, field: str, query: str, term: str, *, actor: str, now: datetime
) -> None:
    """The same place asked for another word, with the same access."""
    made = Source(
        brand_id=listening.brand_id, listening_id=listening.id, network=like.network, mode=like.mode,
        name=place_name(listening, like.network, term), options={**like.options, field: query}, secrets=like.secrets,
        token_expires_at=like.token_expires_at, account=like.account, state=like.state,
        interval_minutes=like.interval_minutes, next_pull_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    actions.note(session, made, "source.added", actor, now, network=made.network, mode=made.mode, name=made.name)


def add_place(
    session: Session, listening: Listening, kind: str, mode: str, options: Mapping[str, str], *, token: str = "",
    interval_minutes: int = 60, key: bytes, actor: str, now: datetime,
) -> list[Source]:  # fmt: skip
    """Listen in one more place; a search becomes a source for each word. Raises BadSource or TooManyPlaces."""
    if (kind, mode) not in PLACES:
        raise rules.BadSource("one can't listen there")
    field = SEARCHES.get((kind, mode))
    queries = {query_of(kind, term): term for term in reversed(listening.terms)} if field else {"": ""}
    asked = {term: {**options, field: query} if field else dict(options) for query, term in reversed(queries.items())}
    made = []
    for term, given in asked.items():
        source = actions.add_source(
            session, listening.brand_id, kind, mode, place_name(listening, kind, term), given, token=token,
            interval_minutes=interval_minutes, key=key, actor=actor, now=now,
        )  # fmt: skip
        source.listening_id = listening.id
        made.append(source)
    session.flush()
    check_room(session, listening.brand_id)
    return made


def check_room(session: Session, brand_id: int) -> None:
    """Raise TooManyPlaces once the brand listens in more than is bearable."""
    session.flush()
    mine = select(func.count()).select_from(Source).where(Source.brand_id == brand_id, Source.listening_id.is_not(None))
    if (session.scalar(mine) or 0) > MAX_PLACES:
        raise TooManyPlaces()


def place_name(listening: Listening, kind: str, term: str) -> str:
    """What a listening source is called."""
    label = rules.get_network(kind).label
    return f"{listening.name}: {term} on {label}" if term else f"{listening.name}: {label}"


def query_of(kind: str, term: str) -> str:
    """A term as a network's search takes it: a phrase in quotes, a hashtag in one word."""
    bare = term.rstrip("*").strip()
    if kind == "mastodon":
        return "".join(word.plain for word in hearing.words_of(bare))
    return f'"{bare}"' if " " in bare and kind not in {"vk", "youtube"} else bare


def fields_of(kind: str, mode: Mode) -> list[Any]:
    """What a person fills in for a place: the mode's fields but for the one that takes the words."""
    return [field for field in mode.fields if field.name != SEARCHES.get((kind, mode.name))]


def remove_listening(session: Session, listening: Listening, *, actor: str, now: datetime) -> None:
    """Stop to listen and forget what was heard; items that were made of it stay."""
    note(session, listening, "listening.removed", actor, now, name=listening.name)
    session.execute(delete(Listening).where(Listening.id == listening.id))
    session.expunge(listening)


# What was heard.


def take_mentions(session: Session, source: Source, posts: Sequence[PostData], now: datetime) -> Taken:
    """Keep where a page of posts matches the words; the same page again changes nothing. What does not match is left."""
    listening = session.get_one(Listening, source.listening_id)
    titles, own = find_titles(session, source.brand_id), find_products(session, listening)
    mode = rules.get_mode(rules.get_network(source.network), source.mode)
    rows = [row for post in posts if (row := mention_of(post, source, listening, titles, own, mode, now)) is not None]
    distinct = {row["external_id"]: row for row in rows}
    new = 0
    if distinct:
        made = insert(Mention).on_conflict_do_nothing(index_elements=["listening_id", "network", "external_id"])
        new = len(session.scalars(made.returning(Mention.id), list(distinct.values())).all())
        confirm(session, listening, source.network, list(distinct), lease_of(mode, now))
    return Taken(new, 0, len(posts) - new)


def mention_of(
    post: PostData, source: Source, listening: Listening, titles: Mapping[tuple[str, ...], int], own: int | None, mode: Mode,
    now: datetime,
) -> dict[str, Any] | None:  # fmt: skip
    """A mention's row; None where the post does not speak of it, or has no address that one could go to."""
    heard = hearing.hear(rules.cut(f"{post.title}\n{post.text}"), listening.terms, listening.excluded, titles)
    url = clean_url(post.url or post.parent_url)
    if heard is None or not url or not post.external_id:
        return None
    return {
        "brand_id": source.brand_id, "listening_id": listening.id, "source_id": source.id, "network": source.network,
        "external_id": rules.external_id_of(post.external_id), "site": hearing.site_of(url), "url": url,
        "title": clean_text(post.title, MAX_NAME), "author": clean_text(post.creator.name if post.creator else "", MAX_NAME),
        "sentence": clean_text(heard.sentence, hearing.MAX_SENTENCE + 10), "term": heard.term,
        "product_id": own or heard.product_id, "published_at": rules.moment_of(post.published_at, now),
        "lease_until": lease_of(mode, now),
    }  # fmt: skip


def lease_of(mode: Mode, now: datetime) -> datetime | None:
    """Until when the network's terms let a sentence be kept without being asked again (L-25)."""
    return now + mode.max_age if mode.max_age else None


def confirm(session: Session, listening: Listening, network: str, names: Sequence[str], until: datetime | None) -> None:
    """The network showed these again: they may be kept for longer."""
    if until is not None:
        mine = update(Mention).where(
            Mention.listening_id == listening.id, Mention.network == network, among(Mention.external_id, names)
        )  # fmt: skip
        session.execute(mine.values(lease_until=until), execution_options=actions.NO_SYNC)


def find_titles(session: Session, brand_id: int) -> dict[tuple[str, ...], int]:
    """What the brand's products are called in a text."""
    query = select(Product.id, Product.sku, Product.title).where(Product.brand_id == brand_id, Product.removed_at.is_(None))
    return hearing.titles_of([(id, sku, title) for id, sku, title in session.execute(query.order_by(Product.id).limit(MAX_TITLES))])


def find_products(session: Session, listening: Listening) -> int | None:
    """The product that all mentions of this listening speak of, where it names one."""
    if not listening.skus:
        return None
    named = select(Product.id).where(Product.brand_id == listening.brand_id, Product.sku == listening.skus[0])
    return session.scalar(named)


def end_leases(session: Session, *, now: datetime) -> int:
    """Empty what networks lent and did not show again in time: the address and the count stay, the words go (L-25)."""
    over = update(Mention).where(Mention.lease_until < now).values(sentence="", author="", title="", lease_until=None)
    return len(session.scalars(over.returning(Mention.id), execution_options=actions.NO_SYNC).all())


def dismiss(session: Session, mention: Mention, *, now: datetime | None) -> None:
    """Say that a mention is about something else; None takes that back."""
    mention.dismissed_at = now


def make_item(session: Session, mention: Mention, *, actor: str, now: datetime) -> Item:
    """Take a mention into the library, by its address; it waits in the inbox without a right. Asked again, it is the same item."""
    product = session.get(Product, mention.product_id) if mention.product_id else None
    products = [ProductTag(product.sku)] if product is not None else []
    item = linking.add_link(session, mention.brand_id, mention.url, products=products, actor=actor, now=now).item
    mention.item_id = item.id
    return item


# Reads.


def get_listening(session: Session, brand_id: int, listening_id: int) -> Listening:
    """One listening of the brand; raises NotFound."""
    found = session.scalar(select(Listening).where(Listening.brand_id == brand_id, Listening.id == listening_id))
    if found is None:
        raise NotFound("nothing of this number is listened for")
    return found


def find_listenings(session: Session, brand_id: int) -> list[Listening]:
    """What the brand listens for, by name."""
    return list(session.scalars(select(Listening).where(Listening.brand_id == brand_id).order_by(Listening.name, Listening.id)))


def find_places(session: Session, listening: Listening) -> list[Source]:
    """The sources that listen for it."""
    return list(session.scalars(select(Source).where(Source.listening_id == listening.id).order_by(Source.id)))


def get_mention(session: Session, brand_id: int, mention_id: int) -> Mention:
    """One mention of the brand; raises NotFound."""
    found = session.scalar(select(Mention).where(Mention.brand_id == brand_id, Mention.id == mention_id))
    if found is None:
        raise NotFound("no such mention")
    return found


def find_mentions(
    session: Session, brand_id: int, *, listening_id: int | None = None, site: str = "", product_id: int | None = None,
    before: int | None = None, limit: int = 30,
) -> Heard:  # fmt: skip
    """Mentions, the newest first, without those that were dismissed; `before` is the id of the last one that was shown."""
    asked = select(Mention).where(Mention.brand_id == brand_id, Mention.dismissed_at.is_(None))
    if listening_id is not None:
        asked = asked.where(Mention.listening_id == listening_id)
    if site:
        asked = asked.where(Mention.site == site)
    if product_id is not None:
        asked = asked.where(Mention.product_id == product_id)
    if before is not None:
        last = get_mention(session, brand_id, before)
        asked = asked.where(
            (Mention.published_at < last.published_at) | ((Mention.published_at == last.published_at) & (Mention.id < last.id))
        )
    found = list(session.scalars(asked.order_by(Mention.published_at.desc(), Mention.id.desc()).limit(limit + 1)))
    return Heard(tuple(found[:limit]), found[limit - 1].id if len(found) > limit else None)


SITES = text("""
select site, count(*) as number, max(published_at) as latest,
  json_object_agg(week, week_count) filter (where week is not null) as weeks
from (
  select site, published_at, id,
    case when published_at >= :since then floor(extract(epoch from published_at - :since) / 604800)::int end as week,
    count(*) over (partition by site, case when published_at >= :since
      then floor(extract(epoch from published_at - :since) / 604800)::int end) as week_count
  from mentions
  where brand_id = :brand and dismissed_at is null and (cast(:listening as bigint) is null or listening_id = :listening)
) counted group by site order by number desc, site limit :most
""")


def count_sites(session: Session, brand_id: int, *, listening_id: int | None = None, now: datetime, most: int = 50) -> list[Site]:
    """Where customers talk, the most talkative site first, with its last twelve weeks."""
    since = first_week(now)
    given = {"brand": brand_id, "listening": listening_id, "since": since, "most": most}
    found = []
    for row in session.execute(SITES, given):
        counts = {int(week): number for week, number in (row.weeks or {}).items()}
        found.append(Site(row.site, row.number, tuple(counts.get(week, 0) for week in range(WEEKS)), row.latest))
    return found


def first_week(now: datetime) -> datetime:
    """The Monday on which the oldest of the shown weeks begins, in UTC."""
    monday = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=now.weekday())
    return monday - timedelta(weeks=WEEKS - 1)


def week_names(now: datetime) -> list[date]:
    """The Mondays of the shown weeks."""
    return [(first_week(now) + timedelta(weeks=number)).date() for number in range(WEEKS)]


def count_mentions(session: Session, brand_id: int) -> dict[int, int]:
    """Listening → its mentions."""
    query = select(Mention.listening_id, func.count()).where(Mention.brand_id == brand_id, Mention.dismissed_at.is_(None))
    return dict(session.execute(query.group_by(Mention.listening_id)).all())
