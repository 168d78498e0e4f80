"""Videos and recordings: what is accepted, what is made of them, what is refused (T-13, T-14, T-15, T-16)."""

from __future__ import annotations

import io
import re
import shutil
import socket
import struct
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import av
import numpy
import pytest
from av.container import InputContainer
from PIL import Image, ImageDraw

from tests.media import clips, vectors
from ugc.media import boxes, playing, rules, sandbox
from ugc.media.child import container
from ugc.media.rules import Inspection


def written(folder: Path, data: bytes, name: str = "clip.mp4") -> Path:
    """A file with these bytes."""
    path = folder / name
    path.write_bytes(data)
    return path


def opened(data: bytes) -> InputContainer:
    """What a player sees."""
    return av.open(io.BytesIO(data), "r")


def copy_of(found: Inspection, role: str) -> rules.RenditionData:
    """The one copy for a purpose."""
    return next(each for each in found.renditions if each.role == role)


def stills(found: Inspection) -> list[rules.RenditionData]:
    """Its pictures, small to large."""
    return sorted((each for each in found.renditions if each.role == "picture"), key=lambda each: each.width)


def test_a_clip_becomes_a_poster_a_copy_for_every_player_and_a_silent_preview(tmp_path: Path) -> None:
    found = sandbox.render(written(tmp_path, clips.clip(width=1280, height=720, seconds=5)))
    assert (found.kind, found.format, found.width, found.height, found.has_sound) == ("video", "mp4", 1280, 720, True)
    assert found.frames == 50
    assert found.duration_ms == pytest.approx(5000, abs=60)
    assert {each.type for each in stills(found)} >= {"image/webp", "image/jpeg"}
    assert len(found.perceptual_hash) == 32
    assert {"sharpness", "brightness", "pixels"} <= set(found.measures or {})
    with opened(copy_of(found, "video").data) as film:
        assert [each.codec_context.name for each in film.streams] == ["h264", "aac"]
        assert film.duration == pytest.approx(5_000_000, abs=100_000)
        assert sum(1 for _ in film.decode(video=0)) == 50
    with opened(copy_of(found, "preview").data) as preview:
        assert [each.type for each in preview.streams] == ["video"]
        assert preview.duration == pytest.approx(3_000_000, abs=200_000)
        assert max(preview.streams.video[0].width, preview.streams.video[0].height) == 480


def test_a_check_knows_a_clip_before_anything_is_made_of_it(tmp_path: Path) -> None:
    found = sandbox.check(written(tmp_path, clips.turned(clips.clip(), 90)))
    assert (found.kind, found.width, found.height, found.renditions) == ("video", 180, 320, ())
    assert found.duration_ms == pytest.approx(2000, abs=60)


@pytest.mark.parametrize(
    ("form", "codec", "sound", "name"),
    [
        ("mp4", "libx264", "aac", "mp4"), ("mov", "libx264", "aac", "mov"), ("mp4", "libx265", "", "mp4"),
        ("webm", "libvpx-vp9", "libopus", "matroska"), ("webm", "libvpx", "libvorbis", "matroska"),
        ("matroska", "libx264", "flac", "matroska"), ("avi", "mpeg4", "libmp3lame", "avi"), ("avi", "mjpeg", "pcm_s16le", "avi"),
        ("mp4", "mpeg4", "aac", "mp4"), ("3gp", "libx264", "aac", "mp4"),
    ],
)  # fmt: skip
def test_what_phones_cameras_and_browsers_write_is_taken(tmp_path: Path, form: str, codec: str, sound: str, name: str) -> None:
    if codec not in av.codecs_available or (sound and sound not in av.codecs_available):
        pytest.skip(f"this build of FFmpeg can't write {codec} or {sound}")
    found = sandbox.render(written(tmp_path, clips.clip(form, codec=codec, sound=sound, seconds=1)))
    assert (found.format, found.width, found.height, found.has_sound) == (name, 320, 180, bool(sound))
    assert copy_of(found, "video").name == "video.mp4"
    assert copy_of(found, "preview").name == "preview.mp4"


