"""Are edited, mirrored and turned copies found, is nothing else, and how long does a lookup among a million take?

Thorn's transforms (the table of docs/duplicates.md) on a folder of photos; a folder of one subject in many forms with negatives;
then copies planted at every distance up to the radius among a million hashes, beside faiss's exact binary index where it is
installed, else beside numpy looking at every hash.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import hashes
import numpy
from PIL import Image

from ugc.cli.duplicates import prints_of
from ugc.cli.inspecting import walk
from ugc.duplicates import rules
from ugc.duplicates.files import groups_of
from ugc.duplicates.index import RADIUS, Index, as_words
from ugc.media.child import fingerprint

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "photos"
GOAL_MS = 10.0


def vignetted(picture: Image.Image) -> Image.Image:
    """Dark towards the corners."""
    y, x = numpy.mgrid[-1 : 1 : picture.height * 1j, -1 : 1 : picture.width * 1j]
    shade = numpy.clip(1 - 0.6 * (x**2 + y**2) / 2, 0, 1)
    return Image.fromarray((numpy.asarray(picture, numpy.float32) * shade[..., None]).astype(numpy.uint8))


def padded(picture: Image.Image) -> Image.Image:
    """A black frame of a fifth of each side."""
    x, y = picture.width // 5, picture.height // 5
    framed = Image.new("RGB", (picture.width + 2 * x, picture.height + 2 * y))
    framed.paste(picture, (x, y))
    return framed


TRANSFORMS: dict[str, Callable[[Image.Image], Image.Image]] = {
    **{name: hashes.TRANSFORMS[name] for name in ("resize .5", "jpeg 95", "jpeg 40", "blur 2", "gamma 2", "noise .2", "watermark")},
    "vignette": vignetted,
    "rotate 4": hashes.TRANSFORMS["rotate 4"],
    "crop 2 %": hashes.TRANSFORMS["crop 2 %"],
    "crop 5 %": hashes.TRANSFORMS["crop 5 %"],
    "pad 20 %": padded,
    "mirrored": hashes.TRANSFORMS["flip"],
    "rotated 90": lambda picture: picture.transpose(Image.Transpose.ROTATE_90),
    "rotated 180": lambda picture: picture.transpose(Image.Transpose.ROTATE_180),
    "mirrored, jpeg 40": lambda picture: hashes.as_jpeg(hashes.TRANSFORMS["flip"](picture), 40),
}
# Recall in per cent of Thorn's PDQ on 1,650 photos, each at its own threshold for 99.99 % precision.
THORN = {
    "resize .5": 99.8, "jpeg 95": 99.9, "blur 2": 100.0, "gamma 2": 100.0, "noise .2": 99.7, "watermark": 99.8, "vignette": 100.0,
    "rotate 4": 73.4, "crop 5 %": 30.6, "pad 20 %": 1.5,
}  # fmt: skip


def ways_of(picture: Image.Image) -> list[bytes]:
    """The hashes of a picture's eight ways to lie, as the limited child makes them; none where there is too little in it."""
    normal = hashes.normal(picture)
    hash, quality = fingerprint.perceptual_hash(normal)
    return rules.turned_copies(hash, fingerprint.turned_hashes(normal)) if quality >= rules.LEAST_QUALITY else []


def nearest(index: Index, ways: Sequence[bytes], place: int) -> bool:
    """Whether any of the ways leads to the original."""
    return any(hit.id == place for way in ways for hit in index.find(way))


