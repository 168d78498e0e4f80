"""Who may do what, how long a sign-in lasts, when guessing stops, what a good name, address and password is. No I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from ugc.accounts.models import Role
from ugc.kit.errors import Forbidden, TooMany, Unauthorised, Unprocessable

# Each role includes the ones below it.
RANK = {Role.VIEWER: 1, Role.COORDINATOR: 2, Role.OWNER: 3}

# OWASP's session guidance: a person away for half an hour signs in again, and everybody once a working day (T-93).
IDLE = timedelta(minutes=30)
LIFETIME = timedelta(hours=12)
# The row's "last seen" is written at most this often: a page with thirty pictures is not thirty writes.
SEEN_STEP = timedelta(minutes=1)

# Refused sign-ins from one address for one account, and from one address for any account, before it must wait (T-94).
MAX_FAILURES = 10
MAX_FAILURES_OF_ADDRESS = 100
FAILURE_WINDOW = timedelta(minutes=15)

MIN_PASSWORD = 12
MAX_PASSWORD = 1024
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
EMAIL = re.compile(r"[^@\s\x00-\x1f<>\",;]+@[^@\s\x00-\x1f<>\",;]+\.[^@\s\x00-\x1f<>\",;.]+")
CURRENCY = re.compile(r"[A-Z]{3}")


class WrongPassword(Unauthorised):
    """This e-mail address and password do not belong together."""


class SignInEnded(Unauthorised):
    """You are not signed in, or the sign-in has ended."""


class WrongKey(Unauthorised):
    """Send a live secret key as `Authorization: Bearer sk_…`."""


class TooManyAttempts(TooMany):
    """Too many wrong passwords; wait a quarter of an hour and try again."""


class RoleMissing(Forbidden):
    """Your role does not allow this."""


class NoBrand(Forbidden):
    """This person belongs to no brand."""


class BadName(Unprocessable):
    """A short name has small letters, digits and single dashes, and at most 60 characters."""


class BadEmail(Unprocessable):
    """This is not an e-mail address."""


class WeakPassword(Unprocessable):
    """A password has at least 12 characters and is not the e-mail address or one character repeated."""


class BadCurrency(Unprocessable):
    """A currency is three capital letters (ISO 4217), as in EUR."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks, for which brand, with which role."""

    brand_id: int
    brand_slug: str
    role: Role
    actor: str
    """`person:7`, `key:3`, `system`, `import:5` or `creator`, as the audit log keeps it."""
    person_id: int | None = None


def allows(role: Role, needed: Role) -> bool:
    """Whether a role includes another."""
    return RANK[role] >= RANK[needed]


def is_live(seen_at: datetime, expires_at: datetime, now: datetime) -> bool:
    """Whether a sign-in still holds: used within half an hour, and not older than twelve."""
    return now < expires_at and now - seen_at < IDLE


def must_wait(failures: int, failures_of_address: int) -> bool:
    """Whether the next guess is refused unread."""
    return failures >= MAX_FAILURES or failures_of_address >= MAX_FAILURES_OF_ADDRESS


def clean_email(email: str) -> str:
    """The address in small letters; raises BadEmail."""
    email = email.strip().lower()
    if len(email) > 254 or not EMAIL.fullmatch(email):
        raise BadEmail()
    return email


def check_slug(slug: str) -> str:
    """The name as it stands in addresses; raises BadName."""
    if len(slug) > 60 or not SLUG.fullmatch(slug):
        raise BadName(f"{slug[:60]!r}: {BadName.message()}")
    return slug


def check_currency(currency: str) -> str:
    """The currency; raises BadCurrency."""
    if not CURRENCY.fullmatch(currency):
        raise BadCurrency()
    return currency


def check_password(password: str, email: str) -> str:
    """The password, if guessing it takes some work; raises WeakPassword."""
    too_plain = len(set(password)) < 4 or password.lower() in {email, email.split("@", 1)[0]}
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD or too_plain:
        raise WeakPassword()
    return password
