"""What a picture looks like as numbers of fixed length: outlines, ground and figure, texture, colours (decision 0155).

Everything is the same for a picture and its mirror image. Outlines are histograms of oriented gradients (Dalal and Triggs
2005), of the channel of CIELAB that changes most; once of the whole picture, once of the figure that differs from the border.
Texture is uniform local binary patterns (Ojala 2002).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy
from numpy.typing import NDArray
from PIL import Image

from ugc.media.child.lab import lab_of

VERSION = 1
"""Of the numbers' meaning; stored in front of them."""
SIDE, CELLS, BINS = 96, 12, 9
FIGURE_SIDE = 32
TEXTURE_SIDE = 192
MOST = 0.4
"""Where a cell's normalised histogram is cut, so that one strong edge does not outshine all others."""

Numbers = NDArray[numpy.floating[Any]]


@dataclass(frozen=True, slots=True)
class Block:
    """A part of the descriptor: how many numbers, and the value that is stored as 255."""

    name: str
    length: int
    most: float


BLOCKS = (
    Block("figure_outlines_fine", CELLS * CELLS // 2 * BINS, 0.6),
    Block("figure_outlines", 6 * 3 * BINS, 0.6),
    Block("outlines", 6 * 3 * BINS, 0.6),
    Block("figure", 16 * 8, 1.0),
    Block("frame", 5, 2.0),
    Block("edges", 8 * 4, 4.0),
    Block("texture", 9 * 10, 1.0),
    Block("layout", 4 * 4 * 3, 1.0),
    Block("colours", 40, 1.0),
)
LENGTH = 1 + sum(block.length for block in BLOCKS)


def describe(picture: Image.Image) -> bytes:
    """The descriptor of upright RGB pixels: the version, then a byte a number."""
    lab = lab_of(numpy.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BOX)))
    coarse = means(lab, FIGURE_SIDE)
    figure = figure_of(coarse)
    frame = frame_of(figure)
    inside = lab_of(numpy.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BOX, box=scaled(frame, picture.size))))
    cells, strength = gradients(lab)
    figure_cells, _ = gradients(inside)
    parts: dict[str, Numbers] = {
        "figure_outlines_fine": outlines(figure_cells, 12),
        "figure_outlines": outlines(figure_cells, 6),
        "outlines": outlines(cells, 6),
        "figure": mirrored(shape_of(figure, frame)),
        "frame": proportions(frame, picture.size),
        "edges": mirrored(numpy.sqrt(means(strength, 8))) / 3,
        "texture": texture_of(picture),
        "layout": layout_of(coarse),
        "colours": colours_of(lab),
    }
    return bytes([VERSION]) + b"".join(stored(parts[block.name], block) for block in BLOCKS)


def stored(values: Numbers, block: Block) -> bytes:
    """A part as bytes, 255 for its largest value."""
    levels = numpy.clip(values.ravel() * (255 / block.most), 0, 255).round().astype(numpy.uint8)
    assert levels.size == block.length, block.name
    return bytes(levels)


def read(descriptor: bytes) -> Numbers | None:
    """The numbers as they were before they were stored; None for a descriptor of another version."""
    if len(descriptor) != LENGTH or descriptor[0] != VERSION:
        return None
    return numpy.frombuffer(descriptor, dtype=numpy.uint8, offset=1).astype(numpy.float32) * SCALE


SCALE: Numbers = numpy.concatenate([numpy.full(block.length, block.most / 255, dtype=numpy.float32) for block in BLOCKS])


def means(values: Numbers, side: int) -> Numbers:
    """Square values averaged down to so many cells a side."""
    step = values.shape[0] // side
    averaged: Numbers = values.reshape(side, step, side, step, *values.shape[2:]).mean(axis=(1, 3))
    return averaged


