"""Meta's Graph interface as Instagram and Facebook share it: addresses, access, error codes, paging, what still exists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from json import loads
from typing import Any

from ugc.kit.http.fetching import Answer
from ugc.social.networks.asking import LONGEST_WAIT, USUAL_WAIT, NetworkFailed, ask_json, bearer, body_of
from ugc.social.networks.base import Ask, BadShape, OAuth, SourceGone, Throttled, TokenRefused
from ugc.social.networks.reading import code_at, find

BASE = "https://graph.facebook.com/v26.0"
INSTAGRAM = "https://graph.instagram.com/v26.0"
# https://developers.facebook.com/docs/graph-api/guides/error-handling
TOKEN_CODES = {3, 10, 102, 190, 463, 467, *range(200, 300)}
WAIT_CODES = {4, 17, 32, 613, *range(80000, 80015)}
HASHTAG_LIMIT_CODE = 18
GONE_CODES = {803}
# 100/33: no such object, or not for this token. 24/2207024: no such hashtag.
GONE_SUBCODES = {33, 2207024}
PASSING_CODES = {1, 2}
MOST_IDS = 50


def ask_graph(ask: Ask, path: str, params: Mapping[str, str]) -> Any:
    """The answer of one Graph address. Access by a sign-in at Instagram itself begins with IG and is good at its own host only."""
    base = INSTAGRAM if ask.token.startswith("IG") else BASE
    return ask_json(ask, f"{base}/{path}", params, headers=bearer(ask.token), refusal=refusal)


def refusal(answer: Answer) -> Exception | None:
    """What an error in the body means; Meta says most of them with status 400."""
    if answer.status < 400:
        return None
    error = find(body_of(answer), "error")
    code, subcode = code_at(error, "code"), code_at(error, "error_subcode")
    if code == HASHTAG_LIMIT_CODE:
        return Throttled(LONGEST_WAIT)
    if code in WAIT_CODES:
        return Throttled(wait_of_usage(answer.headers))
    if code in TOKEN_CODES:
        return TokenRefused()
    if code in GONE_CODES or subcode in GONE_SUBCODES:
        return SourceGone()
    return NetworkFailed() if code in PASSING_CODES else None


def wait_of_usage(headers: Mapping[str, str]) -> timedelta:
    """The longest wait named in the usage header: `{account: [{estimated_time_to_regain_access: minutes}]}`."""
    try:
        usage = loads(headers.get("x-business-use-case-usage", "{}"))
    except (ValueError, RecursionError):
        return USUAL_WAIT
    entries = [entry for group in usage.values() if isinstance(group, list) for entry in group] if isinstance(usage, dict) else []
    minutes = [
        minute for entry in entries if isinstance(minute := find(entry, "estimated_time_to_regain_access"), int) and minute > 0
    ]
    return min(timedelta(minutes=min(max(minutes), 1_440)), LONGEST_WAIT) if minutes else USUAL_WAIT


def check(ask: Ask, external_ids: Sequence[str]) -> Mapping[str, bool]:
    """Which of these exist for this token. One that is gone fails the whole batch, so then each is asked for."""
    found: dict[str, bool] = {}
    for start in range(0, len(external_ids), MOST_IDS):
        batch = external_ids[start : start + MOST_IDS]
        try:
            answer = ask_graph(ask, "", {"ids": ",".join(batch), "fields": "id"})
            found |= {one: isinstance(find(answer, one), dict) for one in batch if isinstance(answer, dict)}
        except SourceGone:
            found |= {one: exists(ask, one) for one in batch}
    return found


def exists(ask: Ask, external_id: str) -> bool:
    """Whether this one exists."""
    try:
        answer = ask_graph(ask, external_id, {"fields": "id"})
    except SourceGone:
        return False
    if not isinstance(find(answer, "id"), str):
        raise BadShape("id")
    return True


def oauth(*scopes: str) -> OAuth:
    """Meta's sign-in with these permissions."""
    return OAuth(
        authorize_url="https://www.facebook.com/v26.0/dialog/oauth",
        token_url=f"{BASE}/oauth/access_token",
        scopes=scopes,
        scope_separator=",",
    )
