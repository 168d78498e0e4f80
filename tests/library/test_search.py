"""Search, filters, facets and paging on a real database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from tests import make
from tests.make import NOON
from ugc.accounts.models import Brand
from ugc.kit.errors import Invalid
from ugc.kit.paging import BadCursor
from ugc.library import actions, queries
from ugc.library.models import Kind, RightsState, State
from ugc.library.queries import FACETS, ItemFilter
from ugc.library.rules import CreatorData, ItemData, NewItem, ProductTag

KEY = b"k" * 32
DAY = timedelta(days=1)


def found(session: Session, brand: Brand, q: str = "", **chosen: Any) -> list[int]:
    """Ids of what a filter finds, the oldest first."""
    page = queries.find_items(session, brand.id, ItemFilter(q=q, **chosen), sort="oldest", limit=100, key=KEY, now=NOON)
    return sorted(item.id for item in page.items)


def added(session: Session, brand: Brand, body: str, **facts: Any) -> int:
    """One item, by its text."""
    tags, products = facts.pop("tags", ()), facts.pop("products", ())
    item, _ = actions.add_item(
        session, brand.id, ItemData(Kind.REVIEW, body=body, **facts), tags=tags, products=products, actor="system", now=NOON
    )
    return item.id


class TestWords:
    def test_a_text_is_found_by_other_forms_of_its_words_in_its_own_language(self, session: Session) -> None:
        brand = make.brand(session)
        english = added(session, brand, "These dresses are running a little large", language="en")
        german = added(session, brand, "Die Kleider sind wunderschön und gut verarbeitet", language="de-DE")
        unknown = added(session, brand, "zzkleider dresses", language="ja")
        assert found(session, brand, "dress run") == [english]
        assert found(session, brand, "dresses") == [english, unknown]
        assert found(session, brand, "kleid") == [german]
        assert found(session, brand, '"little large"') == [english]
        assert found(session, brand, "dresses -running") == [unknown]
        assert found(session, brand, "kleid or zzkleider") == [german, unknown]

    def test_the_language_of_a_long_enough_text_is_detected(self, session: Session) -> None:
        brand = make.brand(session)
        french = queries.get_item(session, brand.id, added(session, brand, "Très belle robe, je la recommande vivement à toutes"))
        short = queries.get_item(session, brand.id, added(session, brand, "Nice!"))
        assert (french.language, french.search_language) == ("fr", "french")
        assert (short.language, short.search_language) == ("", "simple")

    def test_a_new_title_of_a_product_finds_its_items(self, session: Session) -> None:
        brand = make.brand(session)
        product = make.product(session, brand, sku="A-1", title="Linen Shirt")
        item = added(session, brand, "So comfortable that I bought it twice", products=[ProductTag("A-1")])
        assert found(session, brand, "linen") == [item]
        product.title = "Hemp Shirt"
        actions.refresh_search(session, [item])
        assert found(session, brand, "linen") == []
        assert found(session, brand, "hemp comfortable") == [item]

    def test_words_kept_at_adding_equal_words_kept_later(self, session: Session) -> None:
        brand = make.brand(session)
        for sku in ("B", "A"):
            make.product(session, brand, sku=sku, title=f"Thing {sku}")
        id = added(
            session,
            brand,
            "x",
            creator=CreatorData("Ada L.", "@Ada"),
            tags=["two", "one"],
            products=[ProductTag("B"), ProductTag("A")],
        )
        before = queries.get_item(session, brand.id, id).search_extra
        actions.refresh_search(session, [id])
        session.expire_all()
        assert before == "Ada L.\nada\ntwo\none\nThing B\nB\nThing A\nA" == queries.get_item(session, brand.id, id).search_extra

    @pytest.mark.parametrize(
        "q",
        [
            "'", "''", '"', '"""', "((((", "a & | ! b", ":*", "a:*b", "\\", "-", "- -", "or or or", "the", "<->",
            "a <2> b", "\x00", "x\x00y", "\ud800", "😀", "' or 1=1 --", "'; drop table items; --", "%",
            "_", "a" * 5_000, "(a+)+$" * 80, "ẞ" * 600,
        ],
    )  # fmt: skip
    def test_no_text_is_a_malformed_query(self, session: Session, q: str) -> None:
        """T-97."""
        brand = make.brand(session)
        added(session, brand, "An ordinary text about a blue dress", language="en")
        chosen = queries.read_filter({"q": q})
        page = queries.find_items(session, brand.id, chosen, sort="relevance", key=KEY, now=NOON)
        assert len(page.items) == queries.count_items(session, brand.id, chosen, now=NOON)
        queries.count_facets(session, brand.id, chosen, FACETS, now=NOON)

    def test_a_brand_finds_only_its_own(self, session: Session) -> None:
        mine, theirs = make.brand(session), make.brand(session)
        added(session, theirs, "a secret dress", language="en", tags=["secret"])
        item = added(session, mine, "an open dress", language="en")
        assert found(session, mine, "dress") == [item]
        assert found(session, mine, tag=("secret",)) == []
        facets = queries.count_facets(session, mine.id, ItemFilter(), FACETS, now=NOON)
        assert facets["tag"] == []


