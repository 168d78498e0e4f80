"""Every pixel measure of one picture, by name."""

from __future__ import annotations

import numpy
from numpy.typing import NDArray
from PIL import Image

from ugc.media.measures import (
    blockiness,
    blur,
    brightness,
    clipped_dark,
    clipped_light,
    colour_cast,
    colourfulness,
    contrast,
    grain,
    layout,
    naturalness,
    noise,
    octaves,
    saliency,
    sharpness,
    tones,
)
from ugc.media.measures.base import sample_of

FRAME = (sharpness, brightness, clipped_dark, clipped_light, contrast)
"""What a video's frames are compared by."""
MEASURES = (*FRAME, colourfulness, colour_cast, noise, blockiness)
GROUPS = (tones, blur, grain, octaves, naturalness, saliency, layout)
# Enough blocks of 8 × 8 to tell their grid from chance, at a quarter of the cost of a whole picture of 1280.
NATIVE_SIDE = 512


def measures_of(picture: Image.Image, decoded: Image.Image | None = None) -> dict[str, float]:
    """The measures of a normalised RGB picture; `decoded` = the same before it was resized."""
    sample = sample_of(numpy.asarray(picture), None if decoded is None else middle_of(decoded))
    found = {each.NAME: each.measure(sample) for each in MEASURES}
    for group in GROUPS:
        found |= group.measure(sample)
    return {name: round(value, 4) for name, value in found.items()}


def frame_measures_of(picture: Image.Image) -> dict[str, float]:
    """The few measures by which the frames of a video are compared."""
    sample = sample_of(numpy.asarray(picture))
    return {each.NAME: round(each.measure(sample), 4) for each in FRAME}


def middle_of(picture: Image.Image) -> NDArray[numpy.uint8]:
    """The luma of the middle of a picture at its own scale."""
    left, top = max(0, (picture.width - NATIVE_SIDE) // 2), max(0, (picture.height - NATIVE_SIDE) // 2)
    box = (left, top, min(picture.width, left + NATIVE_SIDE), min(picture.height, top + NATIVE_SIDE))
    return numpy.asarray(picture.crop(box).convert("L"))
