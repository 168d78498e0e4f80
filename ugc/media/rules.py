"""What is accepted and why a file is refused; addresses and names of renditions; what a decoder's answer must look like."""

from __future__ import annotations

import base64
import struct
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ugc.kit.errors import UgcError, Unprocessable
from ugc.media.child import heif
from ugc.media.child.refusal import Refused
from ugc.media.models import File, Rendition, Role

ACCEPTED = "JPEG, PNG, WebP, GIF, AVIF and HEIC pictures up to 50 megapixels, 20,000 pixels a side, 300 frames"
PLAYABLE = "MP4, MOV, WebM, Matroska and AVI videos up to 4K and 60 pictures a second; MP3, M4A, AAC, Ogg, WAV and FLAC recordings"
PICTURES = ("jpeg", "png", "webp", "gif", "avif", "heic")
TYPES = {"image/webp": "webp", "image/jpeg": "jpg", "image/avif": "avif"}
NAMES = {"picture": "{width}.{ending}", "loop": "loop-{width}.{ending}"}
"""A still copy's file name by what it is for."""
FILM_NAMES = {"video": "video.mp4", "preview": "preview.mp4", "audio": "audio.m4a"}
MAX_NAME = 255
MAX_DESCRIPTOR = 4096
"""Signs of base64."""
MEASURES_VERSION = 3
"""The release of measures and descriptor. When it is raised, every older file is measured again."""


LEAST_REFINED = 320
"""Pixels of width from which AVIF saves something (decision 0087)."""
AVIF_BOXES = {b"hdlr", b"pitm", b"iloc", b"iinf", b"iprp"}
AVIF_PROPERTIES = {b"ispe", b"pixi", b"av1C", b"nclx"}


class Refusal(Unprocessable):
    """This file is not accepted."""

    accepted: ClassVar[str] = ACCEPTED

    def __init__(self, detail: str | None = None, **facts: Any) -> None:
        super().__init__(detail, **({"accepted": self.accepted} | facts))


class NotAPicture(Refusal):
    """This is not a picture; send JPEG, PNG, WebP, GIF, AVIF or HEIC."""


class WrongFormat(Refusal):
    """This format is not accepted; send JPEG, PNG, WebP, GIF, AVIF or HEIC."""


class EmptyFile(Refusal):
    """The file is empty."""


class FileTooLarge(Refusal):
    """The file is larger than this service accepts."""


class PictureTooLarge(Refusal):
    """The picture has too many pixels; 50 megapixels and 20,000 a side are accepted."""


class TooManyFrames(Refusal):
    """The animation is too long; 300 frames and 50 megapixels over all frames are accepted."""


class MetadataTooLarge(Refusal):
    """The picture carries more text beside its pixels than is accepted."""


class Truncated(Refusal):
    """The file ends before what it holds does; send it again."""


class Damaged(Refusal):
    """The file is damaged and can't be decoded."""


class TooCostly(Refusal):
    """The file takes more time or memory to decode than is allowed."""


class DecoderCrashed(Refusal):
    """The file broke its decoder."""


class NotPlayed(Refusal):
    """This video or recording is not accepted."""

    accepted = PLAYABLE


class NotPlayable(NotPlayed):
    """This is neither a video nor a recording that we know."""


class CodecNotAccepted(NotPlayed):
    """The video or sound is packed in a way that is not accepted; send H.264 with AAC, as phones write it."""


class NothingToPlay(NotPlayed):
    """The file holds neither moving pictures nor sound."""


class TooLong(NotPlayed):
    """The video or recording is longer than this service accepts."""


class FrameTooLarge(NotPlayed):
    """The video's pictures are larger than 4K."""


class FrameRateTooHigh(NotPlayed):
    """The video has more than 60 pictures a second."""


class TooManyTracks(NotPlayed):
    """The file holds more tracks than a camera writes."""


class VideoNotInstalled(Refusal):
    """This installation takes no video or audio; its operator can add it with `pip install ugc[video]`."""


REFUSALS: dict[str, type[Refusal]] = {
    "not_a_picture": NotAPicture,
    "wrong_format": WrongFormat,
    "empty_file": EmptyFile,
    "file_too_large": FileTooLarge,
    "picture_too_large": PictureTooLarge,
    "too_many_frames": TooManyFrames,
    "metadata_too_large": MetadataTooLarge,
    "truncated": Truncated,
    "damaged": Damaged,
    "too_costly": TooCostly,
    "decoder_crashed": DecoderCrashed,
    "codec_not_accepted": CodecNotAccepted,
    "frame_rate_too_high": FrameRateTooHigh,
    "frame_too_large": FrameTooLarge,
    "not_playable": NotPlayable,
    "nothing_to_play": NothingToPlay,
    "too_long": TooLong,
    "too_many_tracks": TooManyTracks,
    "video_not_installed": VideoNotInstalled,
}
"""Every stable code of a refused file; docs/media.md explains them."""


