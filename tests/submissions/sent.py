"""A brand with a page, forms as browsers send them, pictures to go along: plain functions."""

from __future__ import annotations

import io
import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import av
from PIL import Image

from tests import make
from ugc.accounts import actions as accounts_actions
from ugc.kit.limiting import Limiter
from ugc.runtime import Runtime
from ugc.submissions import actions, queries, rules, uploads
from ugc.submissions.actions import Attached, Post

NOW = make.NOON
HOME = "203.0.113.7"


@cache
def picture(number: int = 1) -> bytes:
    """A JPEG that no other number has."""
    file = io.BytesIO()
    Image.frombytes("RGB", (64, 48), random.Random(number).randbytes(64 * 48 * 3)).save(file, "JPEG")
    return file.getvalue()


def brand(runtime: Runtime, slug: str = "acme", **facts: Any) -> int:
    """A brand with the product MUG/1; its id."""
    with runtime.transaction() as session:
        made = accounts_actions.add_brand(session, slug, slug.title(), shop_url=facts.get("shop_url", ""))
        make.product(session, made, sku="MUG/1", title="Mug")
        return made.id


def page(runtime: Runtime, slug: str = "acme") -> queries.Page:
    """What the brand's page rests on."""
    return actions.get_page(runtime, slug)


def stamp(runtime: Runtime, slug: str = "acme", at: datetime = NOW - timedelta(minutes=2)) -> str:
    """The mark of a form that was opened some time ago."""
    return rules.make_stamp(runtime.key("submission-form"), slug, at)


def form(runtime: Runtime, slug: str = "acme", **given: str) -> dict[str, str]:
    """A form in which nothing is wrong, opened two minutes before `NOW`."""
    return {
        "stamp": stamp(runtime, slug), "terms": page(runtime, slug).terms.name, "product": "MUG/1", "name": "Anna K.",
        "email": "anna@example.com", "birth_year": "1990", "birth_month": "5", "relation": "none", "agree": "yes", "others": "yes",
        "text": "", "stars": "",
    } | given  # fmt: skip


def upload(runtime: Runtime, data: bytes, name: str = "photo.jpg", slug: str = "acme", now: datetime = NOW) -> str:
    """A file that has come completely; its id."""
    begun = uploads.begin(runtime, Limiter(), slug, len(data), name, "image/jpeg", address=HOME, now=now)
    uploads.add_piece(runtime, slug, begun.token, 0, io.BytesIO(data).read, len(data), now=now)
    return begun.token


def post(form: dict[str, str], *tokens: str, attached: bytes = b"", address: str = HOME) -> Post:
    """The request."""
    return Post(form, tokens, [Attached(io.BytesIO(attached), "photo.jpg")] if attached else [], address)


def submit(
    runtime: Runtime, *tokens: str, now: datetime = NOW, given: Mapping[str, str] | None = None, **more: str
) -> actions.Outcome:
    """One submission of a good form."""
    return actions.submit(runtime, Limiter(), "acme", post(form(runtime) | dict(given or {}) | more, *tokens), now=now)


@cache
def film() -> bytes:
    """Two seconds of H.264 in an MP4, as phones write it."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        noise = random.Random(5)
        for _ in range(48):
            picture = Image.frombytes("RGB", (320, 240), noise.randbytes(320 * 240 * 3))
            container.mux(stream.encode(av.VideoFrame.from_image(picture)))  # type: ignore[no-untyped-call]  # the library's own lack
        container.mux(stream.encode())
    return file.getvalue()
