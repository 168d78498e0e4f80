"""Writes of sources and of what they bring; a page of posts is one transaction with the cursor behind it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ugc.accounts import actions as accounts_actions
from ugc.ingest import wanting
from ugc.kit import jobs, signing
from ugc.kit.db import among
from ugc.library import actions as library_actions
from ugc.library import queries as library_queries
from ugc.library.models import Item, SourcePolicy
from ugc.library.rules import ItemData, NewItem, clean_text, normal_tags
from ugc.runtime import Runtime
from ugc.social import queries, rules
from ugc.social.models import Post, SearchedTerm, SkippedPost, Source, SourceState
from ugc.social.networks.base import PostData, Skipped
from ugc.social.rules import BadSource, ItemIntent, Known, Outcome, Terms

SKIPPED_KEPT = 100
"""Of one source: enough to see what a network changed."""
MAX_NAME = 120


# Setting up.


@dataclass(frozen=True, slots=True)
class Secrets:
    """What a source must keep to itself: tokens and secret fields."""

    token: str = ""
    refresh: str = ""
    fields: Mapping[str, str] | None = None

    @property
    def all(self) -> list[str]:
        """Every secret text, to be kept out of logs and pages."""
        return [value for value in (self.token, self.refresh, *(self.fields or {}).values()) if value]


def sealed(key: bytes, secrets: Secrets) -> str:
    """The secrets as the table keeps them (T-38)."""
    written = {"token": secrets.token, "refresh": secrets.refresh, "fields": dict(secrets.fields or {})}
    return signing.seal(key, json.dumps(written)) if secrets.all else ""


def unsealed(key: bytes, source: Source) -> Secrets:
    """A source's secrets; raises SealBroken."""
    if not source.secrets:
        return Secrets()
    read = json.loads(signing.unseal(key, source.secrets))
    return Secrets(read["token"], read["refresh"], read["fields"])


def add_source(
    session: Session, brand_id: int, kind: str, mode: str, name: str, options: Mapping[str, str], *, token: str = "",
    tags: Sequence[str] = (), interval_minutes: int = 60, key: bytes, actor: str, now: datetime,
) -> Source:  # fmt: skip
    """Connect a source and have it pulled at once; raises UnknownNetwork, BadSource or Invalid. `key` seals its secrets."""
    network = rules.get_network(kind)
    plain, secret = rules.read_fields(rules.get_mode(network, mode).fields, options)
    source = Source(
        brand_id=brand_id, network=kind, mode=mode, name=clean_name(name) or network.label, options=plain,
        tags=normal_tags(tags), interval_minutes=rules.read_interval(interval_minutes),
        secrets=sealed(key, Secrets(token.strip(), fields=secret)), next_pull_at=now,
        state=SourceState.NEEDS_CONNECT if network.oauth and not token.strip() else SourceState.ACTIVE,
    )  # fmt: skip
    session.add(source)
    session.flush()
    note(session, source, "source.added", actor, now, network=kind, mode=mode, name=source.name)
    if source.state is SourceState.ACTIVE:
        pull_soon(session, source)
    return source


def clean_name(name: str) -> str:
    """A source's name in one line."""
    return " ".join(clean_text(name, MAX_NAME).split())


def note(session: Session, source: Source, action: str, actor: str, now: datetime, **detail: Any) -> None:
    """An entry in the log of who did what; never a secret."""
    accounts_actions.audit(
        session,
        brand_id=source.brand_id,
        actor=actor,
        action=action,
        subject_type="source",
        subject_id=source.id,
        now=now,
        **detail,
    )


def pull_soon(session: Session, source: Source) -> None:
    """Have a source pulled now; one that waits for it already is not enqueued twice."""
    jobs.enqueue(
        session, "social.pull", once=f"pull:{source.id}", lock=f"source:{source.id}", brand_id=source.brand_id, source_id=source.id
    )


def change_source(
    session: Session, source: Source, *, name: str | None = None, tags: Sequence[str] | None = None,
    interval_minutes: int | None = None, options: Mapping[str, str] | None = None, token: str | None = None,
    key: bytes, actor: str, now: datetime,
) -> None:  # fmt: skip
    """Change what a source is called, brings or how often; other options begin anew, an empty secret stays."""
    if name is not None:
        source.name = clean_name(name) or source.name
    if tags is not None:
        source.tags = normal_tags(tags)
    if interval_minutes is not None:
        source.interval_minutes = rules.read_interval(interval_minutes)
    if options is not None:
        change_options(source, options, key, now=now)
    if token:
        give_token(source, Secrets(token.strip(), fields=unsealed(key, source).fields), key, now=now)
    note(session, source, "source.changed", actor, now, name=source.name)
    session.flush()


