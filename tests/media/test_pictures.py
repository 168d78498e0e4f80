"""What comes out of a sound picture: upright, sRGB, nothing but pixels, at the right sizes (T-06…T-09)."""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps

from tests.media import vectors
from ugc.media import rules, sandbox
from ugc.media.child import renditions
from ugc.media.rules import Inspection, RenditionData


def rendered(tmp_path: Path, data: bytes) -> Inspection:
    """The picture through the limited child."""
    path = tmp_path / "x"
    path.write_bytes(data)
    return sandbox.render(path)


def pixels(rendition: RenditionData) -> numpy.ndarray[tuple[int, ...], numpy.dtype[numpy.float64]]:
    """A rendition's pixels."""
    return numpy.asarray(Image.open(io.BytesIO(rendition.data)).convert("RGB"), dtype=numpy.float64)


def largest(found: Inspection, kind: str = "image/jpeg") -> RenditionData:
    """The largest rendition of a type."""
    return max((each for each in found.renditions if each.type == kind), key=lambda each: each.width)


@pytest.mark.parametrize(
    ("width", "height", "widths"),
    [
        (4032, 3024, [160, 320, 640, 1280]),
        (1280, 720, [160, 320, 640, 1280]),
        (1000, 800, [160, 320, 640, 1000]),
        (700, 500, [160, 320, 640]),  # 700 is too near to 640 to be worth a copy of its own
        (160, 90, [160]),
        (40, 30, [40]),
        (1, 1, [1]),
        (1000, 20_000, [160, 205]),  # no higher than 4,096
        (20_000, 100, [160, 320, 640, 1280]),
    ],
)
def test_renditions_have_the_widths(width: int, height: int, widths: list[int]) -> None:
    assert [each for each, _ in renditions.sizes(width, height)] == widths


@given(st.integers(1, 20_000), st.integers(1, 20_000))
def test_a_rendition_is_never_larger_than_its_picture_and_there_is_always_one(width: int, height: int) -> None:
    made = renditions.sizes(width, height)
    assert made
    for across, down in made:
        assert 1 <= across <= min(width, 1280)
        assert 1 <= down <= min(height, renditions.MAX_HEIGHT)


def test_renditions_come_as_webp_and_jpeg_of_the_size_that_they_say(tmp_path: Path) -> None:
    found = rendered(tmp_path, vectors.jpeg(1600, 1200))
    assert [each.name for each in found.renditions] == [
        f"{width}.{end}" for width in (160, 320, 640, 1280) for end in ("jpg", "webp")
    ]
    for each in found.renditions:
        opened = Image.open(io.BytesIO(each.data))
        assert (opened.size, f"image/{opened.format}".lower()) == ((each.width, each.height), each.type)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_comes_out_upright(tmp_path: Path, orientation: int) -> None:
    """T-09."""
    upright = vectors.photo(320, 200)
    undo = {2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}
    tags = Image.Exif()
    tags[0x0112] = undo.get(orientation, 1)
    stored = upright.copy()
    stored.info["exif"] = tags.tobytes()
    stored = ImageOps.exif_transpose(Image.open(io.BytesIO(vectors.encoded(stored, "PNG", exif=tags.tobytes()))))
    found = rendered(tmp_path, vectors.encoded(stored, "JPEG", quality=95, exif=vectors.exif(orientation)))
    assert (found.width, found.height) == (320, 200)
    assert numpy.abs(pixels(largest(found)) - numpy.asarray(upright, dtype=float)).mean() < 8


def test_nothing_beside_the_pixels_is_served(tmp_path: Path) -> None:
    """T-08 place and device, T-10 scripts in what a camera writes."""
    data = vectors.talkative_jpeg()
    for secret in (b"SecretMaker", b"SERIAL-12345", b"SecretXmp", b"SecretIptc", b"SecretComment"):
        assert secret in data
    found = rendered(tmp_path, data)
    for each in found.renditions:
        assert rules.is_clean(each.type, each.data)
        assert b"Secret" not in each.data
        assert b"SERIAL" not in each.data
        opened = Image.open(io.BytesIO(each.data))
        assert not opened.getexif()
        assert not {"exif", "xmp", "icc_profile", "comment", "photoshop"} & set(opened.info)


