"""The drawn pictures: the same bytes for the same shot, upright, and as faulty as they were asked to be."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy
import pytest
from PIL import Image, ImageOps

from ugc.demo import content, scenes
from ugc.demo.scenes import Shot

MUG, LAMP = content.BY_SKU["MUG-SAGE"].look, content.BY_SKU["LAMP-SAND"].look
SHOT = Shot((MUG,), "room", "morning", seed=3, width=320, height=240)


def opened(jpeg: bytes) -> Image.Image:
    """The picture as a viewer shows it."""
    return ImageOps.exif_transpose(Image.open(io.BytesIO(jpeg)))


def brightness(jpeg: bytes) -> float:
    return float(numpy.asarray(opened(jpeg).convert("L"), float).mean())


def detail(jpeg: bytes) -> float:
    grey = numpy.asarray(opened(jpeg).convert("L"), float)
    return float(numpy.abs(numpy.diff(grey, axis=0)).mean())


def test_the_same_shot_gives_the_same_bytes() -> None:
    assert scenes.draw(SHOT) == scenes.draw(SHOT)


@pytest.mark.parametrize("place", sorted(scenes.PLACES))
@pytest.mark.parametrize("time", sorted(scenes.TIMES))
def test_every_place_can_be_drawn_at_every_time_of_day(place: str, time: str) -> None:
    picture = scenes.draw(replace(SHOT, place=place, time=time, width=200, height=150))
    assert opened(picture.jpeg).size == (200, 150)
    assert 15 < brightness(picture.jpeg) < 245


@pytest.mark.parametrize("sample", content.CATALOGUE, ids=lambda sample: str(sample.sku))
def test_every_product_has_a_picture_with_something_in_it(sample: content.Sample) -> None:
    jpeg = scenes.product_picture(sample.look, 1, size=160)
    grey = numpy.asarray(opened(jpeg).convert("L"), float)
    assert grey.std() > 8


def test_hotspots_lie_on_their_products() -> None:
    picture = scenes.draw(replace(SHOT, looks=(MUG, LAMP), place="evening", time="dusk"))
    (left, _), (right, above) = picture.spots
    assert 0 < left < right < 1
    lamp = numpy.asarray(opened(picture.jpeg).convert("L"), float)
    assert lamp[int(above * 240), int(right * 320)] > 150, "the lamp's shade is the brightest thing in a dark room"


@pytest.mark.parametrize("turned", [3, 6, 8])
def test_a_turned_photo_is_upright_once_its_tag_is_heeded(turned: int) -> None:
    upright, stored = scenes.draw(SHOT).jpeg, scenes.draw(replace(SHOT, turned=turned)).jpeg
    assert Image.open(io.BytesIO(stored)).getexif()[0x0112] == turned
    difference = numpy.asarray(opened(upright), float) - numpy.asarray(opened(stored), float)
    assert numpy.abs(difference).mean() < 3


def test_faults_show() -> None:
    plain = scenes.draw(SHOT).jpeg
    assert brightness(scenes.draw(replace(SHOT, exposure=0.2)).jpeg) < brightness(plain) / 1.5
    assert brightness(scenes.draw(replace(SHOT, exposure=3.0)).jpeg) > brightness(plain) * 1.2
    assert detail(scenes.draw(replace(SHOT, blur=4.0)).jpeg) < detail(plain) / 1.5


def test_a_second_take_is_nearly_the_same_picture_a_little_closer() -> None:
    first, second = scenes.draw(SHOT), scenes.draw(replace(SHOT, crop=0.05))
    assert opened(second.jpeg).size == (288, 216)
    assert second.jpeg != first.jpeg
