"""What video and sound have in common: the one demuxer opened, tracks chosen, the whole file surveyed within its limits."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

import av
import av.codec.hwaccel
import av.sidedata.encparams
import av.sidedata.motionvectors
import av.sidedata.sidedata
import av.subtitles.codeccontext
import av.subtitles.stream
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ugc.media.child.container import Container
from ugc.media.child.refusal import Refused

# PyAV imports these when a file first has what they are for; a limited child can't open files, so its parent has them.
PRELOADED = (av.codec.hwaccel, av.sidedata, av.subtitles.codeccontext, av.subtitles.stream, logging)
# What phones, cameras and browsers write; a decoder for an old game's films is one more way in.
VIDEO_CODECS = ("h264", "hevc", "vp8", "vp9", "libvpx", "libvpx-vp9", "libdav1d", "av1", "mpeg4", "h263", "mjpeg", "prores")
SOUND_CODECS = (
    "aac", "mp3", "mp3float", "opus", "libopus", "vorbis", "flac", "alac", "ac3", "eac3", "amrnb", "amrwb", "libopencore_amrnb",
    "libopencore_amrwb", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_f32le", "pcm_u8", "pcm_alaw",
    "pcm_mulaw", "adpcm_ima_wav", "adpcm_ima_qt", "adpcm_ms",
)  # fmt: skip
CODECS = frozenset((*VIDEO_CODECS, *SOUND_CODECS))
MAX_SIDE = 4096
MAX_PIXELS = 4096 * 2304
# What a decoder may make room for, also where a later picture says another size: whole blocks of 64 × 64 around the largest.
MAX_CODED_PIXELS = (MAX_SIDE + 64) * (2304 + 64)
# Phones that mean 60 write 60.02.
MAX_RATE = 61
MAX_SECONDS = 60
MAX_PACKETS = 200_000
# Key frames closer than this are not all decoded by a check: in some codecs every frame is one.
KEY_STEP = 0.5
MICROSECONDS = 1_000_000


@dataclass(slots=True)
class Survey:
    """What every packet of the file together says."""

    container: Container
    width: int = 0
    height: int = 0
    frames: int = 0
    start: float | None = None
    end: float = 0.0
    has_video: bool = False
    has_sound: bool = False

    @property
    def format(self) -> str:
        """The name that the file gets: an MP4 of sound alone is an M4A."""
        name = self.container.format
        return "m4a" if name == "mp4" and not self.has_video else "mp4" if name == "m4a" and self.has_video else name

    @property
    def seconds(self) -> float:
        """How long it plays."""
        return max(0.0, self.end - (self.start or 0.0))


@contextmanager
def refusing(name: str) -> Iterator[None]:
    """Turn what FFmpeg raises into a refusal."""
    try:
        yield
    except (Refused, MemoryError):
        raise
    except av.error.DecoderNotFoundError:
        raise Refused("codec_not_accepted", format=name) from None
    except (EOFError, av.error.EOFError):
        raise Refused("truncated", format=name) from None
    except Exception:
        raise Refused("damaged", format=name) from None


def nothing_else(url: str, flags: int, options: dict[str, str]) -> Any:
    """A demuxer that asks for another file or address gets none."""
    raise PermissionError(url)


def open_pinned(file: BinaryIO, found: Container) -> InputContainer:
    """The file behind its one demuxer; only known codecs, no other file, no protocol (T-14)."""
    options = {
        "format_whitelist": {"mov": "mov,mp4,m4a,3gp,3g2,mj2", "matroska": "matroska,webm"}.get(found.demuxer, found.demuxer),
        "codec_whitelist": ",".join((*VIDEO_CODECS, *SOUND_CODECS)),
        "protocol_whitelist": "none",
        "max_streams": "32",
        "probesize": "5000000",
        "analyzeduration": str(2 * MICROSECONDS),
    }
    file.seek(0)
    return av.open(
        file, "r", format=found.demuxer, container_options=options, metadata_errors="replace", io_open=nothing_else,
        buffer_size=1 << 18,
    )  # fmt: skip


def picture_track(opened: InputContainer) -> VideoStream | None:
    """The first track of moving pictures; a cover picture is none."""
    return next((each for each in opened.streams.video if not each.disposition & Disposition.attached_pic), None)


def sound_track(opened: InputContainer) -> AudioStream | None:
    """The first track of sound."""
    return next(iter(opened.streams.audio), None)


def tracks_of(opened: InputContainer) -> tuple[VideoStream | None, AudioStream | None]:
    """What is played, set to decode in this one thread: another can't be started here."""
    pictures, sound = picture_track(opened), sound_track(opened)
    for each in (pictures, sound):
        if each is None:
            continue
        # The demuxer's own list holds for its probing only.
        if each.codec_context is None or each.codec_context.codec.name not in CODECS:
            raise Refused("codec_not_accepted")
        each.codec_context.thread_count = 1
        each.codec_context.options = {"max_pixels": str(MAX_CODED_PIXELS)}
    if pictures is None and sound is None:
        raise Refused("nothing_to_play")
    return pictures, sound


