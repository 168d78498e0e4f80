"""Words are listened for in places; what matches arrives as a mention with its sentence, its product and its address."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests import make
from tests.fakes import FakeFetcher
from ugc.accounts.models import Brand
from ugc.kit.errors import NotFound, Unprocessable
from ugc.kit.http.fetching import Answer
from ugc.library.models import Item, RightsState, State
from ugc.runtime import Runtime
from ugc.social import actions, listening, pulling
from ugc.social.hearing import BadTerms
from ugc.social.listening import TooManyPlaces
from ugc.social.models import Listening, Mention, Source, SourceState
from ugc.social.networks.base import PostData
from ugc.social.rules import BadSource

URL = "https://blog.test/feed.xml"
BLOG = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>Blog</title>
<item><guid>1</guid><title>My summer</title><link>https://www.blog.test/1</link><pubDate>Mon, 05 Jan 2026 10:00:00 GMT</pubDate>
  <description>It was hot. The Straw hat Lucia by Halm saved me! &lt;b&gt;Really&lt;/b&gt;.</description></item>
<item><guid>2</guid><title>Soup</title><link>https://www.blog.test/2</link><description>Nothing about hats.</description></item>
<item><guid>3</guid><title>Jobs</title><link>https://www.blog.test/3</link><description>Halm is hiring.</description></item>
</channel></rss>"""
BY: Any = {"actor": "person:1", "now": make.NOON}


@pytest.fixture
def brand(session: Session) -> Brand:
    made = make.brand(session)
    make.product(session, made, sku="LUCIA-1", title="Straw hat Lucia")
    session.commit()
    return made


def listen(session: Session, brand: Brand, *terms: str, excluded: tuple[str, ...] = ()) -> Listening:
    return listening.add_listening(session, brand.id, "Ours", terms or ("halm",), excluded=excluded, **BY)


def place(runtime: Runtime, session: Session, heard: Listening, kind: str, mode: str, **options: str) -> list[Source]:
    return listening.add_place(
        session,
        heard,
        kind,
        mode,
        options,
        key=runtime.key("tokens"),
        actor="person:1",
        now=make.NOON,
        token=options.pop("token", ""),
    )


def mentions(session: Session) -> list[Mention]:
    session.expire_all()
    return list(session.scalars(select(Mention).order_by(Mention.id)))


def test_a_blog_is_heard_through_its_feed(runtime: Runtime, session: Session, brand: Brand) -> None:
    heard = listen(session, brand, excluded=("hiring",))
    [source] = place(runtime, session, heard, "feed", "feed", url=URL)
    session.commit()
    fetcher = runtime.fetcher
    assert isinstance(fetcher, FakeFetcher)
    fetcher.answers[URL] = Answer(200, URL, {"content-type": "application/rss+xml"}, BLOG)
    pull = pulling.pull_source(runtime, brand.id, source.id, now=make.NOON)
    assert pull is not None
    assert (pull.new_count, pull.same_count, pull.error) == (1, 2, "")
    [one] = mentions(session)
    assert (one.site, one.term, one.author) == ("blog.test", "halm", "")
    assert one.sentence == "The Straw hat Lucia by Halm saved me!"
    assert one.product_id is not None
    assert session.scalar(select(func.count()).select_from(Item)) == 0, "a mention is no copy of the post"
    pulling.pull_source(runtime, brand.id, source.id, now=make.NOON + timedelta(hours=2))
    assert len(mentions(session)) == 1


def test_a_search_is_made_for_each_word_and_follows_them(runtime: Runtime, session: Session, brand: Brand) -> None:
    heard = listen(session, brand, "halm", "straw hat")
    made = place(runtime, session, heard, "bluesky", "search", identifier="halm.test", token="app-password")
    assert sorted(source.options["query"] for source in made) == ['"straw hat"', "halm"]
    kept = made[0].secrets
    listening.change_listening(session, heard, name="Ours", terms=["halm", "halm hats"], excluded=[], skus=[], **BY)
    now = listening.find_places(session, heard)
    assert sorted(source.options["query"] for source in now) == ['"halm hats"', "halm"]
    assert {source.secrets for source in now} <= {kept, *(source.secrets for source in now)}
    assert all(actions.unsealed(runtime.key("tokens"), source).token == "app-password" for source in now)


def test_a_hashtag_is_one_word(runtime: Runtime, session: Session, brand: Brand) -> None:
    heard = listen(session, brand, "Sun Hat*")
    [source] = place(runtime, session, heard, "mastodon", "hashtag", server="mastodon.test")
    assert source.options["hashtag"] == "sunhat"