class TestFilters:
    def test_unknown_names_and_bad_values_are_refused(self) -> None:
        for bad in (
            {"sate": "inbox"}, {"state": "open"}, {"rating": "6"}, {"score_min": "-1"}, {"score_min": "٣"}, {"since": "yesterday"},
            {"kind": {"a": 1}}, {"tag": [["x"]]}, {"rights": "!maybe"}, {"tag": [str(n) for n in range(101)]},
        ):  # fmt: skip
            with pytest.raises(Invalid):
                queries.read_filter(bad)

    def test_a_filter_reads_back_as_it_was_written(self) -> None:
        chosen = queries.read_filter(
            {"q": "red dress", "state": "approved,inbox", "tag": ["a, b", "!c"], "rating": [4, 5], "score_min": "60",
             "since": "2026-01-01",
             "limit": "10", "import": 3}
        )  # fmt: skip
        assert chosen.state == ("approved", "inbox")
        assert chosen.tag == ("a, b", "!c")
        assert chosen.rating == ("4", "5")
        assert chosen.import_id == 3
        assert queries.read_filter(queries.write_filter(chosen)) == chosen

    def test_an_exclamation_mark_leaves_out(self, session: Session) -> None:
        brand = make.brand(session)
        make.product(session, brand, sku="A", line="North")
        plain = added(session, brand, "one")
        beach = added(session, brand, "two", tags=["beach"], rating=5)
        both = added(session, brand, "three", tags=["beach", "night"], products=[ProductTag("A")])
        assert found(session, brand, tag=("beach", "!night")) == [beach]
        assert found(session, brand, tag=("!beach",)) == [plain]
        assert found(session, brand, line=("!North",)) == [plain, beach]
        assert found(session, brand, rating=("!5",)) == [plain, both]

    def test_rights_are_found_by_what_their_window_makes_of_them(self, session: Session) -> None:
        brand = make.brand(session)
        owned = {"rights_state": RightsState.OWNED}
        plain = make.item(session, brand, **owned).id
        upcoming = make.item(session, brand, **owned, rights_from=NOON + DAY).id
        expiring = make.item(session, brand, **owned, rights_until=NOON + DAY).id
        expired = make.item(session, brand, **owned, rights_until=NOON).id
        make.item(session, brand, rights_state=RightsState.REVOKED, rights_until=NOON + DAY)
        assert found(session, brand, rights=("owned",)) == [plain, upcoming, expiring, expired]
        assert found(session, brand, rights=("upcoming",)) == [upcoming]
        assert found(session, brand, rights=("expiring",)) == [expiring]
        assert found(session, brand, rights=("expired",)) == [expired]


