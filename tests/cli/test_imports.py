"""`ugc import …`: exit codes, the report, what is printed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select

from tests import make
from tests.conftest import SECRET
from ugc.accounts.models import Brand
from ugc.catalog import queries as catalog_queries
from ugc.cli import main
from ugc.library.models import Item
from ugc.runtime import Runtime


@pytest.fixture
def brand(live: Runtime) -> Brand:
    with live.transaction() as session:
        return make.brand(session, slug="beach")


def run(live: Runtime, *arguments: str | Path) -> Result:
    """The command in a process's environment of its own."""
    settings = {"UGC_DATA_DIR": str(live.settings.data_dir), "UGC_DATABASE_URL": live.database_url, "UGC_SECRET_KEY": SECRET}
    return CliRunner(env=settings).invoke(main, ["import", *map(str, arguments), "--brand", "beach"])


def test_a_clean_file_ends_with_0_and_its_counts(live: Runtime, brand: Brand, tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("review,rating\nNice,5\nBad,1\n")
    done = run(live, "reviews", path, "--report", tmp_path / "report.json")
    assert (done.exit_code, done.stdout.splitlines()[0]) == (0, "2 read, 2 added, 0 updated, 0 duplicate, 0 rejected")
    assert json.loads((tmp_path / "report.json").read_text())["added"] == 2
    again = run(live, "reviews", path)
    assert (again.exit_code, again.stdout.splitlines()[0]) == (0, "2 read, 0 added, 0 updated, 2 duplicate, 0 rejected")
    with live.sessions() as session:
        assert session.scalar(select(func.count()).select_from(Item)) == 2


def test_rejected_rows_end_with_1_and_are_named(live: Runtime, brand: Brand, tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("review,rating\nNice,5\nBad,nine\n")
    done = run(live, "reviews", path)
    assert done.exit_code == 1
    assert "line 3: 'nine' is not a rating from 1 to 5 (bad_rating)" in done.stdout


@pytest.mark.parametrize("text", ["", "<urlset></urlset>", "colour,size\nred,L\n", "id,price\nA,many\n"])
def test_what_can_not_be_read_at_all_ends_with_2(live: Runtime, brand: Brand, tmp_path: Path, text: str) -> None:
    path = tmp_path / "feed"
    path.write_text(text)
    kept = tmp_path / "report.json"
    kept.write_text('{"added": 2}')
    done = run(live, "catalog", path, "--report", kept)
    assert done.exit_code == 2
    assert "Traceback" not in done.output
    report = json.loads(kept.read_text())
    assert (report["added"], report["rejected"]) == (0, report["read"]), "the report of an earlier run must not stand for this one"


def test_an_unknown_brand_ends_with_2(live: Runtime, tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("review,rating\nNice,5\n")
    assert run(live, "reviews", path).exit_code == 2


def test_the_chosen_identifier_is_kept_with_the_brand(live: Runtime, brand: Brand, tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_text("id,gtin,title\nA,111,Hat\n")
    assert run(live, "catalog", path, "--identifier", "gtin").exit_code == 0
    path.write_text("id,gtin,title\nA,111,Cap\n")
    assert run(live, "catalog", path).exit_code == 0
    with live.sessions() as session:
        assert [(each.sku, each.title) for each in catalog_queries.find_products(session, brand.id)] == [("111", "Cap")]


def test_several_files_make_one_report(live: Runtime, brand: Brand, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("review,rating\nNice,5\nBad,nine\n")
    (tmp_path / "b.csv").write_text("colour,size\nred,L\n")
    done = run(live, "reviews", tmp_path)
    assert done.exit_code == 1
    assert done.stdout.splitlines()[0] == "3 read, 1 added, 0 updated, 0 duplicate, 2 rejected"
    assert "a.csv: 'nine'" in done.stdout
    assert "(not_reviews)" in done.stdout


def test_orders_come_in_line_by_line_and_again_change_nothing(live: Runtime, brand: Brand, tmp_path: Path) -> None:
    order = {
        "id": "1", "updated_at": "2026-11-21T12:00:00Z", "placed_at": "2026-11-21T12:00:00Z", "status": "paid", "currency": "EUR",
        "total": "5.00", "lines": [],
    }  # fmt: skip
    path = tmp_path / "orders.jsonl"
    path.write_text(json.dumps(order) + "\n\n{broken\n" + json.dumps(order | {"updated_at": "2026-11-22T12:00:00Z"}) + "\n")
    first = run(live, "orders", path)
    assert (first.exit_code, first.stdout.splitlines()[0]) == (1, "3 read, 1 added, 1 updated, 0 duplicate, 1 rejected")
    assert "line 3:" in first.stdout
    assert run(live, "orders", path).stdout.splitlines()[0] == "3 read, 0 added, 0 updated, 2 duplicate, 1 rejected"


def test_posts_come_in_line_by_line_and_their_files_are_asked_for(live: Runtime, brand: Brand, tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    post = {"network": "instagram", "external_id": "1", "text": "A day in linen", "media": ["https://cdn.test/a.jpg"]}
    path.write_text(json.dumps(post) + "\n" + json.dumps({"text": "nobody knows me again"}) + "\n")
    dry = run(live, "posts", path, "--dry-run")
    assert dry.stdout.splitlines()[0] == "dry run, nothing changed: 2 read, 1 added, 0 updated, 0 duplicate, 1 rejected"
    done = run(live, "posts", path)
    assert (done.exit_code, done.stdout.splitlines()[0]) == (1, "2 read, 1 added, 0 updated, 0 duplicate, 1 rejected")
    assert "line 2: a post needs an external_id or a url" in done.stdout
    with live.sessions() as session:
        assert session.scalars(select(Item.waiting_media)).all() == [1]
    again = run(live, "posts", path)
    assert again.stdout.splitlines()[0] == "2 read, 0 added, 0 updated, 1 duplicate, 1 rejected"
    assert run(live, "posts", path, "--network", "mastodon", "--mode", "hashtag").exit_code == 2


def test_a_mapping_is_field_equals_column(live: Runtime, brand: Brand, tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("Meinung;Sterne\nSchön;5\n")
    assert run(live, "reviews", path).exit_code == 2
    assert run(live, "reviews", path, "--map", "body=Meinung", "--map", "rating=Sterne").exit_code == 0
    assert run(live, "reviews", path, "--map", "nonsense").exit_code == 2


def test_an_import_is_taken_back(live: Runtime, brand: Brand, tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("review,rating\nNice,5\nBad,1\n")
    assert run(live, "reviews", path).exit_code == 0
    with live.sessions() as session:
        number = session.scalar(select(Item.import_id).limit(1))
    assert run(live, "undo", "999").exit_code != 0
    done = run(live, "undo", str(number), "--yes")
    assert (done.exit_code, done.stdout.strip()) == (0, f"import {number} was taken back: 2 items, 0 other changes")
    with live.sessions() as session:
        assert session.scalar(select(func.count()).select_from(Item)) == 0


def test_doubtful_dates_ask_for_their_order(live: Runtime, brand: Brand, tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("review,rating,date\nNice,5,03/04/2026\nFine,4,2026-01-01\n")
    asked = run(live, "reviews", path)
    assert (asked.exit_code, "--dates dmy" in asked.stdout) == (1, True)
    said = run(live, "reviews", path, "--dates", "mdy")
    assert (said.exit_code, said.stdout.splitlines()[0]) == (0, "2 read, 1 added, 0 updated, 1 duplicate, 0 rejected")


def test_a_format_is_told_by_the_file_or_named(live: Runtime, brand: Brand, tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("Review Content,Review Score,Date,Product ID\nNice,5,2026-01-01,A\n")
    assert "read as Yotpo" in run(live, "reviews", path, "--dry-run").stdout
    assert "read as Yotpo" not in run(live, "reviews", path, "--dry-run", "--format", "csv").stdout
