"""`ugc inspect --text`: what is found in each row of a table, with what ships or with a brand's own words and models."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import click

from ugc.accounts import queries as accounts_queries
from ugc.cli import columns
from ugc.cli.columns import Cells
from ugc.cli.opening import open_for_command
from ugc.texts import queries, reading
from ugc.texts.base import PLAIN, Context, Reading, Text
from ugc.texts.readers import offence, personal_data

PORTION = 200
"""Rows read at once, so that memory is flat however long the file is."""
SURE = 0.5
HEAD = ("line", "language", "sentiment", "useful", "spam", "offensive", "topics and personal data")
WIDTHS = (7, 9, 15, 7, 6, 18)


def run(path: Path, column: str, slug: str, *, as_json: bool) -> bool:
    """Print a line for each row; whether all rows could be read."""
    rows = columns.read(path, [column])
    context = context_of(slug) if slug else PLAIN
    if not as_json:
        click.echo(table_line(HEAD))
    whole = True
    while portion := list(islice(rows, PORTION)):
        for line in lines_of(portion, context):
            whole &= "error" not in line
            click.echo(json.dumps(line, ensure_ascii=False) if as_json else as_text(line))
    return whole


def context_of(slug: str) -> Context:
    """A brand's own words and models; raises NotFound for a brand that isn't there."""
    with open_for_command() as runtime, runtime.transaction() as session:
        return queries.get_context(session, accounts_queries.get_brand(session, slug).id)


def lines_of(rows: Sequence[Cells], context: Context) -> Iterator[dict[str, Any]]:
    """What is found in some rows, in their order; a row that can't be read says why."""
    texts = [Text(body=row.values[0] if row.values else "") for row in rows]
    found = reading.read(texts, context)
    told = [reading.tell(text, each.language) for text, each in zip(texts, found, strict=True)]
    levels = offence.read_levels(told, context)
    for row, text, each, level in zip(rows, told, found, levels, strict=True):
        yield {"line": row.line, "error": row.fault} if row.fault else line_of(row.line, text, each, level, context)


def line_of(line: int, text: Text, found: Reading, levels: offence.Levels, context: Context) -> dict[str, Any]:
    """The names of the JSON line. Spam and offensive are yes or no, their probabilities stand beside."""
    return {
        "line": line,
        "language": found.language.label,
        "language_p": found.language.p,
        "sentiment": {"label": found.sentiment.label, "p": found.sentiment.p, "words": found.sentiment.words},
        "usefulness": found.usefulness.p,
        "spam": found.spam.p >= SURE,
        "spam_p": found.spam.p,
        "spam_words": found.spam.words,
        "offensive": levels.p >= SURE,
        "offence_p": levels.p,
        "offence": {"label": levels.label, "severity": levels.severity, **levels.labels, "words": levels.words},
        "topics": [topic.label for topic in found.topics],
        "topic_words": {topic.label: topic.words for topic in found.topics},
        "personal_data": [
            {"kind": place.kind, "start": place.start, "end": place.end, "p": place.p, "masked": place.masked}
            for place in personal_data.find(text, context)
        ],
        "mentions": [{"kind": each.label, "words": each.words} for each in found.mentions],
    }


def as_text(line: dict[str, Any]) -> str:
    """A row for people."""
    if "error" in line:
        return table_line((str(line["line"]), "–", "–", "–", "–", "–", line["error"]))
    sentiment, kinds = line["sentiment"], [place["kind"].replace("_", " ") for place in line["personal_data"]]
    about = ", ".join(line["topics"]) + (f"  [{', '.join(kinds)}]" if kinds else "")
    return table_line((
        str(line["line"]), line["language"], f"{sentiment['label']} {sentiment['p']:.2f}", f"{line['usefulness']:.2f}",
        f"{line['spam_p']:.2f}", f"{line['offence_p']:.2f} {line['offence']['label'] if line['offensive'] else ''}", about,
    ))  # fmt: skip


def table_line(cells: Sequence[str]) -> str:
    """Cells under each other; the last one is as long as it is."""
    return "  ".join([cell.ljust(width) for cell, width in zip(cells, WIDTHS, strict=False)] + [cells[-1]]).rstrip()
