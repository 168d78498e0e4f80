"""The measures that came with release 2, against golden values and on pictures of which there is nothing to say."""

from __future__ import annotations

import itertools

import numpy
import pytest
from PIL import Image, ImageDraw, ImageFilter

from tests.media import vectors
from tests.scoring.test_pictures import still_life
from training import degrading
from ugc.media.child.measuring import measures_of
from ugc.media.measures import blockiness, blur, colour_cast, layout, naturalness, noise, octaves, saliency, tones
from ugc.media.measures.base import Pixels, Sample, halved, quantile, sample_of, smoothed


def plain(*colour: int, size: tuple[int, int] = (64, 48)) -> Sample:
    """One colour all over."""
    return sample_of(numpy.asarray(Image.new("RGB", size, (colour * 3)[:3])))


def grey(luma: Pixels) -> Sample:
    """A sample of a luma."""
    return sample_of(numpy.repeat(luma.clip(0, 255).astype(numpy.uint8)[..., None], 3, axis=2))


def grain(deviation: float, seed: int = 1) -> Pixels:
    """Noise around middle grey."""
    return numpy.random.default_rng(seed).normal(128, deviation, (256, 384)).astype(numpy.float32)


@pytest.mark.parametrize("deviation", [2, 5, 10, 20])
def test_noise_is_the_deviation_that_was_added(deviation: float) -> None:
    """The quietest quarter lies a little below the mean tile."""
    assert noise.measure(grey(grain(deviation))) == pytest.approx(0.95 * deviation, rel=0.08)
    assert noise.measure(plain(90)) == 0


