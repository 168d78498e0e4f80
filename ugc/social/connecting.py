"""Access to networks that a person gives by their own sign-in there (OAuth 2): the brand's app, the way there and back, renewal.

Nothing is kept between the way there and the way back: the state is signed, names source and sign-in, and ends soon.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from sqlalchemy import and_, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ugc.accounts import actions as accounts_actions
from ugc.kit import signing
from ugc.kit.errors import Invalid, Outside
from ugc.kit.http import guarding
from ugc.library.rules import clean_text
from ugc.runtime import Runtime
from ugc.social import actions, pulling, queries, rules
from ugc.social.actions import Secrets
from ugc.social.models import NetworkApp, Source, SourceState
from ugc.social.networks.base import Network, OAuth

STATE_LASTS = timedelta(minutes=15)
RENEWED_BEFORE = timedelta(minutes=20)
"""A token is renewed this long before it ends: twice what lies between two rounds."""
LENGTHENED_BEFORE = timedelta(days=7)
"""Meta's last sixty days and can only be exchanged while they live, so that there is time to try again."""
MAX_ACCOUNT = 200
META = ("instagram", "facebook", "threads")
ME = "https://graph.facebook.com/me?fields=id"


class BadState(Invalid):
    """This way back does not belong to a connection begun here lately; begin again."""


class AppMissing(Invalid):
    """Enter the id and secret of your app on this network first."""


class NotConnected(Outside):
    """The network did not give access; try again."""


def keep_app(
    session: Session, brand_id: int, network: str, client_id: str, client_secret: str, *, key: bytes, actor: str, now: datetime
) -> None:  # fmt: skip
    """Keep the brand's app on a network, its secret sealed; an empty secret keeps the one that is there."""
    oauth_of(rules.get_network(network))
    app = queries.find_app(session, brand_id, network)
    name, secret = clean_text(client_id, 300), client_secret.strip()
    if not name or not (secret or app):
        raise AppMissing()
    sealed = signing.seal(key, secret) if secret else app.client_secret if app else ""
    row = insert(NetworkApp).values(brand_id=brand_id, network=network, client_id=name, client_secret=sealed)
    values = {"client_id": name, "client_secret": sealed}
    session.execute(row.on_conflict_do_update(index_elements=["brand_id", "network"], set_=values))
    accounts_actions.audit(
        session, brand_id=brand_id, actor=actor, action="source.app_kept", subject_type="brand", subject_id=brand_id, now=now,
        network=network, client_id=name,
    )  # fmt: skip
    if app is not None:
        session.refresh(app)


def oauth_of(network: Network) -> OAuth:
    """How the network is connected; raises AppMissing where it is not by a sign-in."""
    if network.oauth is None:
        raise AppMissing(f"{network.label} is not connected by a sign-in there")
    return network.oauth


def app_of(session: Session, runtime: Runtime, brand_id: int, network: str) -> tuple[str, str]:
    """Id and secret of the brand's app; raises AppMissing."""
    app = queries.find_app(session, brand_id, network)
    if app is None:
        raise AppMissing()
    return app.client_id, signing.unseal(runtime.key("tokens"), app.client_secret)


def start(runtime: Runtime, session: Session, source: Source, *, sign_in: str, back: str, now: datetime) -> str:
    """The network's address at which the person says yes. `sign_in` ties the way back to this browser."""
    network = rules.get_network(source.network)
    oauth = oauth_of(network)
    client_id, _ = app_of(session, runtime, source.brand_id, source.network)
    state = write_state(runtime.key("oauth"), source, sign_in, now)
    client = open_client(runtime, oauth, client_id, "", back)
    extra = dict(oauth.extra)
    if oauth.pkce:
        extra |= {"code_challenge": challenge(verifier(runtime.key("pkce"), state)), "code_challenge_method": "S256"}
    if oauth.client_id_name != "client_id":
        extra[oauth.client_id_name] = client_id
    url, _ = client.create_authorization_url(oauth.authorize_url, state=state, **extra)
    return str(url)


def open_client(runtime: Runtime, oauth: OAuth, client_id: str, client_secret: str, back: str = "") -> OAuth2Session:
    """Authlib's client with no other way out than the one fetcher (T-37)."""
    in_header = oauth.token_auth == "basic"  # noqa: S105  # a word for a place
    method = "client_secret_basic" if in_header else "client_secret_post"
    client = OAuth2Session(
        client_id, client_secret or None, scope=oauth.scope_separator.join(oauth.scopes), redirect_uri=back or None,
        token_endpoint_auth_method=method,
    )  # fmt: skip
    guarding.guard(client, runtime.fetcher)
    return client


