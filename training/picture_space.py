"""Fit the space of pictures that ships: descriptors, standardised part by part, then principal components.

In the project's environment: python training/picture_space.py FOLDER… [--out ugc/similarity/shipped/picture_space.npz]
The folders hold photos; ugc/similarity/shipped/picture_space.md says which ones it was fitted on, and what it measures.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ugc.media.child import descriptor
from ugc.media.child.tasks import MEASURED_SIDE, fitted
from ugc.modelling import artefacts
from ugc.modelling.artefacts import Artefact
from ugc.similarity.encoders import own

VERSION = 1
KEPT = 64
"""Components: more of them find no class of clothes better (benchmarks/similar.py), and each costs a comparison."""
WHITENED = 0.25
"""Components are divided by their spread to this power: 0 trusts the loudest too much, 1 the noise."""
WEIGHTS = {
    "figure_outlines_fine": 0.8, "figure_outlines": 0.7, "outlines": 0.7, "figure": 0.7, "frame": 0.3, "edges": 0.3,
    "texture": 0.3, "layout": 0.3, "colours": 0.3,
}  # fmt: skip
"""What each part counts for once all are of one size: outlines tell what it is, colours only what it looks like."""

Numbers = NDArray[numpy.floating]


def describe_all(paths: Iterable[Path]) -> Numbers:
    """The descriptors of photos, a row each, as the limited child makes them."""
    return numpy.stack([numbers for path in paths if (numbers := descriptor.read(describe(path))) is not None])


def describe(path: Path) -> bytes:
    """One photo's descriptor."""
    return descriptor.describe(normal(path))


def normal(path: Path) -> Image.Image:
    """A photo as the limited child measures it."""
    with Image.open(path) as opened:
        opened.draft("RGB", (1280, 1280))
        upright = ImageOps.exif_transpose(opened).convert("RGB")
    return upright.resize(fitted(*upright.size, MEASURED_SIDE), Image.Resampling.BOX)


def fit(rows: Numbers, kept: int = KEPT) -> Artefact:
    """The space in which these descriptors differ most."""
    mean = rows.mean(axis=0)
    centred = (rows - mean).astype(numpy.float64)
    weights = numpy.concatenate([numpy.full(block.length, WEIGHTS[block.name]) for block in descriptor.BLOCKS])
    start = 0
    for block in descriptor.BLOCKS:
        part = centred[:, start : start + block.length]
        weights[start : start + block.length] /= max(1e-6, float(numpy.sqrt((part**2).sum(axis=1).mean())))
        start += block.length
    spread, axes = numpy.linalg.svd(centred * weights, full_matrices=False)[1:]
    # Signs of components are arbitrary: the largest number of each is made positive, so that a fit can be repeated.
    axes *= numpy.sign(axes[numpy.arange(len(axes)), numpy.abs(axes).argmax(axis=1)])[:, None]
    projection = (axes[:kept] * weights).T * (spread[0] / spread[:kept]) ** WHITENED
    explained = float((spread[:kept] ** 2).sum() / (spread**2).sum())
    facts = {"version": VERSION, "descriptor": descriptor.VERSION, "rows": len(rows), "explained": round(explained, 4)}
    arrays = {"mean": mean.astype(numpy.float32), "projection": projection.astype(numpy.float16)}
    return Artefact(own.PICTURE_SPACE, own.PICTURE_FORMAT, arrays, facts)


def photos(folders: Sequence[Path]) -> list[Path]:
    """Every JPEG below some folders, in order."""
    return sorted(path for folder in folders for path in folder.rglob("*.jpg"))


def main() -> None:
    """Fit and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).parents[1] / "ugc" / "similarity" / "shipped" / "picture_space.npz"
    )
    options = parser.parse_args()
    space = fit(describe_all(photos(options.folders)))
    options.out.write_bytes(artefacts.pack(space))
    print(f"{space.facts}, {options.out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
