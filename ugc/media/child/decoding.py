"""From a stranger's file to upright sRGB pixels: one decoder, budgets first, everything but the pixels left behind."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import numpy
from numpy import ma
from PIL import (
    AvifImagePlugin,
    GifImagePlugin,
    Image,
    ImageCms,
    ImageFile,
    ImageOps,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from ugc.media.child import headers
from ugc.media.child.headers import Header
from ugc.media.child.heic import IS_SUPPORTED, HeicImageFile
from ugc.media.child.refusal import Refused

# The class itself, not Image.open: that would hand a JPEG with several pictures to the MPO plug-in (decision 0011).
DECODERS: dict[str, type[ImageFile.ImageFile]] = {
    "jpeg": JpegImagePlugin.JpegImageFile,
    "png": PngImagePlugin.PngImageFile,
    "webp": WebPImagePlugin.WebPImageFile,
    "gif": GifImagePlugin.GifImageFile,
    "avif": AvifImagePlugin.AvifImageFile,
} | ({"heic": HeicImageFile} if IS_SUPPORTED else {})
MAX_EXIF_BYTES = 64 * 1024
MAX_ICC_BYTES = 4 * 1024**2
ORIENTATION = 0x0112
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_90,
}  # fmt: skip
# Pillow would import these when it first meets EXIF or saves, numpy `ma` for a percentile; a limited child can't open files, so
# its parent has them.
PRELOADED = (ImageOps, TiffImagePlugin, ma)
Image.preinit()
# A limited child can start no thread.
AvifImagePlugin.DEFAULT_MAX_THREADS = 1
# Behind the product's picture on most shops' pages.
BACKGROUND = (255, 255, 255)
Image.MAX_IMAGE_PIXELS = headers.MAX_PIXELS
# Pillow's own limit on a chunk stays at 1 MB; of all together it would unpack 64 MB before it refuses.
PngImagePlugin.MAX_TEXT_MEMORY = 8 * PngImagePlugin.MAX_TEXT_CHUNK
SRGB = ImageCms.createProfile("sRGB")


@contextmanager
def refusing(name: str) -> Iterator[None]:
    """Turn what a decoder raises into a refusal; a warning is an error (Pillow's security handbook, 5)."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # Its warnings are about EXIF that a camera or an editor broke, which is no fault of the picture.
        warnings.filterwarnings("ignore", module=r"PIL\.TiffImagePlugin")
        try:
            yield
        except (Refused, MemoryError):
            raise
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise Refused("picture_too_large") from None
        except EOFError:
            raise Refused("truncated", format=name) from None
        except Exception as cause:
            raise Refused(code_of(str(cause).lower()), format=name) from None


def code_of(message: str) -> str:
    """Pillow tells its reasons apart by words only."""
    if "max_text" in message or "text chunk" in message or "too much memory used in text" in message:
        return "metadata_too_large"
    if "truncated" in message or "unexpected end" in message or "eof" in message:
        return "truncated"
    return "damaged"


def open_picture(file: BinaryIO, *, heic: bool = True) -> tuple[Header, ImageFile.ImageFile]:
    """The picture's header and its decoder, nothing decoded yet; raises Refused."""
    header = headers.read_header(file, [name for name in DECODERS if heic or name != "heic"])
    with refusing(header.format):
        picture = DECODERS[header.format](file)
        if (picture.format or "").lower() != header.format:
            raise Refused("wrong_format", format=str(picture.format).lower())
        headers.check_budgets(Header(header.format, *picture.size, header.frames, header.frame_pixels))
    return header, picture


def orientation_of(picture: ImageFile.ImageFile) -> int:
    """1–8 from EXIF; 1 where there is none, or none that can be read."""
    if isinstance(picture, HeicImageFile):
        return picture.turn
    if len(picture.info.get("exif", b"")) > MAX_EXIF_BYTES:
        return 1
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a camera's broken EXIF is no fault of the picture
            value = picture.getexif().get(ORIENTATION, 1)
    except Exception:
        return 1
    return value if isinstance(value, int) and value in UPRIGHT else 1


def decode(header: Header, picture: ImageFile.ImageFile, width: int, height: int) -> Image.Image:
    """All pixels of the first frame, upright, RGB in sRGB, on the background; at least width × height if the file has that many.

    JPEG and HEIC are scaled down while they are decoded (`draft`); `thumbnail()` alone would not do so here.
    """
    turn = orientation_of(picture)
    with refusing(header.format):
        if header.format in {"jpeg", "heic"}:
            picture.draft("RGB", (height, width) if turn >= 5 else (width, height))
        picture.load()
        profile = picture.info.get("icc_profile")
        flat = flatten(picture, profile if isinstance(profile, bytes) else b"", width, height)
        return flat.transpose(UPRIGHT[turn]) if turn != 1 else flat


def flatten(picture: Image.Image, profile: bytes, width: int, height: int) -> Image.Image:
    """RGB in sRGB without alpha; large pictures are reduced first, since the work below costs by the pixel."""
    picture = eight_bits(picture)
    if "transparency" in picture.info or picture.mode in {"PA", "LA", "La", "RGBa", "RGBA"}:
        picture = picture.convert("RGBA")
    elif picture.mode in {"P", "1"}:
        picture = picture.convert("RGB")
    picture = reduce_to(picture, max(width, height))
    if picture.mode != "RGBA":
        return to_srgb(picture, profile)
    return on_white(to_srgb(picture.convert("RGB"), profile), picture.getchannel("A"))


def on_white(picture: Image.Image, alpha: Image.Image) -> Image.Image:
    """The picture where it is opaque, the background shining through elsewhere."""
    under = Image.new("RGB", picture.size, BACKGROUND)
    under.paste(picture, mask=alpha)
    return under


def eight_bits(picture: Image.Image) -> Image.Image:
    """Sixteen-bit greys to eight; Pillow's own conversion would clip them to white."""
    if picture.mode.startswith("I"):
        return Image.fromarray((numpy.asarray(picture).clip(0, 65535) >> 8).astype(numpy.uint8))
    return picture


def reduce_to(picture: Image.Image, side: int) -> Image.Image:
    """A whole-number reduction while both sides stay twice the wanted side or more."""
    factor = min(picture.size) // (2 * side) if side else 1
    return picture.reduce(factor) if factor > 1 else picture


def to_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    """Colours converted by the embedded profile where it is sound and of the picture's kind, else taken as they are."""
    if profile and len(profile) <= MAX_ICC_BYTES and picture.mode in {"RGB", "L", "CMYK"}:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if picture.mode != "RGB" or not (source.profile.profile_description or "").startswith("sRGB"):
                converted = ImageCms.profileToProfile(picture, source, SRGB, outputMode="RGB")
                if converted is not None:
                    return converted
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError, AttributeError):
            pass  # an unsound profile is left out, as browsers do
    return picture.convert("RGB")