def write_state(key: bytes, source: Source, sign_in: str, now: datetime) -> str:
    """A state that says which source, for whom and until when, signed."""
    facts = [
        source.brand_id,
        source.id,
        int((now + STATE_LASTS).timestamp()),
        signing.fingerprint(sign_in)[:16],
        signing.make_token(size=9),
    ]
    payload = base64.urlsafe_b64encode(json.dumps(facts).encode()).decode().rstrip("=")
    return f"{payload}.{signing.keyed_digest(key, payload.encode())}"


def read_state(key: bytes, state: str, *, brand_id: int, sign_in: str, now: datetime) -> int:
    """The source that a state names; raises BadState for a forged, old or borrowed one."""
    payload, _, mark = state.partition(".")
    if not signing.same(mark, signing.keyed_digest(key, payload.encode())):
        raise BadState()
    brand, source_id, until, who, _ = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    if brand != brand_id or until < now.timestamp() or not signing.same(who, signing.fingerprint(sign_in)[:16]):
        raise BadState()
    return int(source_id)


def verifier(key: bytes, state: str) -> str:
    """The PKCE verifier of a state: made anew from it, so that it is stored nowhere."""
    return signing.keyed_digest(key, state.encode())


def challenge(text: str) -> str:
    """The S256 challenge of a verifier (RFC 7636)."""
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


def finish(runtime: Runtime, session: Session, source: Source, *, code: str, state: str, back: str, now: datetime) -> None:
    """Exchange the code for tokens and let the source in; raises NotConnected."""
    oauth = oauth_of(rules.get_network(source.network))
    client_id, client_secret = app_of(session, runtime, source.brand_id, source.network)
    client = open_client(runtime, oauth, client_id, client_secret, back)
    extra = {"code_verifier": verifier(runtime.key("pkce"), state)} if oauth.pkce else {}
    token = exchange(client, oauth, client_id, grant="authorization_code", secrets=[code, client_secret], code=code, **extra)
    if source.network in META:
        token = lengthened(runtime, oauth, client_id, client_secret, str(token["access_token"])) or token
    accept(runtime, source, token, now)
    if source.network in META and not source.account:
        source.account = ask_account(runtime, str(token["access_token"]))
    actions.pull_soon(session, source)


def lengthened(runtime: Runtime, oauth: OAuth, client_id: str, client_secret: str, token: str) -> Mapping[str, Any] | None:
    """Meta's tokens live an hour or two; one of some sixty days in exchange, or nothing where it gives none."""
    asked = {
        "grant_type": "fb_exchange_token", "client_id": client_id, "client_secret": client_secret, "fb_exchange_token": token,
    }  # fmt: skip
    try:
        answer = runtime.fetcher.fetch(oauth.token_url, params=asked)
        said = answer.json()
    except Outside:
        return None
    return said if answer.status == 200 and isinstance(said, dict) and isinstance(said.get("access_token"), str) else None


def ask_account(runtime: Runtime, token: str) -> str:
    """The number under which Meta will speak of the person who connected; nothing where it does not say."""
    try:
        said = runtime.fetcher.fetch(ME, headers={"Authorization": f"Bearer {token}"}).json()
    except Outside:
        return ""
    return str(said.get("id", ""))[:MAX_ACCOUNT] if isinstance(said, dict) else ""


def exchange(
    client: OAuth2Session, oauth: OAuth, client_id: str, *, grant: str, secrets: list[str], **sent: str
) -> Mapping[str, Any]:
    """The network's tokens; what it says against it without any secret. Raises NotConnected."""
    named = {} if oauth.client_id_name == "client_id" else {oauth.client_id_name: client_id}
    try:
        if grant == "refresh_token":
            token = client.refresh_token(oauth.token_url, refresh_token=sent["refresh_token"], **named)
        else:
            token = client.fetch_token(oauth.token_url, grant_type=grant, **sent, **named)
    except OAuthError as refused:
        words = rules.scrubbed(f"{refused.error or ''} {refused.description or ''}".strip(), secrets)
        raise NotConnected(f"The network said: {clean_text(words, 200) or 'no'}", permanent=True) from None
    except Outside:
        raise
    except Exception as error:  # Authlib raises what its parts raise, whose words may hold the code or the secret
        raise NotConnected(f"The network's answer could not be read ({type(error).__name__}).") from None
    if not isinstance(token, Mapping) or not isinstance(token.get("access_token"), str):
        raise NotConnected("The network answered without an access token.", permanent=True)
    return token


