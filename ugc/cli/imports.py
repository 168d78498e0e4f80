"""Commands that bring content in: `ugc import catalog|reviews|posts|media|orders`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from ugc.accounts import queries as accounts_queries
from ugc.accounts.models import Brand
from ugc.catalog import feeds
from ugc.cli import main
from ugc.cli.opening import actor, open_for_command
from ugc.ingest import feeding, importing, picturing, reviewing, undoing
from ugc.ingest import queries as ingest_queries
from ugc.ingest.rules import ORDERS
from ugc.ingest.sources import media_folder
from ugc.ingest.sources.reviews import known
from ugc.kit import clock
from ugc.kit.errors import UgcError
from ugc.kit.reports import MAX_REJECTED_LINES, Rejected, Report
from ugc.runtime import Runtime
from ugc.social import importing as social_importing
from ugc.social import rules as social_rules

SHOWN_LINES = 10

Command = Callable[..., Any]


@main.group("import")
def imports() -> None:
    """Bring a catalogue, reviews, pictures or orders in. The same file again adds nothing.

    Exit code: 0 if all rows were read, 1 if some were rejected, 2 if nothing could be read.
    """


def common(command: Command) -> Command:
    """The options that every import takes."""
    for option in (
        click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)),
        click.option("--brand", "slug", required=True, help="The brand's short name."),
        click.option("--dry-run", is_flag=True, help="Say what would happen and change nothing."),
        click.option("--report", "report_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the report as JSON."),
    ):
        command = option(command)
    return command


def content(rights: str) -> Callable[[Command], Command]:
    """The options of imports that make items, with their default of rights."""

    def add(command: Command) -> Command:
        for option in (
            click.option("--state", type=click.Choice(["inbox", "approved"]), default="inbox", show_default=True),
            click.option("--rights", type=click.Choice(["none", "owned", "granted"]), default=rights, show_default=True),
            click.option("--evidence", default="", help="Where and how the right was given; needed for granted."),
            click.option("--create-products", is_flag=True, help="Add products that the catalogue does not have."),
        ):
            command = option(command)
        return command

    return add


MAPPING = click.option(
    "--map", "mapping", multiple=True, metavar="FIELD=COLUMN", help="Say which column a field is; may be repeated."
)


@imports.command()
@common
@click.option("--format", "kind", type=click.Choice(feeds.FORMATS), default="auto", show_default=True)
@click.option("--identifier", help="The column that is the SKU from now on: id, sku, gtin, mpn, … (kept with the brand).")
@MAPPING
def catalog(
    paths: tuple[Path, ...], slug: str, dry_run: bool, report_file: Path | None, kind: str, identifier: str | None,
    mapping: tuple[str, ...],
) -> None:  # fmt: skip
    """Import product feeds: Google Merchant, Shopify, Bazaarvoice, TurnTo, Olapic, or any CSV. The format is told by the file."""
    chosen = read_mapping(mapping)

    def run(runtime: Runtime, brand: Brand, path: Path, step: importing.Progress) -> Report:
        return feeding.import_catalog(
            runtime, brand, path, format=kind, mapping=chosen, identifier=identifier, dry_run=dry_run, actor=actor(), progress=step
        )

    finish(each_file(paths, slug, run, report_file), report_file)


@imports.command()
@common
@content("owned")
@click.option("--format", "kind", type=click.Choice(known.NAMES), default="auto", show_default=True, help="The app that wrote it.")
@click.option("--dates", type=click.Choice(list(ORDERS)), help="How dates such as 03/04/2026 are meant.")
@click.option("--source", default="import", show_default=True, help="What the items' source is called, e.g. the review app.")
@MAPPING
def reviews(
    paths: tuple[Path, ...], slug: str, dry_run: bool, report_file: Path | None, state: str, rights: str, evidence: str,
    create_products: bool, kind: str, dates: str | None, source: str, mapping: tuple[str, ...],
) -> None:  # fmt: skip
    """Import reviews: exports of review apps, Google's review feed, any CSV or TSV. The format is told by the file."""
    chosen = read_mapping(mapping)

    def run(runtime: Runtime, brand: Brand, path: Path, step: importing.Progress) -> Report:
        return reviewing.import_reviews(
            runtime, brand, path, format=kind, mapping=chosen, dates=dates or "", create_products=create_products, state=state,
            rights=rights, evidence=evidence, source=source, dry_run=dry_run, actor=actor(), progress=step,
        )  # fmt: skip

    finish(each_file(paths, slug, run, report_file), report_file)