def measure_transforms(folder: Path, step: int) -> dict[str, tuple[float, str]]:
    """The table: of each transform, how many copies are found; and how many pairs of different photos are."""
    paths = sorted(each for each in folder.rglob("*") if each.suffix.lower() in {".jpg", ".jpeg", ".png"})[::step]
    pictures = [picture for path in paths if (picture := hashes.opened(path)) and ways_of(picture)]
    originals = [ways_of(picture) for picture in pictures]
    index = Index()
    index.add(range(len(originals)), [ways[0] for ways in originals])
    print(f"{len(pictures)} photos of {folder.name}, radius {RADIUS}")
    print(f"{'transform':<20}{'found':>9}{'upright only':>14}{'Thorn, PDQ':>13}")
    metrics: dict[str, tuple[float, str]] = {}
    for name, change in TRANSFORMS.items():
        copies = [ways_of(change(picture)) for picture in pictures]
        found = [nearest(index, ways, place) for place, ways in enumerate(copies)]
        upright = [nearest(index, ways[:1], place) for place, ways in enumerate(copies)]
        share = 100 * sum(found) / len(found)
        theirs = f"{THORN[name]:.1f}%" if name in THORN else "–"
        print(f"{name:<20}{share:>8.1f}%{100 * sum(upright) / len(upright):>13.1f}%{theirs:>13}")
        metrics[f"found {name}"] = (round(share, 1), "%")
    false = {
        tuple(sorted((place, hit.id)))
        for place, ways in enumerate(originals)
        for way in ways
        for hit in index.find(way)
        if hit.id != place
    }
    pairs = len(pictures) * (len(pictures) - 1) // 2
    print(f"{'pairs of others':<20}{len(false):>9} of {pairs:,}, each compared in eight ways")
    return metrics | {"false pairs": (len(false), "pairs")}


def measure_set(folder: Path) -> dict[str, tuple[float, str]]:
    """One subject resized, mirrored, turned grey and turned by 25°, copies, negatives: what `ugc duplicates` makes of it."""
    prints = list(prints_of(walk([folder])))
    groups = [{member.print.name for member in group} for group in groups_of(prints)]
    subjects = {each.name: subject_of(each.name) for each in prints}
    pairs = [(one, other) for one in subjects for other in subjects if one < other]
    like = [(one, other) for one, other in pairs if subjects[one] == subjects[other]]
    together = {(one, other) for group in groups for one in group for other in group if one < other}
    false = sum(subjects[one] != subjects[other] for one, other in together)
    straight = [pair for pair in like if sum("_rotation" in name for name in pair) != 1]
    found = 100 * sum(pair in together for pair in straight) / len(straight)
    askew = sum(pair in together for pair in like) - sum(pair in together for pair in straight)
    print(f"\n{folder.name}: {len(prints)} files, {len(groups)} groups; {found:.1f} % of {len(straight)} pairs of copies together,")
    print(f"{askew} of {len(like) - len(straight)} with the one turned by 25°, {false} false")
    return {"near_duplicates found": (round(found, 1), "%"), "near_duplicates false": (false, "pairs")}


def subject_of(name: str) -> str:
    """What a file shows, by its name; the one named for its alpha channel is the first subject."""
    number = re.search(r"ukbench(\d+)", name)
    return number[1] if number else "00120"


def crowd(count: int) -> bytes:
    """Hashes whose neighbouring bits hang together so far that as many share a band as of 569 photos: .6 % of all pairs."""
    random = numpy.random.default_rng(3)
    made = []
    for start in range(0, count, 100_000):
        rows = min(100_000, count - start)
        waves = random.standard_normal((rows, 256), dtype=numpy.float32) + 0.4 * numpy.repeat(
            random.standard_normal((rows, 32), dtype=numpy.float32), 8, axis=1
        )
        made.append(numpy.packbits(waves > 0, axis=1).tobytes())
    return b"".join(made)


