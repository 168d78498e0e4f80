"""The short loop of an animated picture: lossy frames alone, bounded in length, size and width."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import pytest
from PIL import Image

from tests.media import vectors
from ugc.media import rules, sandbox
from ugc.media.child import loops
from ugc.media.rules import RenditionData


def loop_of(tmp_path: Path, data: bytes) -> RenditionData | None:
    """The loop among a picture's renditions."""
    (tmp_path / "x").write_bytes(data)
    return next((each for each in sandbox.render(tmp_path / "x").renditions if each.role == "loop"), None)


def animation(form: str, size: tuple[int, int], frames: int, milliseconds: int) -> bytes:
    """A photo that moves to the right."""
    wide = vectors.photo(size[0] + frames, size[1])
    pictures = [wide.crop((at, 0, at + size[0], size[1])) for at in range(frames)]
    return vectors.encoded(pictures[0], form, save_all=True, append_images=pictures[1:], duration=milliseconds)


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_an_animation_gets_its_first_frame_and_a_loop(tmp_path: Path, form: str) -> None:
    loop = loop_of(tmp_path, animation(form, (600, 300), 8, 200))
    assert loop is not None
    assert (loop.name, loop.width, loop.height) == ("loop-480.webp", 480, 240)
    opened = Image.open(io.BytesIO(loop.data))
    assert (opened.size, opened.n_frames, opened.info["loop"]) == ((480, 240), 8, 0)  # type: ignore[attr-defined]
    opened.seek(7)
    assert opened.mode == "RGB"


def test_a_still_picture_has_no_loop(tmp_path: Path) -> None:
    assert loop_of(tmp_path, vectors.jpeg(300, 200)) is None
    assert loop_of(tmp_path, vectors.encoded(vectors.photo(60, 40), "GIF")) is None


def test_a_loop_is_short_slow_and_bounded(tmp_path: Path) -> None:
    loop = loop_of(tmp_path, animation("GIF", (120, 90), 290, 20))
    assert loop is not None
    opened = Image.open(io.BytesIO(loop.data))
    times = frame_times(loop.data)
    assert opened.n_frames == len(times) <= loops.MAX_FRAMES  # type: ignore[attr-defined]
    assert min(times) >= loops.LEAST_STEP
    assert sum(times) <= loops.MAX_MILLISECONDS
    assert len(loop.data) <= loops.MAX_BYTES


def frame_times(data: bytes) -> list[int]:
    """The milliseconds of each frame."""
    place, found = 44, []
    while place < len(data):
        found.append(int.from_bytes(data[place + 20 : place + 23], "little"))
        place += 8 + struct.unpack_from("<I", data, place + 4)[0]
    return found


def test_an_animation_that_breaks_after_some_frames_loops_over_those(tmp_path: Path) -> None:
    whole = animation("GIF", (200, 150), 6, 200)
    loop = loop_of(tmp_path, whole[: len(whole) * 2 // 3])
    assert loop is not None
    assert 2 <= len(frame_times(loop.data)) < 6


def test_frames_of_a_huge_canvas_cost_no_more_than_one_picture_may(tmp_path: Path) -> None:
    """T-02: the budget counts frames at their own size, the loop pays for the whole canvas each time."""
    canvas = vectors.encoded(Image.new("P", (6000, 6000)), "GIF")
    small = vectors.encoded(Image.new("P", (5, 5)), "GIF")
    block = small[small.rindex(b"\x2c\0\0\0\0\5\0\5\0") : -1]
    frames = [b"\x21\xf9\4\4\x0a\0\0\0" + block[:1] + struct.pack("<H", place * 10) + block[3:] for place in range(30)]
    data = canvas[:-1] + b"".join(frames) + b";"
    with Image.open(io.BytesIO(data)) as made:
        assert (made.size, getattr(made, "n_frames", 1)) == ((6000, 6000), 31)
    assert loop_of(tmp_path, data) is None


def test_the_clean_check_of_a_loop_sees_what_is_not_clean(tmp_path: Path) -> None:
    """T-06, T-07, T-08: alpha is stored losslessly, so no frame may have any; nothing beside the frames."""
    pictures = [vectors.photo(80, 60, seed=seed) for seed in (1, 2, 3)]
    loop = loop_of(tmp_path, animation("WEBP", (80, 60), 3, 200))
    assert loop is not None
    assert rules.is_clean("image/webp", loop.data, "loop")
    assert not rules.is_clean("image/webp", loop.data)
    assert not rules.is_clean("image/jpeg", loop.data, "loop")
    assert not rules.is_clean("image/webp", loop.data + b"PK\3\4", "loop")
    assert not rules.is_clean("image/webp", loop.data[:-2], "loop")
    for options in ({"lossless": True}, {"exif": vectors.exif()}, {"xmp": b"<x/>"}):
        other = vectors.encoded(pictures[0], "WEBP", save_all=True, append_images=pictures[1:], **options)
        assert not rules.is_clean("image/webp", other, "loop")
    seen_through = [each.convert("RGBA") for each in pictures]
    for each in seen_through:
        each.putalpha(Image.effect_noise((80, 60), 90))
    other = vectors.encoded(seen_through[0], "WEBP", save_all=True, append_images=seen_through[1:])
    assert not rules.is_clean("image/webp", other, "loop")
