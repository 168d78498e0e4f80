"""What Meta asks us to forget: its signed requests, verified; sources of the account cut off, what it lent deleted (L-23)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from ugc.accounts import actions as accounts_actions
from ugc.kit import jobs, signing
from ugc.kit.errors import Unauthorised
from ugc.library import actions as library_actions
from ugc.library.models import Creator, Item, SourcePolicy
from ugc.runtime import Runtime
from ugc.social import actions, queries
from ugc.social.connecting import META
from ugc.social.models import DeletionRequest, NetworkApp, Post, Source

MAX_SIGNED = 4_000
OLDEST = timedelta(days=1)
AT_ONCE = 500


class BadSignedRequest(Unauthorised):
    """This is not a request that Meta signed with one of our apps' secrets."""


def read_signed_request(signed: str, secret: str) -> Mapping[str, Any]:
    """What Meta says, once its signature holds: HMAC-SHA256 over the payload as it stands; raises BadSignedRequest."""
    signature, dot, payload = signed.partition(".")
    if not dot or len(signed) > MAX_SIGNED or not signed.isascii():
        raise BadSignedRequest()
    expected = hmac.new(secret.encode(), payload.encode(), hashlib.sha256).digest()
    if not hmac.compare_digest(decode(signature), expected):
        raise BadSignedRequest()
    try:
        said = json.loads(decode(payload))
    except ValueError as cause:
        raise BadSignedRequest() from cause
    if not isinstance(said, dict) or said.get("algorithm") != "HMAC-SHA256" or not isinstance(said.get("user_id"), str | int):
        raise BadSignedRequest()
    return said


def decode(text: str) -> bytes:
    """Base64 as Meta writes it: URL-safe, without padding; raises BadSignedRequest."""
    if "=" in text:
        raise BadSignedRequest()
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as cause:
        raise BadSignedRequest() from cause


def verify(runtime: Runtime, session: Session, signed: str) -> tuple[NetworkApp, str]:
    """The app whose secret signed the request, and the account that it speaks of; raises BadSignedRequest."""
    key = runtime.key("tokens")
    for app in queries.find_apps(session, META):
        try:
            said = read_signed_request(signed, signing.unseal(key, app.client_secret))
        except (BadSignedRequest, signing.SealBroken):
            continue
        return app, str(said["user_id"])[:200]
    raise BadSignedRequest()


def deauthorise(runtime: Runtime, session: Session, signed: str, *, now: datetime) -> int:
    """The person took the app's access back: its sources wait for somebody to connect them again; how many there are."""
    app, account = verify(runtime, session, signed)
    return cut_off(session, app, account, now)


def cut_off(session: Session, app: NetworkApp, account: str, now: datetime) -> int:
    """Forget the tokens that an account gave."""
    sources = find_account_sources(session, app, account)
    for source in sources:
        actions.take_token(source, "The account took its permission back on the network.", now=now)
        actions.note(session, source, "source.deauthorised", "network", now)
    return len(sources)


def find_account_sources(session: Session, app: NetworkApp, account: str) -> Sequence[Source]:
    """The brand's sources that were connected with this account."""
    query = select(Source).where(Source.brand_id == app.brand_id, Source.network.in_(META), Source.account == account)
    return session.scalars(query.with_for_update()).all()


def ask_deletion(runtime: Runtime, session: Session, signed: str, *, now: datetime) -> str:
    """Take down that a person's data is to be deleted and have it done; the code under which they can see whether it is."""
    app, account = verify(runtime, session, signed)
    request = DeletionRequest(brand_id=app.brand_id, network=app.network, code=signing.make_token(size=16), account=account)
    session.add(request)
    session.flush()
    cut_off(session, app, account, now)
    jobs.enqueue(session, "social.forget", brand_id=app.brand_id, request_id=request.id)
    return request.code


def forget(runtime: Runtime, brand_id: int, request_id: int, *, now: datetime) -> int:
    """Delete what the network lent of this person; what the creator's own licence covers is for the brand to answer for."""
    with runtime.transaction() as session:
        request = session.scalar(
            select(DeletionRequest).where(DeletionRequest.brand_id == brand_id, DeletionRequest.id == request_id).with_for_update()
        )
        if request is None or request.done_at is not None:
            return 0
        ids = find_lent(session, request)
        if ids:
            library_actions.remove_items(runtime, session, brand_id, ids, actor="network", now=now)
        request.items += len(ids)
        if len(ids) < AT_ONCE:
            request.done_at, request.account = now, ""
        else:
            jobs.enqueue(session, "social.forget", brand_id=brand_id, request_id=request_id)
        accounts_actions.audit(
            session, brand_id=brand_id, actor="network", action="social.forget", subject_type="deletion", subject_id=request.id,
            now=now, items=len(ids),
        )  # fmt: skip
        return len(ids)


def find_lent(session: Session, request: DeletionRequest) -> list[int]:
    """Items kept under the network's terms only that the account made, or that its access brought."""
    mine = select(Source.id).where(Source.brand_id == request.brand_id, Source.account == request.account)
    brought = exists().where(Post.item_id == Item.id, Post.source_id.in_(mine))
    made = exists().where(Creator.id == Item.creator_id, Creator.handle == request.account.lower())
    lent = Item.source_policy.in_([SourcePolicy.EMBED_ONLY, SourcePolicy.API_CACHED])
    query = select(Item.id).where(Item.brand_id == request.brand_id, Item.source.in_(META), lent, or_(brought, made))
    return list(session.scalars(query.order_by(Item.id).limit(AT_ONCE)))
