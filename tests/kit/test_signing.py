"""Derived keys, tokens, fingerprints, sealed secrets, constant-time equality."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ugc.kit import signing

KEY = signing.derive("a secret of the tests that is long", "purpose")


def test_each_purpose_has_its_own_key() -> None:
    assert len(KEY) == 32
    assert signing.derive("a secret of the tests that is long", "purpose") == KEY
    assert signing.derive("a secret of the tests that is long", "another") != KEY
    assert signing.derive("another secret of the tests", "purpose") != KEY


def test_derivation_never_changes_since_sealed_secrets_depend_on_it() -> None:
    assert signing.derive("x" * 32, "webhooks").hex() == "b076e1c2fa4a97770edd556981c807c33fd1e3823aaad8b019304ce5417eae67"


def test_tokens_are_long_random_and_prefixed() -> None:
    made = {signing.make_token("sk_", 24) for _ in range(1000)}
    assert len(made) == 1000
    assert all(token.startswith("sk_") and len(token) == 35 for token in made)


def test_a_fingerprint_is_sha256_in_hex() -> None:
    assert signing.fingerprint("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_keyed_digest_is_hmac_sha256() -> None:
    """RFC 4231, test case 2"""
    assert signing.keyed_digest(b"Jefe", b"what do ya want for nothing?") == (
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    )


@given(st.text(), st.text())
def test_same_is_equality_for_texts_of_any_alphabet(left: str, right: str) -> None:
    assert signing.same(left.encode("utf-8", "replace"), right.encode("utf-8", "replace")) == (
        left.encode("utf-8", "replace") == right.encode("utf-8", "replace")
    )
    assert signing.same("ключ", "ключ")


@given(st.text(st.characters(codec="utf-8")))
def test_what_is_sealed_can_be_read_with_the_same_key_only(message: str) -> None:
    sealed = signing.seal(KEY, message)
    assert signing.unseal(KEY, sealed) == message
    assert not message or len(message) < 4 or message not in sealed
    with pytest.raises(signing.SealBroken):
        signing.unseal(signing.derive("x" * 32, "other"), sealed)


def test_an_altered_seal_is_broken() -> None:
    sealed = signing.seal(KEY, "message")
    for position in range(0, len(sealed) - 2, 7):
        altered = sealed[:position] + ("A" if sealed[position] != "A" else "B") + sealed[position + 1 :]
        with pytest.raises(signing.SealBroken):
            signing.unseal(KEY, altered)
