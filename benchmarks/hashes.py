"""Which 256-bit perceptual hash finds edited copies? PDQ against imagehash's phash, on Thorn's transforms (decision 0010).

For each transform: the share of copies within fixed thresholds, and within the one that no pair of different pictures comes under.
"""

from __future__ import annotations

import argparse
import io
import json
import time
from collections.abc import Callable
from pathlib import Path

import imagehash
import numpy
from PIL import Image, ImageDraw, ImageFilter

from ugc.media.child.fingerprint import perceptual_hash

Bits = numpy.ndarray[tuple[int, ...], numpy.dtype[numpy.uint8]]
SIDE = 512


def as_jpeg(picture: Image.Image, quality: int) -> Image.Image:
    """Through JPEG and back."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def noisy(picture: Image.Image) -> Image.Image:
    """Gaussian noise of a fifth of the range."""
    pixels = numpy.asarray(picture, dtype=numpy.float32)
    noise = numpy.random.default_rng(1).normal(0, 0.2 * 255, pixels.shape)
    return Image.fromarray((pixels + noise).clip(0, 255).astype(numpy.uint8))


def marked(picture: Image.Image) -> Image.Image:
    """A line of white text over the lower right."""
    copy = picture.copy()
    ImageDraw.Draw(copy).text(
        (copy.width // 2, copy.height - copy.height // 8), "A BRAND", fill="white", font_size=copy.height // 14
    )
    return copy


def cropped(picture: Image.Image, share: float) -> Image.Image:
    """A share cut off each side."""
    x, y = int(picture.width * share), int(picture.height * share)
    return picture.crop((x, y, picture.width - x, picture.height - y))


TRANSFORMS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "resize .5": lambda p: p.resize((p.width // 2, p.height // 2), Image.Resampling.LANCZOS),
    "jpeg 95": lambda p: as_jpeg(p, 95),
    "jpeg 40": lambda p: as_jpeg(p, 40),
    "blur 2": lambda p: p.filter(ImageFilter.GaussianBlur(2)),
    "gamma 2": lambda p: p.point([int(255 * (i / 255) ** 2) for i in range(256)] * 3),
    "noise .2": noisy,
    "watermark": marked,
    "square 256": lambda p: p.resize((256, 256)),
    "crop 2 %": lambda p: cropped(p, 0.02),
    "crop 5 %": lambda p: cropped(p, 0.05),
    "rotate 4": lambda p: p.rotate(4, Image.Resampling.BICUBIC),
    "flip": lambda p: p.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
}


def normal(picture: Image.Image) -> Image.Image:
    """As the limited child hashes it: longer side 512."""
    scale = SIDE / max(picture.size)
    return picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))), Image.Resampling.BOX)


def opened(path: Path) -> Image.Image | None:
    """The picture at no more than 800 pixels a side; None for one that can't be read."""
    try:
        picture = Image.open(path).convert("RGB")
    except OSError:
        return None
    picture.thumbnail((800, 800))
    return picture


def pdq(picture: Image.Image) -> Bits:
    """PDQ's bits."""
    return numpy.frombuffer(perceptual_hash(normal(picture))[0], numpy.uint8)


def phash(picture: Image.Image) -> Bits:
    """imagehash's DCT hash of 16 × 16 bits."""
    return numpy.packbits(imagehash.phash(normal(picture), hash_size=16).hash.flatten())


HASHES = {"pdq": pdq, "phash": phash}


def distances(left: Bits, right: Bits) -> Bits:
    """Hamming distances of every row to every row."""
    found: Bits = numpy.bitwise_count(left[:, None, :] ^ right[None, :, :]).sum(axis=2)
    return found


def main() -> None:
    """Print the table and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    paths = sorted(each for each in options.folder.rglob("*") if each.suffix.lower() in {".jpg", ".jpeg", ".png"})
    pictures = [picture for path in paths[:: 8 if options.quick else 1] if (picture := opened(path))]
    metrics: dict[str, dict[str, object]] = {}
    for name, make in HASHES.items():
        started = time.process_time()
        originals = numpy.stack([make(picture) for picture in pictures])
        cost = (time.process_time() - started) / len(pictures) * 1000
        between = distances(originals, originals)[numpy.triu_indices(len(pictures), 1)]
        limit = int(between.min()) - 1
        metrics[f"{name}_ms"] = {"value": round(cost, 2), "unit": "ms"}
        metrics[f"{name}_nearest_pair"] = {"value": int(between.min()), "unit": "bits"}
        metrics[f"{name}_pairs_within_31"] = {"value": int((between <= 31).sum()), "unit": "pairs"}
        nearest = [int(each) for each in sorted(between)[:6]]
        print(f"{name}: {cost:.1f} ms, {len(pictures)} pictures, nearest pairs {nearest}, within 31: {(between <= 31).sum()}")
        print(f"{'':12}{'median':>8}{'p95':>6}{'≤31':>8}{'≤60':>8}{'≤90':>8}{f'≤{limit}':>8}")
        for transform, change in TRANSFORMS.items():
            changed = numpy.stack([make(change(picture)) for picture in pictures])
            apart = numpy.bitwise_count(originals ^ changed).sum(axis=1)
            shares = [float((apart <= most).mean()) for most in (31, 60, 90, limit)]
            print(
                f"{transform:12}{numpy.median(apart):8.0f}{numpy.percentile(apart, 95):6.0f}" + "".join(f"{s:8.1%}" for s in shares)
            )
            metrics[f"{name}_{transform}_within_31"] = {"value": round(shares[0], 4), "unit": "share"}
    print(json.dumps({"benchmark": "hashes", "metrics": metrics}))


if __name__ == "__main__":
    main()