@dataclass(frozen=True, slots=True)
class RenditionData:
    """One rendition as the decoder made it."""

    width: int
    height: int
    type: str
    data: bytes
    role: str = "picture"

    @property
    def name(self) -> str:
        """Its file name behind the public name."""
        return FILM_NAMES.get(self.role) or NAMES[self.role].format(width=self.width, ending=TYPES[self.type])


@dataclass(frozen=True, slots=True)
class Inspection:
    """What the limited process found in a picture; hash, colours, measures and renditions only where they were asked for."""

    format: str
    width: int
    height: int
    frames: int
    perceptual_hash: bytes = b""
    hash_quality: int = 0
    turned_hashes: bytes = b""
    """Of the seven mirrored and turned copies, 32 bytes each."""
    placeholder: str = ""
    colours: tuple[str, ...] = ()
    descriptor: bytes = b""
    """What it looks like as numbers (`child/descriptor.py`)."""
    measures: Mapping[str, float] | None = None
    renditions: tuple[RenditionData, ...] = ()
    kind: str = "picture"
    duration_ms: int | None = None
    """Of a video or recording."""
    has_sound: bool = False
    peaks: tuple[int, ...] = ()
    """Of a recording: how loud it is, in up to 128 steps of time, from 0 to 100."""
    peak_kb: int = 0
    cpu_seconds: float = 0.0


def refusal_of(code: str, facts: Mapping[str, Any]) -> UgcError:
    """The error that a refusing decoder's code stands for; an unknown code is a decoder that lost its mind."""
    plain: dict[str, Any] = {name: value for name, value in facts.items() if isinstance(value, int | str) and name != "detail"}
    return REFUSALS.get(code, DecoderCrashed)(**plain)


def read_inspection(facts: Mapping[str, Any], blobs: list[bytes]) -> Inspection:
    """The answer of a process that read hostile bytes: each value is checked as a stranger's; raises DecoderCrashed."""
    try:
        renditions = [read_rendition(each, blob) for each, blob in zip(facts.get("renditions", []), blobs, strict=True)]
        return Inspection(
            format=one_of(facts["format"], PICTURES),
            width=whole(facts["width"], 1, 20_000),
            height=whole(facts["height"], 1, 20_000),
            frames=whole(facts["frames"], 1, 300),
            **read_looks(facts),
            renditions=tuple(renditions),
        )
    except (KeyError, ValueError, TypeError, AttributeError) as cause:
        raise DecoderCrashed() from cause


