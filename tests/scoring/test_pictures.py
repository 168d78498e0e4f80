"""Laws that any picture score must keep (peers.md §4), on pictures made here and measured as the service measures them."""

from __future__ import annotations

import io
import itertools

import numpy
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from tests.make import NOON
from ugc.media.child.measuring import measures_of
from ugc.scoring import rules


def still_life(seed: int, side: int = 1_024) -> Image.Image:
    """Round and square things in many colours before a soft background, with grain: detail at every scale."""
    rng = numpy.random.default_rng(seed)
    y, x = numpy.mgrid[0:side, 0:side] / side
    sky = numpy.stack([140 + 60 * x, 120 + 50 * y, 160 - 40 * x * y], axis=2)
    picture = Image.fromarray(sky.astype(numpy.uint8))
    draw = ImageDraw.Draw(picture)
    for _ in range(60):
        left, top = (int(place) for place in rng.integers(0, side - 40, 2))
        wide, high = (int(size) for size in rng.integers(20, side // 4, 2))
        colour = tuple(int(part) for part in rng.integers(20, 236, 3))
        shape = draw.ellipse if rng.random() < 0.5 else draw.rectangle
        shape((left, top, left + wide, top + high), fill=colour)
        for line in range(left, left + wide, 6):
            draw.line((line, top, line, top + high // 3), fill=tuple(part // 2 for part in colour))
    grain = rng.normal(0, 4, (side, side, 1))
    return Image.fromarray((numpy.asarray(picture) + grain).clip(0, 255).astype(numpy.uint8))


def score(picture: Image.Image, size: tuple[int, int] | None = None) -> int:
    """The score of a picture by itself; `size` = the size of the file where it was made smaller for the measuring."""
    return parts_of(picture, size).total


def exact(picture: Image.Image) -> float:
    """The same before it is rounded."""
    return sum(part.most * (part.value or 0) for part in parts_of(picture).parts)


def parts_of(picture: Image.Image, size: tuple[int, int] | None = None) -> rules.Score:
    """Measured and scored as the service does it."""
    small = picture.convert("RGB")
    small.thumbnail((512, 512), Image.Resampling.BOX)
    return rules.score_of(rules.picture_facts(measures_of(small, picture.convert("RGB")), *(size or picture.size), NOON))


def through_jpeg(picture: Image.Image, quality: int) -> Image.Image:
    """Saved and opened again."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer)


@pytest.mark.parametrize("seed", range(5))
def test_blurring_lowers_the_score_and_more_blurring_more(seed: int) -> None:
    original = still_life(seed)
    scores = [score(original.filter(ImageFilter.GaussianBlur(radius))) if radius else score(original) for radius in (0, 1, 2, 4, 8)]
    assert all(better > worse for better, worse in itertools.pairwise(scores)), scores


@pytest.mark.parametrize("seed", range(5))
def test_coarse_compression_does_not_raise_the_score(seed: int) -> None:
    original = still_life(seed)
    assert exact(through_jpeg(original, 10)) < exact(through_jpeg(original, 90))


@pytest.mark.parametrize("seed", range(3))
def test_the_same_picture_in_another_size_scores_the_same_within_a_tenth(seed: int) -> None:
    original = still_life(seed, 2_048)
    scores = [score(original.resize((side, side), Image.Resampling.BOX), (2_048, 2_048)) for side in (2_048, 1_536, 1_024, 768)]
    assert max(scores) - min(scores) <= 10, scores


@pytest.mark.parametrize("seed", range(3))
def test_darkness_glare_and_haze_lower_the_score(seed: int) -> None:
    original = still_life(seed)
    pixels: NDArray[numpy.float64] = numpy.asarray(original, dtype=numpy.float64)
    for spoilt in (pixels * 0.15, pixels * 0.3 + 200, pixels * 0.25 + 96):
        assert score(Image.fromarray(spoilt.clip(0, 255).astype(numpy.uint8))) < score(original) - 5


def test_a_grey_card_and_a_blank_page_are_low() -> None:
    assert score(Image.new("RGB", (2_000, 1_500), (128, 128, 128))) < 40
    assert score(Image.new("RGB", (2_000, 1_500), (255, 255, 255))) < 25
    assert score(Image.new("RGB", (2_000, 1_500), (0, 0, 0))) < 25


def test_a_thumbnail_scores_below_the_picture_that_it_was_made_from() -> None:
    original = still_life(1)
    assert score(original.resize((160, 160), Image.Resampling.BOX)) < score(original)