def change_options(source: Source, options: Mapping[str, str], key: bytes, *, now: datetime) -> None:
    """Fill in the mode's fields anew; a pull on its way stops at its next page."""
    mode = rules.get_mode(rules.get_network(source.network), source.mode)
    held = unsealed(key, source)
    given = {
        field.name: options.get(field.name) or (held.fields or {}).get(field.name, "") for field in mode.fields if field.secret
    }
    plain, secret = rules.read_fields(mode.fields, {**options, **given})
    if plain != source.options:
        source.options, source.cursor = plain, {}
        source.next_pull_at = now if source.state in queries.PULLED_STATES else None
    source.secrets = sealed(key, Secrets(held.token, held.refresh, secret))


def give_token(
    source: Source, secrets: Secrets, key: bytes, *, expires_at: datetime | None = None, account: str = "", now: datetime
) -> None:
    """Let a source into the network again."""
    source.secrets, source.token_expires_at = sealed(key, secrets), expires_at
    source.account = account or source.account
    if source.state in {SourceState.NEEDS_CONNECT, SourceState.DEGRADED}:
        source.state, source.failures, source.error_code, source.error, source.error_at = SourceState.ACTIVE, 0, "", "", None
    source.next_pull_at = now


def take_token(source: Source, reason: str, *, now: datetime) -> None:
    """The network gave up on the access: forget it and say that a person must connect again."""
    source.secrets, source.token_expires_at = "", None
    source.state, source.next_pull_at = SourceState.NEEDS_CONNECT, None
    source.error_code, source.error, source.error_at = "token_refused", reason, now


def pause(session: Session, source: Source, *, actor: str, now: datetime) -> None:
    """Leave a source alone until somebody resumes it."""
    source.state, source.next_pull_at = SourceState.PAUSED, None
    note(session, source, "source.paused", actor, now, name=source.name)


def resume(session: Session, source: Source, *, actor: str, now: datetime) -> None:
    """Pull a paused or degraded source again, from where it was."""
    if source.state is SourceState.NEEDS_CONNECT:
        raise BadSource("connect the source again first")
    source.state, source.failures, source.next_pull_at = SourceState.ACTIVE, 0, now
    note(session, source, "source.resumed", actor, now, name=source.name)
    pull_soon(session, source)


def remove_source(session: Session, source: Source, *, actor: str, now: datetime) -> None:
    """Forget a source and its tokens; what it brought stays, with what is known of it, until its lease ends."""
    note(session, source, "source.removed", actor, now, network=source.network, name=source.name)
    pass_on(session, source)
    session.execute(delete(Source).where(Source.id == source.id))
    session.expunge(source)


def pass_on(session: Session, source: Source) -> None:
    """Have others ask whether a source's posts are still there: those that brought them too, else any that can see them."""
    network = rules.NETWORKS.get(source.network)
    others = queries.find_siblings(session, source)
    terms = {mode.name: mode.policy for mode in network.modes} if network else {}
    mine = update(Post).where(Post.brand_id == source.brand_id, Post.source_id == source.id)
    for other in others:
        brought = mine.where(Post.sources.contains([other.id]), Post.policy == terms.get(other.mode))
        session.execute(brought.values(source_id=other.id), execution_options=NO_SYNC)
    for other in others if network and not network.knows_own_only else []:
        session.execute(mine.where(Post.policy == terms.get(other.mode)).values(source_id=other.id), execution_options=NO_SYNC)


NO_SYNC = {"synchronize_session": False}


# Taking posts.


@dataclass(frozen=True, slots=True)
class Taken:
    """What a page of posts came to."""

    new: int = 0
    changed: int = 0
    same: int = 0
    new_ids: tuple[int, ...] = ()


def terms_of(source: Source, now: datetime) -> Terms:
    """Under what a source brings its posts."""
    mode = rules.get_mode(rules.get_network(source.network), source.mode)
    return Terms(source.network, mode.policy, mode.max_age, tuple(source.tags), source.id, now)


