"""Sound decoded once: AAC in an MP4 without metadata, and for a recording its waveform as peaks and as a picture."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from fractions import Fraction
from typing import BinaryIO

import av
import numpy
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.filter import Graph
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ugc.media import boxes
from ugc.media.child import playing
from ugc.media.child.playing import Survey

RATE = 48_000
BIT_RATE = 128_000
FRAME_SAMPLES = 1024
CLOCK = Fraction(1, RATE)
# The waveform: as many bars as fit into a phone's width at 3 px each.
PEAKS = 128
# Samples under one of these are one value of the finer series that the bars are made from.
WINDOW = RATE // 50
WAVE_SIZE = (1280, 720)
GROUND, BAR = (245, 245, 247), (74, 78, 87)


@dataclass(slots=True)
class Voice:
    """One AAC track that is being written."""

    opened: OutputContainer
    track: AudioStream = field(init=False)
    graph: Graph | None = None
    shape: tuple[str, str, int] | None = None
    next: int = 0

    def __post_init__(self) -> None:
        self.track = self.opened.add_stream("aac", rate=RATE, options={"threads": "1", "flags": "+bitexact"})
        self.track.layout = "stereo"
        self.track.bit_rate = BIT_RATE
        self.track.codec_context.thread_count = 1

    def take(self, frame: AudioFrame, start: float) -> None:
        """One decoded frame; its place in time is kept where it lies behind what was written."""
        shape = (frame.format.name, frame.layout.name, frame.sample_rate)
        if shape != self.shape:
            self.flush()
            self.graph, self.shape = resampling(frame, "fltp", "stereo", FRAME_SAMPLES), shape
            if frame.time is not None:
                self.next = max(self.next, round((frame.time - start) * RATE))
        assert self.graph is not None
        self.graph.push(frame)
        self.write()

    def write(self) -> None:
        """Encode what the graph has ready."""
        assert self.graph is not None
        for made in pulled(self.graph):
            made.pts, made.time_base = self.next, CLOCK
            self.next += made.samples
            for packet in self.track.encode(made):
                self.opened.mux(packet)

    def flush(self) -> None:
        """Encode what the graph still holds."""
        if self.graph is not None:
            self.graph.push(None)
            self.write()
            self.graph = None

    def end(self) -> None:
        """Encode the rest."""
        self.flush()
        for packet in self.track.encode(None):
            self.opened.mux(packet)


def resampling(frame: AudioFrame, form: str, layout: str, samples: int) -> Graph:
    """A filter graph in one thread, from a frame's shape to ours; PyAV's own resampler would start threads."""
    graph = Graph()
    graph.threads = 1
    source = graph.add_abuffer(
        sample_rate=frame.sample_rate, format=frame.format.name, layout=frame.layout.name, time_base=Fraction(1, frame.sample_rate)
    )
    shaped = graph.add("aformat", sample_rates=str(RATE), sample_fmts=form, channel_layouts=layout)
    graph.link_nodes(source, shaped, graph.add("abuffersink")).configure()
    if samples:
        graph.set_audio_frame_size(samples)
    return graph


def pulled(graph: Graph) -> list[AudioFrame]:
    """Every frame that a graph has ready."""
    frames: list[AudioFrame] = []
    while True:
        try:
            frame = graph.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return frames
        assert isinstance(frame, AudioFrame)
        frames.append(frame)


@dataclass(slots=True)
class Wave:
    """The loudest sample of every fiftieth of a second."""

    graph: Graph | None = None
    shape: tuple[str, str, int] | None = None
    rest: NDArray[numpy.float32] = field(default_factory=lambda: numpy.zeros(0, numpy.float32))
    fine: list[float] = field(default_factory=list)

    def take(self, frame: AudioFrame) -> None:
        """One decoded frame."""
        shape = (frame.format.name, frame.layout.name, frame.sample_rate)
        if shape != self.shape:
            self.graph, self.shape = resampling(frame, "flt", "mono", 0), shape
        assert self.graph is not None
        self.graph.push(frame)
        parts = [self.rest, *(made.to_ndarray().ravel() for made in pulled(self.graph))]
        samples = numpy.abs(numpy.concatenate(parts))
        whole = len(samples) // WINDOW * WINDOW
        self.fine += samples[:whole].reshape(-1, WINDOW).max(axis=1).tolist()
        self.rest = samples[whole:].astype(numpy.float32)

    def peaks(self) -> list[int]:
        """At most 128 values from 0 to 100, the loudest moment being 100."""
        fine = numpy.nan_to_num(numpy.array(self.fine or [float(self.rest.max(initial=0.0))], numpy.float64))
        parts = numpy.array_split(fine, min(PEAKS, len(fine)))
        highest = numpy.array([part.max() for part in parts])
        loudest = highest.max()
        return [int(value) for value in numpy.round(100 * highest / loudest)] if loudest > 0 else [0] * len(parts)


@dataclass(slots=True)
class Recording:
    """What one pass over a recording gave."""

    peaks: list[int]
    data: bytes


def render(file: BinaryIO, seen: Survey, *, encode: bool) -> Recording:
    """Decode all sound once: peaks, and with `encode` the copy that plays."""
    wave, buffer = Wave(), io.BytesIO()
    with playing.refusing(seen.container.format), playing.open_pinned(file, seen.container) as opened:
        _, track = playing.tracks_of(opened)
        voice = Voice(av.open(buffer, "w", format="mp4", options={"fflags": "+bitexact"})) if encode else None
        for packet in playing.packets_of(opened, track):
            for frame in playing.frames_of(packet):
                assert isinstance(frame, AudioFrame)
                wave.take(frame)
                if voice:
                    voice.take(frame, seen.start or 0.0)
        if voice:
            voice.end()
            voice.opened.close()
    return Recording(wave.peaks(), boxes.with_index_first(buffer.getvalue()) if encode else b"")


def drawn(peaks: list[int]) -> Image.Image:
    """The waveform as a picture: one bar a peak around the middle, never without a height."""
    width, height = WAVE_SIZE
    picture = Image.new("RGB", WAVE_SIZE, GROUND)
    draw = ImageDraw.Draw(picture)
    step = width / max(1, len(peaks))
    for place, peak in enumerate(peaks):
        half = max(3.0, peak / 100 * height * 0.38)
        left = place * step + step * 0.2
        draw.rounded_rectangle((left, height / 2 - half, left + step * 0.6, height / 2 + half), radius=3, fill=BAR)
    return picture