@pytest.mark.parametrize(
    ("form", "codec", "name"),
    [
        ("mp3", "libmp3lame", "mp3"), ("ipod", "aac", "m4a"), ("mp4", "aac", "m4a"), ("adts", "aac", "aac"),
        ("ogg", "libopus", "ogg"), ("ogg", "libvorbis", "ogg"), ("wav", "pcm_s16le", "wav"), ("flac", "flac", "flac"),
        ("webm", "libopus", "matroska"),
    ],
)  # fmt: skip
def test_a_recording_becomes_aac_and_a_picture_of_its_waveform(tmp_path: Path, form: str, codec: str, name: str) -> None:
    if codec not in av.codecs_available:
        pytest.skip(f"this build of FFmpeg can't write {codec}")
    data = clips.recording(form, codec, metadata={"title": "secret", "artist": "somebody"})
    found = sandbox.render(written(tmp_path, data))
    assert (found.kind, found.format, found.has_sound, found.frames) == ("audio", name, True, 0)
    assert found.duration_ms == pytest.approx(2000, abs=100)
    assert found.perceptual_hash == b""
    assert found.measures is None
    assert len(found.peaks) > 50
    assert found.peaks[2] < 15
    assert max(found.peaks[-10:]) == 100
    assert stills(found)[-1].width == 1280
    with opened(copy_of(found, "audio").data) as made:
        assert [each.codec_context.name for each in made.streams] == ["aac"]
        assert "secret" not in str(made.metadata)


def test_a_cover_picture_is_no_video(tmp_path: Path) -> None:
    tag = (
        b"APIC"
        + struct.pack(">I", 400)
        + b"\0\0"
        + b"\0image/jpeg\0\3\0"
        + vectors.jpeg(16, 16, quality=10)[:386].ljust(386, b"\0")
    )
    head = b"ID3\3\0\0" + bytes([0, 0, len(tag) >> 7, len(tag) & 127])
    assert sandbox.check(written(tmp_path, head + tag + clips.recording())).kind == "audio"


@pytest.mark.parametrize("form", ["mp4", "mov"])
def test_T_15_place_owner_and_camera_are_gone_from_all_that_is_shown(tmp_path: Path, form: str) -> None:
    said = {
        "location": clips.PLACE, "com.apple.quicktime.location.ISO6709": clips.PLACE, "artist": "Mallory", "comment": "at home",
        "creation_time": "2026-11-21T10:00:00Z",
    }  # fmt: skip
    data = clips.clip(form, metadata=said)
    with opened(data) as original:
        assert clips.PLACE in original.metadata.values()
    found = sandbox.render(written(tmp_path, data))
    for each in found.renditions:
        assert not re.search(rb"48\.8577|Mallory|at home|Lavf|Lavc", each.data), each.name
    for role in ("video", "preview"):
        with opened(copy_of(found, role).data) as made:
            assert set(made.metadata) <= {"major_brand", "minor_version", "compatible_brands"}
            assert all(set(stream.metadata) <= {"language", "handler_name"} for stream in made.streams)


@pytest.mark.parametrize(("name", "size"), [("mov/with-gps.mov", (320, 568)), ("mp4/with-gps.mp4", (1920, 1080))])
def test_T_15_a_phones_place_is_gone(data: Path, name: str, size: tuple[int, int]) -> None:
    path = data / "photos" / "video_clips" / name
    assert re.search(rb"\xa9xyz|ISO6709", path.read_bytes())
    found = sandbox.render(path)
    assert (found.width, found.height) == size
    for each in found.renditions:
        assert not re.search(rb"\xa9xyz|ISO6709|[+-]\d{2}\.\d{3,4}[+-]\d{3}\.\d{3,4}", each.data), each.name