def test_the_clean_check_sees_what_is_not_clean() -> None:
    assert not rules.is_clean("image/jpeg", vectors.talkative_jpeg())
    assert not rules.is_clean("image/jpeg", vectors.with_segments(vectors.jpeg(), [(0xFE, b"x")]))
    assert rules.is_clean("image/jpeg", vectors.jpeg())
    assert not rules.is_clean("image/jpeg", vectors.jpeg() + b"PK\3\4")
    plain = vectors.encoded(vectors.photo(40, 30), "WEBP")
    assert rules.is_clean("image/webp", plain)
    assert not rules.is_clean("image/webp", vectors.encoded(vectors.photo(40, 30), "WEBP", exif=vectors.exif()))
    assert not rules.is_clean("image/webp", vectors.encoded(vectors.photo(40, 30), "WEBP", lossless=True))
    assert not rules.is_clean("image/webp", plain + b"PK\3\4")


def test_what_hides_behind_or_inside_a_picture_does_not_come_out(tmp_path: Path) -> None:
    """T-06 two formats in one file, T-07 a script in the pixels."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("evil.html", "<html>")
    script = b"<?=system($_GET[0]);?>"
    hidden = Image.frombytes("RGB", (32, 32), (script * 200)[: 32 * 32 * 3])
    for data in (
        vectors.jpeg() + archive.getvalue(),
        vectors.jpeg() + b"%PDF-1.7 Rar!\x1a\7 <html>",
        vectors.encoded(hidden, "PNG"),
        vectors.moving_gif(40, 40, 2) + b"<html><script>",
    ):
        for each in rendered(tmp_path, data).renditions:
            assert not zipfile.is_zipfile(io.BytesIO(each.data))
            assert not any(trace in each.data for trace in (b"<?=system", b"%PDF-", b"Rar!", b"<html", b"evil"))


MODES = {
    "grey": lambda: vectors.encoded(vectors.photo().convert("L"), "JPEG"),
    "cmyk": lambda: vectors.encoded(vectors.photo().convert("CMYK"), "JPEG"),
    "palette": lambda: vectors.encoded(vectors.photo().quantize(256), "PNG"),
    "palette with transparency": lambda: vectors.encoded(vectors.photo().quantize(16), "PNG", transparency=bytes([254, 250])),
    "one bit": lambda: vectors.encoded(vectors.photo().convert("1"), "PNG"),
    "sixteen bits": lambda: vectors.encoded(sixteen_bits(), "PNG"),
    "grey with alpha": lambda: vectors.encoded(vectors.photo().convert("LA"), "PNG"),
    "webp with alpha": lambda: vectors.encoded(vectors.photo().convert("RGBA"), "WEBP"),
    "gif": lambda: vectors.encoded(vectors.photo(), "GIF"),
    "progressive": lambda: vectors.jpeg(progressive=True),
    "progressive cmyk": lambda: vectors.encoded(vectors.photo().convert("CMYK"), "JPEG", progressive=True, quality=90),
    "avif": lambda: vectors.encoded(vectors.photo(), "AVIF", quality=80),
    "avif with alpha": lambda: vectors.encoded(vectors.photo().convert("RGBA"), "AVIF", quality=80),
    "sixteen bits of colour": lambda: sixteen_bit_colour(),
}


def sixteen_bit_colour() -> bytes:
    """A PNG of three channels of sixteen bits, which Pillow reads and does not write."""
    values = numpy.asarray(vectors.photo()).astype(">u2") * 257
    rows = b"".join(b"\0" + row.tobytes() for row in values)
    head = vectors.ihdr(640, 480, depth=16, colour=2)
    return vectors.PNG_MAGIC + head + vectors.chunk(b"IDAT", zlib.compress(rows, 1)) + vectors.chunk(b"IEND", b"")


def sixteen_bits() -> Image.Image:
    """The photo's greys, times 257."""
    return Image.fromarray((numpy.asarray(vectors.photo().convert("L"), dtype=numpy.uint16)) * 257)


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_comes_out_looking_the_same(tmp_path: Path, mode: str) -> None:
    found = rendered(tmp_path, MODES[mode]())
    expected = numpy.asarray(vectors.photo().convert("L"), dtype=float)
    seen = numpy.asarray(Image.open(io.BytesIO(largest(found).data)).convert("L"), dtype=float)
    # Few colours are far from the photo pixel by pixel, but not on the whole.
    coarse = numpy.abs(seen.reshape(48, 10, 64, 10).mean((1, 3)) - expected.reshape(48, 10, 64, 10).mean((1, 3))).mean()
    assert coarse < 16, coarse