@imports.command()
@common
@content("none")
@click.option("--format", "kind", type=click.Choice(["auto", "folder"]), default="auto", show_default=True)
@click.option("--tag-folders", is_flag=True, help="Tag each picture with the names of the folders that it lies in.")
def media(
    paths: tuple[Path, ...], slug: str, dry_run: bool, report_file: Path | None, state: str, rights: str, evidence: str,
    create_products: bool, kind: str, tag_folders: bool,
) -> None:  # fmt: skip
    """Import pictures from files and folders; an items.csv beside them may say what they are."""
    total = len(media_folder.open_folders(list(paths)).found)
    with open_for_command() as runtime, bar(total) as step:
        report = picturing.import_media(
            runtime, find_brand(runtime, slug), list(paths), state=state, rights=rights, evidence=evidence,
            create_products=create_products, tag_folders=tag_folders, dry_run=dry_run, actor=actor(), progress=step,
        )  # fmt: skip
    finish(report, report_file)


@imports.command()
@common
@click.option("--state", type=click.Choice(["inbox", "approved"]), default="inbox", show_default=True)
@click.option("--rights", type=click.Choice(["none", "owned", "granted"]), default="none", show_default=True)
@click.option("--evidence", default="", help="Where and how the right was given; needed for granted.")
@click.option("--network", default="", help="The files are saved answers of this network: instagram, mastodon, feed, …")
@click.option("--mode", default="", help="What the answers are of, e.g. hashtag; the network's first where none is given.")
@click.option("--option", "options", multiple=True, metavar="FIELD=VALUE", help="A field of the mode; may be repeated.")
def posts(
    paths: tuple[Path, ...], slug: str, dry_run: bool, report_file: Path | None, state: str, rights: str, evidence: str,
    network: str, mode: str, options: tuple[str, ...],
) -> None:  # fmt: skip
    """Import posts: one JSON object a line, or with --network the answers of its interface as they were saved."""
    chosen = mode or (social_rules.get_network(network).modes[0].name if network else "")

    def run(runtime: Runtime, brand: Brand, path: Path, step: importing.Progress) -> Report:
        return social_importing.import_posts(
            runtime, brand, path, network=network, mode=chosen, options=read_mapping(options), state=state, rights=rights,
            evidence=evidence, dry_run=dry_run, actor=actor(), progress=step,
        )  # fmt: skip

    finish(each_file(paths, slug, run, report_file), report_file)


@imports.command()
@common
@click.option("--format", "kind", type=click.Choice(["auto", "jsonl"]), default="auto", show_default=True)
@click.option("--source", default="generic", show_default=True, help="The order feed that these orders belong to.")
def orders(paths: tuple[Path, ...], slug: str, dry_run: bool, report_file: Path | None, kind: str, source: str) -> None:
    """Import orders: one JSON object a line, in the shape of the generic order webhook."""

    def run(runtime: Runtime, brand: Brand, path: Path, step: importing.Progress) -> Report:
        return feeding.import_orders(runtime, brand, path, source=source, dry_run=dry_run, actor=actor(), progress=step)

    finish(each_file(paths, slug, run, report_file), report_file)


@imports.command()
@click.argument("number", type=int)
@click.option("--brand", "slug", required=True, help="The brand's short name.")
@click.option("--yes", is_flag=True, help="Do not ask first.")
def undo(number: int, slug: str, yes: bool) -> None:
    """Take an import back as a whole: its items with their files, its products, its orders. NUMBER is the import's id."""
    with open_for_command() as runtime:
        brand = find_brand(runtime, slug)
        with runtime.transaction() as session:
            weight = undoing.weigh(session, ingest_queries.get_import(session, brand.id, number))
            question = f"Remove {weight.items} items ({weight.approved} approved) and take back {weight.others} other changes?"
            if not yes and not click.confirm(question):
                raise click.Abort()
            undoing.ask_undo(session, brand.id, number, actor=actor(), now=clock.now())
        undoing.undo_import(runtime, brand.id, number)
    click.echo(f"import {number} was taken back: {weight.items} items, {weight.others} other changes")


