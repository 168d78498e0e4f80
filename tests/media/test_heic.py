"""HEIC and AVIF: sizes, turns and colours read by us, budgets before a decoder runs, lies refused (T-01, T-04, T-16)."""

from __future__ import annotations

import io
import struct
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageFilter, ImageOps

from tests.media import heifs, vectors
from ugc.media import actions, rules, sandbox
from ugc.media.child import decoding, headers, heif
from ugc.media.child.refusal import Refused
from ugc.media.rules import Inspection
from ugc.runtime import Runtime


def smooth(width: int, height: int, *, seed: int = 1) -> Image.Image:
    """A photo without its finest detail, which no codec keeps."""
    return vectors.photo(width, height, seed=seed).filter(ImageFilter.GaussianBlur(2))


def rendered(tmp_path: Path, data: bytes) -> Inspection:
    """The file through the limited child, under a name that lies (T-04)."""
    path = tmp_path / "photo.jpg"
    path.write_bytes(data)
    return sandbox.render(path)


def code_of(tmp_path: Path, data: bytes) -> str:
    """The refusal's code."""
    with pytest.raises(rules.Refusal) as refused:
        rendered(tmp_path, data)
    return refused.value.code


def shown(found: Inspection) -> Image.Image:
    """The largest JPEG."""
    return Image.open(
        io.BytesIO(max((each for each in found.renditions if each.type == "image/jpeg"), key=lambda each: each.width).data)
    )


def apart(found: Inspection, expected: Image.Image) -> float:
    """The mean difference of what is shown and what should be."""
    seen = shown(found)
    return float(
        numpy.abs(numpy.asarray(seen, dtype=float) - numpy.asarray(expected.convert("RGB").resize(seen.size), dtype=float)).mean()
    )


def test_a_heic_of_one_picture_comes_out_as_it_went_in(tmp_path: Path) -> None:
    photo = smooth(320, 200)
    found = rendered(tmp_path, heifs.heic((320, 200), heifs.one_tile(photo)))
    assert (found.format, found.width, found.height, found.frames) == ("heic", 320, 200, 1)
    assert apart(found, photo) < 3


@pytest.mark.parametrize("size", [(400, 300), (512, 256), (130, 129)])
def test_a_heic_in_tiles_comes_out_whole_and_cut_to_its_size(tmp_path: Path, size: tuple[int, int]) -> None:
    photo = smooth(*size)
    data = heifs.heic(size, heifs.tiles_of(photo, 128), columns=-(-size[0] // 128))
    found = rendered(tmp_path, data)
    assert (found.width, found.height) == size
    assert apart(found, photo) < 3


def test_a_large_heic_is_scaled_down_while_it_is_decoded(tmp_path: Path) -> None:
    photo = smooth(2624, 2052)
    path = tmp_path / "x"
    path.write_bytes(heifs.heic(photo.size, heifs.tiles_of(photo, 512), columns=6))
    with open(path, "rb") as file:
        header, picture = decoding.open_picture(file)
        made = decoding.decode(header, picture, 1280, 1001)
    assert made.size == (1312, 1026)
    expected = photo.resize(made.size, Image.Resampling.BOX)
    assert numpy.abs(numpy.asarray(made, dtype=float) - numpy.asarray(expected, dtype=float)).mean() < 3


TURNS = {
    "quarter": ([heifs.box(b"irot", b"\1")], 8), "half": ([heifs.box(b"irot", b"\2")], 3),
    "three quarters": ([heifs.box(b"irot", b"\3")], 6), "top to bottom": ([heifs.box(b"imir", b"\0")], 4),
    "left to right": ([heifs.box(b"imir", b"\1")], 2),
    "quarter, then left to right": ([heifs.box(b"irot", b"\1"), heifs.box(b"imir", b"\1")], 7),
    "left to right, then quarter": ([heifs.box(b"imir", b"\1"), heifs.box(b"irot", b"\1")], 5),
}  # fmt: skip


@pytest.mark.parametrize("name", TURNS)
def test_the_turns_of_the_file_make_it_upright(tmp_path: Path, name: str) -> None:
    properties, orientation = TURNS[name]
    photo = smooth(160, 96)
    found = rendered(tmp_path, heifs.heic((160, 96), heifs.one_tile(photo), further=properties))
    tags = Image.Exif()
    tags[0x0112] = orientation
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(vectors.encoded(photo, "PNG", exif=tags.tobytes()))))
    assert (found.width, found.height) == expected.size
    assert apart(found, expected) < 3