def test_transparent_parts_become_white(tmp_path: Path) -> None:
    picture = Image.new("RGBA", (200, 100), (255, 0, 0, 0))
    picture.paste((0, 0, 255, 255), (0, 0, 100, 100))
    seen = pixels(largest(rendered(tmp_path, vectors.encoded(picture, "PNG"))))
    assert seen[50, 180].min() > 245
    assert seen[50, 20, 2] > 200 > 60 > seen[50, 20, 0]


def test_colours_are_converted_by_the_embedded_profile(tmp_path: Path) -> None:
    # A profile whose first two primaries are exchanged: red pixels then mean green.
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(profile[128:132], "big")
    tags = {bytes(profile[132 + 12 * at : 136 + 12 * at]): 132 + 12 * at for at in range(count)}
    red, green = tags[b"rXYZ"], tags[b"gXYZ"]
    profile[red + 4 : red + 12], profile[green + 4 : green + 12] = profile[green + 4 : green + 12], profile[red + 4 : red + 12]
    profile = profile.replace("sRGB".encode("utf-16-be"), "odd ".encode("utf-16-be"))
    data = vectors.encoded(Image.new("RGB", (64, 64), (250, 10, 10)), "PNG", icc_profile=bytes(profile))
    seen = pixels(largest(rendered(tmp_path, data))).mean((0, 1))
    assert seen[1] > 200 > 80 > seen[0]


@pytest.mark.parametrize("profile", [b"no profile", bytes(128), b"x" * 5_000_000])
def test_an_unsound_profile_is_left_out(tmp_path: Path, profile: bytes) -> None:
    found = rendered(tmp_path, vectors.encoded(vectors.photo(64, 48), "WEBP", icc_profile=profile))
    assert largest(found).width == 64


def test_broken_exif_is_no_fault_of_the_picture(tmp_path: Path) -> None:
    for data in (b"Exif\0\0MM\0*\0\0\xff\xff", b"Exif\0\0" + b"\xff" * 60_000, b"Exif\0\0II*\0\x08\0\0\0\xff\xff"):
        found = rendered(tmp_path, vectors.with_segments(vectors.jpeg(100, 80), [(0xE1, data)]))
        assert (found.width, found.height) == (100, 80)


def test_the_same_picture_has_the_same_hash_however_it_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "x.jpg"
    path.write_bytes(vectors.jpeg(2400, 1800))
    asked, made = sandbox.inspect(path), sandbox.render(path)
    assert asked.perceptual_hash == made.perceptual_hash
    assert asked.measures == made.measures
    assert asked.colours == made.colours


def distance(left: Inspection, right: Inspection) -> int:
    """Bits in which two pictures' hashes differ."""
    return (int.from_bytes(left.perceptual_hash) ^ int.from_bytes(right.perceptual_hash)).bit_count()


def test_copies_lie_near_and_other_pictures_far(tmp_path: Path) -> None:
    photo = vectors.photo(900, 600)
    found = rendered(tmp_path, vectors.encoded(photo, "JPEG", quality=92))
    copies = [
        vectors.encoded(photo, "JPEG", quality=40),
        vectors.encoded(photo.resize((450, 300)), "WEBP"),
        vectors.encoded(photo.point([int(255 * (value / 255) ** 1.3) for value in range(256)] * 3), "PNG"),
    ]
    assert all(distance(found, rendered(tmp_path, copy)) <= 31 for copy in copies)
    others = [vectors.photo(900, 600, seed=seed) for seed in range(2, 6)] + [ImageOps.mirror(photo)]
    assert all(distance(found, rendered(tmp_path, vectors.encoded(other, "JPEG"))) > 60 for other in others)


def test_dominant_colours_are_the_ones_that_one_sees(tmp_path: Path) -> None:
    picture = Image.new("RGB", (300, 100), (200, 30, 30))
    picture.paste((20, 40, 180), (200, 0, 300, 100))
    first, second, *rest = rendered(tmp_path, vectors.encoded(picture, "PNG")).colours
    assert not rest
    assert near(first, (200, 30, 30))
    assert near(second, (20, 40, 180))


def near(colour: str, expected: tuple[int, int, int]) -> bool:
    """Whether `#rrggbb` is about the expected colour."""
    return all(abs(int(colour[at : at + 2], 16) - value) < 12 for at, value in zip((1, 3, 5), expected, strict=True))
