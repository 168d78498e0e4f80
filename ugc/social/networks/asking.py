"""One question to a network over the one fetcher, and what a status that is no answer means for the source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from ugc.kit.errors import Outside
from ugc.kit.http.fetching import Answer
from ugc.library.rules import clean_url
from ugc.social.networks.base import Ask, SourceGone, Throttled, TokenRefused
from ugc.social.networks.reading import moment

MOST_BYTES = 8_000_000
"""Of one answer: a page of 100 posts with everything about their authors is up to 1.5 MB."""
USUAL_WAIT = timedelta(minutes=15)
LONGEST_WAIT = timedelta(days=1)
WAITS = ("retry-after", "x-rate-limit-reset", "x-ratelimit-reset", "ratelimit-reset")
Refusal = Callable[[Answer], Exception | None]


class NetworkFailed(Outside):
    """The network answered with an error."""


class QuestionRefused(Outside):
    """The network does not understand what this source asks for; check its settings."""


def ask_json(
    ask: Ask, url: str, params: Mapping[str, str] | None = None, *, headers: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None, json: Any = None, refusal: Refusal | None = None,
) -> Any:  # fmt: skip
    """The answer's JSON, as `ask_answer`."""
    return ask_answer(ask, url, params, headers=headers, form=form, json=json, refusal=refusal).json()


def ask_answer(
    ask: Ask, url: str, params: Mapping[str, str] | None = None, *, headers: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None, json: Any = None, refusal: Refusal | None = None,
) -> Answer:  # fmt: skip
    """An answer that may bring posts. `refusal` says what a network's own error codes mean, whatever the status."""
    method = "POST" if form is not None or json is not None else "GET"
    sent = {"Accept": "application/json", **(headers or {})}
    answer = ask.fetcher.fetch(url, method=method, headers=sent, params=params, form=form, json=json, max_bytes=MOST_BYTES)
    refuse(answer, ask.now, refusal)
    return answer


def option(ask: Ask, name: str) -> str:
    """What the source is set to; raises QuestionRefused where it is not set."""
    if not (value := ask.options.get(name, "").strip()):
        raise QuestionRefused(f"The source's {name} is not set.", permanent=True)
    return value


def segment(ask: Ask, name: str) -> str:
    """What the source is set to, as one part of an address: it can't climb to another path."""
    value = quote(option(ask, name), safe="")
    if not value.strip("."):
        raise QuestionRefused(f"The source's {name} can't be {value}.", permanent=True)
    return value


def site(ask: Ask, name: str) -> str:
    """A server that the source is set to, as `https://host`: with or without a scheme, whatever path follows."""
    value = option(ask, name)
    address = clean_url(value if "://" in value else f"https://{value}")
    if not address:
        raise QuestionRefused(f"The source's {name} is not an address.", permanent=True)
    parts = urlsplit(address)
    return f"{parts.scheme.lower()}://{parts.netloc}"


def known(ask: Ask, name: str) -> str:
    """What an earlier pull found out and kept in the cursor, empty where there is nothing."""
    value = ask.cursor.get(name)
    return value if isinstance(value, str) else ""


def bearer(token: str) -> dict[str, str]:
    """The token in a header, never in an address, which ends up in logs (T-38); none where there is no token."""
    return {"Authorization": f"Bearer {token}"} if token else {}


def refuse(answer: Answer, now: datetime, refusal: Refusal | None = None) -> None:
    """Raise what an answer means that brings no posts."""
    if refusal and (error := refusal(answer)):
        told = isinstance(error, Throttled) and "retry-after" in answer.headers
        raise Throttled(wait_of(answer.headers, now)) if told else error
    if answer.status < 400 and answer.status // 100 == 2:
        return
    if answer.status == 429 or (answer.status == 503 and "retry-after" in answer.headers):
        raise Throttled(wait_of(answer.headers, now))
    if answer.status in {401, 403}:
        raise TokenRefused()
    if answer.status in {404, 410}:
        raise SourceGone()
    if answer.status in {400, 422}:
        raise QuestionRefused(permanent=True)
    raise NetworkFailed(f"The network answered with status {answer.status}.")


def wait_of(headers: Mapping[str, str], now: datetime) -> timedelta:
    """How long to wait: seconds, a Unix time, or a date, whichever header a network uses; between a second and a day."""
    for name in WAITS:
        if value := headers.get(name, "").strip():
            wait = wait_in(value, now)
            if wait is not None:
                return min(max(wait, timedelta(seconds=1)), LONGEST_WAIT)
    return USUAL_WAIT


def wait_in(value: str, now: datetime) -> timedelta | None:
    """One header's wait; a large number is a Unix time."""
    whole = value.partition(".")[0]
    if whole.isascii() and whole.isdecimal():
        number = int(whole[:15])
        until = moment(number) if number >= 1_000_000_000 else now + timedelta(seconds=number)
        return until - now if until else LONGEST_WAIT
    until = moment(value)
    return until - now if until else None


def body_of(answer: Answer) -> Any:
    """The answer's JSON where it is any, else None: for reading error codes."""
    try:
        return answer.json()
    except Outside:
        return None