def planted(data: bytes, queries: int) -> list[tuple[int, bytes]]:
    """Copies of hashes from all over the crowd, at every distance up to the radius in turn."""
    random = numpy.random.default_rng(5)
    made = []
    for number in range(queries):
        place = int(random.integers(len(data) // 32))
        bits = int.from_bytes(data[32 * place : 32 * place + 32])
        for flip in random.choice(256, number % (RADIUS + 1), replace=False):
            bits ^= 1 << int(flip)
        made.append((place, bits.to_bytes(32)))
    return made


def timed(find: Callable[[bytes], set[int]], copies: Sequence[tuple[int, bytes]]) -> tuple[float, float, float]:
    """p50 and p95 in milliseconds of one core, and the share of planted copies that was found."""
    times, found = [], 0
    for place, hash in copies:
        # A lookup waits for nothing, so what it takes of the processor is its time; the clock would count the neighbours'.
        start = time.thread_time()
        hits = find(hash)
        times.append((time.thread_time() - start) * 1_000)
        found += place in hits
    return float(numpy.percentile(times, 50)), float(numpy.percentile(times, 95)), found / len(copies)


def exact(data: bytes) -> tuple[str, Callable[[bytes], set[int]]]:
    """What looks at every hash: faiss where it is installed, on one thread; else numpy."""
    try:
        import faiss
    except ImportError:
        words = as_words(data)
        return "numpy, every hash", lambda hash: set(
            numpy.flatnonzero(numpy.bitwise_count(words ^ as_words(hash)).sum(axis=1) <= RADIUS).tolist()
        )
    faiss.omp_set_num_threads(1)
    flat = faiss.IndexBinaryFlat(256)
    flat.add(numpy.frombuffer(data, numpy.uint8).reshape(-1, 32))
    # faiss finds what is nearer than the radius, not what is at it.
    return "faiss, exact", lambda hash: set(flat.range_search(numpy.frombuffer(hash, numpy.uint8)[None], RADIUS + 1)[2].tolist())


def measure_lookups(count: int, queries: int) -> dict[str, Any]:
    """Time and recall of one lookup, of the eight that a newcomer takes, and of looking at every hash."""
    data = crowd(count)
    start = time.perf_counter()
    index = Index()
    index.add(range(count), [data])
    index.sort()
    built = time.perf_counter() - start
    copies = planted(data, queries)
    name, every = exact(data)
    rows = {
        "banded tables": timed(lambda hash: {hit.id for hit in index.find(hash)}, copies),
        "in all eight ways": timed(
            lambda hash: {hit.id for way in rules.turned_copies(hash, None) for hit in index.find(way)}, copies[: queries // 4]
        ),
        name: timed(every, copies[: queries // 8]),
    }
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"\n{count:,} hashes: built in {built:.1f} s, {index.size / 1e6:.0f} MB ({peak} MB peak of the process)")
    print(f"{'lookup':<20}{'p50 ms':>9}{'p95 ms':>9}{'recall':>9}")
    for label, (middle, high, recall) in rows.items():
        print(f"{label:<20}{middle:>9.2f}{high:>9.2f}{recall:>9.4f}")
    (_, high, recall), limit = rows["banded tables"], rows[name][1]
    eight = rows["in all eight ways"][1]
    return {
        "lookup p95": figure(round(high, 2), "ms", round(limit, 2), f"<= {GOAL_MS:.0f}", high <= GOAL_MS),
        "eight ways p95": figure(round(eight, 2), "ms", round(8 * limit, 2), f"<= {GOAL_MS:.0f}", eight <= GOAL_MS),
        "recall": figure(recall, "share", rows[name][2], "1.0", recall == 1),
        "memory": figure(round(index.size / 1e6), "MB", None, None, None),
    }


def figure(value: float, unit: str, limit: float | None, goal: str | None, ok: bool | None) -> dict[str, Any]:
    """One metric of the JSON line."""
    return {
        "value": value,
        "unit": unit,
        "limit": limit,
        "ratio": round(value / limit, 3) if limit else None,
        "goal": goal,
        "ok": ok,
    }


def main() -> None:
    """Measure, print tables and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--photos", type=Path, default=DATA / "clothing")
    parser.add_argument("--set", type=Path, default=DATA / "near_duplicates")
    parser.add_argument("--hashes", type=int)
    options = parser.parse_args()
    found: dict[str, tuple[float, str]] = {}
    if options.photos.is_dir():
        found |= measure_transforms(options.photos, 48 if options.quick else 1)
    if options.set.is_dir():
        found |= measure_set(options.set)
    metrics = {name: figure(value, unit, None, None, None) for name, (value, unit) in found.items()}
    for name in ("false pairs", "near_duplicates false"):
        if name in metrics:
            metrics[name] |= {"goal": "0", "ok": metrics[name]["value"] == 0}
    count = options.hashes or (100_000 if options.quick else 1_000_000)
    metrics |= measure_lookups(count, 320 if options.quick else 1_600)
    print(json.dumps({"benchmark": "duplicates", "metrics": metrics}))


if __name__ == "__main__":
    main()
