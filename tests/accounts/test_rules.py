"""Roles, lengths of a sign-in, throttling, names, addresses and passwords, in tables."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.make import NOON
from ugc.accounts import rules
from ugc.accounts.models import Role
from ugc.kit import passwords

OWNER, COORDINATOR, VIEWER = Role.OWNER, Role.COORDINATOR, Role.VIEWER


@pytest.mark.parametrize(
    ("role", "needed", "allowed"),
    [
        (OWNER, OWNER, True), (OWNER, COORDINATOR, True), (OWNER, VIEWER, True),
        (COORDINATOR, OWNER, False), (COORDINATOR, COORDINATOR, True), (COORDINATOR, VIEWER, True),
        (VIEWER, OWNER, False), (VIEWER, COORDINATOR, False), (VIEWER, VIEWER, True),
    ],
)  # fmt: skip
def test_a_role_includes_those_below_it(role: Role, needed: Role, allowed: bool) -> None:
    assert rules.allows(role, needed) is allowed


@pytest.mark.parametrize(
    ("idle", "age", "live"),
    [
        (timedelta(0), timedelta(0), True),
        (timedelta(minutes=29, seconds=59), timedelta(hours=1), True),
        (timedelta(minutes=30), timedelta(hours=1), False),
        (timedelta(0), timedelta(hours=11, minutes=59), True),
        (timedelta(0), timedelta(hours=12), False),
    ],
)
def test_a_sign_in_ends_after_half_an_hour_idle_or_twelve_hours(idle: timedelta, age: timedelta, live: bool) -> None:
    """T-93"""
    assert rules.is_live(NOON - idle, NOON - age + rules.LIFETIME, NOON) is live


@pytest.mark.parametrize(("failures", "of_address", "wait"), [(9, 9, False), (10, 10, True), (0, 99, False), (0, 100, True)])
def test_guessing_stops(failures: int, of_address: int, wait: bool) -> None:
    """T-94"""
    assert rules.must_wait(failures, of_address) is wait


@pytest.mark.parametrize("email", ["a@b.co", " Ann.Lee+x@Shop.Example ", "ü@münchen.de"])
def test_addresses_are_kept_in_small_letters(email: str) -> None:
    assert rules.clean_email(email) == email.strip().lower()


@pytest.mark.parametrize(
    "email", ["", "a", "a@b", "a@@b.co", "a b@c.de", "a@b.co\nBcc: x@y.zz", "a@b.", "<a@b.co>", "a" * 250 + "@b.co"]
)
def test_what_is_no_address_is_refused(email: str) -> None:
    with pytest.raises(rules.BadEmail):
        rules.clean_email(email)


@pytest.mark.parametrize("slug", ["acme", "a-1", "7"])
def test_short_names(slug: str) -> None:
    assert rules.check_slug(slug) == slug


@pytest.mark.parametrize("slug", ["", "Acme", "a--b", "-a", "a-", "a b", "ä", "a/b", "a.b", "a" * 61])
def test_bad_short_names(slug: str) -> None:
    with pytest.raises(rules.BadName):
        rules.check_slug(slug)


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaaaa", "abababababababab", "ann.lee@shop.example", "x" * 1025])
def test_weak_passwords_are_refused(password: str) -> None:
    with pytest.raises(rules.WeakPassword):
        rules.check_password(password, "ann.lee@shop.example")


def test_a_long_sentence_is_a_good_password() -> None:
    assert rules.check_password("wir fahren morgen nach Köln", "a@b.co")


def test_a_currency_is_three_capitals() -> None:
    assert rules.check_currency("EUR") == "EUR"
    with pytest.raises(rules.BadCurrency):
        rules.check_currency("eur")


def test_one_time_passwords_pass_the_rule_and_differ() -> None:
    made = {passwords.make_password() for _ in range(100)}
    assert len(made) == 100
    assert all(rules.check_password(password, "a@b.co") for password in made)