def take_posts(
    session: Session, brand_id: int, posts: Sequence[PostData], terms: Terms, *, actor: str, import_id: int | None = None
) -> Taken:
    """Bring a page of posts into the library; the same page again changes nothing."""
    distinct = {rules.external_id_of(post.external_id): post for post in posts if post.external_id}
    library_actions.hold(session, brand_id)
    known = queries.find_known(session, brand_id, terms.network, distinct)
    intents = [rules.decide(post, known.get(name), terms) for name, post in distinct.items()]
    new = [intent for intent in intents if intent.outcome is Outcome.NEW]
    new_ids = add_new(session, brand_id, new, terms, actor, import_id)
    refresh(
        session,
        brand_id,
        [(intent, known[intent.external_id]) for intent in intents if intent.outcome is not Outcome.NEW],
        terms,
        actor,
    )
    changed = sum(intent.outcome is Outcome.CHANGED for intent in intents)
    return Taken(len(new), changed, len(intents) - len(new) - changed, new_ids)


def add_new(
    session: Session, brand_id: int, intents: Sequence[ItemIntent], terms: Terms, actor: str, import_id: int | None
) -> tuple[int, ...]:
    """Items for new posts, with what the network says of them; their files are asked for. The ids."""
    rows = [NewItem(intent.data, tags=intent.tags) for intent in intents]
    added = library_actions.add_items(session, brand_id, rows, actor=actor, now=terms.now, import_id=import_id)
    if added:
        items = list(zip(intents, (each.item_id for each in added), strict=True))
        session.execute(insert(Post).on_conflict_do_nothing(), [post_row(brand_id, each, id, terms) for each, id in items])
        wanting.want_many(session, brand_id, [(id, each.wanted) for each, id in items], now=terms.now)
    return tuple(each.item_id for each in added)


def post_row(brand_id: int, intent: ItemIntent, item_id: int, terms: Terms) -> dict[str, Any]:
    """What a network says of an item, as its row."""
    return {
        "brand_id": brand_id, "network": terms.network, "external_id": intent.external_id, "item_id": item_id,
        "source_id": terms.source_id, "sources": [terms.source_id] if terms.source_id else [], "policy": terms.policy,
        "text_digest": rules.text_digest(intent.data), "media": rules.written_media(intent.media), "seen_at": terms.now,
        "checked_at": terms.now,
    }  # fmt: skip


def refresh(session: Session, brand_id: int, found: Sequence[tuple[ItemIntent, Known]], terms: Terms, actor: str) -> None:
    """Posts that we hold: counts, text and files as the network has them now, never what people decided here."""
    counts = {
        known.item_id: (intent.data.like_count, intent.data.comment_count) for intent, known in found if intent.has_new_counts
    }
    if counts:
        library_actions.set_counts(session, brand_id, counts)
    for intent, known in found:
        if intent.is_lifted:
            lift(session, brand_id, known.item_id, terms)
        if intent.has_new_text:
            item = library_queries.get_item(session, brand_id, known.item_id)
            library_actions.change_item(session, item, intent.data, actor=actor, now=terms.now)
        if intent.is_back:
            library_actions.note_gone(session, library_queries.get_item(session, brand_id, known.item_id), None)
        if intent.tags:
            library_actions.add_tags(session, brand_id, [known.item_id], intent.tags, actor=actor, now=terms.now)
    wanting.want_many(session, brand_id, [(known.item_id, intent.wanted) for intent, known in found], now=terms.now)
    confirm(session, brand_id, [known.item_id for _, known in found], terms)
    for intent, known in found:
        note_seen(session, brand_id, intent, known, terms)


def lift(session: Session, brand_id: int, item_id: int, terms: Terms) -> None:
    """A post of which nothing might be kept comes from a source with better terms, which asks about it from now on."""
    item = library_queries.get_item(session, brand_id, item_id)
    library_actions.set_policy(session, item, terms.policy, lease_until=rules.lease_end(terms.policy, terms.max_age, terms.now))
    mine = update(Post).where(Post.brand_id == brand_id, Post.item_id == item_id)
    session.execute(mine.values(policy=terms.policy, source_id=terms.source_id), execution_options=NO_SYNC)


def confirm(session: Session, brand_id: int, item_ids: Sequence[int], terms: Terms) -> None:
    """The network has just shown these posts: they are there, and their leases begin anew."""
    if not item_ids:
        return
    seen = update(Post).where(Post.brand_id == brand_id, among(Post.item_id, item_ids))
    session.execute(seen.values(seen_at=terms.now, checked_at=terms.now), execution_options=NO_SYNC)
    if terms.max_age is not None:
        library_actions.renew_leases(session, brand_id, item_ids, terms.now + terms.max_age)