def test_turns_are_read_as_another_decoder_reads_them(data: Path) -> None:
    for path in sorted((data / "hostile" / "pillow_tests" / "avif").glob("rot*.avif")):
        with open(path, "rb") as file, Image.open(path) as other:
            assert heif.read_still(file).turn == other.getexif()[0x0112], path.name


def test_a_heics_profile_is_applied(tmp_path: Path) -> None:
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(profile[128:132], "big")
    tags = {bytes(profile[132 + 12 * at : 136 + 12 * at]): 132 + 12 * at for at in range(count)}
    red, green = tags[b"rXYZ"], tags[b"gXYZ"]
    profile[red + 4 : red + 12], profile[green + 4 : green + 12] = profile[green + 4 : green + 12], profile[red + 4 : red + 12]
    profile = profile.replace("sRGB".encode("utf-16-be"), "odd ".encode("utf-16-be"))
    plain = Image.new("RGB", (64, 64), (250, 10, 10))
    data = heifs.heic((64, 64), heifs.one_tile(plain), further=[heifs.box(b"colr", b"prof", bytes(profile))])
    seen = numpy.asarray(shown(rendered(tmp_path, data)), dtype=float).mean((0, 1))
    assert seen[1] > 200 > 80 > seen[0]


SMALL = heifs.tiles_of(smooth(128, 128), 64)
LARGE = heifs.one_tile(smooth(512, 512))[0]


def sized(side: int, *tiles: heifs.Tile) -> list[heifs.Tile]:
    """The tiles, of which the file says another size."""
    return [replace(each, width=side, height=side) for each in tiles]


LIES = {
    "a size of 100,000 × 100,000": (heifs.heic((100_000, 100_000), SMALL[:1]), "picture_too_large"),
    "a grid of 30,000 × 30,000": (heifs.heic((30_000, 30_000), SMALL, columns=2), "picture_too_large"),
    "tiles of 9,000 × 9,000": (heifs.heic((128, 128), sized(9000, *SMALL), columns=2), "picture_too_large"),
    "tiles of 4,000 × 4,000, four of them": (
        heifs.heic((128, 128), sized(4000, *SMALL), columns=2), "picture_too_large"),
    "no pixels": (heifs.heic((0, 10), SMALL[:1]), "damaged"),
    "a grid of another size": (heifs.heic((128, 128), SMALL, columns=2, grid=(1, 1, 999, 128)), "damaged"),
    "fewer tiles than the grid has": (heifs.heic((128, 128), SMALL, columns=2, grid=(7, 7, 128, 128)), "damaged"),
    "tiles larger than they are": (heifs.heic((128, 128), sized(128, SMALL[0])), "damaged"),
    "a picture much larger than it says": (heifs.heic((64, 64), sized(64, LARGE)), "too_costly"),
    "no configuration": (heifs.heic((64, 64), [replace(SMALL[0], configuration=b"")]), "damaged"),
    "noise for a picture": (heifs.heic((64, 64), [replace(SMALL[0], data=bytes(range(256)) * 4)]), "damaged"),
    "a codec of another format": (heifs.heic((64, 64), SMALL[:1], codec=b"unci"), "damaged"),
    "AV1 under HEIC's brand": (heifs.heic((64, 64), SMALL[:1], codec=b"av01"), "wrong_format"),
    "HEVC under AVIF's brand": (heifs.heic((64, 64), SMALL[:1], brand=b"avif"), "wrong_format"),
    "a meta box of 2 MB": (heifs.box(b"ftyp", b"heic", bytes(4)) + heifs.full(b"meta", bytes(2_000_000)), "metadata_too_large"),
    "a meta box that never comes": (heifs.box(b"ftyp", b"heic", bytes(4)) + heifs.box(b"free", bytes(100)) * 50, "truncated"),
    "a box of no length": (heifs.box(b"ftyp", b"heic", bytes(4)) + struct.pack(">I4s", 4, b"free") + bytes(50), "damaged"),
}  # fmt: skip