def test_noise_is_blind_to_ramps_and_hardly_sees_edges() -> None:
    ramp = numpy.linspace(0, 255, 384, dtype=numpy.float32)[None].repeat(256, 0)
    steps = (numpy.indices((256, 384))[1] // 64 * 40).astype(numpy.float32)
    assert noise.measure(grey(ramp)) < 0.6
    assert noise.measure(grey(steps)) == 0


def test_blocks_show_and_nothing_else_does() -> None:
    blocks = numpy.random.default_rng(1).integers(90, 160, (32, 48)).astype(numpy.float32).repeat(8, 0).repeat(8, 1)
    assert blockiness.measure(grey(blocks)) > 50
    assert blockiness.measure(grey(blocks[3:, 5:])) > 50
    assert blockiness.measure(grey(grain(10))) < 0.2
    assert blockiness.measure(plain(128)) == 0
    assert blockiness.measure(grey(blocks[:20, :20])) == 0


def test_blocks_show_more_the_coarser_the_compression() -> None:
    picture = vectors.photo(640, 480)
    found = [measures_of(degrading.through_jpeg(picture, quality))["blockiness"] for quality in (90, 40, 20, 10, 5)]
    assert found == sorted(found)
    assert found[-1] > 10 * found[0]


def test_blur_is_between_none_and_all() -> None:
    assert blur.measure(plain(50)) == {"blur_across": 1.0, "blur_down": 1.0}
    # Neighbours that know nothing of each other: the mean of nine keeps a ninth of each step.
    sharp = blur.measure(grey(grain(20)))
    assert sharp["blur_across"] == pytest.approx(1 / 9, abs=0.02)
    soft = blur.measure(grey(smoothed(grain(40), (0.4, 0.25, 0.05))))
    assert sharp["blur_across"] < soft["blur_across"] < 1


def test_a_moved_camera_blurs_one_way() -> None:
    across = numpy.apply_along_axis(lambda row: numpy.convolve(row, numpy.ones(9) / 9, "same"), 1, grain(40)).astype(numpy.float32)
    found = blur.measure(grey(across))
    assert found["blur_across"] > found["blur_down"] + 0.15


def test_detail_by_octave() -> None:
    flat = octaves.measure(plain(7))
    assert set(flat.values()) == {0.0}
    board = (numpy.indices((256, 256)).sum(0) % 2 * 255).astype(numpy.float32)
    assert octaves.measure(grey(board))["detail_2"] == 0
    assert halved(numpy.array([[1, 3], [5, 7], [9, 9]], dtype=numpy.float32)).tolist() == [[4.0]]


def test_statistics_of_a_bell_curve() -> None:
    """Mittal 2012: the normalised luma of noise is a bell curve, E|x|² / Ex² = 2/π; its own window cuts its ends."""
    found = naturalness.measure(grey(grain(20)))
    assert found["scene_shape_1"] == pytest.approx(2 / numpy.pi + 0.05, abs=0.01)
    assert abs(found["scene_across_1"] - found["scene_down_1"]) < 0.03
    assert found["scene_flat_1"] < 0.001
    assert naturalness.measure(plain(3))["scene_flat_1"] == 1


def test_tones_are_percentiles() -> None:
    ramp = numpy.arange(200, dtype=numpy.float32)[None].repeat(20, 0)
    assert tones.measure(grey(ramp)) == {"tone_dark": 9.0, "tone_middle": 99.0, "tone_light": 189.0}
    assert quantile(numpy.array([3, 1, 2], dtype=numpy.float32), 0.5) == 2


@pytest.mark.parametrize(
    ("colour", "a_b"),
    # CIELAB under D65, from the standard's formulas.
    [((255, 0, 0), (80.09, 67.20)), ((0, 255, 0), (-86.18, 83.18)), ((0, 0, 255), (79.19, -107.86)), ((128, 128, 128), (0, 0))],
)
def test_colours_in_cielab(colour: tuple[int, int, int], a_b: tuple[float, float]) -> None:
    assert colour_cast.a_b_of(plain(*colour).rgb)[0, 0].tolist() == pytest.approx(a_b, abs=0.1)


def test_a_dyed_picture_has_a_cast_and_a_grey_or_colourful_one_none() -> None:
    picture = vectors.photo(512, 384)
    dyed = Image.blend(picture, Image.new("RGB", picture.size, (255, 150, 20)), 0.6)
    assert measures_of(dyed)["colour_cast"] > 1 > 0 > measures_of(picture)["colour_cast"]
    assert colour_cast.measure(plain(128)) == pytest.approx(0, abs=0.01)
    # All of its chroma of 104.55, against the least spread.
    assert colour_cast.measure(plain(255, 0, 0)) == pytest.approx(104.55 / 2, abs=0.1)


@pytest.mark.parametrize("place", [(0.25, 0.3), (0.7, 0.66), (0.5, 0.5)])
def test_the_eye_goes_to_the_one_thing_that_differs(place: tuple[float, float]) -> None:
    picture = Image.fromarray(grain(6).clip(0, 255).astype(numpy.uint8)).convert("RGB")
    x, y = place[0] * picture.width, place[1] * picture.height
    ImageDraw.Draw(picture).ellipse((x - 18, y - 18, x + 18, y + 18), fill=(250, 240, 60))
    found = measures_of(picture)
    assert (found["subject_x"], found["subject_y"]) == pytest.approx(place, abs=0.06)
    assert 0 < found["subject_share"] < 0.2


def test_where_there_is_nothing_the_subject_is_the_middle() -> None:
    assert saliency.measure(plain(200)) == {"subject_x": 0.5, "subject_y": 0.5, "subject_share": 0.0, "subject_focus": 0.0}


def page(width: int = 400, height: int = 700) -> Image.Image:
    """Lines of letters' strokes on white, as a screen shows them."""
    picture = Image.new("RGB", (width, height), (255, 255, 255))
    draw, random = ImageDraw.Draw(picture), numpy.random.default_rng(3)
    for top in range(20, height - 20, 16):
        x = 16
        while x < width - 30:
            for _ in range(int(random.integers(2, 9))):
                draw.line((x, top, x, top + 8), fill=(20, 20, 20))
                draw.line((x, top + 4, x + 2, top + 4), fill=(20, 20, 20))
                x += int(random.integers(3, 7))
            x += 6
    return picture


def test_a_page_of_text_is_flat_straight_and_full_of_letters() -> None:
    text, photo = measures_of(page()), measures_of(vectors.photo(512, 384))
    for name in ("flat_share", "straight_share", "text_share"):
        assert text[name] > 0.3 > photo[name], name


def test_a_frame_is_measured_by_its_area() -> None:
    framed = Image.new("RGB", (500, 400), (0, 0, 0))
    framed.paste(vectors.photo(400, 300), (50, 50))
    assert measures_of(framed)["border_share"] == pytest.approx(1 - 400 * 300 / (500 * 400), abs=0.01)
    assert measures_of(vectors.photo(500, 400))["border_share"] == 0
    assert layout.measure(plain(9))["border_share"] == 1


def test_pictures_set_side_by_side_have_a_seam() -> None:
    both = Image.new("RGB", (500, 400))
    both.paste(vectors.photo(250, 400, seed=1), (0, 0))
    both.paste(vectors.photo(250, 400, seed=2), (250, 0))
    assert measures_of(both)["seam"] > 0.6 > measures_of(vectors.photo(500, 400))["seam"]


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (2, 2), (9, 9), (512, 3), (3, 512), (17, 16), (512, 512)])
@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (128, 128, 128), (255, 0, 0)])
def test_one_colour_of_any_shape_has_defined_measures(size: tuple[int, int], colour: tuple[int, int, int]) -> None:
    found = measures_of(Image.new("RGB", size, colour))
    assert all(numpy.isfinite(list(found.values())))
    assert (found["noise"], found["blockiness"], found["blur_across"], found["subject_focus"]) == (0, 0, 1, 0)


def test_blur_and_detail_follow_the_blur() -> None:
    pictures = [still_life(1).filter(ImageFilter.GaussianBlur(radius)) for radius in (0, 1, 2, 4, 8)]
    found = [measures_of(picture) for picture in pictures]
    for sharper, softer in itertools.pairwise(found):
        assert sharper["blur_across"] < softer["blur_across"]
        assert sharper["detail_2"] > softer["detail_2"]