def test_every_real_clip_is_taken_or_too_long(data: Path) -> None:
    outcomes = {}
    for path in sorted((data / "photos" / "video_clips").rglob("*.*")):
        try:
            outcomes[path.name] = sandbox.render(path, max_seconds=30).kind
        except rules.Refusal as refused:
            outcomes[path.name] = refused.code
    assert outcomes.pop("sample_iPod.m4v") == "too_long"
    assert set(outcomes.values()) == {"video"}
    assert len(outcomes) >= 6


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_clip_turned_by_its_display_matrix_comes_out_upright(tmp_path: Path, degrees: int) -> None:
    def paint(number: int, count: int) -> Image.Image:
        picture = Image.new("RGB", (320, 180), (30, 30, 200))
        ImageDraw.Draw(picture).rectangle((0, 0, 159, 89), fill=(220, 40, 40))
        return picture

    data = clips.turned(clips.clip(paint=paint), degrees)
    with opened(data) as original:
        turn = next(original.decode(video=0)).rotation % 360
    found = sandbox.render(written(tmp_path, data))
    shown = (180, 320) if degrees != 180 else (320, 180)
    assert (found.width, found.height) == shown
    red = {90: (-20, 20), 180: (-20, -20), 270: (20, -20)}[360 - turn if turn != 180 else 180]
    with opened(copy_of(found, "video").data) as made:
        frame = next(made.decode(video=0))
        assert frame.rotation == 0
        film = Image.fromarray(frame.reformat(format="rgb24", src_colorspace=1).to_ndarray())
    for picture in (film, Image.open(io.BytesIO(stills(found)[-1].data)).convert("RGB")):
        assert picture.width / picture.height == pytest.approx(shown[0] / shown[1], rel=0.01)
        pixel = picture.getpixel((red[0] % picture.width, red[1] % picture.height))
        assert isinstance(pixel, tuple)
        assert pixel[0] > 150 > pixel[2]


def test_the_poster_is_the_best_of_several_and_never_a_black_frame(tmp_path: Path) -> None:
    sharp = vectors.photo(320, 180)

    def paint(number: int, count: int) -> Image.Image:
        if number == 25:  # one of the six moments that are looked at
            return sharp
        return Image.new("RGB", (320, 180)) if number < 15 else sharp.reduce(16).resize((320, 180))

    found = sandbox.render(written(tmp_path, clips.clip(paint=paint, seconds=6)))
    poster = numpy.asarray(Image.open(io.BytesIO(stills(found)[-1].data)).convert("L"), float)
    assert numpy.corrcoef(poster.ravel(), numpy.asarray(sharp.convert("L"), float).ravel())[0, 1] > 0.95
    assert (found.measures or {})["brightness"] > 60


def test_a_clip_that_is_all_black_has_a_poster_too(tmp_path: Path) -> None:
    found = sandbox.render(written(tmp_path, clips.clip(paint=lambda number, count: Image.new("RGB", (320, 180)))))
    assert stills(found)


SHAPES: dict[str, tuple[Callable[[], bytes], tuple[int, int]]] = {
    "odd sizes": (lambda: clips.clip(codec="mjpeg", form="avi", sound="", width=321, height=179), (320, 178)),
    "one frame": (lambda: clips.clip(seconds=0.1, sound=""), (320, 180)),
    "no sound": (lambda: clips.clip(sound=""), (320, 180)),
    "uneven rate": (lambda: clips.clip(sound="", moments=[0, 15, 400, 433, 466, 1900, 1901, 2500]), (320, 180)),
    "tall": (lambda: clips.clip(width=180, height=640), (180, 640)),
    "wide": (lambda: clips.clip(width=1600, height=64), (1280, 50)),
    "larger than 720p": (lambda: clips.clip(width=1920, height=1080, seconds=0.5), (1280, 720)),
    "sixty a second": (lambda: clips.clip(rate=60, seconds=1.5), (320, 180)),
    "fragmented": (lambda: clips.clip(options={"movflags": "frag_keyframe+empty_moov"}), (320, 180)),
}


@pytest.mark.parametrize("name", SHAPES)
def test_unusual_clips_are_handled(tmp_path: Path, name: str) -> None:
    build, size = SHAPES[name]
    found = sandbox.render(written(tmp_path, build()))
    film = copy_of(found, "video")
    assert (film.width, film.height) == size
    with opened(film.data) as made:
        assert sum(1 for _ in made.decode(video=0)) >= 1
        assert float(made.streams.video[0].average_rate or 0) <= 31


class Callers:
    """A listening port."""

    def __init__(self) -> None:
        self.door = socket.create_server(("127.0.0.1", 0))
        self.door.setblocking(False)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.door.getsockname()[1])

    def came(self) -> bool:
        """Whether somebody has called."""
        try:
            self.door.accept()[0].close()
        except BlockingIOError:
            return False
        return True


