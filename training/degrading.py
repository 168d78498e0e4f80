"""Photographs spoilt by known amounts, and which photographs are for training: shared by the recipe and its benchmark."""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy
from numpy.typing import NDArray
from PIL import Image, ImageFilter

STEPS = 5
TRAINED_SHARE = 0.7
Floats = NDArray[Any]
Way = Callable[[Image.Image, float, numpy.random.Generator], Image.Image]


def is_for_training(path: Path) -> bool:
    """Seven of ten photos, by a hash of the file's name: the same ones on every machine, whatever else lies in the folder."""
    return int.from_bytes(hashlib.sha256(path.name.encode()).digest()[:4], "big") < TRAINED_SHARE * 2**32


def random_of(path: Path, *more: object) -> numpy.random.Generator:
    """Chance that is the same for the same photo."""
    return numpy.random.default_rng(int.from_bytes(hashlib.sha256(f"{path.name}{more}".encode()).digest()[:8], "big"))


def unit(picture: Image.Image) -> float:
    """A pixel of a picture whose longer side is 512, in this picture's pixels."""
    return max(picture.size) / 512


def along(step: float, *values: float) -> float:
    """The value for a step from 0 (untouched) to 5, between the given ones in a straight line; the first is step 0."""
    return float(numpy.interp(step, range(len(values)), values))


def out_of_focus(picture: Image.Image, step: float, random: numpy.random.Generator) -> Image.Image:
    """Gaussian blur with a deviation of up to 4.2 pixels of 512."""
    return picture.filter(ImageFilter.GaussianBlur(along(step, 0, 0.6, 1.1, 1.8, 2.8, 4.2) * unit(picture)))


def shaken(picture: Image.Image, step: float, random: numpy.random.Generator) -> Image.Image:
    """A straight movement of up to 20 pixels of 512 in any direction while the shutter was open."""
    length, angle = along(step, 0, 2.5, 5, 8.5, 13, 20) * unit(picture), random.uniform(0, math.pi)
    pixels = numpy.asarray(picture, dtype=numpy.float32)
    count = max(2, math.ceil(length) + 1)
    whole = numpy.zeros_like(pixels)
    for place in numpy.linspace(-length / 2, length / 2, count):
        whole += moved(pixels, place * math.sin(angle), place * math.cos(angle))
    return eight_bits(whole / count)


def moved(pixels: Floats, down: float, across: float) -> Floats:
    """The picture moved by a part of a pixel too, its edges repeated."""
    for axis, by in ((0, down), (1, across)):
        floor = math.floor(by)
        share = by - floor
        near, far = (numpy.clip(numpy.arange(pixels.shape[axis]) - floor - more, 0, pixels.shape[axis] - 1) for more in (0, 1))
        pixels = (1 - share) * pixels.take(near, axis) + share * pixels.take(far, axis)
    return pixels


def noisy(picture: Image.Image, step: float, random: numpy.random.Generator) -> Image.Image:
    """A sensor's noise of up to 32 levels, in the luma and half of that in each colour, coarser in larger pictures."""
    deviation, scale = along(step, 0, 3.5, 7, 12, 20, 32), max(1, round(unit(picture)))
    size = math.ceil(picture.height / scale), math.ceil(picture.width / scale)
    grain = random.normal(0, deviation, (*size, 1)) * 0.9 + random.normal(0, deviation, (*size, 3)) * 0.45
    grain = grain.repeat(scale, 0).repeat(scale, 1)[: picture.height, : picture.width]
    return eight_bits(numpy.asarray(picture, dtype=numpy.float32) + grain)


def compressed(picture: Image.Image, step: float, random: numpy.random.Generator) -> Image.Image:
    """JPEG at a quality of down to 4."""
    return through_jpeg(picture, round(along(step, 90, 42, 25, 15, 9, 4)))


def underexposed(picture: Image.Image, step: float, random: numpy.random.Generator) -> Image.Image:
    """Up to four stops less light."""
    return exposed(picture, -along(step, 0, 0.7, 1.4, 2.2, 3.1, 4.0))


def overexposed(picture: Image.Image, step: float, random: numpy.random.Generator) -> Image.Image:
    """Up to three stops more light; what is white already is lost."""
    return exposed(picture, along(step, 0, 0.5, 1.0, 1.6, 2.3, 3.0))


def exposed(picture: Image.Image, stops: float) -> Image.Image:
    """Another exposure, reckoned in linear light."""
    tones = numpy.clip((numpy.arange(256) / 255) ** 2.2 * 2.0**stops, 0, 1) ** (1 / 2.2) * 255
    return picture.point([round(tone) for tone in tones] * 3)


def through_jpeg(picture: Image.Image, quality: int) -> Image.Image:
    """Saved and opened again."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def eight_bits(pixels: Floats) -> Image.Image:
    """Rounded and held between black and white."""
    return Image.fromarray(numpy.clip(numpy.rint(pixels), 0, 255).astype(numpy.uint8))


WAYS: Mapping[str, Way] = {
    "blur": out_of_focus,
    "motion": shaken,
    "noise": noisy,
    "compression": compressed,
    "dark": underexposed,
    "bright": overexposed,
}
"""The ways by name; each takes a step from 0 to 5."""