def test_where_one_can_not_listen_is_said_so(
    runtime: Runtime, session: Session, brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = listen(session, brand)
    with pytest.raises(BadSource):
        place(runtime, session, heard, "pinterest", "own")
    monkeypatch.setattr(listening, "MAX_PLACES", 1)
    place(runtime, session, heard, "feed", "feed", url=URL)
    with pytest.raises(TooManyPlaces):
        place(runtime, session, heard, "feed", "feed", url=f"{URL}?2")


def test_words_and_products_are_checked(session: Session, brand: Brand) -> None:
    with pytest.raises(BadTerms):
        listening.add_listening(session, brand.id, "Ours", ["!"], **BY)
    with pytest.raises(Unprocessable):
        listening.add_listening(session, brand.id, "Ours", ["halm"], skus=["NONE"], **BY)
    made = listening.add_listening(session, brand.id, "", ["halm"], skus=["LUCIA-1"], **BY)
    source = make.source(session, brand, listening_id=made.id)
    listening.take_mentions(session, source, [post("1", "Halm!")], make.NOON)
    assert mentions(session)[0].product_id is not None


def post(name: str, text: str, **facts: object) -> PostData:
    return PostData(name, text=text, url=f"https://board.test/{name}", published_at=make.NOON, **facts)  # type: ignore[arg-type]  # facts of a post


def test_what_networks_lend_loses_its_words_but_still_counts(session: Session, brand: Brand) -> None:
    """L-25."""
    heard = listen(session, brand)
    source = make.source(session, brand, listening_id=heard.id, network="youtube", mode="comments")
    listening.take_mentions(session, source, [post("1", "I love halm"), post("2", "halm again")], make.NOON)
    listening.take_mentions(session, source, [post("2", "halm again")], make.NOON + timedelta(days=20))
    assert listening.end_leases(session, now=make.NOON + timedelta(days=31)) == 1
    assert [one.sentence for one in mentions(session)] == ["", "halm again"]
    assert listening.count_sites(session, brand.id, now=make.NOON)[0].count == 2


def test_sites_are_counted_by_week(session: Session, brand: Brand) -> None:
    first = make.heard(session, brand)
    for days, site in ((0, "blog.test"), (8, "blog.test"), (8, "board.test"), (400, "old.test")):
        make.heard(session, brand, listening_id=first.listening_id, site=site, published_at=make.NOON - timedelta(days=days))
    make.heard(session, make.brand(session))
    sites = listening.count_sites(session, brand.id, now=make.NOON)
    assert [(each.site, each.count) for each in sites] == [("blog.test", 3), ("board.test", 1), ("old.test", 1)]
    assert sites[0].weeks[-2:] == (1, 2)
    assert sum(sites[2].weeks) == 0
    assert len(listening.week_names(make.NOON)) == len(sites[0].weeks)


def test_mentions_are_paged_put_aside_and_kept_to_the_brand(session: Session, brand: Brand) -> None:
    first = make.heard(session, brand)
    others = [make.heard(session, brand, listening_id=first.listening_id) for _ in range(4)]
    page = listening.find_mentions(session, brand.id, limit=3)
    rest = listening.find_mentions(session, brand.id, before=page.next, limit=3)
    assert [one.id for one in (*page.mentions, *rest.mentions)] == sorted((each.id for each in (first, *others)), reverse=True)
    listening.dismiss(session, others[0], now=make.NOON)
    session.flush()
    assert len(listening.find_mentions(session, brand.id).mentions) == 4
    with pytest.raises(NotFound):
        listening.get_mention(session, make.brand(session).id, first.id)


def test_a_mention_becomes_an_item_once_and_without_a_right(session: Session, brand: Brand) -> None:
    one = make.heard(session, brand, url="https://blog.test/post")
    item = listening.make_item(session, one, **BY)
    assert (item.state, item.rights_state, item.source_url) == (State.INBOX, RightsState.NONE, "https://blog.test/post")
    assert listening.make_item(session, one, **BY).id == item.id


def test_removing_it_ends_its_places(runtime: Runtime, session: Session, brand: Brand) -> None:
    heard = listen(session, brand)
    place(runtime, session, heard, "feed", "feed", url=URL)
    listening.remove_listening(session, heard, **BY)
    session.expire_all()
    assert session.scalar(select(func.count()).select_from(Source).where(Source.state == SourceState.ACTIVE)) == 0


def test_words_that_are_missing_are_asked_for_also_without_a_name(session: Session, brand: Brand) -> None:
    with pytest.raises(BadTerms):
        listening.add_listening(session, brand.id, " ", [], **BY)


def test_words_that_are_one_search_are_asked_for_once(runtime: Runtime, session: Session, brand: Brand) -> None:
    made = place(runtime, session, listen(session, brand, "sunhat", "sunhat*"), "reddit", "search")
    assert [source.options["query"] for source in made] == ["sunhat"]
