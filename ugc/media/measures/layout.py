"""What photos have not: areas of exactly one tone, edges that run exactly along the pixels, frames, seams."""

from __future__ import annotations

import numpy
from numpy.typing import NDArray

from ugc.media.measures.base import Pixels, Sample, quantile

NAMES = ("flat_share", "straight_share", "border_share", "seam", "text_share")
# Sensors and JPEG leave more than this between neighbours nearly everywhere.
FLAT = 0.75
EDGE = 12.0
# A frame is of one colour but for a speck here and there.
SPECK, SPECKS = 6.0, 0.005
TILE = 16


def measure(sample: Sample) -> dict[str, float]:
    """Shares from 0 to 1, by name; each function says of what."""
    luma = sample.luma
    if min(luma.shape) <= TILE:
        return dict.fromkeys(NAMES, 0.0)
    across, down = numpy.abs(luma[:-1, 1:] - luma[:-1, :-1]), numpy.abs(luma[1:, :-1] - luma[:-1, :-1])
    flat = numpy.maximum(across, down) < FLAT
    found = (
        float(flat.mean()),
        straight_share(across, down),
        border_share(sample.rgb),
        max(seam(across), seam(down.T)),
        text_share(across, flat),
    )
    return dict(zip(NAMES, found, strict=True))


def straight_share(across: Pixels, down: Pixels) -> float:
    """Of the edges, those that run exactly along rows or columns."""
    edge = numpy.maximum(across, down) > EDGE
    count = int(edge.sum())
    straight = int((edge & (numpy.minimum(across, down) < FLAT)).sum())
    return straight / count if count > edge.size / 1000 else 0.0


def border_share(rgb: Pixels) -> float:
    """Of the area, a frame of one colour around the rest; 1 where nothing is left."""
    height, width = rgb.shape[:2]
    top, bottom = plain_lines(rgb), plain_lines(rgb[::-1])
    if top >= height:
        return 1.0
    inner = rgb[top : height - bottom]
    left, right = plain_lines(inner.swapaxes(0, 1)), plain_lines(inner[:, ::-1].swapaxes(0, 1))
    return 1 - float((height - top - bottom) * (width - left - right) / (height * width))


def plain_lines(rgb: Pixels) -> int:
    """How many lines from the first on are of the first one's colour throughout."""
    first = rgb[0].mean(axis=0)
    for count, line in enumerate(rgb):
        if float((numpy.abs(line - first).max(axis=1) > SPECK).mean()) > SPECKS:
            return count
    return len(rgb)


def seam(step: Pixels) -> float:
    """The largest share of a straight line from edge to edge, not near the border, with a step across it; less the usual."""
    share = (step > EDGE).mean(axis=0)
    inner = share[len(share) // 8 : len(share) - len(share) // 8]
    return float(max(0.0, inner.max() - quantile(share, 0.5))) if len(inner) else 0.0


def text_share(across: Pixels, flat: NDArray[numpy.bool_]) -> float:
    """Of the tiles of 16 × 16, those with as many edges as letters make on a ground that is flat."""
    height, width = (side // TILE for side in across.shape)
    shape = height, TILE, width, TILE
    edges = (across[: height * TILE, : width * TILE] > 2 * EDGE).reshape(shape).mean(axis=(1, 3))
    ground = flat[: height * TILE, : width * TILE].reshape(shape).mean(axis=(1, 3))
    return float(((edges > 0.08) & (ground > 0.15)).mean())
