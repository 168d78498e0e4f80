"""Names of colours, by nearness in CIELAB: what coordinators call a colour, and which colours a name means."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache

import numpy
from numpy.typing import NDArray

from ugc.kit.errors import Invalid
from ugc.media.child.lab import Lab, lab_of

EXAMPLES: dict[str, tuple[str, ...]] = {
    "black": ("#000000", "#1a1a1a", "#222428"),
    "grey": ("#555555", "#808080", "#a9a9a9", "#6e7480", "#8b8681"),
    "white": ("#ffffff", "#f2f2f2", "#e6e6e6", "#f5f3ee"),
    "red": ("#ff0000", "#c8102e", "#a01020", "#d94040", "#7a1020"),
    "orange": ("#ff8000", "#f28c28", "#e0661f", "#ffa94d"),
    "yellow": ("#ffff00", "#ffd700", "#f4d35e", "#e0c020", "#fff29a"),
    "green": ("#008000", "#00c040", "#2e8b57", "#6b8e23", "#7fbf5f", "#1f4d2b", "#a8d08d"),
    "turquoise": ("#40e0d0", "#20b2aa", "#008b8b", "#7fd6d0"),
    "blue": ("#0000ff", "#1f4fbf", "#4682b4", "#87ceeb", "#1a2a5a", "#5a8fd8", "#a5c8e8", "#3c5070"),
    "purple": ("#800080", "#6a3d9a", "#9370db", "#4b2a6a", "#b99ad8"),
    "pink": ("#ffc0cb", "#ff69b4", "#e75480", "#f4a6c0", "#d94f8a"),
    "brown": ("#8b4513", "#5c3a21", "#7b5a3c", "#a0703c", "#3b2a1e"),
    "beige": ("#f5f5dc", "#d8c3a5", "#e8d8c0", "#c8b090", "#c9a98c"),
}  # fmt: skip
NAMES = tuple(EXAMPLES)
"""Every name that a colour can have, in the order in which they are offered."""
NEAR = 20.0
"""CIELAB distance (CIE 1976) up to which two colours count as alike; 2 can just be told apart."""
HEX = re.compile(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})")


def read_hex(text: str) -> tuple[int, int, int]:
    """`#rrggbb` or `#rgb`, the sign may be missing; raises Invalid."""
    found = HEX.fullmatch(text.strip())
    if found is None:
        raise Invalid(f"{text[:20]!r} is no colour; give a name ({', '.join(NAMES)}) or #rrggbb", name="colour")
    digits = found[1] if len(found[1]) == 6 else "".join(2 * digit for digit in found[1])
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


@cache
def examples() -> tuple[Lab, list[str]]:
    """Every example in CIELAB, and its name."""
    listed = [(read_hex(value), name) for name, values in EXAMPLES.items() for value in values]
    return lab_of(levels([rgb for rgb, _ in listed])), [name for _, name in listed]


def levels(rgb: Sequence[tuple[int, int, int]]) -> NDArray[numpy.uint8]:
    """Colours as rows of a table."""
    return numpy.array(rgb, dtype=numpy.uint8).reshape(-1, 3)


def names_of(rgb: NDArray[numpy.uint8]) -> list[str]:
    """The name of each colour: that of the nearest example."""
    known, names = examples()
    distances = ((lab_of(rgb)[:, None, :] - known[None]) ** 2).sum(axis=2)
    return [names[index] for index in distances.argmin(axis=1)]


@lru_cache(maxsize=4096)
def name_of(hex: str) -> str:
    """What `#rrggbb` is called; raises Invalid for what is no colour."""
    return names_of(levels([read_hex(hex)]))[0]


CELLS = 4096
"""Colours in the database are cells of 16 × 16 × 16 levels of red, green and blue (`ugc_colour_cells`)."""


@cache
def cells() -> tuple[Lab, list[str]]:
    """The middle of every cell in CIELAB, and its name."""
    numbers = numpy.arange(CELLS)
    steps = numpy.stack([numbers >> 8, numbers >> 4 & 15, numbers & 15], axis=1)
    middles = (steps * 16 + 8).astype(numpy.uint8)
    return lab_of(middles), names_of(middles)


@lru_cache(maxsize=256)
def cells_like(colour: str) -> tuple[int, ...]:
    """The cells that a name or `#rrggbb` means; raises Invalid. Of an exact colour: what hardly differs from it."""
    middles, names = cells()
    if colour.strip().lower() in EXAMPLES:
        return tuple(number for number, name in enumerate(names) if name == colour.strip().lower())
    distances = numpy.sqrt(((middles - lab_of(levels([read_hex(colour)]))) ** 2).sum(axis=1))
    near = numpy.flatnonzero(distances <= NEAR)
    return tuple(int(number) for number in (near if near.size else [distances.argmin()]))


@cache
def letters() -> str:
    """A letter for the name of each cell, in the order of the cells: how the database counts colours by their names."""
    _, names = cells()
    return "".join(letter_of(name) for name in names)


def letter_of(name: str) -> str:
    """The letter of a name in `letters`."""
    return chr(ord("a") + NAMES.index(name))


def normal(value: str) -> str:
    """A colour of a filter, with `!` in front or without: a name, or `#rrggbb` in lower case; raises Invalid."""
    sign, plain = ("!", value[1:]) if value.startswith("!") else ("", value)
    plain = plain.strip().lower()
    return sign + (plain if plain in EXAMPLES else "#{:02x}{:02x}{:02x}".format(*read_hex(plain)))
