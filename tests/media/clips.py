"""Videos and recordings for the tests, built with PyAV: small, in every shape that cameras and attackers write."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import av
import numpy
from PIL import Image

from tests.media import vectors

PLACE = "+48.8577+002.2950/"
"""Where a clip says that it was taken (T-15)."""


def clip(
    form: str = "mp4", *, codec: str = "libx264", width: int = 320, height: int = 180, rate: int = 10, seconds: float = 2.0,
    sound: str = "aac", metadata: dict[str, str] | None = None, paint: Callable[[int, int], Image.Image] | None = None,
    moments: Sequence[int] | None = None, options: dict[str, str] | None = None,
) -> bytes:  # fmt: skip
    """A clip of a moving photo with a tone; `moments` are the frames' times in milliseconds where they are not even."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=form, options={"movflags": "use_metadata_tags"} | (options or {})) as made:
        made.metadata.update(metadata or {})
        pictures: Any = made.add_stream(codec, rate=rate)
        pictures.width, pictures.height, pictures.pix_fmt = width, height, "yuvj420p" if codec == "mjpeg" else "yuv420p"
        voice = made.add_stream(sound, rate=48_000, layout="stereo") if sound else None
        ground = vectors.photo(width + 64, height + 64)
        count = len(moments) if moments is not None else round(rate * seconds)
        if moments is not None:
            pictures.codec_context.time_base = Fraction(1, 1000)
        for number in range(count):
            shift = number % 64
            picture = paint(number, count) if paint else ground.crop((shift, shift, shift + width, shift + height))
            frame = av.VideoFrame.from_ndarray(numpy.asarray(picture))
            frame.pts = moments[number] if moments is not None else number
            frame.time_base = Fraction(1, 1000) if moments is not None else Fraction(1, rate)
            made.mux(pictures.encode(frame))
        made.mux(pictures.encode(None))
        if voice is not None:
            tone(made, voice, seconds)
    return buffer.getvalue()


def tone(made: Any, track: Any, seconds: float) -> None:
    """A tone that grows louder, until the end."""
    samples = numpy.arange(round(48_000 * seconds))
    wave = (numpy.sin(2 * numpy.pi * 440 * samples / 48_000) * samples / len(samples)).astype(numpy.float32)
    resampler = av.AudioResampler(format=track.format, layout="stereo", rate=48_000, frame_size=track.frame_size or 1024)
    frame = av.AudioFrame.from_ndarray(numpy.stack([wave, wave]), format="fltp", layout="stereo")
    frame.sample_rate, frame.pts, frame.time_base = 48_000, 0, Fraction(1, 48_000)
    for part in [*resampler.resample(frame), *resampler.resample(None)]:
        made.mux(track.encode(part))
    made.mux(track.encode(None))


def recording(form: str = "mp3", codec: str = "libmp3lame", seconds: float = 2.0, metadata: dict[str, str] | None = None) -> bytes:
    """Sound alone."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=form) as made:
        made.metadata.update(metadata or {})
        tone(made, made.add_stream(codec, rate=48_000, layout="stereo"), seconds)
    return buffer.getvalue()


def turned(data: bytes, degrees: int) -> bytes:
    """The MP4 with a display matrix that turns its pictures, as a phone held upright writes it."""
    cosine, sine = {90: (0, 1), 180: (-1, 0), 270: (0, -1)}[degrees]
    matrix = struct.pack(">9i", cosine << 16, sine << 16, 0, -sine << 16, cosine << 16, 0, 0, 0, 1 << 30)
    place = data.index(b"tkhd") + 4 + 40
    return data[:place] + matrix + data[place + 36 :]


def patched(data: bytes, box: bytes, offset: int, value: bytes) -> bytes:
    """The MP4 with bytes of one box's content replaced."""
    place = data.index(box) + 4 + offset
    return data[:place] + value + data[place + len(value) :]


def many_tracks(count: int) -> bytes:
    """An MP4's index with as many tracks as one likes, none of them with anything to play."""
    tracks = struct.pack(">I4s", 8, b"trak") * count
    kind = struct.pack(">I4s4sI", 16, b"ftyp", b"isom", 512)
    return kind + struct.pack(">I4s", 8 + len(tracks), b"moov") + tracks + struct.pack(">I4s", 8, b"mdat")


PLAYLISTS = {
    "hls": b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10.0,\nconcat:http://127.0.0.1:%d/header.m3u8|file:///etc/passwd\n#EXT-X-ENDLIST\n",
    "hls indented": b"\n  #EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
    "dash": b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><AdaptationSet><Representation id="1">'
    b"<BaseURL>http://127.0.0.1:%d/</BaseURL></Representation></AdaptationSet></Period></MPD>",
    "concat": b"ffconcat version 1.0\nfile /etc/passwd\n",
    "sdp": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video %d RTP/AVP 96\n",
    "hls in AVI": b"RIFF\x24\0\0\0AVI LIST\x14\0\0\0hdrl#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
}
"""What reads other files and addresses when a demuxer for it is entered (T-14); `%d` is a port that counts its callers."""
