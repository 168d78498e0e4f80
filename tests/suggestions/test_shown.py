"""Tags that a real encoder or an endpoint sees on a picture become suggestions, of the brand's own words only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from tests import make
from tests.similarity.encoders import tiny
from ugc.kit import clock
from ugc.library.models import ItemMedia, ItemTag, Tag
from ugc.runtime import Runtime
from ugc.settings import Settings
from ugc.similarity import actions, meaning
from ugc.similarity.models import PictureDescription
from ugc.suggestions import hinting, queries, suggesting
from ugc.suggestions.models import What


@pytest.fixture
def models(runtime: Runtime, tmp_path: Path) -> Iterator[Runtime]:
    tiny.clip_folder(tmp_path / "tiny-clip")
    settings = replace(runtime.settings, picture_model=str(tmp_path / "tiny-clip"))
    meaning.set_up(settings)
    yield replace(runtime, settings=settings)
    meaning.set_up(Settings())


def test_a_tag_that_nobody_taught_is_suggested_for_what_the_picture_shows(models: Runtime, session: Session) -> None:
    brand = make.brand(session)
    tagged, item = make.item(session, brand, body=""), make.item(session, brand, body="")
    for name in ("red dress", "delivery"):
        tag = make.added(session, Tag(brand_id=brand.id, name=name))
        make.added(session, ItemTag(item_id=tagged.id, tag_id=tag.id))
    file = make.file(session, brand, colours=["#101010"])
    make.added(session, ItemMedia(item_id=item.id, file_id=file.id))
    models.storage.put(f"renditions/{file.public_name}/320.webp", tiny.picture("red"))
    session.commit()
    actions.encode_items(models, brand.id, [item.id], now=clock.now())
    meaning.place_names(session, brand.id, ["red dress", "delivery"], now=clock.now())
    suggesting.suggest(models, session, brand.id, [item.id], now=make.NOON)
    offered = {each.name: each for each in queries.map_open(session, brand.id, [item.id], What.TAG)[item.id]}
    assert offered["red dress"].reasons == ["the picture is like this word"]
    assert "delivery" not in offered


def test_of_what_the_endpoint_saw_only_the_brands_own_words_are_suggested(runtime: Runtime, session: Session) -> None:
    brand = make.brand(session)
    tagged, item = make.item(session, brand, body=""), make.item(session, brand, body="")
    tag = make.added(session, Tag(brand_id=brand.id, name="beach"))
    make.added(session, ItemTag(item_id=tagged.id, tag_id=tag.id))
    file = make.file(session, brand)
    make.added(session, ItemMedia(item_id=item.id, file_id=file.id))
    seen = {"Beach": 0.75, "buy now": 0.9}
    make.added(session, PictureDescription(file_id=file.id, brand_id=brand.id, model="m", tags=seen, described_at=make.NOON))
    session.expire_all()
    suggesting.suggest(runtime, session, brand.id, [item.id], now=make.NOON)
    names = {each.name for each in queries.map_open(session, brand.id, [item.id], What.TAG)[item.id]}
    assert "beach" in names
    assert "buy now" not in names


def test_what_is_seen_is_never_as_sure_as_what_was_taught() -> None:
    hints = hinting.shown({"a": 1.0, "b": 0.95, "c": 0.91, "d": 0.9, "e": 0.5}, {"A": 0.75, "x": 1.0}, ["a", "b", "c", "d", "e"])
    assert [hint.name for hint in hints] == ["a", "b", "c", "a"]
    assert max(hint.p for hint in hints) <= 0.6
    assert hinting.shown({}, {}, []) == []
