"""The signals of pixels of release 2 of the measures: golden values, reasons, and the model's order."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy
import pytest
from PIL import Image, ImageFilter

from tests.make import NOON
from tests.media import vectors
from tests.media.test_more_measures import page
from tests.scoring.test_pictures import parts_of, score, still_life
from training import degrading
from ugc.library.models import Kind
from ugc.modelling.artefacts import OtherFormat, read_shipped
from ugc.scoring import rules
from ugc.scoring.signals import technical
from ugc.scoring.signals.base import Facts, Measured, Signal

PLAIN = {"contrast": 50.0}


def found(signal: Signal, measures: dict[str, float]) -> Measured:
    """What a signal says of a picture with these measures."""
    return signal.measure(rules.picture_facts(PLAIN | measures, 1600, 1200, NOON))


def signal(name: str) -> Signal:
    """A signal by name."""
    return next(each for each in rules.SIGNALS if each.name == name)


@pytest.mark.parametrize(
    ("name", "measures", "value", "reason"),
    [
        ("cleanness", {"noise": 0.4, "blockiness": 0.9}, 1.0, "Neither grain nor blocks show"),
        ("cleanness", {"noise": 6.0, "blockiness": 0.9}, 0.4648, "Strong grain (6 of 255 levels)"),
        ("cleanness", {"noise": 3.0, "blockiness": 0.9}, 0.732, "Some grain (3 of 255 levels)"),
        ("cleanness", {"noise": 0.4, "blockiness": 16.0}, 0.0, "Coarse blocks of compression (16 times as steep)"),
        ("cleanness", {"noise": 30.0, "blockiness": 4.0},
         0.0, "Strong grain (30 of 255 levels) and visible blocks of compression (4 times as steep)"),
        ("composition", {"subject_x": 1 / 3, "subject_y": 2 / 3, "subject_focus": 0.4, "subject_share": 0.05},
         1.0, "One clear subject near a third"),
        ("composition", {"subject_x": 0.5, "subject_y": 0.5, "subject_focus": 0.21, "subject_share": 0.05},
         0.75, "A subject in the middle"),
        ("composition", {"subject_x": 0.02, "subject_y": 0.02, "subject_focus": 0.4, "subject_share": 0.05},
         0.0, "One clear subject close to the edge"),
        ("composition", {"subject_x": 0.5, "subject_y": 0.5, "subject_focus": 0.0, "subject_share": 0.0},
         0.5, "No single subject stands out"),
        ("photo_likeness", {"flat_share": 0.1, "text_share": 0.0, "straight_share": 0.07, "seam": 0.3, "border_share": 0.0},
         1.0, "Looks like a photo"),
        ("photo_likeness", {"flat_share": 0.9, "text_share": 0.25, "straight_share": 0.35},
         0.0, "Looks like a screenshot or drawing"),
        ("photo_likeness", {"flat_share": 0.1, "seam": 0.9}, 0.3, "Looks like a collage: a straight seam runs through it"),
        ("photo_likeness", {"flat_share": 0.2, "border_share": 0.25}, 0.6, "A plain border takes 25% of it"),
        ("photo_likeness", {"flat_share": 1.0, "border_share": 1.0}, 0.0, "One colour all over"),
        ("colourfulness", {"colourfulness": 41.09, "colour_cast": 2.5},
         0.3482, "Moderately colourful: 41 against 59, with a strong cast"),
        ("colourfulness", {"colourfulness": 3.0, "colour_cast": 2.5}, 0.0508, "Hardly any colour: 3 against 59"),
        ("technical", {"contrast": 1.0}, 0.0, "Nothing to see: one tone all over"),
    ],
)  # fmt: skip
def test_golden_values(name: str, measures: dict[str, float], value: float, reason: str) -> None:
    said = found(signal(name), measures)
    assert said.value == pytest.approx(value, abs=1e-3)
    assert said.reason == reason


@pytest.mark.parametrize("name", ["technical", "cleanness", "composition", "photo_likeness"])
def test_files_of_an_earlier_release_have_no_such_part_until_they_are_measured_again(name: str) -> None:
    assert found(signal(name), {}) == Measured(None, "Not measured yet")
    assert signal(name).measure(Facts(kind=Kind.REVIEW, now=NOON)) == Measured(None, "No picture")


@pytest.mark.parametrize("way", degrading.WAYS)
@pytest.mark.parametrize("seed", range(2))
def test_the_worse_a_picture_was_spoilt_the_less_it_is_worth(way: str, seed: int) -> None:
    """Pictures of no camera and of no training, made here."""
    original = vectors.photo(640, 480, seed=seed) if way == "compression" else still_life(seed, 640)
    copies = [degrading.WAYS[way](original, step, numpy.random.default_rng(1)) if step else original for step in (0, 2, 3, 5)]
    values = [part_of(copy, "technical").value or 0.0 for copy in copies]
    assert all(better > worse for better, worse in itertools.pairwise(values)), values


def part_of(picture: Image.Image, name: str) -> rules.Part:
    """One part of a picture's score."""
    return next(part for part in parts_of(picture).parts if part.signal == name)