def accept(runtime: Runtime, source: Source, token: Mapping[str, Any], now: datetime) -> None:
    """Keep what the network gave, sealed."""
    key = runtime.key("tokens")
    held = actions.unsealed(key, source)
    seconds = token.get("expires_in")
    expires_at = now + timedelta(seconds=float(seconds)) if isinstance(seconds, int | float) and seconds > 0 else None
    account = next((str(token[name]) for name in ("user_id", "open_id", "account_id") if token.get(name)), "")
    secrets = Secrets(str(token["access_token"]), str(token.get("refresh_token") or held.refresh), held.fields)
    actions.give_token(source, secrets, key, expires_at=expires_at, account=account[:MAX_ACCOUNT], now=now)


def find_ending(session: Session, now: datetime) -> list[tuple[int, int]]:
    """Brand and id of sources whose tokens end soon."""
    soon = Source.token_expires_at < now + RENEWED_BEFORE
    at_meta = and_(Source.network.in_(META), Source.token_expires_at < now + LENGTHENED_BEFORE)
    ending = select(Source.brand_id, Source.id).where(or_(soon, at_meta), Source.secrets != "")
    return [(brand_id, id) for brand_id, id in session.execute(ending.where(Source.state != SourceState.NEEDS_CONNECT))]


def renew(runtime: Runtime, brand_id: int, source_id: int, *, now: datetime) -> bool:
    """Exchange a token that ends soon for a new one; a refusal, or an end without one, means that a person must connect again.

    The network is asked outside any transaction. Not while the source is pulled: networks take a refresh token once.
    """
    with pulling.alone(runtime, source_id) as is_mine:
        if not is_mine:
            return False
        with runtime.transaction() as session:
            source = queries.get_source(session, brand_id, source_id)
            app = queries.find_app(session, brand_id, source.network)
        reason, token = "The access has ended; connect the source again.", None
        ended = source.token_expires_at is not None and source.token_expires_at <= now
        try:
            token = renewed(runtime, source, app)
        except (NotConnected, AppMissing, signing.SealBroken) as refused:
            reason, ended = refused.detail, getattr(refused, "permanent", True)
        return settle_renewal(runtime, source, token, reason if ended else "", now)


def settle_renewal(runtime: Runtime, asked: Source, token: Mapping[str, Any] | None, reason: str, now: datetime) -> bool:
    """Keep the new token, or the `reason` why there is none; nothing where somebody connected the source anew meanwhile."""
    with runtime.transaction() as session:
        source = queries.get_source(session, asked.brand_id, asked.id, lock=True)
        if source.secrets != asked.secrets:
            return False
        if token is not None:
            state, next_pull_at = source.state, source.next_pull_at
            accept(runtime, source, token, now)
            source.state, source.next_pull_at = state, next_pull_at
        elif reason:
            actions.take_token(source, reason, now=now)
        return token is not None


def renewed(runtime: Runtime, source: Source, app: NetworkApp | None) -> Mapping[str, Any] | None:
    """The new token; None where the network has no way to renew the old one."""
    oauth = rules.get_network(source.network).oauth
    held = actions.unsealed(runtime.key("tokens"), source)
    if oauth is None or not (held.refresh or source.network in META):
        return None
    if app is None:
        raise AppMissing()
    client_id, client_secret = app.client_id, signing.unseal(runtime.key("tokens"), app.client_secret)
    if not held.refresh:
        return lengthened(runtime, oauth, client_id, client_secret, held.token)
    client = open_client(runtime, oauth, client_id, client_secret)
    secrets = [*held.all, client_secret]
    return exchange(client, oauth, client_id, grant="refresh_token", secrets=secrets, refresh_token=held.refresh)


def renew_if_ended(runtime: Runtime, brand_id: int, source_id: int, *, now: datetime) -> bool:
    """Before a pull: a token that ended while nobody worked is renewed first. False where it could not be: asked with the old
    one, the network would refuse, and a person would have to connect a source whose only fault is that the network is down.
    """
    with runtime.transaction() as session:
        source = queries.get_source(session, brand_id, source_id)
    if not source.secrets or source.token_expires_at is None or source.token_expires_at > now:
        return True
    failed: Outside = NotConnected("The access has ended and could not be renewed yet.")
    try:
        if renew(runtime, brand_id, source_id, now=now):
            return True
    except Outside as error:
        failed = error
    pulling.put_off(runtime, brand_id, source_id, failed, now)
    return False