def everything(session: Session) -> Brand:
    """A brand with items of every kind and state, some with everything and some with nothing."""
    brand = make.brand(session)
    for n in range(4):
        make.product(
            session, brand, sku=f"S{n}", title=f"Shirt {n}", line=f"line {n % 2}", type=["Tops", ""][n % 2], family=f"f{n % 2}"
        )
    picture = make.file(session, brand, colours=["#336699", "#f0f0f0"])
    rows = [
        NewItem(
            ItemData(
                list(Kind)[n % 5], body=["lovely dress", "shirts and dresses", "une très belle robe pour mes vacances", ""][n % 4],
                rating=[None, 1, 5, 4][n % 4], source=["import", "instagram"][n % 2], language=["en", "fr", "", "en"][n % 4],
                creator=CreatorData(f"C{n % 3}") if n % 4 else None, published_at=NOON - n % 7 * DAY,
            ),
            file_ids=(picture.id,) if n % 3 == 0 else (),
            tags=[(), ("beach",), ("beach", "summer"), ("night",)][n % 4],
            products=[(), (ProductTag("S0"),), (ProductTag("S0"), ProductTag("S2")), (ProductTag("S3"),)][n * 7 % 4],
        )
        for n in range(40)
    ]  # fmt: skip
    ids = [row.item_id for row in actions.add_items(session, brand.id, rows, actor="system", now=NOON)]
    actions.approve(session, brand.id, ids[::2], actor="system", now=NOON)
    actions.move(session, brand.id, ids[::7], State.SPAM, actor="system", now=NOON)
    actions.set_rights_many(session, brand.id, ids[:20], RightsState.OWNED, None, None)
    actions.set_rights_many(session, brand.id, ids[20:25], RightsState.GRANTED, NOON - DAY, NOON + DAY)
    actions.set_rights_many(session, brand.id, ids[25:28], RightsState.GRANTED, None, NOON - DAY)
    actions.set_scores(session, brand.id, {id: n * 3 % 50 for n, id in enumerate(ids[:30])})
    return brand


CHOICES: dict[str, list[str]] = {
    "q": ["", "dress", "shirt or robe", "summer", "-dress"],
    "state": [*State, "!spam"], "rights": ["owned", "granted", "none", "expiring", "expired"], "kind": [*Kind],
    "product": ["S0", "S2", "S9", "!S0"], "line": ["line 0", "line 1"], "type": ["Tops"],
    "tag": ["beach", "summer", "night", "!beach"],
    "source": ["import", "instagram"], "rating": ["1", "5", "unknown"], "language": ["en", "fr", "unknown"], "media": ["yes", "no"],
    "creator": ["c1", "c2"], "family": ["f0"], "public": ["yes", "no"],
}  # fmt: skip


@st.composite
def filters(draw: st.DrawFn) -> ItemFilter:
    """A filter over some of the names."""
    names = draw(st.lists(st.sampled_from(sorted(CHOICES)), max_size=4, unique=True))
    chosen: Any = {
        name: draw(st.sampled_from(CHOICES[name]))
        if name == "q"
        else tuple(draw(st.lists(st.sampled_from(CHOICES[name]), min_size=1, max_size=2, unique=True)))
        for name in names
    }
    return ItemFilter(**chosen)


@pytest.fixture(scope="module")
def stocked(engine: Engine) -> Iterator[tuple[Session, Brand]]:
    """One brand with everything, for the tests that only read."""
    with engine.connect() as connection, connection.begin() as outer, Session(connection) as session:
        yield session, everything(session)
        outer.rollback()


@given(chosen=filters(), name=st.sampled_from(FACETS))
def test_a_facets_count_is_what_choosing_its_value_finds(stocked: tuple[Session, Brand], chosen: ItemFilter, name: str) -> None:
    session, brand = stocked
    for value in queries.count_facets(session, brand.id, chosen, [name], now=NOON)[name]:
        choice: Any = {name: (value.value,)}
        assert queries.count_items(session, brand.id, replace(chosen, **choice), now=NOON) == value.count, value


