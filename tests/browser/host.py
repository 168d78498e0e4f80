"""A shop's page to put a gallery into, and pictures to fill it: plain functions."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from PIL import Image
from sqlalchemy.orm import Session

from tests.galleries import shown
from ugc.accounts import actions as accounts_actions
from ugc.accounts.models import Brand, KeyKind
from ugc.kit.storage.local import LocalStorage
from ugc.library.models import Item
from ugc.runtime import Runtime

StartResponse = Callable[[str, list[tuple[str, str]]], Any]


@cache
def picture_bytes(width: int, height: int, colour: str, kind: str = "webp") -> bytes:
    """A plain picture."""
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(buffer, {"webp": "WEBP", "jpg": "JPEG"}[kind])
    return buffer.getvalue()


def put_pictures(runtime: Runtime, items: Iterable[Item]) -> None:
    """Lay the renditions that the items' files name into the storage."""
    assert isinstance(runtime.storage, LocalStorage)
    for number, item in enumerate(items):
        for media in item.media:
            for rendition in media.file.renditions:
                colour = f"hsl({number * 47 % 360}, 45%, {40 + number * 7 % 30}%)"
                data = picture_bytes(rendition.width, rendition.height, colour, rendition.name.rsplit(".", 1)[1])
                # Not by put(), which waits for the disk: two hundred pictures a run would cost a minute.
                path = runtime.storage.path(f"renditions/{media.file.public_name}/{rendition.name}")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)


def fill(runtime: Runtime, session: Session, brand: Brand, count: int, **facts: Any) -> list[Item]:
    """So many items with pictures."""
    items = [shown.item(session, brand, body=f"Caption {number}", score=99 - number, **facts) for number in range(count)]
    put_pictures(runtime, items)
    return items


def add_key(runtime: Runtime, session: Session, brand: Brand) -> str:
    """A publishable key, without which nothing is counted."""
    return accounts_actions.add_key(session, brand, KeyKind.PUBLISHABLE, seal_key=runtime.key("webhooks"))[1]


def shop(pages: dict[str, tuple[str, dict[str, str]]]) -> Callable[[dict[str, Any], StartResponse], list[bytes]]:
    """A site of its own origin: path → (HTML, headers)."""

    def answer(environ: dict[str, Any], start: StartResponse) -> list[bytes]:
        html, headers = pages.get(environ["PATH_INFO"], ("", {}))
        start("200 OK" if html else "404 Not Found", [("Content-Type", "text/html; charset=utf-8"), *headers.items()])
        return [html.encode()]

    return answer


def page(address: str, *, element: str = "", head: str = "", before: str = "", after: str = "", nonce: str = "") -> str:
    """The HTML of a page with a gallery."""
    element = element or '<ugc-gallery brand="beach" gallery="home"><a href="/all">All photos</a></ugc-gallery>'
    mark = f' nonce="{nonce}"' if nonce else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title>{head}'
        f'<script type="module" src="{address}/widget/v1/gallery.js"{mark}></script></head>'
        f"<body><main><h1>Shop</h1>{before}{element}{after}</main></body></html>"
    )
