"""The studio's cast and how it knocks: plain functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from flask_openapi.openapi import OpenAPI
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests import make
from ugc.accounts import actions as accounts_actions
from ugc.accounts.models import Brand, Role
from ugc.kit import clock, signing
from ugc.kit.passwords import Cost
from ugc.library.models import Item, ItemMedia, State
from ugc.runtime import Runtime

CHEAP = Cost(memory_kib=8, passes=1, lanes=1)
SCRIPT = {"Accept": "application/json"}
PASSWORD = "a long enough password"


@dataclass
class Caller:
    """Somebody with a browser; `brand` is whose studio they see."""

    app: OpenAPI
    runtime: Runtime
    brand_id: int
    token: str

    def get(self, address: str, **headers: str) -> TestResponse:
        """Look at a page."""
        return self.browser().get(address, headers=headers)

    def post(self, address: str, fields: dict[str, Any] | None = None, *, csrf: bool = True, script: bool = True) -> TestResponse:
        """Send a form, as our scripts do or as a plain form."""
        token = signing.keyed_digest(self.runtime.key("csrf"), self.token.encode())
        fields = (fields or {}) | ({"csrf_token": token} if csrf else {})
        headers = {"Sec-Fetch-Site": "same-origin"} | (SCRIPT if script else {})
        return self.browser().post(address, data=fields, headers=headers)

    def browser(self) -> FlaskClient:
        """A client that holds this sign-in."""
        client = self.app.test_client()
        if self.token:
            client.set_cookie("ugc", self.token)
        return client


def caller(app: OpenAPI, runtime: Runtime, brand_id: int, role: Role) -> Caller:
    """A person of the brand, signed in."""
    with runtime.transaction() as session:
        brand = session.get_one(Brand, brand_id)
        email = f"{role}@{brand.slug}.test"
        person, _ = accounts_actions.add_person(session, email, brand, role, password=PASSWORD, cost=CHEAP)
        token = accounts_actions.open_sign_in(session, person, brand, clock.now())[1]
    return Caller(app, runtime, brand_id, token)


def brand(runtime: Runtime, slug: str) -> int:
    """A brand with its publishable key; its id."""
    with runtime.transaction() as session:
        return accounts_actions.add_brand(session, slug, slug.title()).id


def photo(session: Session, brand_id: int, **facts: Any) -> Item:
    """A photo with a finished picture."""
    owner = session.get_one(Brand, brand_id)
    item = make.item(session, owner, **facts)
    make.added(session, ItemMedia(item_id=item.id, file_id=make.file(session, owner).id))
    return item


def state_of(runtime: Runtime, item_id: int) -> State:
    """The item's state as stored."""
    with runtime.sessions() as session:
        return session.get_one(Item, item_id).state
