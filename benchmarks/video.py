"""What does a video cost: check within the request, then poster, 720p copy and preview in the background, beside FFmpeg alone.

Figures are processor seconds and peak memory of the limited child, medians, for a clip of 1080p at 30 pictures a second with
sound. The limit is decoding, scaling and encoding the same copy in this process, in one thread too. Run:
python benchmarks/video.py [--quick]
"""

from __future__ import annotations

import argparse
import io
import json
import statistics
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy
from PIL import Image

from ugc.media import sandbox

WIDTH, HEIGHT, RATE = 1920, 1080, 30


def clip(seconds: int) -> bytes:
    """A pan over a picture with the spectrum of a photo, with a tone, as a phone packs it."""
    random = numpy.random.default_rng(1)
    pixels = numpy.full((HEIGHT + 320, WIDTH + 640, 3), 128, numpy.float32)
    for grid, strength in ((4, 70), (9, 50), (19, 35), (41, 20), (97, 14), (223, 12), (521, 10)):
        coarse = Image.fromarray(random.integers(0, 256, (grid, grid, 3), dtype=numpy.uint8))
        pixels += (numpy.asarray(coarse.resize((WIDTH + 640, HEIGHT + 320)), numpy.float32) - 128) / 128 * strength
    ground = pixels.clip(0, 255).astype(numpy.uint8)
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as made:
        film: Any = made.add_stream("libx264", rate=RATE, options={"preset": "veryfast", "crf": "20", "g": "30"})
        film.width, film.height, film.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        voice = made.add_stream("aac", rate=48_000, layout="stereo")
        for number in range(RATE * seconds):
            top, left = number % 320, 2 * number % 640
            frame = av.VideoFrame.from_ndarray(numpy.ascontiguousarray(ground[top : top + HEIGHT, left : left + WIDTH]))
            made.mux(film.encode(frame))
        made.mux(film.encode(None))
        wave = (numpy.sin(numpy.arange(48_000 * seconds) / 17) / 3).astype(numpy.float32)
        for start in range(0, len(wave) - 1023, 1024):
            sound = av.AudioFrame.from_ndarray(numpy.stack([wave[start : start + 1024]] * 2), format="fltp", layout="stereo")
            sound.sample_rate, sound.pts, sound.time_base = 48_000, start, Fraction(1, 48_000)
            made.mux(voice.encode(sound))
        made.mux(voice.encode(None))
    return buffer.getvalue()


def bare(path: Path) -> float:
    """Processor seconds for decoding, scaling and encoding alone, without sound, poster, preview and measures."""
    started = time.process_time()
    with av.open(str(path)) as source, av.open(io.BytesIO(), "w", format="mp4") as made:
        source.streams.video[0].codec_context.thread_count = 1
        options = {"threads": "1", "preset": "veryfast", "crf": "24", "maxrate": "2500000", "bufsize": "5000000"}
        film: Any = made.add_stream("libx264", rate=RATE, options=options)
        film.width, film.height, film.pix_fmt = 1280, 720, "yuv420p"
        for frame in source.decode(video=0):
            small = frame.reformat(1280, 720, "yuv420p", threads=1)
            small.pict_type = 0
            made.mux(film.encode(small))
        made.mux(film.encode(None))
    return time.process_time() - started


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    seconds, times = (4, 2) if quick else (10, 3)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        path.write_bytes(clip(seconds))
        checks = [sandbox.check(path) for _ in range(times)]
        films = [sandbox.render(path) for _ in range(times)]
        limits = [bare(path) for _ in range(times)]
    check, film = (statistics.median(one.cpu_seconds for one in group) for group in (checks, films))
    limit, peak = statistics.median(limits), max(one.peak_kb for one in films) / 1024
    print(f"{seconds} s of 1080p at {RATE} a second")
    for name, value in (
        ("check, within the request", f"{check:.2f} CPU s"),
        ("everything, in the background", f"{film:.2f} CPU s, peak {peak:.0f} MB"),
        ("limit: decode, scale, encode alone", f"{limit:.2f} CPU s"),
        ("speed ÷ limit", f"{limit / film:.2f}"),
    ):
        print(f"{name:40} {value}")
    metrics = {
        "check": {"value": round(check, 3), "unit": "CPU s", "limit": None, "ratio": None, "goal": 1.0, "ok": check <= 1.0},
        "everything": {
            "value": round(film, 3), "unit": "CPU s", "limit": round(limit, 3), "ratio": round(limit / film, 3), "goal": 0.6,
            "ok": limit / film >= 0.6,
        },
        "peak": {"value": round(peak), "unit": "MB", "limit": None, "ratio": None, "goal": 400, "ok": peak <= 400},
    }  # fmt: skip
    print(json.dumps({"benchmark": "video", "metrics": metrics}))


if __name__ == "__main__":
    main()
