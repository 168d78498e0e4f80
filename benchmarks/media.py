"""How fast is a phone's photo understood and resized? The whole pipeline in the limited child, beside pyvips' renditions alone.

Figures are processor seconds of one core, medians; the limit is measured in the same run where pyvips is installed (it is no
dependency of the project). A phone's HEIC is measured beside pillow-heif and pyvips, since pyvips' own wheel reads none. Run:
python benchmarks/media.py [--quick] [--vips-python PYTHON] [--heic FILE]
"""

from __future__ import annotations

import argparse
import io
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy
from PIL import Image

from ugc.media import sandbox
from ugc.media.rules import Inspection

WIDTH, HEIGHT = 4032, 3024
VIPS = """
import resource, sys, pyvips
pyvips.cache_set_max(0)
for path in sys.argv[1:]:
    if path.lower().endswith(".heic"):
        import pillow_heif
        from PIL import Image, ImageCms, ImageOps
        pillow_heif.register_heif_opener()
        picture = pyvips.Image.new_from_array(ImageOps.exif_transpose(Image.open(path)).convert("RGB"))
        picture = picture.thumbnail_image(1280).copy_memory()
    else:
        picture = pyvips.Image.thumbnail(path, 1280).copy_memory()
    for width in (1280, 640, 320, 160):
        picture.thumbnail_image(width).webpsave_buffer(Q=78, effort=2, keep="none")
        picture.thumbnail_image(width).jpegsave_buffer(Q=80, keep="none")
usage = resource.getrusage(resource.RUSAGE_SELF)
peak = open("/proc/self/status").read().split("VmHWM:")[1].split()[0]
print(usage.ru_utime + usage.ru_stime, peak)
"""


def photo(seed: int) -> bytes:
    """A 12-megapixel JPEG with the spectrum of a photo and a sensor's noise, 3 to 4 MB at quality 92."""
    random = numpy.random.default_rng(seed)
    pixels = numpy.full((HEIGHT, WIDTH, 3), 128, dtype=numpy.float32)
    for grid, strength in ((4, 70), (9, 50), (19, 35), (41, 20), (97, 14), (223, 12), (521, 10), (1201, 8)):
        coarse = Image.fromarray(random.integers(0, 256, (grid, grid, 3), dtype=numpy.uint8))
        pixels += (
            (numpy.asarray(coarse.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC), dtype=numpy.float32) - 128) / 128 * strength
        )
    pixels += random.normal(0, 3, (HEIGHT, WIDTH, 1)).astype(numpy.float32)
    buffer = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(numpy.uint8)).save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def median_cpu(task: Callable[[Path], Inspection], paths: list[Path], rounds: int) -> tuple[float, int]:
    """Median processor seconds of the child per file, and the fattest child in kB."""
    found = [task(path) for _ in range(rounds) for path in paths]
    return statistics.median(each.cpu_seconds for each in found), max(each.peak_kb for each in found)


def overhead(rounds: int) -> float:
    """Processor milliseconds of a child that does nothing: fork, limits, filter, answer."""
    with open(os.devnull, "rb") as nothing:
        return statistics.median(sandbox.SHARED.run("isolation", nothing).cpu_seconds for _ in range(rounds)) * 1000


def has_module(python: str, name: str) -> bool:
    """Whether an interpreter can import a module."""
    return subprocess.run([python, "-c", f"import {name}"], capture_output=True, check=False).returncode == 0


def vips(python: str, paths: list[Path], rounds: int) -> tuple[float, int] | None:
    """Processor seconds a file and peak memory of pyvips making the same renditions, start-up taken off; None if not installed."""
    if not has_module(python, "pyvips"):
        return None
    if paths[0].suffix.lower() == ".heic" and not has_module(python, "pillow_heif"):
        return None

    def run(count: int) -> tuple[float, int]:
        names = [str(path) for path in paths] * count
        environment = {**os.environ, "VIPS_CONCURRENCY": "1"}
        done = subprocess.run([python, "-c", VIPS, *names], capture_output=True, text=True, check=True, env=environment)
        seconds, peak = done.stdout.split()
        return float(seconds), int(peak)

    empty, _ = run(0)
    costs = [run(1) for _ in range(rounds)]
    return statistics.median((seconds - empty) / len(paths) for seconds, _ in costs), max(peak for _, peak in costs)


def metric(
    value: float,
    unit: str,
    limit: float | None = None,
    ratio: float | None = None,
    goal: float | None = None,
    ok: bool | None = None,
) -> dict[str, object]:
    """One line of the JSON."""
    rounded = None if limit is None else round(limit, 4)
    return {"value": round(value, 4), "unit": unit, "limit": rounded, "ratio": ratio, "goal": goal, "ok": ok}


