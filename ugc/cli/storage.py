"""Commands about the file store: move it, sweep it."""

from __future__ import annotations

import sys

import click

from ugc.cli import main
from ugc.cli.opening import open_for_command
from ugc.galleries import rules as galleries_rules
from ugc.kit import clock
from ugc.kit.errors import BadSetting
from ugc.kit.storage.places import read_place
from ugc.media import moving, orphans
from ugc.media.moving import Move, Moved
from ugc.runtime import Runtime, make_storage

# A pass takes what came while the one before it ran; on a busy service the last ones take a few files each.
MOST_PASSES = 5
LEFT_OUT = (f"{galleries_rules.OPEN}/", f"{galleries_rules.TIMED}/", "check/")


@main.group()
def storage() -> None:
    """The file store: move it elsewhere, remove what nobody knows."""


@storage.command("move")
@click.option("--to", "target", required=True, metavar="local|s3://…", help="Where files shall lie.")
@click.option("--from", "source", metavar="local|s3://…", help="Where they lie; as UGC_STORAGE says if not given.")
def move(target: str, source: str | None) -> None:
    """Copy every file and compare both sides; may be ended and begun again at any time.

    While the service runs: move, set UGC_STORAGE to the new place, restart, and move once more with --from the old place to take
    what came in between. Nothing is removed from the old place.
    """
    with open_for_command() as runtime:
        plan = plan_of(runtime, target, source or runtime.settings.storage)
        for _ in range(MOST_PASSES):
            done = moving.run(runtime, plan, now=clock.now(), progress=show)
            click.echo(f"\r{done.copied} copied, {done.there} were there, {done.removed} removed, {len(done.damaged)} damaged")
            if not done.copied and not done.removed:
                break
        for key in done.damaged:
            click.echo(f"damaged: {key}", err=True)
        if not plan.is_last:
            click.echo(
                f"now set UGC_STORAGE={target}, restart, then: ugc storage move --from {source or plan.source.label} --to {target}"
            )
        sys.exit(1 if done.damaged else 0)


def plan_of(runtime: Runtime, target: str, source: str) -> Move:
    """From where to where; raises BadSetting."""
    named = [each if each == "local" else read_place(each).address for each in (source, target)]
    if named[0] == named[1]:
        raise BadSetting("the files lie there already; name where they lay before with --from")
    return Move(
        make_storage(runtime.settings, named[0]), make_storage(runtime.settings, named[1]), LEFT_OUT,
        is_last=named[1] == runtime.settings.storage,
    )  # fmt: skip


def show(done: Moved) -> None:
    """A line that counts, where somebody looks."""
    count = done.copied + done.there
    if count % 100 == 0 and sys.stdout.isatty():
        click.echo(f"\r{count} files", nl=False)


@storage.command("sweep")
@click.option("--dry-run", is_flag=True, help="Only count.")
def sweep(dry_run: bool) -> None:
    """Remove files that no row has known for 24 hours; done by the worker every night too."""
    with open_for_command() as runtime:
        count = orphans.sweep(runtime, now=clock.now(), dry_run=dry_run)
        click.echo(f"{count} {'would be ' if dry_run else ''}removed")
