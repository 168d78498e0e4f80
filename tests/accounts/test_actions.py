"""Brands, people, sign-ins, keys and the audit log, on a real database."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from standardwebhooks.webhooks import Webhook

from tests import make
from tests.make import NOON
from ugc.accounts import actions, queries, rules
from ugc.accounts.models import AuditEntry, Brand, FailedAttempt, KeyKind, Person, Role, SignIn
from ugc.kit import signing
from ugc.kit.errors import NotFound
from ugc.kit.passwords import Cost
from ugc.runtime import Runtime

# Argon2's least: the tests are about who gets in, tests/kit/test_passwords.py about how dear a guess is.
CHEAP = Cost(memory_kib=8, passes=1, lanes=1)
PASSWORD = "correct horse battery staple"
KEY = b"k" * 32


def person(session: Session, brand: Brand, role: Role = Role.OWNER, email: str = "ann@shop.test") -> Person:
    made, _ = actions.add_person(session, email, brand, role, password=PASSWORD, cost=CHEAP)
    return made


def sign_in(
    runtime: Runtime, session: Session, password: str = PASSWORD, email: str = "ann@shop.test", **options: str
) -> tuple[SignIn, str]:
    return actions.sign_in(
        runtime, session, email, password, address=options.get("address", "1.2.3.4"), now=NOON,
        replaces=options.get("replaces", ""), cost=CHEAP,
    )  # fmt: skip


def test_a_brand_comes_with_a_publishable_key(session: Session) -> None:
    brand = actions.add_brand(session, "acme", "Acme")
    assert queries.get_publishable_key(session, brand.id).startswith("pk_")
    assert queries.get_brand(session, "acme").id == brand.id


def test_a_brands_short_name_is_taken_once(session: Session) -> None:
    actions.add_brand(session, "acme", "Acme")
    with pytest.raises(actions.BrandTaken):
        actions.add_brand(session, "acme", "Another")
    assert len(queries.find_brands(session)) == 1


def test_a_person_without_a_given_password_gets_one_and_only_its_hash_is_kept(runtime: Runtime, session: Session) -> None:
    made, password = actions.add_person(session, "Ann@Shop.test", make.brand(session), Role.VIEWER, cost=CHEAP)
    assert made.email == "ann@shop.test"
    assert made.password_hash.startswith("$argon2id$")
    assert password not in made.password_hash
    assert sign_in(runtime, session, password)[0].person_id == made.id


def test_somebody_known_joins_another_brand_and_keeps_the_password(session: Session) -> None:
    first, second = make.brand(session), make.brand(session)
    ann = person(session, first)
    again, password = actions.add_person(
        session, "ann@shop.test", second, Role.VIEWER, password="something else entirely", cost=CHEAP
    )
    assert again.id == ann.id
    assert password == ""
    assert {membership.brand_id for membership in queries.find_memberships(session, ann.id)} == {first.id, second.id}
    with pytest.raises(actions.AlreadyMember):
        actions.add_person(session, "ann@shop.test", second, Role.OWNER, cost=CHEAP)


def test_the_cookies_token_is_kept_only_as_a_fingerprint(runtime: Runtime, session: Session) -> None:
    person(session, make.brand(session))
    made, token = sign_in(runtime, session)
    assert token not in made.token_fingerprint
    assert queries.get_sign_in(session, token, now=NOON).id == made.id
    with pytest.raises(rules.SignInEnded):
        queries.get_sign_in(session, token + "x", now=NOON)


@pytest.mark.parametrize(("minutes", "lives"), [(29, True), (30, False)])
def test_a_sign_in_ends_when_it_is_not_used(runtime: Runtime, session: Session, minutes: int, lives: bool) -> None:
    person(session, make.brand(session))
    _, token = sign_in(runtime, session)
    later = NOON + timedelta(minutes=minutes)
    if lives:
        queries.get_sign_in(session, token, now=later)
    else:
        with pytest.raises(rules.SignInEnded):
            queries.get_sign_in(session, token, now=later)


def test_use_prolongs_a_sign_in_but_never_past_twelve_hours(runtime: Runtime, session: Session) -> None:
    person(session, make.brand(session))
    _, token = sign_in(runtime, session)
    now = NOON
    while now < NOON + rules.LIFETIME - timedelta(minutes=20):
        now += timedelta(minutes=20)
        actions.touch_sign_in(runtime, queries.get_sign_in(session, token, now=now), now)
        session.expire_all()
    with pytest.raises(rules.SignInEnded):
        queries.get_sign_in(session, token, now=NOON + rules.LIFETIME)


def test_signing_in_again_ends_the_sign_in_that_the_browser_held(runtime: Runtime, session: Session) -> None:
    person(session, make.brand(session))
    _, old = sign_in(runtime, session)
    _, new = sign_in(runtime, session, replaces=old)
    assert old != new
    with pytest.raises(rules.SignInEnded):
        queries.get_sign_in(session, old, now=NOON)
    queries.get_sign_in(session, new, now=NOON)


def test_every_end_of_a_sign_in_works_at_once(runtime: Runtime, session: Session) -> None:
    """T-93: signing out, another role, leaving the brand, a new password, being disabled."""
    brand = make.brand(session)
    person(session, brand, email="other@shop.test")
    ann = person(session, brand)
    ends: list[Callable[[str], None]] = [
        lambda token: actions.sign_out(session, token),
        lambda _: actions.change_role(session, ann.id, brand.id, Role.VIEWER, actor="system", now=NOON),
        lambda _: actions.change_password(session, ann, "another long password", cost=CHEAP),
        lambda _: actions.change_password(session, ann, PASSWORD, cost=CHEAP),
        lambda _: actions.disable_person(session, ann, now=NOON),
    ]
    for end in ends:
        password = "another long password" if end is ends[3] else PASSWORD
        _, token = sign_in(runtime, session, password)
        end(token)
        with pytest.raises(rules.SignInEnded):
            queries.get_sign_in(session, token, now=NOON)
    with pytest.raises(rules.WrongPassword):
        sign_in(runtime, session)


def test_who_leaves_a_brand_has_no_role_in_it_any_more(runtime: Runtime, session: Session) -> None:
    first, second = make.brand(session, name="A"), make.brand(session, name="B")
    person(session, first, email="other@shop.test")
    ann = person(session, first)
    actions.add_person(session, ann.email, second, Role.VIEWER, cost=CHEAP)
    actions.remove_person(session, ann.id, first.id, actor="system", now=NOON)
    signed, _ = sign_in(runtime, session)
    assert signed.brand_id == second.id
    with pytest.raises(queries.NoSuchPerson):
        actions.switch_brand(session, signed, first)
    assert queries.get_principal(session, signed).role == Role.VIEWER


def test_a_brand_keeps_an_owner(session: Session) -> None:
    brand = make.brand(session)
    ann = person(session, brand)
    with pytest.raises(actions.LastOwner):
        actions.change_role(session, ann.id, brand.id, Role.VIEWER, actor="system", now=NOON)
    with pytest.raises(actions.LastOwner):
        actions.remove_person(session, ann.id, brand.id, actor="system", now=NOON)


def test_unknown_and_known_addresses_get_the_same_answer(runtime: Runtime, session: Session) -> None:
    person(session, make.brand(session))
    with pytest.raises(rules.WrongPassword) as known:
        sign_in(runtime, session, "wrong password here")
    with pytest.raises(rules.WrongPassword) as unknown:
        sign_in(runtime, session, "wrong password here", "nobody@shop.test")
    assert (known.value.detail, known.value.code) == (unknown.value.detail, unknown.value.code)


def with_person(live: Runtime) -> None:
    with live.transaction() as session:
        person(session, actions.add_brand(session, "acme", "Acme"))


def guess(live: Runtime, password: str, address: str = "1.2.3.4") -> type[Exception] | None:
    with live.sessions() as session:
        try:
            sign_in(live, session, password, address=address)
        except (rules.WrongPassword, rules.TooManyAttempts) as error:
            session.rollback()
            return type(error)
        session.commit()
        return None


def test_ten_wrong_guesses_close_the_door_for_that_address_only(live: Runtime) -> None:
    """T-94: also the right password is refused then, from there; the owner elsewhere gets in."""
    with_person(live)
    assert [guess(live, f"wrong guess {number}") for number in range(10)] == [rules.WrongPassword] * 10
    assert guess(live, PASSWORD) == rules.TooManyAttempts
    assert guess(live, PASSWORD, "5.6.7.8") is None
    with live.transaction() as session:
        assert session.scalar(select(func.count()).select_from(FailedAttempt)) == 10


def test_a_right_password_clears_the_count(live: Runtime) -> None:
    with_person(live)
    for _ in range(3):
        for number in range(9):
            assert guess(live, f"wrong guess {number}") == rules.WrongPassword
        assert guess(live, PASSWORD) is None


def test_guesses_sent_at_once_are_counted_one_by_one(live: Runtime) -> None:
    with_person(live)
    answers: list[type[Exception] | None] = []
    threads = [threading.Thread(target=lambda: answers.append(guess(live, "wrong guess"))) for _ in range(8)]
    for number in range(6):
        guess(live, f"wrong guess {number}")
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.__name__ for answer in answers if answer) == ["TooManyAttempts"] * 4 + ["WrongPassword"] * 4


def test_no_address_of_a_visitor_is_stored(live: Runtime) -> None:
    with_person(live)
    guess(live, "wrong guess", "203.0.113.9")
    with live.transaction() as session:
        row = session.scalars(select(FailedAttempt)).one()
        assert "203.0.113.9" not in repr(vars(row))
        assert "ann@shop.test" not in repr(vars(row))
        actions.forget_old(session, now=NOON + timedelta(days=1))
        assert session.scalars(select(FailedAttempt)).all() == []


def test_keys_are_kept_as_fingerprints_and_end_at_once(session: Session) -> None:
    brand = make.brand(session)
    key, token = actions.add_key(session, brand, KeyKind.SECRET, seal_key=KEY)
    assert token.startswith("sk_")
    assert token not in f"{key.fingerprint} {key.shown} {key.sealed}"
    assert queries.get_key(session, token).id == key.id
    actions.revoke_key(session, key, actor="person:1", now=NOON)
    session.flush()
    with pytest.raises(rules.WrongKey):
        queries.get_key(session, token)


def test_a_webhook_secret_signs_but_does_not_open_the_api(session: Session) -> None:
    brand = make.brand(session)
    key, token = actions.add_key(session, brand, KeyKind.WEBHOOK, seal_key=KEY)
    assert token not in key.sealed
    assert queries.find_webhook_secrets(session, brand.id, "generic", seal_key=KEY) == [token]
    assert queries.find_webhook_secrets(session, brand.id, "shopify", seal_key=KEY) == []
    with pytest.raises(rules.WrongKey):
        queries.get_key(session, token)
    assert Webhook(token).sign("msg_1", NOON, "{}").startswith("v1,")


def test_two_webhook_secrets_overlap_and_the_third_ends_the_first(session: Session) -> None:
    """T-83"""
    brand, other = make.brand(session), make.brand(session)
    kept = actions.add_key(session, other, KeyKind.WEBHOOK, seal_key=KEY)[1]
    made = [actions.add_key(session, brand, KeyKind.WEBHOOK, seal_key=KEY)[1] for _ in range(3)]
    assert queries.find_webhook_secrets(session, brand.id, "generic", seal_key=KEY) == [made[2], made[1]]
    assert queries.find_webhook_secrets(session, other.id, "generic", seal_key=KEY) == [kept]


def test_another_secret_can_not_open_what_was_sealed(session: Session) -> None:
    brand = make.brand(session)
    actions.add_key(session, brand, KeyKind.WEBHOOK, seal_key=KEY)
    with pytest.raises(signing.SealBroken):
        queries.find_webhook_secrets(session, brand.id, "generic", seal_key=b"x" * 32)


def test_the_audit_log_tells_each_brand_its_own(session: Session) -> None:
    brand, other = make.brand(session), make.brand(session)
    for owner in (brand, other):
        actions.audit(
            session,
            brand_id=owner.id,
            actor="person:1",
            action="approve",
            subject_type="item",
            subject_id=5,
            now=NOON,
            reason="good",
        )
    [entry] = queries.find_audit(session, brand.id, "item", 5)
    assert (entry.actor, entry.action, entry.at, entry.detail) == ("person:1", "approve", NOON, {"reason": "good"})


def test_signing_in_is_audited(runtime: Runtime, session: Session) -> None:
    ann = person(session, make.brand(session))
    sign_in(runtime, session)
    assert session.scalars(select(AuditEntry.action).where(AuditEntry.subject_id == ann.id)).all() == ["sign_in"]


def test_bumping_counts_a_brands_changes(session: Session) -> None:
    brand, other = make.brand(session), make.brand(session)
    actions.bump_content(session, brand.id)
    actions.bump_content(session, brand.id)
    session.expire_all()
    assert (brand.content_version, other.content_version) == (2, 0)


def test_an_unknown_brand_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        queries.get_brand(session, "nowhere")
