"""The formats of reviews that are known by name, and how a file's is told by its header."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ugc.catalog.rules import normal
from ugc.ingest.sources.reviews import (
    feefo,
    judgeme,
    loox,
    loox_export,
    meta,
    okendo,
    opinew,
    powerreviews,
    ryviu,
    shopify,
    stamped,
    yotpo,
)  # fmt: skip
from ugc.ingest.sources.reviews.base import Format

ANY = Format(name="csv", label="any table")
GOOGLE = Format(name="google-xml", label="Google product review feed")
APPS = (
    judgeme.FORMAT, loox.FORMAT, loox_export.FORMAT, okendo.FORMAT, yotpo.FORMAT, shopify.FORMAT, opinew.FORMAT, ryviu.FORMAT,
    stamped.FORMAT, powerreviews.FORMAT, feefo.FORMAT, meta.FORMAT,
)  # fmt: skip
FORMATS = {each.name: each for each in (*APPS, GOOGLE, ANY)}
NAMES = ("auto", *FORMATS)


def recognise(header: Sequence[str]) -> Format:
    """The format whose signature the header has, of several the one with the longest; else any table."""
    names = {normal(cell) for cell in header}
    fitting = [(length(each, names), -place, each) for place, each in enumerate(APPS) if length(each, names)]
    return max(fitting)[2] if fitting else ANY


def length(format: Format, names: Collection[str]) -> int:
    """How many headers of the format's longest fitting signature the file has; 0 where none fits."""
    return max((len(signature) for signature in format.signatures if signature <= set(names)), default=0)