def note_asked(session: Session, brand_id: int, item_ids: Sequence[int], now: datetime) -> None:
    """The network was asked about these posts, whatever it said."""
    asked = update(Post).where(Post.brand_id == brand_id, among(Post.item_id, item_ids))
    session.execute(asked.values(checked_at=now), execution_options=NO_SYNC)


def note_seen(session: Session, brand_id: int, intent: ItemIntent, known: Known, terms: Terms) -> None:
    """Remember the post as the network has it now, where that is something else than before."""
    keys = {each.key for each in intent.media}
    values: dict[str, Any] = {}
    if rules.text_digest(intent.data) != known.text_digest and (intent.has_new_text or known.own_digest != known.text_digest):
        values["text_digest"] = rules.text_digest(intent.data)
    if keys - set(known.media_keys):
        values["media"] = rules.written_media(intent.media)
    if terms.source_id is not None and terms.source_id not in known.sources:
        values["sources"] = [*known.sources, terms.source_id]
    if values:
        mine = update(Post).where(Post.brand_id == brand_id, Post.item_id == known.item_id)
        session.execute(mine.values(**values), execution_options=NO_SYNC)


def note_skipped(session: Session, source: Source, skipped: Sequence[Skipped], *, now: datetime) -> None:
    """Keep what could not be read, the newest of a source, each post and field once."""
    rows = {
        (clean_text(each.external_id, 200), clean_text(each.field, 100)): clean_text(each.reason, 300)
        for each in skipped[:SKIPPED_KEPT]
    }
    if not rows:
        return
    values = [
        {"brand_id": source.brand_id, "source_id": source.id, "external_id": name, "field": field, "reason": reason, "at": now}
        for (name, field), reason in rows.items()
    ]
    added = insert(SkippedPost).values(values)
    again = {"times": SkippedPost.times + 1, "at": now, "reason": added.excluded.reason}
    session.execute(added.on_conflict_do_update(index_elements=["source_id", "external_id", "field"], set_=again))
    newest = select(SkippedPost.id).where(SkippedPost.source_id == source.id).order_by(SkippedPost.at.desc(), SkippedPost.id.desc())
    session.execute(
        delete(SkippedPost).where(SkippedPost.source_id == source.id, SkippedPost.id.not_in(newest.limit(SKIPPED_KEPT))),
        execution_options=NO_SYNC,
    )


def count_search(session: Session, brand_id: int, network: str, term: str, *, now: datetime) -> bool:
    """Whether the hashtag may be searched now; if so it counts from its first search on, for a week."""
    library_actions.hold(session, brand_id)
    name = clean_text(term, 200).casefold().lstrip("#")
    counted = queries.find_searched(session, brand_id, network)
    if not rules.may_search(name, counted, now):
        return False
    if counted.get(name, now - rules.WEEK) <= now - rules.WEEK:
        row = insert(SearchedTerm).values(brand_id=brand_id, network=network, term=name, counted_from=now)
        session.execute(row.on_conflict_do_update(index_elements=["brand_id", "network", "term"], set_={"counted_from": now}))
    return True


# Rights and policies.


def settle_policies(
    runtime: Runtime, session: Session, brand_id: int, item_ids: Sequence[int], max_age: Callable[[Post], timedelta | None], *,
    now: datetime,
) -> None:  # fmt: skip
    """After a change of rights: a granted one stands above the network's terms and lets the files be fetched (L-20, L-21)."""
    for post in queries.find_posts(session, brand_id, item_ids):
        item = library_queries.get_item(session, brand_id, post.item_id)
        policy = rules.settled_policy(item.source_policy, post.policy, item.rights_state)
        if policy is item.source_policy:
            continue
        library_actions.set_policy(session, item, policy, lease_until=rules.lease_end(policy, max_age(post), now))
        if policy is SourcePolicy.RIGHTS_GRANTED:
            wanting.want_files(session, brand_id, item.id, rules.read_media(post.media), now=now)
        elif policy is SourcePolicy.EMBED_ONLY:
            wanting.give_up(runtime, session, item)
            forget_words(session, item, post, now=now)


def forget_words(session: Session, item: Item, post: Post, *, now: datetime) -> None:
    """What the network said of a post goes with the permission; words that somebody here wrote instead stay."""
    said = ItemData(item.kind, item.body, item.title, source_url=item.source_url)
    if rules.text_digest(said) == post.text_digest:
        library_actions.change_item(session, item, rules.wordless(said), actor="system", now=now)
    library_actions.set_counts(session, item.brand_id, {item.id: (0, 0)})
    item.extra = {}
    post.text_digest = rules.text_digest(rules.wordless(said))
    session.flush()
