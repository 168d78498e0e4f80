"""What can be asked of the limited process: `check` (decode all, keep nothing), `measure`, `render` (measures and renditions)."""

from __future__ import annotations

import base64
from typing import Any, BinaryIO

from PIL import Image, ImageFile

from ugc.media.child import colours, decoding, descriptor, fingerprint, loops, measuring, placeholder, renditions
from ugc.media.child.headers import Header
from ugc.media.child.warm import Answer, Task

# Measures, hash and colours are made from a picture of this longer side, whatever the file's own size is.
MEASURED_SIDE = 512


def check(file: BinaryIO, options: dict[str, Any]) -> Answer:
    """Decode every pixel, at a JPEG's smallest scale, to know that the file is sound."""
    header, picture = open_picture(file, options)
    turn = decoding.orientation_of(picture)
    decoding.decode(header, picture, 1, 1)
    return facts_of(header, turn), []


def measure(file: BinaryIO, options: dict[str, Any]) -> Answer:
    """Decode once; measures, hash and colours, no renditions."""
    header, picture = open_picture(file, options)
    turn = decoding.orientation_of(picture)
    facts = facts_of(header, turn)
    # At the same scale as for renditions, so that the same file has the same hash and measures everywhere.
    wanted = renditions.sizes(facts["width"], facts["height"])
    return facts | understand(decoding.decode(header, picture, *wanted[-1]), facts), []


def render(file: BinaryIO, options: dict[str, Any]) -> Answer:
    """Decode once; everything that a stored picture needs."""
    header, picture = open_picture(file, options)
    turn = decoding.orientation_of(picture)
    facts = facts_of(header, turn)
    wanted = renditions.sizes(facts["width"], facts["height"])
    upright = decoding.decode(header, picture, *wanted[-1])
    copies = renditions.render(upright, wanted) + loops.make(header, picture)
    facts["renditions"] = [copy.facts() for copy in copies]
    return facts | understand(upright, facts), [copy.data for copy in copies]


def refine(file: BinaryIO, options: dict[str, Any]) -> Answer:
    """Decode once; the further copies of a picture that the public sees."""
    header, picture = open_picture(file, options)
    facts = facts_of(header, decoding.orientation_of(picture))
    wanted = renditions.sizes(facts["width"], facts["height"])
    copies = renditions.render_avif(decoding.decode(header, picture, *wanted[-1]), wanted)
    return facts | {"renditions": [copy.facts() for copy in copies]}, [copy.data for copy in copies]


def open_picture(file: BinaryIO, options: dict[str, Any]) -> tuple[Header, ImageFile.ImageFile]:
    """The picture as the caller wants pictures taken."""
    return decoding.open_picture(file, heic=options.get("heic", True))


def facts_of(header: Header, turn: int) -> dict[str, Any]:
    """Format, upright size, frames."""
    width, height = (header.height, header.width) if turn >= 5 else (header.width, header.height)
    return {"format": header.format, "width": width, "height": height, "frames": header.frames}


def fitted(width: int, height: int, side: int) -> tuple[int, int]:
    """The size whose longer side is the given one, in the same shape."""
    scale = side / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def understand(picture: Image.Image, facts: dict[str, Any]) -> dict[str, Any]:
    """Hash, placeholder, colours, descriptor and measures of upright pixels."""
    size = fitted(*picture.size, MEASURED_SIDE)
    resampling = Image.Resampling.BOX if max(picture.size) > MEASURED_SIDE else Image.Resampling.BICUBIC
    normal = picture.resize(size, resampling) if picture.size != size else picture
    fingerprinted, quality = fingerprint.perceptual_hash(normal)
    return {
        "perceptual_hash": fingerprinted.hex(),
        "hash_quality": quality,
        "turned_hashes": fingerprint.turned_hashes(normal).hex(),
        "placeholder": base64.b64encode(placeholder.thumbhash(normal)).decode(),
        "colours": colours.dominant(normal),
        "descriptor": base64.b64encode(descriptor.describe(normal)).decode(),
        "measures": measuring.measures_of(normal, picture) | {"pixels": facts["width"] * facts["height"]},
    }


def warm_up() -> None:
    """Understand a picture of ours before anybody asks: tables that are made at first use are made once, not in every child."""
    understand(
        Image.effect_noise((MEASURED_SIDE, MEASURED_SIDE), 40).convert("RGB"), {"width": MEASURED_SIDE, "height": MEASURED_SIDE}
    )


TASKS: dict[str, Task] = {"check": check, "measure": measure, "render": render, "refine": refine}
