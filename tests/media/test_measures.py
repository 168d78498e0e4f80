"""Pixel measures against golden values, and the laws that any of them must keep (peers.md §4)."""

from __future__ import annotations

from pathlib import Path

import numpy
import pytest
from PIL import Image, ImageFilter

from tests.media import vectors
from ugc.media.child import colours, placeholder
from ugc.media.child.measuring import measures_of
from ugc.media.child.tasks import TASKS
from ugc.media.measures import brightness, clipped_dark, clipped_light, colourfulness, contrast
from ugc.media.measures.base import Sample, sample_of
from ugc.media.measures.sharpness import laplacian_variance


def sample(*rows: list[tuple[int, int, int]]) -> Sample:
    """A sample of pixels written out."""
    return sample_of(numpy.array(rows, dtype=numpy.uint8))


def grey(value: int) -> Sample:
    """One grey all over."""
    return sample_of(numpy.full((8, 8, 3), value, dtype=numpy.uint8))


def test_laplacian_golden_values() -> None:
    step = numpy.zeros((8, 8), dtype=numpy.float32)
    step[:, 4:] = 255
    board = (numpy.indices((8, 8)).sum(0) % 2 * 255).astype(numpy.float32)
    assert laplacian_variance(numpy.full((8, 8), 77, dtype=numpy.float32)) == 0
    assert laplacian_variance(step) == pytest.approx(16256.25)
    assert laplacian_variance(board) == pytest.approx(1040400)
    assert laplacian_variance(numpy.ones((1, 5), dtype=numpy.float32)) == 0


def test_colourfulness_golden_values() -> None:
    red, green, blue = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    assert colourfulness.measure(grey(128)) == 0
    assert colourfulness.measure(sample([red])) == pytest.approx(85.5296, abs=1e-3)
    assert colourfulness.measure(sample([red, green, blue])) == pytest.approx(275.4315, abs=1e-3)
    assert colourfulness.measure(sample([red, green])) == pytest.approx(293.25, abs=1e-3)


def test_light_and_contrast() -> None:
    half = sample([(0, 0, 0), (255, 255, 255)])
    assert brightness.measure(grey(77)) == pytest.approx(77, abs=1e-3)
    assert contrast.measure(grey(77)) == pytest.approx(0, abs=1e-3)
    assert brightness.measure(half) == pytest.approx(127.5, abs=1e-3)
    assert contrast.measure(half) == pytest.approx(127.5, abs=1e-3)
    assert (clipped_dark.measure(half), clipped_light.measure(half)) == (0.5, 0.5)
    assert (clipped_dark.measure(grey(5)), clipped_dark.measure(grey(6))) == (1, 0)
    assert (clipped_light.measure(grey(250)), clipped_light.measure(grey(249))) == (1, 0)
    assert brightness.measure(sample([(255, 0, 0)])) == pytest.approx(76.245, abs=1e-3)


def measured(picture: Image.Image, tmp_path: Path, **options: object) -> dict[str, float]:
    """The measures of a picture as a file."""
    path = tmp_path / "x"
    path.write_bytes(vectors.encoded(picture, "JPEG", **({"quality": 95} | options)))
    with open(path, "rb") as file:
        facts, _ = TASKS["measure"](file, {})
    found: dict[str, float] = facts["measures"]
    return found


def test_sharpness_falls_with_blur(tmp_path: Path) -> None:
    picture = vectors.photo(1024, 768)
    steps = [measured(picture.filter(ImageFilter.GaussianBlur(each)), tmp_path)["sharpness"] for each in (0, 1, 2, 4, 8)]
    assert steps == sorted(steps, reverse=True)
    assert steps[0] > 3 * steps[-1]


def test_measures_hardly_depend_on_the_size_of_the_file(tmp_path: Path) -> None:
    large = vectors.photo(2048, 1536)
    found = measured(large, tmp_path)
    for side in (1600, 1024, 768):
        other = measured(large.resize((side, side * 3 // 4), Image.Resampling.LANCZOS), tmp_path)
        for name in ("brightness", "contrast", "colourfulness"):
            assert other[name] == pytest.approx(found[name], rel=0.1), name
        assert other["sharpness"] == pytest.approx(found["sharpness"], rel=0.25), side


def test_pixels_are_the_originals(tmp_path: Path) -> None:
    assert measured(vectors.photo(2048, 1536), tmp_path)["pixels"] == 2048 * 1536


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (2, 2), (512, 3)])
def test_tiny_and_narrow_pictures_are_measured_too(size: tuple[int, int]) -> None:
    picture = vectors.photo(*size)
    assert all(numpy.isfinite(list(measures_of(picture).values())))
    assert len(placeholder.thumbhash(picture)) >= 12
    assert colours.dominant(picture)


def thumbhash_to_average(code: bytes) -> tuple[float, float, float]:
    """The average colour in a hash, as its public description reads it back."""
    header = int.from_bytes(code[:3], "little")
    luma, first, second = (header & 63) / 63, (header >> 6 & 63) / 31.5 - 1, (header >> 12 & 63) / 31.5 - 1
    blue = luma - 2 / 3 * first
    red = (3 * luma - blue + second) / 2
    return red, red - second, blue


@pytest.mark.parametrize("colour", [(255, 0, 0), (0, 128, 255), (40, 40, 40), (250, 250, 250), (90, 200, 20)])
def test_the_placeholder_holds_the_average_colour(colour: tuple[int, int, int]) -> None:
    found = thumbhash_to_average(placeholder.thumbhash(Image.new("RGB", (80, 60), colour)))
    assert found == pytest.approx([value / 255 for value in colour], abs=0.04)


def test_the_placeholder_knows_the_shape() -> None:
    for size, landscape in (((100, 60), True), ((60, 100), False), ((80, 80), False)):
        code = placeholder.thumbhash(vectors.photo(*size))
        more = int.from_bytes(code[3:5], "little")
        assert bool(more >> 15) == landscape
        across, down = (7, more & 7) if landscape else (more & 7, 7)
        assert across / down == pytest.approx(size[0] / size[1], rel=0.2)


# Made by the reference implementation (thumbhash.js 0.1.1) from the same pixels.
REFERENCE = {
    (4, 3): "186c040d8877777870877887888888877780370888",
    (30, 50): "e2b8096c147d08777777877777887a7f078777",
    (40, 40): "1ee90957187f797881778777877778777787c7f778708707",
}


@pytest.mark.parametrize("size", REFERENCE)
def test_the_placeholder_is_that_of_the_reference(size: tuple[int, int]) -> None:
    rows = [[(7 * (x + 4 * y) & 255, 255 - 6 * x & 255, 5 * y & 255) for x in range(size[0])] for y in range(size[1])]
    picture = Image.fromarray(numpy.array(rows, dtype=numpy.uint8))
    assert placeholder.thumbhash(picture).hex() == REFERENCE[size]


def test_a_card_of_one_grey_is_dull(tmp_path: Path) -> None:
    card = measured(Image.new("RGB", (800, 600), (128, 128, 128)), tmp_path)
    photo = measured(vectors.photo(800, 600), tmp_path)
    for name in ("sharpness", "contrast", "colourfulness"):
        assert card[name] < 1 < photo[name]
