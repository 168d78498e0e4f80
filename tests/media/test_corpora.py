"""Real and hostile files through the limited child: each is accepted or refused with a code, several at once."""

from __future__ import annotations

import io
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from ugc.media import rules, sandbox
from ugc.media.rules import Inspection

KNOWN = {*rules.REFUSALS} - {"decoder_crashed", "too_costly", "file_too_large"}
SAMPLE = 60


def files_in(*folders: Path) -> list[Path]:
    """Every file below the folders."""
    return [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]


def outcome_of(path: Path) -> tuple[str, Inspection | None]:
    """`accepted` or the code."""
    try:
        found = sandbox.render(path)
    except rules.Refusal as refusal:
        return refusal.code, None
    assert found.renditions
    assert all(rules.is_clean(each.type, each.data, each.role) for each in found.renditions)
    return "accepted", found


def outcomes_of(paths: list[Path]) -> Counter[str]:
    """Counts by outcome, several files at once, through one warm parent."""
    parent = sandbox.SHARED.process_id
    with ThreadPoolExecutor(2 * sandbox.AT_ONCE) as pool:
        counts = Counter(code for code, _ in pool.map(outcome_of, paths))
    assert sandbox.SHARED.process_id == parent
    return counts


def test_a_sample_of_the_hostile_files_is_answered(data: Path) -> None:
    paths = random.Random(20261121).sample(files_in(data / "hostile" / "pillow_tests"), SAMPLE)
    counts = outcomes_of(paths)
    assert counts.total() == SAMPLE
    assert set(counts) <= KNOWN | {"accepted"}


@pytest.mark.long
def test_every_hostile_file_is_answered(data: Path) -> None:
    paths = files_in(data / "hostile" / "pillow_tests", data / "photos" / "sharp_fixtures", data / "photos" / "exif_samples")
    counts = outcomes_of(paths)
    assert counts.total() == len(paths)
    assert set(counts) <= KNOWN | {"accepted"}


def test_the_known_nasty_ones_are_refused(data: Path) -> None:
    folder = data / "hostile" / "pillow_tests"
    expected = {
        "decompression_bomb.gif": "picture_too_large", "png_decompression_dos.png": "metadata_too_large",
        "truncated_image.png": "truncated", "truncated_jpeg.jpg": "truncated", "zero_width.gif": "damaged",
    }  # fmt: skip
    assert {name: outcome_of(folder / name)[0] for name in expected} == expected


@pytest.mark.parametrize("shape", ["Landscape", "Portrait"])
def test_all_orientations_of_a_photo_come_out_alike(data: Path, shape: str) -> None:
    folder = data / "photos" / "exif_orientation"
    with ThreadPoolExecutor(sandbox.AT_ONCE) as pool:
        found = list(pool.map(sandbox.inspect, [folder / f"{shape}_{number}.jpg" for number in range(1, 9)]))
    assert len({(each.width, each.height) for each in found}) == 1
    assert (found[0].width > found[0].height) == (shape == "Landscape")
    first = int.from_bytes(found[0].perceptual_hash)
    assert max((first ^ int.from_bytes(each.perceptual_hash)).bit_count() for each in found) <= 31


def test_no_camera_file_leaves_a_trace_of_its_maker_or_place(data: Path) -> None:
    folder = data / "photos" / "exif_samples" / "jpg"
    paths = [*files_in(folder / "gps"), folder / "Kodak_CX7530.jpg", folder / "hdr" / "canon_hdr_YES.jpg"]
    pictures = [path for path in paths if path.suffix == ".jpg"]
    assert len(pictures) >= 4
    for path in pictures:
        with Image.open(path) as original:
            assert original.getexif()
        for each in sandbox.render(path).renditions:
            opened = Image.open(io.BytesIO(each.data))
            assert not opened.getexif()
            assert not {"exif", "xmp", "icc_profile", "comment", "photoshop", "mp"} & set(opened.info)


def test_resized_copies_are_near_and_flipped_ones_and_strangers_far(data: Path) -> None:
    folder = data / "photos" / "near_duplicates"
    names = ["ukbench00120", "ukbench00120_resize", "ukbench00120_hflip", "ukbench00120_rotation", "ukbench09268"]
    found = {name: sandbox.inspect(folder / "mixed_images" / f"{name}.jpg") for name in names}
    others = {path.name: sandbox.inspect(path) for path in (folder / "base_images").glob("*.jpg") if "00120" not in path.name}
    own = int.from_bytes(found["ukbench00120"].perceptual_hash)
    apart = {name: (own ^ int.from_bytes(each.perceptual_hash)).bit_count() for name, each in {**found, **others}.items()}
    assert apart["ukbench00120_resize"] <= 12
    assert min(bits for name, bits in apart.items() if name not in {"ukbench00120", "ukbench00120_resize"}) > 90


FOREIGN = {
    "sharp_fixtures/Channel_digital_image_CMYK_color.jpg": "jpeg", "sharp_fixtures/pitm.avif": "avif",
    "sharp_fixtures/5_webp_a.webp": "webp", "sharp_fixtures/rotating-squares.gif": "gif",
    "sharp_fixtures/relax.jp2": "wrong_format", "sharp_fixtures/check.svg": "wrong_format",
    "sharp_fixtures/G31D.TIF": "wrong_format", "sharp_fixtures/truncated.jpg": "truncated",
    "formats/webp/webpvp8l.webp": "webp", "formats/png/photoshop-8x12-rgba32-interlaced.png": "png",
    "formats/png/photoshop-8x12-16colorpalette.png": "png", "formats/gif/photoshop-8x12-32colors-alpha.gif": "gif",
    "formats/avif/32Bit-72dpi-sRGB-800x600.avif": "avif", "formats/png/invalid-iCCP-missing-adler32-checksum.png": "png",
}  # fmt: skip


@pytest.mark.parametrize("name", FOREIGN)
def test_foreign_files_of_every_format_are_taken_or_refused_as_they_should(data: Path, tmp_path: Path, name: str) -> None:
    """T-04, T-05: under a name that says something else."""
    path = tmp_path / "photo.jpg"
    path.write_bytes((data / "photos" / name).read_bytes())
    code, found = outcome_of(path)
    assert (found.format if found else code) == FOREIGN[name]


@pytest.mark.parametrize(
    "name", ["Channel_digital_image_CMYK_color.jpg", "gain-map.jpg", "p3.png", "grey-8bit-alpha.png", "big-height.webp"]
)
def test_odd_but_sound_pictures_are_accepted(data: Path, name: str) -> None:
    path = data / "photos" / "sharp_fixtures" / name
    assert outcome_of(path)[0] == "accepted"
