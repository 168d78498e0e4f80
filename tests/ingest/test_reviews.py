"""Whole imports of reviews."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests import make
from ugc.catalog import queries as catalog_queries
from ugc.catalog.models import Product
from ugc.ingest import importing, reviewing
from ugc.ingest.models import Import, WantedFile
from ugc.kit.errors import Invalid
from ugc.library.models import Item, ItemProduct, RightsState, State
from ugc.rights import queries as rights_queries
from ugc.rights.rules import EvidenceMissing
from ugc.runtime import Runtime


def count(session: Session, *where: object) -> int:
    return session.scalar(select(func.count()).select_from(Item).where(*where)) or 0  # type: ignore[arg-type]  # clauses of any kind


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "reviews.csv"
    path.write_text("product_id,review,rating,author\nA,Lovely,5,Ada\nA,Bad,1,Bo\nB,Odd,seven,Cem\nB,Fine,4,Dee\n")
    return path


@pytest.mark.parametrize(
    ("name", "read", "added"),
    [
        ("womens_clothing/reviews.csv", 11_795, 11_795),
        ("flipkart/flipkart_data.csv", 9_976, 7_868),
        ("musical_instruments/Musical_instruments_reviews.csv", 5_050, 5_050),
    ],
)
def test_real_reviews_go_in_and_a_second_run_adds_nothing(
    runtime: Runtime, session: Session, data: Path, name: str, read: int, added: int
) -> None:
    brand = make.brand(session)
    session.commit()
    path = data / "reviews" / name
    first = reviewing.import_reviews(runtime, brand, path, create_products=True, actor="system")
    assert (first.read, first.added, first.duplicate, first.rejected) == (read, added, read - added, 0)
    second = reviewing.import_reviews(runtime, brand, path, create_products=True, actor="system")
    assert (second.read, second.added, second.duplicate) == (read, 0, read)
    assert count(session, Item.brand_id == brand.id, Item.rights_state == RightsState.OWNED) == added


def test_the_clothing_reviews_keep_what_their_columns_say(runtime: Runtime, session: Session, data: Path) -> None:
    brand = make.brand(session)
    session.commit()
    reviewing.import_reviews(runtime, brand, data / "reviews/womens_clothing/reviews.csv", create_products=True, actor="system")
    products = catalog_queries.find_products(session, brand.id, limit=2_000)
    assert len(products) == 887
    item = session.scalars(select(Item).where(Item.title == "My favorite buy!")).first()
    assert item is not None
    assert (item.rating, item.helpful_count, item.extra, item.verified) == (5, 0, {"age": "50", "recommended": True}, False)
    assert [(each.product.sku, each.product.type, each.product.line) for each in item.products] == [
        ("1049", "Bottoms > Pants", "General Petite")
    ]


def test_a_row_that_can_not_be_read_is_reported_and_the_others_go_in(runtime: Runtime, session: Session, table: Path) -> None:
    brand = make.brand(session)
    make.product(session, brand, sku="A")
    session.commit()
    report = reviewing.import_reviews(runtime, brand, table, actor="person:1")
    assert (report.read, report.added, report.rejected, report.exit_code) == (4, 3, 1, 1)
    assert [(line.line, line.code) for line in report.lines] == [(4, "bad_rating")]
    assert "1 products are not in the catalogue (B" in report.notes[-1]
    kept = session.scalars(select(Import)).one()
    assert (kept.kind, kept.name, kept.actor, kept.report["added"]) == ("reviews", "reviews.csv", "person:1", 3)
    assert kept.finished_at is not None
    assert count(session, Item.import_id == kept.id) == 3


def test_products_that_come_later_are_tagged_by_running_the_import_again(runtime: Runtime, session: Session, table: Path) -> None:
    brand = make.brand(session)
    session.commit()
    reviewing.import_reviews(runtime, brand, table, actor="system")
    assert session.scalar(select(func.count()).select_from(ItemProduct)) == 0
    again = reviewing.import_reviews(runtime, brand, table, create_products=True, actor="system")
    assert (again.added, again.duplicate) == (0, 3)
    assert session.scalar(select(func.count()).select_from(ItemProduct)) == 3


def test_a_dry_run_says_the_same_and_changes_nothing(runtime: Runtime, session: Session, table: Path) -> None:
    brand = make.brand(session)
    session.commit()
    with open(table, "a") as file:
        file.write("A,Lovely,5,Ada\n")
    dry = reviewing.import_reviews(runtime, brand, table, create_products=True, dry_run=True, actor="system")
    assert (count(session), session.scalar(select(func.count()).select_from(Import))) == (0, 0)
    assert catalog_queries.count_products(session, brand.id) == 0
    real = reviewing.import_reviews(runtime, brand, table, create_products=True, actor="system")
    assert (dry.added, dry.duplicate, dry.rejected) == (real.added, real.duplicate, real.rejected) == (3, 1, 1)


def test_reviews_of_the_shops_own_app_are_owned_with_the_import_as_evidence(
    runtime: Runtime, session: Session, table: Path
) -> None:
    brand = make.brand(session)
    session.commit()
    reviewing.import_reviews(runtime, brand, table, state="approved", actor="system")
    item = session.scalars(select(Item).where(Item.body == "Lovely")).one()
    (entry,) = rights_queries.find_entries(session, brand.id, item.id)
    assert (item.state, entry.state, entry.text) == (
        State.APPROVED,
        RightsState.OWNED,
        "imported from reviews.csv as the brand's own",
    )
    assert entry.actor == f"import:{item.import_id}"
    assert rights_queries.verify_chain(session, brand.id, runtime.key("rights-ledger")).faults == ()


def test_a_right_that_was_given_needs_its_evidence(runtime: Runtime, session: Session, table: Path) -> None:
    brand = make.brand(session)
    session.commit()
    with pytest.raises(EvidenceMissing):
        reviewing.import_reviews(runtime, brand, table, rights="granted", actor="system")
    with pytest.raises(Invalid):
        reviewing.import_reviews(runtime, brand, table, rights="revoked", actor="system")
    with pytest.raises(Invalid):
        reviewing.import_reviews(runtime, brand, table, state="spam", actor="system")
    assert count(session) == 0


def test_what_was_spam_at_the_shop_is_not_approved_here(runtime: Runtime, session: Session, tmp_path: Path) -> None:
    brand = make.brand(session)
    session.commit()
    path = tmp_path / "r.csv"
    path.write_text("body,rating,status\nBuy pills,5,spam\nHm,3,hidden\nNice,5,published\n")
    reviewing.import_reviews(runtime, brand, path, state="approved", actor="system")
    states = {item.body: item.state for item in session.scalars(select(Item))}
    assert states == {"Buy pills": State.SPAM, "Hm": State.INBOX, "Nice": State.APPROVED}


def test_an_import_that_broke_off_goes_on_without_doubles(live: Runtime, tmp_path: Path) -> None:
    """A kill between two batches loses nothing that was stored, and the next run brings the rest."""
    path = tmp_path / "r.csv"
    path.write_text("body,rating\n" + "".join(f"Review {number},5\n" for number in range(2_500)))
    with live.transaction() as session:
        brand = make.brand(session)

    class Killed(Exception):
        pass

    def kill(_: int) -> None:
        raise Killed

    with pytest.raises(Killed):
        reviewing.import_reviews(live, brand, path, actor="system", progress=kill)
    with live.sessions() as session:
        assert count(session) == importing.BATCH
        broken = session.scalars(select(Import)).one()
        assert broken.report["added"] == importing.BATCH
    report = reviewing.import_reviews(live, brand, path, actor="system")
    assert (report.added, report.duplicate) == (1_500, 1_000)
    with live.sessions() as session:
        assert count(session) == 2_500


def test_a_real_review_feed_goes_in_and_a_second_run_adds_nothing(runtime: Runtime, session: Session, data: Path) -> None:
    brand = make.brand(session)
    session.commit()
    for name in ("gca_product_reviews_excerpt.xml", "sofanacaixa_pt_excerpt.xml"):
        path = data / "reviews/google_review_feed" / name
        first = reviewing.import_reviews(runtime, brand, path, create_products=True, actor="system")
        assert (first.format, first.read, first.added, first.rejected) == ("google-xml", first.read, first.read, 0)
        second = reviewing.import_reviews(runtime, brand, path, create_products=True, actor="system")
        assert (second.added, second.duplicate) == (0, first.read)
    assert count(session, Item.brand_id == brand.id) == 15
    assert session.scalar(select(func.count()).select_from(ItemProduct)) == 15


def review_file(folder: Path, name: str, text: str) -> Path:
    """A file of reviews."""
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize("dry_run", [False, True])
def test_the_same_words_of_the_same_author_on_the_same_product_are_one_review(
    runtime: Runtime, session: Session, tmp_path: Path, dry_run: bool
) -> None:
    brand = make.brand(session)
    for sku in ("A", "B"):
        make.product(session, brand, sku=sku)
    session.commit()
    text = "id,status,rating,nickname,full_name,review,date,productId,handle\n"
    rows = ["1,Active,5,Ada,,Lovely,2026-01-01,A,", "2,Active,5,ADA,,Lovely,2026-01-01,A,", "3,Active,5,Ada,,Lovely,2026-01-01,B,"]
    rows += [
        "4,Active,5,Bo,,Lovely,2026-01-01,A,",
        "5,Active,5,Anonymous,,Lovely,2026-01-01,A,",
        "6,Active,5,Anonymous,,Lovely,,A,",
    ]
    path = review_file(tmp_path, "loox.csv", text + "\n".join(rows) + "\n")
    report = reviewing.import_reviews(runtime, brand, path, dry_run=dry_run, actor="system")
    assert (report.format, report.read, report.added, report.duplicate) == ("loox-export", 6, 5, 1)


def test_the_other_apps_export_of_the_same_reviews_adds_only_what_is_new(
    runtime: Runtime, session: Session, tmp_path: Path
) -> None:
    brand = make.brand(session)
    make.product(session, brand, sku="A-1", family="hat")
    session.commit()
    loox = (
        "product_handle,product_Id,rating,author,email,body,created_at,photo_url,reply,replied_at,verified_purchase,incentivized\n"
    )
    first = review_file(tmp_path, "loox.csv", loox + "hat,,5,Ada,,Warm hat,2026-01-01,,,,,\nhat,,4,Bo,,Good,2026-01-02,,,,,\n")
    assert reviewing.import_reviews(runtime, brand, first, actor="system").added == 2
    judgeme = "title,body,rating,review_date,source,curated,reviewer_name,product_id,product_handle,picture_urls\n"
    rows = "Hat,Warm hat,5,2026-01-01 00:00:00 UTC,web,ok,Ada,77,hat,\n,Cold hat,2,2026-01-03 00:00:00 UTC,web,ok,Ada,77,hat,\n"
    second = reviewing.import_reviews(runtime, brand, review_file(tmp_path, "j.csv", judgeme + rows), actor="system")
    assert (second.format, second.added, second.duplicate) == ("judgeme", 1, 1)
    tagged = session.scalars(select(Product.sku).join(ItemProduct, ItemProduct.product_id == Product.id)).all()
    assert tagged == ["A-1"] * 3  # the handle names the family, whose variant is tagged


def test_pictures_in_a_row_are_fetched_and_the_review_waits_for_them(runtime: Runtime, session: Session, tmp_path: Path) -> None:
    brand = make.brand(session)
    session.commit()
    text = "body,rating,author,photo_urls,video_url\nNice,5,Ada,https://p.test/1.jpg;https://p.test/2.jpg;data:x,https://p.test/v.mp4\n"
    path = review_file(tmp_path, "r.csv", text + "Plain,4,Bo,,\n")
    for new in (3, 0):
        report = reviewing.import_reviews(runtime, brand, path, actor="system")
        assert [note for note in report.notes if "being fetched" in note] == (
            ["3 pictures and videos are being fetched; their reviews wait for them"] if new else []
        )
        assert "1 entries for pictures are no http(s) addresses and were left out" in report.notes
    wanted = session.execute(select(WantedFile.url, WantedFile.kind).order_by(WantedFile.position)).all()
    assert [tuple(row) for row in wanted] == [
        ("https://p.test/1.jpg", "picture"), ("https://p.test/2.jpg", "picture"), ("https://p.test/v.mp4", "video"),
    ]  # fmt: skip
    waiting = {item.body: item.waiting_media for item in session.scalars(select(Item))}
    assert waiting == {"Nice": 3, "Plain": 0}


def test_a_batch_full_of_pictures_is_asked_for_in_portions(runtime: Runtime, session: Session, tmp_path: Path) -> None:
    """A statement takes 65,535 values."""
    brand = make.brand(session)
    session.commit()
    rows = (
        f"Review {number},5,Ada,{' '.join(f'https://p.test/{number}-{place}.jpg' for place in range(20))}\n"
        for number in range(700)
    )
    path = review_file(tmp_path, "r.csv", "body,rating,author,photo_urls\n" + "".join(rows))
    report = reviewing.import_reviews(runtime, brand, path, actor="system")
    assert report.added == 700
    assert session.scalar(select(func.count()).select_from(WantedFile)) == 14_000


def test_doubtful_dates_go_in_once_somebody_says_which(runtime: Runtime, session: Session, tmp_path: Path) -> None:
    brand = make.brand(session)
    session.commit()
    path = review_file(tmp_path, "r.csv", "body,rating,date\nNice,5,03/04/2026\nFine,4,25/12/2025\n")
    asked = reviewing.import_reviews(runtime, brand, path, actor="system")
    assert [(line.line, line.code) for line in asked.lines] == [(2, "ambiguous_date")]
    assert "--dates" in asked.lines[0].reason
    said = reviewing.import_reviews(runtime, brand, path, dates="dmy", actor="system")
    assert (said.added, said.duplicate) == (1, 1)
    moments = {item.body: item.published_at.date().isoformat() for item in session.scalars(select(Item))}
    assert moments == {"Nice": "2026-04-03", "Fine": "2025-12-25"}
