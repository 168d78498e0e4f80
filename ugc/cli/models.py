"""`ugc models`: what was learnt, in a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ugc.accounts import queries as accounts_queries
from ugc.cli import columns, main
from ugc.cli.opening import actor, open_for_command
from ugc.kit import clock
from ugc.modelling import actions, queries, rules
from ugc.modelling.models import ModelState, TrainedModel
from ugc.texts import file_training


@main.group("models")
def models() -> None:
    """Look at what was learnt, train it, go back to a version."""


@models.command("list")
@click.option("--brand", "slug", required=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON line per version.")
def list_models(slug: str, as_json: bool) -> None:
    """Every version of every kind, the newest first, and what kinds without one still need."""
    with open_for_command() as runtime, runtime.transaction() as session:
        brand = accounts_queries.get_brand(session, slug)
        for model in queries.find_versions(session, brand.id):
            click.echo(json.dumps(as_dict(model), ensure_ascii=False) if as_json else as_text(model))
        for kind, need in queries.map_needs(session, brand.id).items():
            if not as_json:
                click.echo(f"{kind:12} {rules.need_words(need.have, need.needed, need.of)}")


@models.command("train")
@click.option("--kind", required=True, type=click.Choice(file_training.KINDS))
@click.option("--data", "table", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A CSV file.")
@click.option("--text", "text_column", required=True, help="The column that holds the texts.")
@click.option("--label", "label_column", required=True, help="The column that says what each text is.")
@click.option("--brand", "slug", required=True)
def train(kind: str, table: Path, text_column: str, label_column: str, slug: str) -> None:
    """Train a brand's model on a file of texts and labels; it is used when it is better on the part that is held out."""
    rows = columns.read(table, [text_column, label_column])
    with open_for_command() as runtime:
        with runtime.transaction() as session:
            brand = accounts_queries.get_brand(session, slug)
        pairs = ((row.values[0], row.values[1]) for row in rows if not row.fault)
        model = file_training.train_from_file(runtime, brand, kind, pairs, clock.now(), actor=actor())
    click.echo(as_text(model))
    click.echo(model.why)


@models.command("rollback")
@click.argument("kind")
@click.option("--brand", "slug", required=True)
@click.option("--to", "version", type=int, help="The version to use; 0 is what comes with the program. Default: the one before.")
def rollback(kind: str, slug: str, version: int | None) -> None:
    """Use an earlier version of a kind."""
    with open_for_command() as runtime, runtime.transaction() as session:
        brand = accounts_queries.get_brand(session, slug)
        wanted = (
            version if version is not None else version_before(queries.find_versions(session, brand.id, rules.get_kind(kind).name))
        )
        if wanted == 0:
            actions.use_builtin(session, brand.id, kind, actor=actor(), now=clock.now())
        else:
            found = [one for one in queries.find_versions(session, brand.id, kind) if one.version == wanted]
            if not found:
                raise queries.NoSuchModel(f"there is no version {wanted} of {kind!r}; `ugc models list` shows them")
            actions.activate(session, brand.id, found[0].id, actor=actor(), now=clock.now())
    click.echo(
        f"{kind}: {'the built-in' if wanted == 0 else f'version {wanted}'} is in use; predictions are made anew by the worker"
    )


def version_before(versions: list[TrainedModel]) -> int:
    """The newest version that was in use before the present one; 0, the built-in, where there is none."""
    active = next((one.version for one in versions if one.state is ModelState.ACTIVE), 0)
    return next((one.version for one in versions if one.state is ModelState.RETIRED and one.version < active), 0)


def as_dict(model: TrainedModel) -> dict[str, object]:
    """The names of the JSON line."""
    return {
        "kind": model.kind, "version": model.version, "state": model.state.value, "rows": model.rows, "metrics": model.metrics,
        "incumbent": model.incumbent, "why": model.why, "trained_at": model.trained_at.isoformat(), "data": model.data,
    }  # fmt: skip


def as_text(model: TrainedModel) -> str:
    """A line for people."""
    figures = ", ".join(f"{one.label.lower()} {one.value}" for one in rules.metrics_of(model.metrics, model.incumbent)[:3])
    when = f"{model.trained_at:%Y-%m-%d %H:%M}"
    return f"{model.kind:12} {model.version:>3}  {model.state.value:8} {when}  {model.rows:>8,} rows  {figures}"