@pytest.mark.parametrize("name", clips.PLAYLISTS)
def test_T_14_a_playlist_named_as_a_video_is_refused_and_nothing_is_fetched(tmp_path: Path, name: str) -> None:
    callers = Callers()
    with pytest.raises(rules.Refusal) as refused:
        sandbox.check(written(tmp_path, clips.PLAYLISTS[name].replace(b"%d", str(callers.port).encode())))
    assert refused.value.code in {"wrong_format", "not_a_picture", "damaged", "truncated", "nothing_to_play"}
    assert not callers.came()
    callers.door.close()


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed: system calls were not watched")
@pytest.mark.timeout(180)
def test_T_14_no_file_and_no_address_is_asked_for_where_nothing_would_stop_it(tmp_path: Path) -> None:
    """Without filter and namespace, so that what is not tried is not tried, rather than stopped."""
    log = tmp_path / "calls"
    made = sandbox.Sandbox(sandbox.FILMS, ("--no-filter", "--no-namespace"), seconds=60.0, cpu_seconds=30)
    sandbox.isolation(made)  # has imported all that it will
    watched = "trace=open,openat,openat2,connect,socket,sendto,execve"
    command = ["strace", "-f", "-o", str(log), "-e", watched, "-p", str(made.process_id)]
    with closing(made), subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracer:
        assert tracer.stderr is not None
        if "attached" not in (said := tracer.stderr.readline()):
            pytest.skip(f"strace can't watch other processes here: {said.strip()}")
        for name, data in {**clips.PLAYLISTS, "a clip": clips.clip(seconds=1)}.items():
            path = written(tmp_path, data, name)
            with open(path, "rb") as file:
                made.run("check", file, max_seconds=60)
        tracer.terminate()
    lines = [line for line in log.read_text().splitlines() if "(" in line]
    asked = [line for line in lines if '"/dev/null"' not in line]
    assert len(lines) > len(clips.PLAYLISTS), "each child opens the one file that it may"
    assert asked == []


def test_T_14_no_demuxer_is_entered_but_the_one_that_the_first_bytes_stand_for() -> None:
    assert {each.demuxer for each in container.CONTAINERS.values()} == {
        "mov", "matroska", "avi", "mp3", "aac", "ogg", "wav", "flac",
    }  # fmt: skip
    for text in clips.PLAYLISTS.values():
        assert container.name_container(text[:64]) in {"", "avi"}
    for still in (vectors.jpeg(8, 8), vectors.png(), b"\0\0\0\x18ftypheic", b"\0\0\0\x18ftypavif", b"GIF89a", b"RIFF....WEBPVP8 "):
        assert container.name_container(still[:64]) == ""


def test_T_14_a_track_that_lies_in_another_file_is_not_read(tmp_path: Path) -> None:
    data = clips.clip(sound="")
    place = data.index(b"url \0\0\0\1")
    outside = data[: place + 4] + b"\0\0\0\0" + data[place + 8 :]
    found = sandbox.check(written(tmp_path, outside))  # its own bytes are played, whatever the reference says
    assert found.kind == "video"


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "cut in half": (lambda: clips.clip()[:-3000], "truncated"),
    "index cut off": (lambda: clips.clip()[:200], "truncated"),
    "head alone": (lambda: b"\0\0\0\x18ftypisom\0\0\2\0isomiso2", "truncated"),
    "nothing behind EBML": (lambda: b"\x1aE\xdf\xa3" + bytes(60), "damaged"),
    "too long": (lambda: clips.clip(rate=1, seconds=70, sound=""), "too_long"),
    "a recording that is too long": (lambda: clips.recording("wav", "pcm_s16le", 62), "too_long"),
    "larger than 4K": (
        lambda: clips.clip(codec="mjpeg", form="avi", width=4400, height=64, seconds=0.2, sound=""),
        "frame_too_large",
    ),
    "120 a second": (lambda: clips.clip(rate=120, seconds=1.2, sound=""), "frame_rate_too_high"),
    "10,000 tracks": (lambda: clips.many_tracks(10_000), "too_many_tracks"),
    "no track": (lambda: clips.many_tracks(0), "nothing_to_play"),
    "tracks of nothing": (lambda: clips.many_tracks(3), "nothing_to_play"),
    "another codec": (lambda: clips.clip("avi", codec="flv", sound=""), "codec_not_accepted"),
    "zeros for pictures": (lambda: zeros(clips.clip(sound="")), "damaged"),
}