@pytest.mark.parametrize(
    ("way", "words"),
    [("noise", "grain"), ("compression", "coarse compression"), ("dark", "too little light"), ("bright", "too much light")],
)
def test_the_reason_names_what_weighs_most(way: str, words: str) -> None:
    spoilt = degrading.WAYS[way](still_life(1, 640), 4, numpy.random.default_rng(1))
    reason = part_of(spoilt, "technical").reason
    assert words in reason.split(" and ")[0], reason


def test_blur_and_shake_are_named_as_one_or_the_other() -> None:
    for way in ("blur", "motion"):
        reason = part_of(degrading.WAYS[way](still_life(1, 640), 4, numpy.random.default_rng(1)), "technical").reason
        assert "out of focus" in reason or "camera shake" in reason, reason


def test_a_screenshot_is_low_whatever_is_sharp_in_it() -> None:
    shot = page(800, 1_400)
    assert score(shot) < 45 < score(still_life(1))
    assert part_of(shot, "photo_likeness").value == 0
    assert score(degrading.through_jpeg(shot, 75)) < 50


def test_a_photo_is_no_screenshot_even_when_it_is_spoilt() -> None:
    for way, spoil in degrading.WAYS.items():
        for step in (0.0, 3.0, 5.0):
            copy = spoil(vectors.photo(640, 480), step, numpy.random.default_rng(1))
            assert (part_of(copy, "photo_likeness").value or 0) > 0.5, (way, step)


def test_the_same_picture_in_another_size_is_as_good_within_a_tenth() -> None:
    original = still_life(3, 2_048)
    values = [
        part_of(original.resize((side, side), Image.Resampling.BOX), "technical").value or 0 for side in (2_048, 1_536, 1_024)
    ]
    assert max(values) - min(values) <= 0.1, values


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (400, 1), (3, 3), (2000, 20)])
def test_pictures_of_any_shape_and_of_one_colour_have_a_score(size: tuple[int, int]) -> None:
    for colour in ((0, 0, 0), (255, 255, 255), (200, 30, 60)):
        total = parts_of(Image.new("RGB", size, colour))
        assert 0 <= total.total <= 40
        assert sum(part.points for part in total.parts) == total.total
    grain = Image.effect_noise(size, 60).convert("RGB")
    assert 0 <= score(grain) <= 100


def test_the_shipped_model_is_small_and_of_this_format_only() -> None:
    model = read_shipped("ugc.scoring", "technical", kind=technical.KIND, format=technical.FORMAT)
    assert model.arrays["mean"].shape[0] == model.arrays["hidden"].shape[1]
    folder = Path(technical.__file__).parents[1] / "shipped"
    assert (folder / "technical.npz").stat().st_size < 400_000
    assert "CC0" in (folder / "technical.md").read_text()
    with pytest.raises(OtherFormat):
        read_shipped("ugc.scoring", "technical", kind=technical.KIND, format=technical.FORMAT + 1)


def test_far_from_all_training_the_answer_stays_within_bounds() -> None:
    model = read_shipped("ugc.scoring", "technical", kind=technical.KIND, format=technical.FORMAT)
    wild = numpy.random.default_rng(1).normal(0, 1e6, (50, model.arrays["mean"].shape[0]))
    losses, whole = technical.predict(model, wild)
    assert numpy.isfinite(losses).all()
    assert numpy.isfinite(whole).all()
    assert (losses >= 0).all()
    assert (whole >= 0).all()


def test_a_picture_of_grain_alone_is_not_sharp_and_low() -> None:
    """Its Laplacian varies more than any photo's."""
    grain = Image.fromarray(numpy.random.default_rng(1).integers(0, 256, (480, 640, 3), dtype=numpy.uint8))
    assert part_of(grain, "sharpness").value == 0
    assert score(grain) < 50 < score(still_life(1)) - 15


@pytest.mark.parametrize("folder", ["clothing", "flowers_ccby"])
def test_blur_lowers_the_score_of_real_photos(data: Path, folder: str) -> None:
    paths = [path for path in sorted((data / "photos" / folder).rglob("*.jpg")) if not degrading.is_for_training(path)][:4]
    for path in paths:
        picture = Image.open(path).convert("RGB")
        scores = [score(picture.filter(ImageFilter.GaussianBlur(radius)) if radius else picture) for radius in (0, 2, 5)]
        assert all(better > worse for better, worse in itertools.pairwise(scores)), (path.name, scores)


def test_the_split_is_by_name_and_seven_of_ten() -> None:
    names = [Path(f"photo-{number}.jpg") for number in range(2_000)]
    share = sum(degrading.is_for_training(path) for path in names) / len(names)
    assert share == pytest.approx(0.7, abs=0.03)
    assert degrading.is_for_training(Path("a/x.jpg")) == degrading.is_for_training(Path("b/c/x.jpg"))