@pytest.mark.parametrize("name", LIES)
def test_a_heic_that_lies_is_refused(tmp_path: Path, name: str) -> None:
    """T-01: what is too large is refused from its boxes, before a decoder runs."""
    data, code = LIES[name]
    assert code_of(tmp_path, data) == code


def test_a_bomb_of_boxes_is_refused_soon_and_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(LIES["a size of 100,000 × 100,000"][0])
    with open(path, "rb") as file:
        outcome = sandbox.SHARED.run("render", file)
    assert outcome.cpu_seconds < 0.2
    assert outcome.peak_kb < 64_000


def test_half_a_heic_is_refused(tmp_path: Path) -> None:
    whole = heifs.heic((128, 128), SMALL, columns=2)
    for share in (0.05, 0.3, 0.6, 0.95):
        assert code_of(tmp_path, whole[: int(len(whole) * share)]) in {"truncated", "damaged"}


WHOLE = heifs.heic((128, 128), SMALL, columns=2)


@given(st.data())
def test_no_change_of_a_byte_breaks_the_reader(data: st.DataObject) -> None:
    """T-16: whatever stands in the boxes, the answer is a picture's description or one of the known errors."""
    changed = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, 700))] = data.draw(st.integers(0, 255))
    assert header_or_code(bytes(changed)) in {"heic", *rules.REFUSALS}


PLACES = heifs.full(b"hdlr", bytes(4), b"pict", bytes(13)) + heifs.full(b"pitm", b"\0\1")


def with_places(iloc: bytes) -> bytes:
    """A grid whose own bytes lie where an iloc box says."""
    described = heifs.full(b"infe", struct.pack(">HH4s", 1, 0, b"grid"), b"\0", version=2)
    properties = heifs.box(
        b"iprp", heifs.box(b"ipco", heifs.ispe(64, 64)), heifs.full(b"ipma", struct.pack(">IHBB", 1, 1, 1, 1))
    )  # fmt: skip
    info = heifs.full(b"iinf", struct.pack(">H", 1), described)
    return heifs.box(b"ftyp", b"heic", bytes(4)) + heifs.full(b"meta", PLACES, info, iloc, properties)


LOST = {
    "an offset of 60 bits": (
        heifs.full(b"iloc", b"\x84\0", struct.pack(">HHHHQI", 1, 1, 0, 1, 1 << 60, 8)), "truncated"),
    "an offset of 64 bits and one that is added": (
        heifs.full(b"iloc", b"\x88\x80", struct.pack(">HHHQHQQ", 1, 1, 0, (1 << 64) - 1, 1, (1 << 64) - 1, 8)), "truncated"),
    "an offset of 120 bits": (heifs.full(b"iloc", b"\xf4\0", struct.pack(">HHHH", 1, 1, 0, 1), b"\xff" * 19), "damaged"),
    "no extent": (heifs.full(b"iloc", b"\x44\0", struct.pack(">HHHH", 1, 1, 0, 0)), "truncated"),
    "inside the file's head": (heifs.full(b"iloc", b"\x44\0", struct.pack(">HHHHII", 1, 1, 0, 1, 0, 8)), "damaged"),
}  # fmt: skip


@pytest.mark.parametrize("name", LOST)
def test_T_16_places_outside_the_file_are_refused(tmp_path: Path, name: str) -> None:
    iloc, code = LOST[name]
    assert code_of(tmp_path, with_places(iloc)) == code