def read_looks(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What was made of pixels: hashes, placeholder, colours, measures; raises ValueError and its like."""
    return {
        "perceptual_hash": bytes.fromhex(short_text(facts.get("perceptual_hash", ""), 64)),
        "hash_quality": whole(facts.get("hash_quality", 0), 0, 100),
        "turned_hashes": bytes.fromhex(short_text(facts.get("turned_hashes", ""), 448)),
        "placeholder": short_text(facts.get("placeholder", ""), 64),
        "colours": tuple(colour(each) for each in facts.get("colours", [])[:8]),
        "descriptor": base64.b64decode(short_text(facts.get("descriptor", ""), MAX_DESCRIPTOR), validate=True),
        "measures": {short_text(name, 40): number(value) for name, value in facts.get("measures", {}).items()} or None,
    }


def read_rendition(facts: Mapping[str, Any], data: bytes) -> RenditionData:
    """One copy; raises ValueError where it is not what it says or carries more than pixels."""
    width, height = whole(facts["width"], 1, 1280), whole(facts["height"], 1, 16_383)
    made = RenditionData(width, height, one_of(facts["type"], tuple(TYPES)), data, one_of(facts["role"], tuple(NAMES)))
    if not is_clean(made.type, data, made.role):
        raise ValueError("a rendition carries more than pixels")
    return made


def whole(value: Any, least: int, most: int) -> int:
    """A whole number inside its bounds."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError(value)
    return value


def number(value: Any) -> float:
    """A finite number."""
    if not isinstance(value, int | float) or not abs(value) < 1e12:
        raise ValueError(value)
    return value


def one_of(value: Any, choices: tuple[str, ...]) -> str:
    """One of the known words."""
    if value not in choices:
        raise ValueError(value)
    return str(value)


def short_text(value: Any, most: int) -> str:
    """Plain text of a bounded length."""
    if not isinstance(value, str) or len(value) > most or not value.isascii():
        raise ValueError(value)
    return value


def colour(value: Any) -> str:
    """`#rrggbb`."""
    if not isinstance(value, str) or len(value) != 7 or value[0] != "#" or not set(value[1:]) <= set("0123456789abcdef"):
        raise ValueError(value)
    return value


def is_clean(kind: str, data: bytes, role: str = "picture") -> bool:
    """Whether a rendition is of its kind and holds pixels and nothing else: no EXIF, XMP, profile or comment (T-08)."""
    if role == "loop":
        return kind == "image/webp" and is_clean_loop(data)
    check = {"image/jpeg": is_clean_jpeg, "image/avif": is_clean_avif}.get(kind, is_clean_webp)
    return check(data)


def is_clean_jpeg(data: bytes) -> bool:
    """Only a JFIF head (APP0) and the segments of the picture itself, up to the scan."""
    if data[:2] != b"\xff\xd8" or data[-2:] != b"\xff\xd9":
        return False
    place = 2
    while place + 4 <= len(data):
        start, marker, length = struct.unpack_from(">BBH", data, place)
        if start != 0xFF or 0xE1 <= marker <= 0xEF or marker == 0xFE:
            return False
        if marker == 0xDA:
            return True
        place += 2 + length
    return False


def is_clean_webp(data: bytes) -> bool:
    """One lossy picture chunk that fills the file."""
    if len(data) < 20 or data[:4] != b"RIFF" or data[8:16] != b"WEBPVP8 ":
        return False
    whole_length, length = struct.unpack_from("<I", data, 4)[0], struct.unpack_from("<I", data, 16)[0]
    return bool(whole_length == len(data) - 8 and 20 + length + (length & 1) == len(data))


def is_clean_avif(data: bytes) -> bool:
    """One coded picture and what decoding needs to know of it; neither another item nor a profile."""
    try:
        outer = list(heif.boxes(data))
        meta = dict(heif.boxes(dict(outer)[b"meta"], 4))
        items = heif.read_items(meta)
    except (Refused, EOFError, KeyError, IndexError, struct.error):
        return False
    kinds = {kind if kind != b"colr" else said[:4] for item in items.values() for kind, said in item.properties}
    is_alone = [kind for kind, _ in outer] == [b"ftyp", b"meta", b"mdat"] and [item.kind for item in items.values()] == [b"av01"]
    is_all = sum(8 + len(body) for _, body in outer) == len(data)
    # Bytes that no picture is made of would be room for anything.
    is_all &= sum(length for item in items.values() for _, length in item.extents) == len(outer[-1][1])
    return is_alone and is_all and set(meta) <= AVIF_BOXES and kinds <= AVIF_PROPERTIES


def is_clean_loop(data: bytes) -> bool:
    """An animated WebP of lossy frames alone: canvas, times, then frames of exactly one picture chunk each, none with alpha."""
    try:
        (length,) = struct.unpack_from("<I", data, 4)
        # Flags: animation alone. Any other would announce a profile, EXIF, XMP or alpha.
        if data[:4] != b"RIFF" or data[8:21] != b"WEBPVP8X\x0a\0\0\0\2" or data[30:38] != b"ANIM\6\0\0\0":
            return False
        place = 44
        while place < len(data):
            kind, frame = struct.unpack_from("<4sI", data, place)
            inner, picture = struct.unpack_from("<4sI", data, place + 24)
            if kind != b"ANMF" or inner != b"VP8 " or frame != 24 + picture + (picture & 1):
                return False
            place += 8 + frame
    except struct.error:
        return False
    return bool(place == len(data) == length + 8)


def clean_name(name: str) -> str:
    """A sender's file name as text: NFC, no control or direction characters, no folders, at most 255 characters (T-11)."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(each for each in last if unicodedata.category(each)[0] != "C").strip()[:MAX_NAME]


def original_key(brand_id: int, sha256: str) -> str:
    """Where a private original lies."""
    return f"originals/{brand_id}/{sha256[:2]}/{sha256}"


def rendition_folder(public_name: str) -> str:
    """Where a file's renditions lie."""
    return f"renditions/{public_name}"


def rendition_key(public_name: str, name: str) -> str:
    """Where one rendition lies."""
    return f"{rendition_folder(public_name)}/{name}"


def rendition_type(name: str) -> str | None:
    """The type that a rendition's file name stands for; None if no rendition has such a name (T-17)."""
    width, _, ending = name.removeprefix("loop-").partition(".")
    if not width.isascii() or not width.isdigit() or len(width) > 4:
        return None
    return next((kind for kind, known in TYPES.items() if known == ending), None)


def order_of(made: Rendition) -> tuple[int, bool, str]:
    """Small to large; what not every reader knows last of its width."""
    return made.width, made.type == "image/avif", made.type


def rendition_urls(file: File, base_url: str) -> list[dict[str, Any]]:
    """The still public copies of a file, small to large, as the gallery's answer lists them."""
    return [
        {"width": each.width, "height": each.height, "type": each.type, "url": f"{base_url}/media/{file.public_name}/{each.name}"}
        for each in sorted(file.renditions, key=order_of)
        if each.role == Role.PICTURE
    ]