def zeros(data: bytes) -> bytes:
    """The MP4 with nothing in its mdat."""
    place = data.index(b"mdat") + 4
    (length,) = struct.unpack_from(">I", data, place - 8)
    return data[:place] + bytes(length - 8) + data[place + length - 8 :]


@pytest.mark.parametrize("name", REFUSED)
def test_T_14_what_can_not_be_played_here_is_refused_with_its_reason(tmp_path: Path, name: str) -> None:
    build, code = REFUSED[name]
    with pytest.raises(rules.Refusal) as refused:
        sandbox.check(written(tmp_path, build()))
    assert refused.value.code == code
    assert refused.value.status == 422


def test_T_14_lengths_are_counted_and_not_believed(tmp_path: Path) -> None:
    data = clips.clip(sound="")
    boastful = clips.patched(data, b"mvhd", 16, struct.pack(">I", 0x7FFFFFFF))
    assert sandbox.check(written(tmp_path, boastful)).duration_ms == pytest.approx(2000, abs=60)
    modest = clips.patched(clips.clip(rate=1, seconds=70, sound=""), b"mvhd", 16, struct.pack(">I", 1))
    with pytest.raises(rules.TooLong):
        sandbox.check(written(tmp_path, modest))


def test_the_limit_on_length_is_the_callers(tmp_path: Path) -> None:
    path = written(tmp_path, clips.clip(seconds=4))
    assert sandbox.check(path, max_seconds=4).duration_ms == pytest.approx(4000, abs=60)
    with pytest.raises(rules.TooLong) as refused:
        sandbox.check(path, max_seconds=2)
    assert refused.value.facts["limit_seconds"] == 2


def test_T_16_a_videos_child_is_kept_in_as_a_pictures_is(tmp_path: Path) -> None:
    for each in {id(one): one for one in sandbox.PLAYING.values()}.values():
        kept = sandbox.isolation(each)
        assert kept == sandbox.isolation()
        assert kept.filtered or kept.network == "namespace"


def test_what_a_decoder_answers_about_a_video_is_checked_as_a_strangers() -> None:
    facts: dict[str, Any] = {
        "kind": "video",
        "format": "mp4",
        "width": 320,
        "height": 180,
        "frames": 20,
        "duration_ms": 2000,
        "has_sound": True,
    }
    assert playing.read_playing(facts, []).width == 320
    wrong: list[dict[str, Any]] = [
        {"kind": "picture"}, {"format": "hls"}, {"width": 0}, {"width": "<b>"}, {"frames": -1}, {"duration_ms": 10**9},
        {"peaks": ["x"]}, {"renditions": [{"role": "video", "type": "video/mp4", "width": 2, "height": 2}]},
        {"renditions": [{"role": "film", "type": "video/mp4", "width": 2, "height": 2}]},
    ]  # fmt: skip
    for each in wrong:
        blobs = [b"<html>"] * len(each.get("renditions", []))
        with pytest.raises(rules.DecoderCrashed):
            playing.read_playing(facts | each, blobs)


def test_a_copy_holds_the_boxes_that_playing_needs_and_no_other(tmp_path: Path) -> None:
    film = copy_of(sandbox.render(written(tmp_path, clips.clip(seconds=1))), "video").data
    assert boxes.is_clean(film, has_video=True)
    assert not boxes.is_clean(film, has_video=False)
    assert film.index(b"moov") < film.index(b"mdat")
    free = struct.pack(">I4s", 16, b"free") + b"see here"
    hidden = {
        "behind the end": film + b"\0",
        "a free box": film + free,
        "a date": clips.patched(film, b"mvhd", 4, b"\0\0\0\1"),
        "a handler's name": film.replace(b"VideoHandler", b"Mallory--was"),
        "no MP4": b"RIFF" + film,
        "the original": clips.clip(metadata={"artist": "Mallory"}),
    }
    for name, data in hidden.items():
        assert not boxes.is_clean(data, has_video=True), name


def test_without_its_package_a_video_is_refused_with_a_hint_and_a_picture_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr(playing, "PACKAGE", "no_such_package")
    assert sandbox.check(written(tmp_path, vectors.jpeg(64, 64), "x.jpg")).kind == "picture"
    with pytest.raises(rules.VideoNotInstalled) as refused:
        sandbox.check(written(tmp_path, clips.clip()))
    assert "ugc[video]" in refused.value.detail