# 60,000 entries of 65,535 extents each.
ENTRIES = struct.pack(">HHH", 1, 0, 65_535) * 60_000
BUSY = {
    "extents that cost no byte": with_places(
        heifs.full(b"iloc", b"\0\0", struct.pack(">H", 60_000), ENTRIES)),
    "two million empty boxes": heifs.box(b"ftyp", b"heic", bytes(4)) + heifs.box(b"free") * 2_000_000,
    "a hundred thousand items": heifs.box(b"ftyp", b"heic", bytes(4)) + heifs.full(
        b"meta", PLACES, heifs.full(b"iinf", b"\xff\xff", heifs.box(b"infe", b"\2\0\0\0\0\1\0\0hvc1") * 45_000)),
}  # fmt: skip


@pytest.mark.parametrize("name", BUSY)
def test_T_01_a_file_that_keeps_the_reader_busy_is_refused_soon(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(BUSY[name])
    with open(path, "rb") as file:
        outcome = sandbox.SHARED.run("check", file)
    with pytest.raises(rules.Refusal) as refused:
        sandbox.read_answer(outcome)
    assert refused.value.code in {"damaged", "truncated"}
    assert outcome.cpu_seconds < 0.5


def header_or_code(data: bytes) -> str:
    """The format that the reader finds, else its refusal."""
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        try:
            return headers.read_header(file).format
        except Refused as refused:
            return refused.code


def test_heic_is_off_by_one_setting(runtime: Runtime) -> None:
    data = heifs.heic((128, 128), SMALL, columns=2)
    with actions.receive(runtime, io.BytesIO(data), "x.heic") as received:
        assert received.found.format == "heic"
    off = replace(runtime, settings=replace(runtime.settings, heic=False))
    with pytest.raises(rules.WrongFormat) as refused:
        actions.receive(off, io.BytesIO(data), "x.heic")
    assert refused.value.facts["format"] == "heic"


def test_an_avif_comes_out_as_it_went_in_and_with_its_first_frame_only(tmp_path: Path) -> None:
    photo = smooth(320, 200)
    found = rendered(tmp_path, vectors.encoded(photo, "AVIF", quality=80))
    assert (found.format, found.width, found.height, found.frames) == ("avif", 320, 200, 1)
    assert apart(found, photo) < 4
    others = [smooth(320, 200, seed=seed) for seed in (2, 3)]
    moving = rendered(tmp_path, vectors.encoded(photo, "AVIF", quality=80, save_all=True, append_images=others))
    assert apart(moving, photo) < 4


def test_an_avif_that_says_too_much_is_refused_from_its_boxes(tmp_path: Path) -> None:
    data = vectors.encoded(smooth(320, 200), "AVIF")
    assert code_of(tmp_path, data.replace(struct.pack(">II", 320, 200), struct.pack(">II", 90_000, 200))) == "picture_too_large"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_avif_comes_out_upright(tmp_path: Path, orientation: int) -> None:
    photo = smooth(160, 96)
    found = rendered(tmp_path, vectors.encoded(photo, "AVIF", quality=80, exif=vectors.exif(orientation)))
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(vectors.encoded(photo, "PNG", exif=vectors.exif(orientation)))))
    assert (found.width, found.height) == expected.size
    assert apart(found, expected) < 4


def test_phones_heic_and_foreign_avif_are_taken(data: Path) -> None:
    photos, hostile = data / "photos", data / "hostile" / "pillow_tests" / "avif"
    expected = {
        photos / "exif_samples" / "heic" / "IMG_5195.HEIC": ("heic", 2566, 3313),
        hostile / "hopper.heif": ("heic", 128, 128),
        photos / "formats" / "avif" / "Issue 649.avif": ("avif", 5472, 3648),
        photos / "sharp_fixtures" / "pitm.avif": ("avif", 4096, 800),
    }
    for path, facts in expected.items():
        found = sandbox.render(path)
        assert (found.format, found.width, found.height) == facts, path.name
        assert all(rules.is_clean(each.type, each.data) for each in found.renditions)


@pytest.mark.parametrize(
    "name", ["NegativeArraySizeException.HeifReader.processBoxes.heif", "NegativeArraySizeException.ItemInfoBox.init.heif"]
)
def test_broken_boxes_are_refused(data: Path, name: str) -> None:
    with pytest.raises((rules.Truncated, rules.Damaged)):
        sandbox.check(data / "photos" / "formats" / "heic" / name)
