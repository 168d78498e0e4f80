"""The descriptor: of one length whatever the picture, the same mirrored, near for what looks alike."""

from __future__ import annotations

from pathlib import Path

import numpy
import pytest
from PIL import Image

from tests.similarity.drawn import figure, jpeg
from ugc.media import sandbox
from ugc.media.child import descriptor
from ugc.similarity.encoders import own
from ugc.similarity.encoders.base import Picture, Vector


def vector(picture: Image.Image) -> Vector:
    [found] = own.OwnEncoder("1").pictures([Picture(1, 1, descriptor.describe(picture))])
    assert found is not None
    return found


@pytest.mark.parametrize("size", [(512, 512), (512, 384), (512, 1), (1, 512), (1, 1), (2, 300)])
def test_a_picture_of_any_shape_and_of_one_colour_has_a_descriptor_and_a_vector_of_length_one(size: tuple[int, int]) -> None:
    picture = Image.new("RGB", size, "#336699")
    assert len(descriptor.describe(picture)) == descriptor.LENGTH
    assert float(numpy.linalg.norm(vector(picture))) == pytest.approx(1, abs=1e-5)


def test_a_picture_of_one_colour_has_no_outlines() -> None:
    numbers = descriptor.read(descriptor.describe(Image.new("RGB", (512, 512), "#336699")))
    assert numbers is not None
    lengths = {block.name: block.length for block in descriptor.BLOCKS}
    outlines = lengths["figure_outlines_fine"] + lengths["figure_outlines"] + lengths["outlines"]
    assert not numbers[:outlines].any()
    assert numbers[-lengths["colours"] :].any()


def test_a_mirror_image_is_the_same_picture() -> None:
    picture = figure("triangle", at=60)
    mirrored = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    assert float(vector(picture) @ vector(mirrored)) > 0.98


def test_the_same_shape_in_another_colour_and_place_is_nearer_than_another_shape() -> None:
    circle, moved, square = (vector(each) for each in (figure(), figure("circle", "#2040c0", at=40), figure("stripes")))
    assert float(circle @ moved) > float(circle @ square) + 0.2


def test_the_same_shape_in_the_same_colour_is_nearest() -> None:
    asked, same, other = figure(at=0), figure(at=25), figure("circle", "#20a040", "#202020", at=25)
    assert float(vector(asked) @ vector(same)) > float(vector(asked) @ vector(other))


def test_a_descriptor_of_another_version_is_not_read() -> None:
    made = descriptor.describe(figure())
    assert descriptor.read(made) is not None
    assert descriptor.read(bytes([made[0] + 1]) + made[1:]) is None
    assert descriptor.read(made[:-1]) is None
    assert descriptor.read(b"") is None


def test_the_limited_child_gives_a_descriptor_with_the_measures(tmp_path: Path) -> None:
    path = tmp_path / "figure.jpg"
    path.write_bytes(jpeg(figure()))
    found = sandbox.inspect(path)
    here = descriptor.describe(figure())
    assert len(found.descriptor) == descriptor.LENGTH
    # A JPEG is not exactly what was drawn, and its vector hardly differs.
    [sent] = own.OwnEncoder("1").pictures([Picture(1, 1, found.descriptor)])
    [drawn] = own.OwnEncoder("1").pictures([Picture(1, 1, here)])
    assert sent is not None
    assert drawn is not None
    assert float(sent @ drawn) > 0.95
