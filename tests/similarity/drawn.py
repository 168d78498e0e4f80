"""Pictures whose likeness is known: a figure of a shape and colour on a ground, and items that show them."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image, ImageDraw
from sqlalchemy.orm import Session

from tests import make
from ugc.accounts.models import Brand
from ugc.library.models import Item, ItemMedia
from ugc.media.child import descriptor

SIDE = 512


def figure(shape: str = "circle", colour: str = "#c02020", ground: str = "#f0f0f0", *, at: int = 0) -> Image.Image:
    """A circle, square, stripes or a triangle."""
    picture = Image.new("RGB", (SIDE, SIDE), ground)
    draw = ImageDraw.Draw(picture)
    match shape:
        case "circle":
            draw.ellipse((120 + at, 120, 400 + at, 400), fill=colour)
        case "square":
            draw.rectangle((120 + at, 120, 400 + at, 400), fill=colour)
        case "triangle":
            draw.polygon(((256 + at, 80), (440 + at, 430), (70 + at, 430)), fill=colour)
        case "stripes":
            for top in range(60, 460, 60):
                draw.rectangle((60, top, 450, top + 25), fill=colour)
    return picture


def jpeg(picture: Image.Image) -> bytes:
    """A picture as a phone sends it."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=92)
    return file.getvalue()


def item(
    session: Session, brand: Brand, picture: Image.Image | None = None, *, colours: tuple[str, ...] = ("#c02020",), **facts: Any
) -> Item:
    """An item that shows a picture whose descriptor was made."""
    made = make.item(session, brand, **({"body": ""} | facts))
    if picture is not None:
        file = make.file(session, brand, descriptor=descriptor.describe(picture), colours=list(colours))
        make.added(session, ItemMedia(item_id=made.id, file_id=file.id))
    return made
