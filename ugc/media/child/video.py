"""A video decoded once: frames that may become its poster, H.264 and AAC of at most 720p, three silent seconds (T-14, T-15)."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import BinaryIO

import av
import numpy
from av.audio.frame import AudioFrame
from av.container import OutputContainer
from av.filter import Graph
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream
from PIL import Image

from ugc.media import boxes
from ugc.media.child import measuring, playing
from ugc.media.child.playing import Survey
from ugc.media.child.refusal import Refused
from ugc.media.child.renditions import Copy
from ugc.media.child.sound import Voice

# The shorter side of 720p, whichever way the phone was held.
SHORT_SIDE = 720
LONG_SIDE = 1280
PREVIEW_SIDE = 480
PREVIEW_SECONDS = 3
RATE = 30
PREVIEW_RATE = 15
TICKS = 90_000
CLOCK = Fraction(1, TICKS)
# One thread: another can't be started here. veryfast: a third of the processor time of the default for some 15 % more bytes.
# No closed captions and no user data are carried over from a stranger's frames.
X264 = {
    "threads": "1", "preset": "veryfast", "profile": "high", "maxrate": "2500000", "bufsize": "5000000", "g": "60",
    "a53cc": "0", "udu_sei": "0", "flags": "+bitexact",
}  # fmt: skip
QUALITY, PREVIEW_QUALITY = "24", "28"
# AVCOL_SPC_UNSPECIFIED: what writes no colours means BT.709 from 720 lines on, BT.601 below.
UNSPECIFIED, BT709 = 2, 1
HDR = {ColorTrc.SMPTE2084, ColorTrc.ARIB_STD_B67}
CANDIDATES = 6
CANDIDATE_SIDE = 1280
MEASURED_SIDE = 512
# Darker or flatter than this is a lens cap, a fade or a title's ground; taken only where nothing else is there.
LEAST_BRIGHTNESS, LEAST_CONTRAST = 18, 6
UPRIGHT = {90: ("cclock",), 180: ("hflip", "vflip"), 270: ("clock",)}


@dataclass(slots=True)
class Candidate:
    """A frame that may become the poster."""

    picture: Image.Image
    worth: float


@dataclass(slots=True)
class Posters:
    """Frames spread over the video, of which the best is kept."""

    seconds: float
    taken: int = 0
    best: Candidate | None = None

    def is_wanted(self, at: float) -> bool:
        """Whether the next moment at which a frame is looked at has come."""
        return self.taken < CANDIDATES and at >= self.seconds * (self.taken + 0.5) / CANDIDATES

    def offer(self, frame: VideoFrame) -> None:
        """Measure a frame and keep it if it is better than those before."""
        self.taken += 1
        picture = upright(frame)
        worth = worth_of(picture)
        if self.best is None or worth > self.best.worth:
            self.best = Candidate(picture, worth)


def worth_of(picture: Image.Image) -> float:
    """How good a poster this frame would be, by the measures that also score photos: sharp, well exposed, not black or flat."""
    small = picture.copy()
    small.thumbnail((MEASURED_SIDE, MEASURED_SIDE), Image.Resampling.BOX)
    found = measuring.frame_measures_of(small)
    exposure = max(0.0, 1 - found["clipped_dark"] - found["clipped_light"]) * (1 - abs(found["brightness"] - 118) / 255)
    worth = math.log1p(max(0.0, found["sharpness"])) * exposure
    is_empty = found["brightness"] < LEAST_BRIGHTNESS or found["contrast"] < LEAST_CONTRAST
    return worth / 1000 if is_empty else worth


def fitted(width: int, height: int, short: int, long: int) -> tuple[int, int]:
    """The size in the same shape whose sides stay below both bounds, never larger than it is, both even as H.264 needs them."""
    scale = min(1.0, short / min(width, height), long / max(width, height))
    # A hair more, so that what is whole by nature stays so after the division.
    return max(2, int(width * scale + 0.01) // 2 * 2), max(2, int(height * scale + 0.01) // 2 * 2)


def converted(frame: VideoFrame, width: int, height: int, form: str) -> VideoFrame:
    """The frame scaled, in one thread, in the colours that every player takes: BT.709, and sRGB for a still."""
    is_film = form == "yuv420p"
    said = None if frame.colorspace != UNSPECIFIED else Colorspace.ITU709 if frame.height >= SHORT_SIDE else Colorspace.ITU601
    wide = {"dst_color_trc": ColorTrc.BT709, "dst_color_primaries": ColorPrimaries.BT709} if frame.color_trc in HDR else {}
    return frame.reformat(
        width, height, form, src_colorspace=said, dst_colorspace=Colorspace.ITU709 if is_film else None,
        dst_color_range=ColorRange.MPEG if is_film else ColorRange.JPEG, threads=1, **wide,
    )  # fmt: skip


def rotation_of(frame: VideoFrame) -> int:
    """By how many degrees, to the left, its display matrix turns it; only right angles are followed."""
    return frame.rotation % 360 if frame.rotation % 90 == 0 else 0


def upright(frame: VideoFrame) -> Image.Image:
    """The frame as an upright picture, not larger than a poster's largest rendition needs."""
    width, height = fitted(frame.width, frame.height, CANDIDATE_SIDE, 2 * CANDIDATE_SIDE)
    pixels = converted(frame, width, height, "rgb24").to_ndarray()
    return Image.fromarray(numpy.ascontiguousarray(numpy.rot90(pixels, rotation_of(frame) // 90)))


@dataclass(slots=True)
class Turner:
    """Turns scaled frames upright; nothing for those that are."""

    graphs: dict[tuple[int, int, int], Graph] = field(default_factory=dict)

    def turn(self, frame: VideoFrame, degrees: int) -> VideoFrame:
        """The frame turned left by so many degrees."""
        if degrees == 0:
            return frame
        key = (degrees, frame.width, frame.height)
        graph = self.graphs.get(key) or self.graphs.setdefault(key, turning(degrees, frame))
        graph.vpush(frame)
        return graph.vpull()


def turning(degrees: int, frame: VideoFrame) -> Graph:
    """A filter graph, in one thread, that turns frames of one size."""
    graph = Graph()
    graph.threads = 1
    steps = [graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=CLOCK)]
    steps += [graph.add("transpose", name) if name in {"clock", "cclock"} else graph.add(name) for name in UPRIGHT[degrees]]
    graph.link_nodes(*steps, graph.add("buffersink")).configure()
    return graph


@dataclass(slots=True)
class Film:
    """One MP4 that is being written in memory: even, upright, at most so many frames a second."""

    size: tuple[int, int]
    """As stored, before it is turned."""
    rate: int
    quality: str
    degrees: int
    role: str
    has_sound: bool
    buffer: io.BytesIO = field(default_factory=io.BytesIO)
    turner: Turner = field(default_factory=Turner)
    last: int = -1
    opened: OutputContainer = field(init=False)
    track: VideoStream = field(init=False)
    voice: Voice | None = None

    def __post_init__(self) -> None:
        self.opened = av.open(self.buffer, "w", format="mp4", options={"fflags": "+bitexact"})
        self.track = self.opened.add_stream("libx264", rate=self.rate, options=X264 | {"crf": self.quality})
        self.track.width, self.track.height = self.shown
        self.track.pix_fmt = "yuv420p"
        context = self.track.codec_context
        context.colorspace = context.color_primaries = context.color_trc = BT709
        context.color_range = ColorRange.MPEG
        self.track.codec_context.time_base = CLOCK
        self.track.codec_context.thread_count = 1
        if self.has_sound:
            self.voice = Voice(self.opened)

    @property
    def shown(self) -> tuple[int, int]:
        """Its size upright."""
        return self.size if self.degrees % 180 == 0 else (self.size[1], self.size[0])

    def add(self, frame: VideoFrame, at: float) -> None:
        """A frame at its second, unless one for the same step was there."""
        step = math.floor(at * self.rate + 0.5)
        if step <= self.last:
            return
        self.last = step
        made = self.turner.turn(converted(frame, *self.size, "yuv420p"), self.degrees)
        made.pts, made.time_base = step * TICKS // self.rate, CLOCK
        made.pict_type = PictureType.NONE
        for packet in self.track.encode(made):
            self.opened.mux(packet)

    def end(self) -> Copy:
        """The finished file, its index first."""
        if self.voice:
            self.voice.end()
        for packet in self.track.encode(None):
            self.opened.mux(packet)
        self.opened.close()
        return Copy(*self.shown, "video/mp4", boxes.with_index_first(self.buffer.getvalue()), self.role)


@dataclass(slots=True)
class Rendered:
    """What one pass over a video gave: its poster, its upright size and the copies that play."""

    poster: Image.Image
    width: int
    height: int
    copies: list[Copy]


def render(file: BinaryIO, seen: Survey, *, encode: bool) -> Rendered:
    """Decode every frame once: the poster, and with `encode` the copies that play."""
    with playing.refusing(seen.container.format), playing.open_pinned(file, seen.container) as opened:
        pictures, voice = playing.tracks_of(opened)
        making = Making(seen, encode)
        for packet in playing.packets_of(opened, pictures, voice if encode else None):
            for frame in playing.frames_of(packet):
                if isinstance(frame, AudioFrame):
                    making.hear(frame)
                elif isinstance(frame, VideoFrame):
                    making.see(frame)
        return making.end()


@dataclass(slots=True)
class Making:
    """The copies of one video while it is decoded."""

    seen: Survey
    encode: bool
    posters: Posters = field(init=False)
    size: tuple[int, int] | None = None
    film: Film | None = None
    preview: Film | None = None
    waiting: list[AudioFrame] = field(default_factory=list)
    latest: VideoFrame | None = None

    def __post_init__(self) -> None:
        self.posters = Posters(self.seen.seconds)

    def hear(self, frame: AudioFrame) -> None:
        """Sound; what comes before the first picture waits for it."""
        if self.film is None:
            self.waiting.append(frame)
        elif self.film.voice:
            self.film.voice.take(frame, self.seen.start or 0.0)

    def see(self, frame: VideoFrame) -> None:
        """One frame of the pictures."""
        if self.size is None:
            self.begin(frame)
        self.latest = frame
        at = max(0.0, (frame.time or 0.0) - (self.seen.start or 0.0))
        if self.posters.is_wanted(at):
            self.posters.offer(frame)
        if self.film:
            self.film.add(frame, at)
        if self.preview and at < PREVIEW_SECONDS:
            self.preview.add(frame, at)

    def begin(self, frame: VideoFrame) -> None:
        """Sizes follow the first frame that was decoded, not what the container says."""
        playing.check_sides(frame.width, frame.height)
        degrees = rotation_of(frame)
        self.size = (frame.height, frame.width) if degrees % 180 else (frame.width, frame.height)
        if not self.encode:
            return
        # A track that sounds must be there before the first packet; one that decodes to nothing only stays empty.
        self.film = Film(
            fitted(frame.width, frame.height, SHORT_SIDE, LONG_SIDE), RATE, QUALITY, degrees, "video", self.seen.has_sound
        )
        small = fitted(frame.width, frame.height, PREVIEW_SIDE, PREVIEW_SIDE)
        self.preview = Film(small, PREVIEW_RATE, PREVIEW_QUALITY, degrees, "preview", False)
        for held in self.waiting:
            self.hear(held)
        self.waiting.clear()

    def end(self) -> Rendered:
        """Everything finished; raises Refused where not one frame came."""
        if self.size is None or self.latest is None:
            raise Refused("damaged", format=self.seen.container.format)
        if self.posters.best is None:
            self.posters.offer(self.latest)
        assert self.posters.best is not None
        copies = [each.end() for each in (self.film, self.preview) if each]
        return Rendered(self.posters.best.picture, *self.size, copies)