def packets_of(opened: InputContainer, *tracks: VideoStream | AudioStream | None) -> Iterator[Packet[Any]]:
    """The packets of some tracks in the file's order."""
    return cast("Iterator[Packet[Any]]", opened.demux(*[each for each in tracks if each is not None]))


def frames_of(packet: Packet[Any]) -> Iterator[Any]:
    """What a packet decodes to; what can't be decoded is left out, as players do: the check saw that it is not much."""
    try:
        yield from packet.decode()
    except (av.error.InvalidDataError, av.error.EOFError):
        return


def check_sides(width: int, height: int) -> None:
    """Refuse pictures that are larger than 4K, or have no size."""
    if width < 2 or height < 2:
        raise Refused("damaged")
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        raise Refused("frame_too_large", width=width, height=height)


def seconds_of(packet: Packet[Any], moment: int | None) -> float | None:
    """A packet's time in seconds."""
    return None if moment is None or packet.time_base is None else float(moment * packet.time_base)


def survey(file: BinaryIO, found: Container, max_seconds: int, *, decode: bool) -> Survey:
    """Read every packet; with `decode` also decode the key frames and all sound, to know that the file is sound.

    Durations and rates are counted, not taken from the header. Raises Refused past a limit, at the packet that passes it.
    """
    with refusing(found.format), open_pinned(file, found) as opened:
        pictures, sound = tracks_of(opened)
        seen = Survey(found, has_video=pictures is not None, has_sound=sound is not None)
        if pictures is not None:
            check_sides(pictures.codec_context.width, pictures.codec_context.height)
            seen.width, seen.height = pictures.codec_context.width, pictures.codec_context.height
        trial = Trial() if decode else None
        for number, packet in enumerate(packets_of(opened, pictures, sound)):
            note(seen, packet, max_seconds)
            if number > MAX_PACKETS:
                raise Refused("too_long", limit_seconds=max_seconds)
            if trial:
                trial.take(packet)
        if trial:
            trial.judge(found.format)
            if trial.is_turned:
                seen.width, seen.height = seen.height, seen.width
    if seen.has_video and not seen.frames:
        raise Refused("truncated", format=found.format)
    check_rate(seen)
    return seen


def note(seen: Survey, packet: Packet[Any], max_seconds: int) -> None:
    """Count one packet and its time."""
    at = seconds_of(packet, packet.pts if packet.pts is not None else packet.dts)
    if packet.size and isinstance(packet.stream, VideoStream):
        seen.frames += 1
    if at is None or not packet.size:
        return
    seen.start = at if seen.start is None else min(seen.start, at)
    seen.end = max(seen.end, at + (seconds_of(packet, packet.duration) or 0.0))
    # A tenth more: what says 60 seconds plays a frame and a sound packet longer.
    if seen.seconds > max_seconds * 1.02 + 0.5:
        raise Refused("too_long", limit_seconds=max_seconds)


def check_rate(seen: Survey) -> None:
    """Refuse more frames a second than screens show; counted over a second at least."""
    if seen.frames > MAX_RATE * max(seen.seconds, 1.0):
        raise Refused("frame_rate_too_high", limit=60)


@dataclass(slots=True)
class Trial:
    """Decodes what a check decodes, and counts how that went."""

    good: int = 0
    bad: int = 0
    last_key: float = -1.0
    is_turned: bool = False

    def take(self, packet: Packet[Any]) -> None:
        """One packet: sound always, of the pictures key frames that are some time apart."""
        if packet.size and isinstance(packet.stream, VideoStream):
            at = seconds_of(packet, packet.pts if packet.pts is not None else packet.dts) or 0.0
            if not packet.is_keyframe or (self.last_key >= 0 and abs(at - self.last_key) < KEY_STEP):
                return
            self.last_key = at
        try:
            frames = packet.decode()
        except av.error.EOFError:
            return
        except (av.error.InvalidDataError, ValueError):
            self.bad += 1
            return
        self.good += len(frames)
        self.is_turned |= any(isinstance(frame, VideoFrame) and frame.rotation % 180 != 0 for frame in frames)

    def judge(self, name: str) -> None:
        """Refuse what can't be decoded; a camera's single broken frame is no reason."""
        if not self.good or self.bad * 10 > self.good:
            raise Refused("damaged", format=name)
