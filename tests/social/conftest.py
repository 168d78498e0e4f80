"""The network that exists only in the tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.social.network import FakeNetwork, fake_network


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeNetwork]:
    """A network among the others, as scripted by the test."""
    with fake_network(monkeypatch) as network:
        yield network