def main() -> None:
    """Print the table and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two pictures, fewer rounds; under a minute")
    parser.add_argument("--photos", type=Path, help="use the JPEGs of this folder instead of made ones")
    parser.add_argument("--vips-python", default=sys.executable, metavar="PYTHON", help="an interpreter that has pyvips")
    parser.add_argument("--heic", type=Path, help="a phone's HEIC, measured too; by default one of the real data, where they are")
    options = parser.parse_args()
    real = Path(__file__).resolve().parents[2] / "shared" / "data" / "photos" / "exif_samples" / "heic" / "IMG_5195.HEIC"
    heic = options.heic or (real if real.is_file() else None)
    rounds = 3 if options.quick else 9
    with tempfile.TemporaryDirectory() as folder:
        paths = sorted(options.photos.rglob("*.jp*g"))[:40] if options.photos else []
        for seed in range(0 if paths else 2 if options.quick else 6):
            path = Path(folder) / f"{seed}.jpg"
            path.write_bytes(photo(seed))
            paths.append(path)
        sandbox.isolation()
        whole, whole_peak = median_cpu(sandbox.render, paths, rounds)
        inspected, _ = median_cpu(sandbox.inspect, paths, rounds)
        checked, _ = median_cpu(sandbox.check, paths, rounds)
        limit = vips(options.vips_python, paths, rounds)
        heic_cost = median_cpu(sandbox.render, [heic], rounds) if heic else None
        heic_limit = vips(options.vips_python, [heic], rounds) if heic else None
        started = time.perf_counter()
        with ThreadPoolExecutor(sandbox.AT_ONCE) as pool:
            list(pool.map(sandbox.render, paths * rounds))
        at_once = len(paths) * rounds / (time.perf_counter() - started)
        fork_ms = overhead(20 * rounds)
    parent_mb = int(Path(f"/proc/{sandbox.SHARED.process_id}/status").read_text().split("VmHWM:")[1].split()[0]) / 1024
    own_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    ratio = None if limit is None else round(limit[0] / whole, 3)
    rows = [
        ("whole pipeline: 4 WebP + 4 JPEG, hash, colours, measures", f"{whole:.3f} CPU s", f"{1 / whole:.1f} a second and core"),
        ("the same without renditions", f"{inspected:.3f} CPU s", ""),
        ("check of an upload", f"{checked:.3f} CPU s", ""),
        ("a child's own cost", f"{fork_ms:.1f} ms", "CPU: fork, limits, filter, answer"),
        (f"{sandbox.AT_ONCE} at once", f"{at_once:.1f} a second", "on all cores, wall clock"),
        ("peak of a child / of the warm parent", f"{whole_peak / 1024:.0f} / {parent_mb:.0f} MB", f"this process {own_mb:.0f} MB"),
        (
            "limit: pyvips, renditions alone",
            *(("not installed here", "") if limit is None else (f"{limit[0]:.3f} CPU s", f"{limit[1] / 1024:.0f} MB")),
        ),
        ("speed ÷ limit", "–" if ratio is None else f"{ratio:.2f}", "goal ≥ .8"),
    ]
    heic_ratio = round(heic_limit[0] / heic_cost[0], 3) if heic_cost and heic_limit else None
    if heic and heic_cost:
        rows.append((f"HEIC, whole pipeline ({heic.name})", f"{heic_cost[0]:.3f} CPU s", f"peak {heic_cost[1] / 1024:.0f} MB"))
    if heic_limit:
        rows.append(
            ("limit: pillow-heif and pyvips, renditions alone", f"{heic_limit[0]:.3f} CPU s", f"{heic_limit[1] / 1024:.0f} MB")
        )
        rows.append(("HEIC: speed ÷ limit", f"{heic_ratio:.2f}", "goal ≥ .8"))
    for name, value, note in rows:
        print(f"{name:62} {value:>20}  {note}")
    if limit is None:
        print("The limit is absent: pyvips is not installed in this environment.")
    metrics = {
        "pipeline": metric(1 / whole, "images/s/core", limit and 1 / limit[0], ratio, 0.8, None if ratio is None else ratio >= 0.8),
        "check_cpu": metric(checked, "s"),
        "child_overhead": metric(fork_ms, "ms", goal=20, ok=fork_ms <= 20),
        "child_peak": metric(whole_peak / 1024, "MB", goal=150, ok=whole_peak <= 150 * 1024),
        "parent_peak": metric(parent_mb, "MB"),
    }
    if heic_cost:
        ok = None if heic_ratio is None else heic_ratio >= 0.8
        metrics["heic"] = metric(1 / heic_cost[0], "images/s/core", heic_limit and 1 / heic_limit[0], heic_ratio, 0.8, ok)
        metrics["heic_peak"] = metric(heic_cost[1] / 1024, "MB", goal=150, ok=heic_cost[1] <= 150 * 1024)
    print(json.dumps({"benchmark": "media", "metrics": metrics}))


if __name__ == "__main__":
    main()
