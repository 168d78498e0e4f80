"""Objects for tests: plain functions with defaults, one per model."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any, TypeVar

import numpy
from sqlalchemy.orm import Session

from ugc.accounts.models import Brand
from ugc.authenticity.models import ItemFlag
from ugc.catalog.models import Product
from ugc.library.models import Creator, Item, Kind, State
from ugc.media.models import File, FileState, Rendition
from ugc.modelling import actions as modelling_actions
from ugc.modelling.artefacts import Artefact
from ugc.modelling.models import TrainedModel
from ugc.scoring.models import ScoringRun
from ugc.social.models import Listening, Mention, Source
from ugc.suggestions.models import Suggestion
from ugc.texts.models import TextTerm, Use

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
numbers = count(1)
Row = TypeVar("Row")


def brand(session: Session, **facts: Any) -> Brand:
    """A brand with a slug of its own."""
    facts = {"slug": f"brand-{next(numbers)}", "name": "A Brand"} | facts
    return added(session, Brand(**facts))


def term(session: Session, brand: Brand, **facts: Any) -> TextTerm:
    """A word that the brand blocks."""
    facts = {"use": Use.BLOCKED, "topic": "", "term": f"word{next(numbers)}"} | facts
    return added(session, TextTerm(brand_id=brand.id, **facts))


def product(session: Session, brand: Brand, **facts: Any) -> Product:
    """A product for 20.00 EUR, in stock."""
    sku = facts.pop("sku", f"SKU-{next(numbers)}")
    facts = {"title": f"Product {sku}", "url": f"https://shop.test/{sku}", "price": Decimal("20.00"), "currency": "EUR"} | facts
    return added(session, Product(brand_id=brand.id, sku=sku, **facts))


def creator(session: Session, brand: Brand, **facts: Any) -> Creator:
    """A creator on no network."""
    facts = {"handle": f"creator-{next(numbers)}", "name": "Ada L."} | facts
    return added(session, Creator(brand_id=brand.id, **facts))


def file(session: Session, brand: Brand, **facts: Any) -> File:
    """A finished picture of 640 × 480 with two renditions; nothing lies in the storage."""
    number = next(numbers)
    facts = {
        "sha256": f"{number:064x}", "size": 1000, "format": "jpeg", "width": 640, "height": 480, "state": FileState.READY,
        "storage_key": f"originals/{brand.id}/{number:064x}", "public_name": f"{number:032x}",
        "placeholder": "2fcZFIB3iId/h3iJh4aIYJ2V8g==",
        "colours": ["#336699"], "ready_at": NOON,
    } | facts  # fmt: skip
    made = added(session, File(brand_id=brand.id, **facts))
    for width, kind, name in ((320, "image/webp", "320.webp"), (320, "image/jpeg", "320.jpg"), (640, "image/webp", "640.webp")):
        made.renditions.append(Rendition(width=width, height=width * 3 // 4, type=kind, name=name, size=100))
    session.flush()
    return made


def item(session: Session, brand: Brand, **facts: Any) -> Item:
    """A photo item in the inbox with no files, tags or products; a raw row, not through library.actions."""
    facts = {
        "kind": Kind.PHOTO, "body": "A day at the beach", "source": "upload", "external_id": f"ext-{next(numbers)}",
        "published_at": NOON, "state": State.INBOX,
    } | facts  # fmt: skip
    return added(session, Item(brand_id=brand.id, **facts))


def source(session: Session, brand: Brand, **facts: Any) -> Source:
    """A feed that was connected and is due later."""
    facts = {"network": "feed", "mode": "feed", "name": "A blog", "options": {"url": "https://blog.test/feed.xml"}} | facts
    return added(session, Source(brand_id=brand.id, **facts))


def heard(session: Session, brand: Brand, **facts: Any) -> Mention:
    """A mention on a blog, with what is listened for."""
    listening = added(session, Listening(brand_id=brand.id, name="Our brand", terms=["halm"]))
    number = next(numbers)
    facts = {
        "listening_id": listening.id, "network": "feed", "external_id": f"post-{number}", "site": "blog.test",
        "url": f"https://blog.test/{number}", "sentence": "Halm hats are lovely.", "term": "halm", "published_at": NOON,
    } | facts  # fmt: skip
    return added(session, Mention(brand_id=brand.id, **facts))


def suggestion(session: Session, item: Item, **facts: Any) -> Suggestion:
    """A tag that the item probably wants."""
    facts = {"what": "tag", "name": f"tag-{next(numbers)}", "p": 0.8, "reasons": ["caption says “beach”"]} | facts
    return added(session, Suggestion(brand_id=item.brand_id, item_id=item.id, **facts))


def run(session: Session, brand: Brand, **facts: Any) -> ScoringRun:
    """A run that scored nothing anew, and is done."""
    facts = {
        "cause": "asked",
        "state": "done",
        "measures": True,
        "weights": 1,
        "actor": "system",
        "total": 0,
        "started_at": NOON,
    } | facts
    return added(session, ScoringRun(brand_id=brand.id, **facts))


def added(session: Session, row: Row) -> Row:
    """Add and flush, so that ids and defaults are there."""
    session.add(row)
    session.flush()
    session.refresh(row)
    return row


def model(session: Session, brand: Brand, kind: str = "spam", *, better: bool = True, **facts: Any) -> TrainedModel:
    """A model of one weight, in use."""
    artefact = Artefact(kind, facts.pop("format", 1), {"w": numpy.array([facts.pop("weight", 1.0)])}, {})
    said: dict[str, Any] = {
        "rows": 100, "data": {"since": "2026-01-01"}, "metrics": {"f1": 0.9}, "incumbent": None, "why": "It is the first.",
        "actor": "system", "now": NOON,
    }  # fmt: skip
    return modelling_actions.consider(session, brand.id, artefact, better=better, **(said | facts))


def flag(session: Session, item: Item, kind: str = "repeated_text", **facts: Any) -> ItemFlag:
    """An open sign on an item."""
    said: dict[str, Any] = {"p": 0.9, "reason": "Another author wrote it too", "evidence": {}, "found_at": NOON}
    return added(session, ItemFlag(brand_id=item.brand_id, item_id=item.id, kind=kind, **(said | facts)))