@given(chosen=filters(), sort=st.sampled_from(queries.SORTS), limit=st.integers(1, 17))
def test_pages_hold_every_item_once_in_order(stocked: tuple[Session, Brand], chosen: ItemFilter, sort: str, limit: int) -> None:
    session, brand = stocked
    whole = queries.find_items(session, brand.id, chosen, sort=sort, limit=100, key=KEY, now=NOON)
    assert whole.next is None
    seen: list[int] = []
    cursor = None
    while True:
        page = queries.find_items(session, brand.id, chosen, sort=sort, cursor=cursor, limit=limit, key=KEY, now=NOON)
        seen += [item.id for item in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert seen == [item.id for item in whole.items]
    assert len(seen) == len(set(seen)) == queries.count_items(session, brand.id, chosen, now=NOON)


def test_every_facet_has_values_in_the_stocked_brand(stocked: tuple[Session, Brand]) -> None:
    session, brand = stocked
    facets = queries.count_facets(session, brand.id, ItemFilter(), FACETS, now=NOON)
    assert all(len(values) > 1 for name, values in facets.items() if name != "type"), facets
    assert {value.value for value in facets["rights"]} >= {"owned", "granted", "none", "expiring", "expired"}


def test_items_added_while_paging_shift_nothing(session: Session) -> None:
    brand = make.brand(session)
    first = [make.item(session, brand, published_at=NOON - n * DAY).id for n in range(6)]
    page = queries.find_items(session, brand.id, ItemFilter(), limit=3, key=KEY, now=NOON)
    make.item(session, brand, published_at=NOON + DAY)
    make.item(session, brand, published_at=NOON - DAY / 2)
    rest = queries.find_items(session, brand.id, ItemFilter(), cursor=page.next, limit=10, key=KEY, now=NOON)
    assert [item.id for item in page.items + rest.items] == first


@pytest.mark.parametrize("sort", ["score", "performance", "rating"])
def test_items_without_a_value_come_last(session: Session, sort: str) -> None:
    brand = make.brand(session)
    none = make.item(session, brand).id
    low, high = (make.item(session, brand, **{sort: value}).id for value in (1, 5))
    page = queries.find_items(session, brand.id, ItemFilter(), sort=sort, key=KEY, now=NOON)
    assert [item.id for item in page.items] == [high, low, none]


def test_a_cursor_of_another_list_or_hand_is_refused(session: Session) -> None:
    brand = make.brand(session)
    for _ in range(3):
        make.item(session, brand)
    cursor = queries.find_items(session, brand.id, ItemFilter(), limit=1, key=KEY, now=NOON).next
    assert cursor is not None
    for bad, sort in ((cursor, "score"), (cursor[:-4] + "AAAA", "newest"), ("", "nonsense"), ("AAAA", "newest")):
        with pytest.raises(BadCursor if sort != "nonsense" else Invalid):
            queries.find_items(session, brand.id, ItemFilter(), sort=sort, cursor=bad or None, key=KEY, now=NOON)


def test_a_page_costs_the_same_number_of_queries_however_many_items_it_holds(runtime: Any) -> None:
    counts = []
    with runtime.sessions() as session:
        brand = everything(session)
        session.commit()
    for limit in (2, 40):
        with runtime.sessions() as session:
            statements: list[str] = []

            def note(*facts: Any, statements: list[str] = statements) -> None:
                statements.append(str(facts[2]))

            event.listen(runtime.engine, "before_cursor_execute", note)
            page = queries.find_items(session, brand.id, ItemFilter(), limit=limit, key=KEY, now=NOON)
            for item in page.items:
                assert item.creator is None or item.creator.name
                read = [rendition.name for medium in item.media for rendition in medium.file.renditions]
                read += [tag.tag.name for tag in item.tags] + [tag.product.title for tag in item.products]
                assert "" not in read
            event.remove(runtime.engine, "before_cursor_execute", note)
            counts.append(len(statements))
    assert counts[0] == counts[1] <= 6
