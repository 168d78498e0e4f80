"""Meta's signed requests: vectors that must be refused, and what a true one deletes (L-23)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest
from flask_openapi.openapi import OpenAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import make
from tests.make import NOON
from ugc.accounts.models import Brand
from ugc.library.models import Item, SourcePolicy
from ugc.runtime import Runtime
from ugc.social import actions, connecting, forgetting
from ugc.social.actions import Secrets
from ugc.social.models import DeletionRequest, Post, Source, SourceState

SECRET = "shh"


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def signed(secret: str = SECRET, **facts: object) -> str:
    """As Meta signs it."""
    said = {"algorithm": "HMAC-SHA256", "issued_at": 1_795_262_400, "user_id": "218471"} | facts
    payload = encoded(json.dumps(said).encode())
    return f"{encoded(hmac.new(secret.encode(), payload.encode(), hashlib.sha256).digest())}.{payload}"


def test_what_meta_signed_is_read() -> None:
    assert forgetting.read_signed_request(signed(), SECRET)["user_id"] == "218471"


GOOD = signed()
SIGNATURE, PAYLOAD = GOOD.split(".")


@pytest.mark.parametrize(
    "request_text",
    [
        "", ".", "..", "abc", PAYLOAD, f"{SIGNATURE}.", f".{PAYLOAD}", f"{SIGNATURE}.{PAYLOAD}x", f"{SIGNATURE}.{PAYLOAD}=",
        f"{SIGNATURE[:-2]}.{PAYLOAD}", f"{SIGNATURE}=.{PAYLOAD}", f"!{SIGNATURE[1:]}.{PAYLOAD}", f"{SIGNATURE}\n.{PAYLOAD}",
        f"é{SIGNATURE}.{PAYLOAD}", signed("another secret"), signed(algorithm="none"), signed(algorithm="HMAC-SHA1"),
        signed(algorithm=None), signed(user_id=None), signed(user_id=["1"]), "a" * 5_000, f"{SIGNATURE}.{'A' * 5_000}",
    ],
)  # fmt: skip
def test_what_meta_did_not_sign_so_is_refused(request_text: str) -> None:
    """L-23: bad padding, wrong algorithm, another secret, cut and stretched."""
    with pytest.raises(forgetting.BadSignedRequest):
        forgetting.read_signed_request(request_text, SECRET)


@pytest.fixture
def brand(runtime: Runtime, session: Session) -> Brand:
    made = make.brand(session)
    connecting.keep_app(session, made.id, "instagram", "1", SECRET, key=runtime.key("tokens"), actor="person:1", now=NOON)
    return made


def connected(runtime: Runtime, session: Session, brand: Brand, account: str) -> Source:
    """A source of the account with three items: lent, licensed, and one from elsewhere."""
    source = make.source(session, brand, network="instagram", mode="own", options={"user_id": "1"}, account=account)
    actions.give_token(source, Secrets("tok"), runtime.key("tokens"), now=NOON)
    for number, policy in enumerate((SourcePolicy.API_CACHED, SourcePolicy.RIGHTS_GRANTED)):
        item = make.item(session, brand, source="instagram", source_policy=policy)
        row = Post(
            brand_id=brand.id, network="instagram", external_id=f"{account}-{number}", item_id=item.id, source_id=source.id,
            policy=SourcePolicy.API_CACHED, text_digest="", seen_at=NOON, checked_at=NOON,
        )  # fmt: skip
        make.added(session, row)
    return source


def test_a_person_s_deletion_cuts_the_access_deletes_what_was_lent_and_can_be_looked_up(
    app: OpenAPI, runtime: Runtime, session: Session, brand: Brand
) -> None:
    source, other = (connected(runtime, session, brand, account) for account in ("218471", "999"))
    stranger = connected(runtime, session, make.brand(session), "218471")
    session.commit()
    answer = app.test_client().post("/networks/meta/data-deletion", data={"signed_request": signed()})
    said = answer.get_json()
    assert answer.status_code == 200
    assert said["url"] == f"http://ugc.test/networks/deletions/{said['confirmation_code']}"
    page = f"/networks/deletions/{said['confirmation_code']}"
    assert "under way" in app.test_client().get(page).text
    session.expire_all()
    assert [row.state for row in (source, other, stranger)] == [SourceState.NEEDS_CONNECT, SourceState.ACTIVE, SourceState.ACTIVE]
    assert source.secrets == ""
    [request] = session.scalars(select(DeletionRequest))
    assert forgetting.forget(runtime, brand.id, request.id, now=NOON) == 1
    assert forgetting.forget(runtime, brand.id, request.id, now=NOON) == 0
    session.expire_all()
    left = session.scalars(select(Item.source_policy).where(Item.brand_id == brand.id).order_by(Item.id)).all()
    assert left == [SourcePolicy.RIGHTS_GRANTED, SourcePolicy.API_CACHED, SourcePolicy.RIGHTS_GRANTED]
    assert (request.account, request.items) == ("", 1)
    done = app.test_client().get(page).text
    assert "is done" in done
    assert "218471" not in done
    assert app.test_client().get("/networks/deletions/unknown").status_code == 404


def test_an_account_that_takes_its_permission_back_is_cut_off(
    app: OpenAPI, runtime: Runtime, session: Session, brand: Brand
) -> None:
    source = connected(runtime, session, brand, "218471")
    session.commit()
    client = app.test_client()
    assert client.post("/networks/meta/deauthorise", data={"signed_request": signed("forged")}).status_code == 401
    assert client.post("/networks/meta/deauthorise", data={"signed_request": signed()}).get_json() == {"sources": 1}
    session.expire_all()
    assert (source.state, source.secrets) == (SourceState.NEEDS_CONNECT, "")