def mirrored(values: Numbers) -> Numbers:
    """The left half of the mean of values and their mirror image."""
    half: Numbers = ((values + values[:, ::-1]) / 2)[:, : values.shape[1] // 2]
    return half


def gradients(lab: Numbers) -> tuple[Numbers, Numbers]:
    """Strength by cell and direction (cells × cells × bins), and by pixel; of each pixel the channel that changes most."""
    across, down = numpy.zeros_like(lab), numpy.zeros_like(lab)
    across[:, 1:-1] = lab[:, 2:] - lab[:, :-2]
    down[1:-1] = lab[2:] - lab[:-2]
    squares = across * across + down * down
    best = squares.argmax(axis=2)[..., None]
    across, down = (numpy.take_along_axis(each, best, axis=2)[..., 0] for each in (across, down))
    strength = numpy.sqrt(numpy.take_along_axis(squares, best, axis=2)[..., 0])
    place = numpy.arctan2(down, across) % numpy.float32(numpy.pi) * numpy.float32(BINS / numpy.pi) - numpy.float32(0.5)
    low = numpy.floor(place)
    upper = strength * (place - low)  # shared between the two nearest directions
    first = low.astype(numpy.int64) % BINS
    cells = CELL_OF * BINS
    counted = numpy.bincount((cells + first).ravel(), (strength - upper).ravel(), CELLS * CELLS * BINS)
    counted += numpy.bincount((cells + (first + 1) % BINS).ravel(), upper.ravel(), CELLS * CELLS * BINS)
    return counted.reshape(CELLS, CELLS, BINS).astype(numpy.float32), strength


CELL_OF = (numpy.arange(SIDE) * CELLS // SIDE)[:, None] * CELLS + (numpy.arange(SIDE) * CELLS // SIDE)[None]


def outlines(cells: Numbers, side: int) -> Numbers:
    """Directions by cell, each cell relative to its neighbours; mirrored left and right, and the directions with them."""
    step = CELLS // side
    pooled = cells.reshape(side, step, side, step, BINS).sum(axis=(1, 3))
    energy = (pooled**2).sum(axis=2)
    padded = numpy.pad(energy, 1, mode="edge")
    around = sum(padded[1 + y : 1 + y + side, 1 + x : 1 + x + side] for y in (-1, 0, 1) for x in (-1, 0, 1))
    # A picture of one colour has no outlines: zero everywhere, not noise made large.
    relative = numpy.minimum(pooled / numpy.sqrt(around + 0.009 * energy.mean() + 1)[..., None], MOST)
    both = relative + relative[:, ::-1, ::-1]
    half: Numbers = both[:, : side // 2] / numpy.float32(numpy.sqrt(2))
    return half


def figure_of(lab: Numbers) -> Numbers:
    """How far each place lies from the colours of the border, 0–1: a tenth of the border that is most like it."""
    border = numpy.concatenate([lab[0], lab[-1], lab[1:-1, 0], lab[1:-1, -1]])
    places = lab.reshape(-1, 3)
    squares = (places**2).sum(axis=1)[:, None] + (border**2).sum(axis=1)[None] - 2 * places @ border.T
    nearest = len(border) // 10
    distances = numpy.sqrt(numpy.maximum(numpy.partition(squares, nearest, axis=1)[:, :nearest], 0)).mean(axis=1)
    found: Numbers = (distances / (distances.max() + 5)).reshape(lab.shape[:2])
    return found


def frame_of(figure: Numbers) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the figure in cells; the whole where nothing stands out."""
    stands_out = figure > max(0.2, 0.5 * float(numpy.percentile(figure, 90)))
    rows, columns = (numpy.flatnonzero(stands_out.mean(axis=axis) > 0.08) for axis in (1, 0))
    if len(rows) < 6 or len(columns) < 6:
        return 0, 0, FIGURE_SIDE, FIGURE_SIDE
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def scaled(frame: tuple[int, int, int, int], size: tuple[int, int]) -> tuple[float, float, float, float]:
    """The frame in pixels of the picture."""
    across, down = size[0] / FIGURE_SIDE, size[1] / FIGURE_SIDE
    return frame[0] * across, frame[1] * down, frame[2] * across, frame[3] * down


def shape_of(figure: Numbers, frame: tuple[int, int, int, int]) -> Numbers:
    """The figure cut out of its frame, 16 × 16."""
    grey = Image.fromarray((figure * 255).astype(numpy.uint8))
    left, top, right, bottom = frame
    cut = grey.resize((16, 16), Image.Resampling.BILINEAR, box=(left, top, right, bottom))
    return numpy.asarray(cut, dtype=numpy.float32) / 255


def proportions(frame: tuple[int, int, int, int], size: tuple[int, int]) -> Numbers:
    """Space beside the figure (in all, and the smaller: the same mirrored), above and below, and how tall it is for its width."""
    left, top, right, bottom = frame
    beside = sorted((left, FIGURE_SIDE - right))
    tall = (bottom - top) * size[1] / max(1.0, (right - left) * size[0])
    edges = [sum(beside), beside[0], top, FIGURE_SIDE - bottom]
    return numpy.array([*(edge / 16 for edge in edges), min(tall, 4) / 2], dtype=numpy.float32)


def texture_of(picture: Image.Image) -> Numbers:
    """Square root of the share of each uniform pattern of eight neighbours, in 3 × 3 fields; the fields mirrored."""
    grey = numpy.asarray(picture.resize((TEXTURE_SIDE + 2,) * 2, Image.Resampling.BOX).convert("L")).astype(numpy.int16)
    middle = grey[1:-1, 1:-1] + 2  # brighter by more than 2 of 255, or it is noise
    code = numpy.zeros(middle.shape, dtype=numpy.uint8)
    for bit, (y, x) in enumerate(RING):
        code |= (grey[1 + y : 1 + y + TEXTURE_SIDE, 1 + x : 1 + x + TEXTURE_SIDE] > middle).view(numpy.uint8) << numpy.uint8(bit)
    counted = numpy.bincount((FIELD_OF * 10 + PATTERN[code]).ravel(), minlength=90).reshape(3, 3, 10).astype(numpy.float32)
    shares = (counted + counted[:, ::-1]) / (2 * (TEXTURE_SIDE // 3) ** 2)
    return numpy.sqrt(shares)


RING = ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))
FIELD_OF = (numpy.arange(TEXTURE_SIDE) * 3 // TEXTURE_SIDE)[:, None] * 3 + (numpy.arange(TEXTURE_SIDE) * 3 // TEXTURE_SIDE)[None]


def pattern_of(code: int) -> int:
    """How many neighbours are brighter where they are one run, else 9."""
    turned = (code << 1 | code >> 7) & 255
    return code.bit_count() if (code ^ turned).bit_count() <= 2 else 9


PATTERN = numpy.array([pattern_of(code) for code in range(256)])


def layout_of(lab: Numbers) -> Numbers:
    """The mean colour of 4 × 4 fields, mirrored fields averaged: lightness, and both colour axes from 0 to 1."""
    fields = means(lab, 4)
    both = (fields + fields[:, ::-1]) / 2
    return both / numpy.array([100, 200, 200], dtype=numpy.float32) + numpy.array([0, 0.5, 0.5], dtype=numpy.float32)


def colours_of(lab: Numbers) -> Numbers:
    """Square root of the share of 4 lightnesses of grey and of 12 hues at 3 strengths."""
    strength = numpy.hypot(lab[..., 1], lab[..., 2])
    hue = (numpy.arctan2(lab[..., 2], lab[..., 1]) % (2 * numpy.pi) * (12 / (2 * numpy.pi))).astype(numpy.int64) % 12
    step = numpy.clip(strength / 15, 0, 3).astype(numpy.int64)
    light = numpy.clip(lab[..., 0] / 25, 0, 3).astype(numpy.int64)
    counted = numpy.bincount(numpy.where(step == 0, light, 4 + (step - 1) * 12 + hue).ravel(), minlength=40)
    shares: Numbers = numpy.sqrt(counted / lab[..., 0].size).astype(numpy.float32)
    return shares