class bar:
    """A progress bar on standard error, drawn only at a terminal; calling it advances it."""

    def __init__(self, total: int | None) -> None:
        columns = (SpinnerColumn(), BarColumn(), MofNCompleteColumn(), TextColumn("rows"), TimeElapsedColumn())
        console = Console(stderr=True)
        self.progress = Progress(*columns, console=console, disable=not console.is_terminal)
        self.task = self.progress.add_task("import", total=total)

    def __enter__(self) -> Callable[[int], None]:
        self.progress.start()
        return lambda count: self.progress.advance(self.task, count)

    def __exit__(self, *_: object) -> None:
        self.progress.stop()


def find_brand(runtime: Runtime, slug: str) -> Brand:
    """The brand; raises NoSuchBrand."""
    with runtime.sessions() as session:
        return accounts_queries.get_brand(session, slug)


def read_mapping(pairs: tuple[str, ...]) -> dict[str, str] | None:
    """`("rating=Stars",)` → {"rating": "Stars"}."""
    for pair in pairs:
        if "=" not in pair:
            raise click.BadParameter(f"{pair!r} must be FIELD=COLUMN", param_hint="--map")
    return {field.strip(): column.strip() for field, column in (pair.split("=", 1) for pair in pairs)} or None


def each_file(
    paths: tuple[Path, ...], slug: str, run: Callable[[Runtime, Brand, Path, importing.Progress], Report], report_file: Path | None
) -> Report:
    """Import file after file; one that is no such file is a refused line of the common report."""
    reports = []
    with open_for_command() as runtime, bar(None) as step:
        brand = find_brand(runtime, slug)
        for path in files_of(paths):
            try:
                reports.append((path, run(runtime, brand, path, step)))
            except UgcError as error:
                refused = Report()
                refused.reject(0, error.code, error.detail)
                if len(paths) == 1 and path == paths[0]:
                    write(refused, report_file)
                    raise
                reports.append((path, refused))
    return reports[0][1] if len(reports) == 1 else merged(reports)


def files_of(paths: tuple[Path, ...]) -> list[Path]:
    """The files named, and those inside the folders named."""
    return [file for path in paths for file in (media_folder.walk(path) if path.is_dir() else [path])]


def merged(reports: list[tuple[Path, Report]]) -> Report:
    """One report of several files; lines and notes say which file they belong to."""
    whole = Report(format=", ".join(sorted({report.format for _, report in reports if report.format})))
    for path, report in reports:
        for name in ("read", "added", "updated", "duplicate", "rejected"):
            setattr(whole, name, getattr(whole, name) + getattr(report, name))
        whole.dry_run = whole.dry_run or report.dry_run
        whole.lines += [Rejected(line.line, line.code, f"{path.name}: {line.reason}") for line in report.lines]
        whole.notes += [f"{path.name}: {note}" for note in report.notes]
    del whole.lines[MAX_REJECTED_LINES:]
    return whole


def write(report: Report, report_file: Path | None) -> None:
    """The report as JSON, where one was asked for."""
    if report_file:
        report_file.write_text(json.dumps(report.as_json(), ensure_ascii=False, indent=2) + "\n")


def finish(report: Report, report_file: Path | None) -> None:
    """Print the counts, the notes and the first refused lines, write the report, and end with its exit code."""
    write(report, report_file)
    counts = ", ".join(f"{getattr(report, name)} {name}" for name in ("read", "added", "updated", "duplicate", "rejected"))
    click.echo(f"{'dry run, nothing changed: ' if report.dry_run else ''}{counts}")
    for note in report.notes:
        click.echo(f"  {note}")
    for line in report.lines[:SHOWN_LINES]:
        click.echo(f"  line {line.line}: {line.reason} ({line.code})")
    if report.rejected > SHOWN_LINES:
        click.echo(f"  … and {report.rejected - SHOWN_LINES} more; --report FILE.json lists them")
    sys.exit(report.exit_code)
