"""The studio's own template environment: strict, autoescaped, with the filters and the frame that every page needs."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache, cached_property
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Response, make_response, request
from jinja2 import Environment, PackageLoader, StrictUndefined

from ugc import web
from ugc.accounts import queries as accounts_queries
from ugc.accounts import rules as accounts_rules
from ugc.accounts.models import Role
from ugc.accounts.rules import Principal
from ugc.duplicates import queries as duplicates_queries
from ugc.kit import jobs, shipped
from ugc.library import queries as library_queries
from ugc.social import queries as social_queries

CURRENCY_SIGNS = {"EUR": "€", "USD": "$", "GBP": "£", "CHF": "CHF ", "JPY": "¥"}
# A badge that reads "99+" tells as much as a larger one.
DEAD_JOBS_COUNTED = 100
WAITING_COUNTED = 1_000


def page(template: str, status: int = 200, **facts: Any) -> Response:
    """A page in the frame, for the person who is signed in."""
    principal = web.principal()
    frame = Frame(principal)
    facts = {"principal": principal, "frame": frame, "may_change": frame.may_change} | facts
    return bare(template, status, **facts)


def bare(template: str, status: int = 200, **facts: Any) -> Response:
    """A page or a fragment without the frame's facts."""
    html = environment().get_template(template).render(
        now=web.now(), csrf_token=web.csrf_token, nonce=web.nonce, request=request, **facts
    )  # fmt: skip
    return make_response(html, status)


class Frame:
    """What the rail shows; each fact is read only when a template asks for it."""

    def __init__(self, principal: Principal) -> None:
        self.principal = principal
        self.may_change = accounts_rules.allows(principal.role, Role.COORDINATOR)
        self.is_owner = accounts_rules.allows(principal.role, Role.OWNER)

    @cached_property
    def brand(self) -> Any:
        """The brand that the person looks at."""
        return accounts_queries.get_brand_by_id(web.session(), self.principal.brand_id)

    @cached_property
    def other_brands(self) -> list[Any]:
        """The brands that the person could switch to."""
        if self.principal.person_id is None:
            return []
        found = accounts_queries.find_memberships(web.session(), self.principal.person_id)
        return [membership.brand for membership in found if membership.brand_id != self.principal.brand_id]

    @cached_property
    def waiting(self) -> int:
        """Items in the inbox, counted up to a bound, so that the rail costs the same for every brand."""
        inbox = library_queries.INBOX
        return library_queries.count_items(web.session(), self.principal.brand_id, inbox, now=web.now(), most=WAITING_COUNTED)

    @cached_property
    def troubled_sources(self) -> int:
        """Sources of the brand that wait for somebody."""
        return social_queries.count_troubled(web.session(), self.principal.brand_id)

    @cached_property
    def duplicates(self) -> int:
        """Groups of near-duplicates that wait for a decision."""
        return duplicates_queries.count_groups(web.session(), self.principal.brand_id, most=WAITING_COUNTED)

    @cached_property
    def dead_jobs(self) -> int:
        """Jobs of the brand that gave up."""
        found = jobs.find_jobs(web.session(), "failed", brand_id=self.principal.brand_id, limit=DEAD_JOBS_COUNTED)
        return len(found)


@cache
def environment() -> Environment:
    """The templates with their filters; made once."""
    made = Environment(
        loader=PackageLoader("ugc.studio", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "ago": ago, "exact": exact, "day": day, "number": number, "money": money, "percent": percent,
        "http_url": http_url, "words": words, "iso": iso, "plural": plural, "initial": initial, "shop_image": shop_image,
    }  # fmt: skip
    made.globals |= {"asset": asset, "with_query": with_query}
    return made


@cache
def asset(name: str) -> str:
    """The address of a static file with its content's hash, so that a browser keeps it for ever and never too long."""
    return f"/studio/static/{name}?v={asset_version(name)}"


@cache
def asset_version(name: str) -> str:
    """The first characters of a static file's hash."""
    return hashlib.sha256((shipped.folder("static") / name).read_bytes()).hexdigest()[:12]


def with_query(**changes: Any) -> str:
    """This page's address with some query values changed; None removes one."""
    values = {name: request.args.getlist(name) for name in request.args} | {
        name: [] if value is None else [str(value)] for name, value in changes.items()
    }
    pairs = [(name, value) for name, many in values.items() for value in many if value != ""]
    return f"{request.path}?{urlencode(pairs)}" if pairs else request.path


def ago(moment: datetime | None, now: datetime) -> str:
    """A moment as people say it: `just now`, `5 min ago`, `in 3 days`, else the date."""
    if moment is None:
        return "never"
    gap = now - moment
    ahead, seconds = gap < timedelta(0), abs(gap.total_seconds())
    if seconds < 60:
        return "in a moment" if ahead else "just now"
    for size, limit, unit in ((60, 3600, "min"), (3600, 86_400, "h"), (86_400, 86_400 * 14, "day")):
        if seconds < limit:
            count = int(seconds // size)
            name = f"{unit}s" if unit == "day" and count != 1 else unit
            return f"in {count} {name}" if ahead else f"{count} {name} ago"
    return day(moment)


def exact(moment: datetime | None) -> str:
    """The exact moment for a tooltip, in UTC."""
    return "" if moment is None else f"{day(moment.astimezone(UTC))}, {moment.astimezone(UTC):%H:%M} UTC"


def day(value: date | datetime) -> str:
    """A date without ambiguity: 21 Nov 2026."""
    return f"{value.day} {value:%b %Y}"


def iso(value: date | datetime | None) -> str:
    """The machine's form of a date or moment."""
    return "" if value is None else value.isoformat()


def number(value: int | float | Decimal | None) -> str:
    """A number with thin groups of thousands: 11 795."""
    return "–" if value is None else f"{value:,.0f}".replace(",", "\u202f")


def money(amount: Decimal | None, currency: str) -> str:
    """An amount with its currency: € 1 234.50."""
    if amount is None:
        return "–"
    sign = CURRENCY_SIGNS.get(currency, f"{currency} ")
    return f"{'−' if amount < 0 else ''}{sign}{abs(amount):,.2f}".replace(",", "\u202f")


def percent(share: float | None, digits: int = 1) -> str:
    """A share as per cent: 0.0213 → 2.1 %."""
    return "–" if share is None else f"{share * 100:.{digits}f}\u202f%"


def http_url(address: str | None) -> str:
    """The address if a link may lead there: http and https only, else empty (T-40)."""
    if not address:
        return ""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return address if parts.scheme in {"http", "https"} and parts.netloc else ""


def shop_image(address: str | None) -> str:
    """A product picture's address if a page may load it: by https, or from this very host; else empty."""
    shown = http_url(address)
    return shown if shown.startswith(("https://", request.host_url)) else ""


def words(code: Any) -> str:
    """A code as words: `off_topic` → `Off topic`."""
    text = str(code).replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def plural(count: int, one: str, many: str = "") -> str:
    """`1 photo`, `2 photos`."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def initial(name: str) -> str:
    """The letter that stands for a name."""
    return (name.strip()[:1] or "?").upper()
