"""A phone's HEIC as a Pillow decoder: the container read by us, its HEVC pictures decoded by libavcodec, no library for HEIF.

Present where PyAV is installed (the extra `video`); decision 0085.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from PIL import Image, ImageFile

from ugc.media.child import heif
from ugc.media.child.headers import MAX_PIXELS
from ugc.media.child.refusal import Refused

try:
    import av
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame
    from av.video.reformatter import Colorspace, VideoReformatter
except ImportError:  # the extra is not installed: HEIC is a format that is not accepted
    IS_SUPPORTED = False
else:
    IS_SUPPORTED = "hevc" in av.codecs_available
    MATRICES = {1: Colorspace.ITU709, 7: Colorspace.SMPTE240M, 9: Colorspace.BT2020, 10: Colorspace.BT2020}

# A coded picture is padded to whole blocks, of up to 64 × 64.
PADDING = 64
MAX_REDUCTION = 8


class HeicImageFile(ImageFile.ImageFile):
    """The primary picture, RGB, not yet upright: `turn` says how it is to be turned."""

    format = "HEIC"
    format_description = "HEIC"

    def _open(self) -> None:
        assert self.fp is not None
        self.still = heif.read_still(self.fp)
        if self.still.format != "heic":
            raise Refused("wrong_format", format=self.still.format)
        self.turn = self.still.turn
        self.reduction = 1
        self._mode, self._size, self.tile = "RGB", (self.still.width, self.still.height), []
        if self.still.profile:
            self.info["icc_profile"] = self.still.profile
        self.is_decoded = False

    def draft(self, mode: str | None, size: tuple[int, int] | None) -> None:
        """Reduce while decoding, by the largest power of two that keeps the size and gives whole tiles."""
        width, height = size or self.size
        across, down = self.still.tiles[0].size
        while (
            self.reduction < MAX_REDUCTION
            and self.still.width // (2 * self.reduction) >= width
            and self.still.height // (2 * self.reduction) >= height
            and across % (4 * self.reduction) == down % (4 * self.reduction) == 0
        ):
            self.reduction *= 2

    def load(self) -> Any:
        """Decode the tiles, once."""
        if not self.is_decoded:
            whole = decode(self)
            self.is_decoded, self.im, self._size = True, whole.im, whole.size
        return Image.Image.load(self)


def decode(picture: HeicImageFile) -> Image.Image:
    """The picture from its tiles, row by row; what the last tiles of a row have beyond its edge is cut off."""
    still, reduction = picture.still, picture.reduction
    across, down = still.tiles[0].size
    whole = Image.new("RGB", (max(1, still.width // reduction), max(1, still.height // reduction)))
    count = 0
    for number, frame in frames_of(picture):
        if number != count or frame.width < across or frame.height < down:
            raise Refused("damaged", format="heic")
        row, column = divmod(number, still.columns)
        whole.paste(as_rgb(frame, picture), (column * (across // reduction), row * (down // reduction)))
        count += 1
    if count < len(still.tiles):
        raise Refused("truncated", format="heic")
    return whole


def frames_of(picture: HeicImageFile) -> Iterator[tuple[int | None, VideoFrame]]:
    """Each tile's number and decoded picture; one decoder for all, since tiles share their parameters."""
    still = picture.still
    assert picture.fp is not None
    codec = open_codec(still.tiles[0])
    for number, tile in enumerate(still.tiles):
        if tile.of(b"hvcC") != still.tiles[0].of(b"hvcC"):
            raise Refused("damaged", format="heic")
        packet = av.Packet(heif.read_item(picture.fp, tile, b"", MAX_PIXELS))
        packet.pts = packet.dts = number
        packet.time_base = Fraction(1, 1)
        yield from ((frame.pts, frame) for frame in codec.decode(packet))
    yield from ((frame.pts, frame) for frame in codec.decode(None))


def open_codec(tile: heif.Item) -> VideoCodecContext:
    """An HEVC decoder for pictures of one size, in one thread (a limited child can start none), which gives up at errors."""
    codec = av.CodecContext.create("hevc", "r")
    assert isinstance(codec, VideoCodecContext)
    width, height = tile.size
    codec.extradata = tile.of(b"hvcC")
    codec.thread_count = 1
    codec.options = {"max_pixels": str((width + PADDING) * (height + PADDING)), "err_detect": "explode"}
    return codec


def as_rgb(frame: VideoFrame, picture: HeicImageFile) -> Image.Image:
    """A tile's pixels at the reduced size."""
    across, down = (side // picture.reduction for side in picture.still.tiles[0].size)
    matrix, is_full = picture.still.colours or (int(frame.colorspace), int(frame.color_range) != 1)
    made = VideoReformatter().reformat(
        frame, frame.width // picture.reduction, frame.height // picture.reduction, "rgb24",
        src_colorspace=MATRICES.get(matrix, Colorspace.ITU601), src_color_range="JPEG" if is_full else "MPEG",
        interpolation="AREA" if picture.reduction > 1 else "BICUBIC", threads=1,
    )  # fmt: skip
    image = Image.fromarray(made.to_ndarray())
    return image.crop((0, 0, across, down)) if image.size != (across, down) else image
