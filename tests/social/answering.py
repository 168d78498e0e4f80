"""A fetcher that answers every question alike, and the samples that it answers with: plain functions."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.fakes import Asked, FakeFetcher
from tests.make import NOON
from ugc.kit.http.fetching import Answer, Fetching
from ugc.social.networks.base import Ask, Mode
from ugc.social.rules import NETWORKS

SAMPLES = Path(__file__).parents[1] / "samples" / "social"
NAMES = sorted(f"{path.parent.name}/{path.stem}" for path in SAMPLES.glob("*/*.py") if path.stem != "__init__")


class Alike(FakeFetcher):
    """One answer to whatever is asked; the requests are noted."""

    def __init__(self, body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self.given = Answer(status, "", headers or {}, body)

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        return Answer(self.given.status, asked.url, self.given.headers, self.given.body)


@dataclass(frozen=True)
class Sample:
    """An answer of a network beside what it must become."""

    network: str
    mode: Mode
    options: Mapping[str, str]
    body: bytes
    expected: list[Any]
    cursor: Mapping[str, Any] = field(default_factory=dict)

    @property
    def record(self) -> Any:
        """The answer as JSON, None where it is XML."""
        return None if self.body.startswith(b"<") else json.loads(self.body)


# What an earlier question found out, so that the next one is the one that brings posts.
FOUND_OUT = {
    ("instagram", "hashtag"): {"hashtag": "woolhat", "hashtag_id": "17843800000000000"},
    ("youtube", "channel"): {"uploads": "UUabcdefghijklmnopqrstuv"},
    ("x", "own"): {"user_id": "9"},
    ("mastodon", "account"): {"account_id": "1"},
}


def load(name: str) -> Sample:
    """A sample by `network/case`."""
    network, case = name.split("/")
    module = importlib.import_module(f"tests.samples.social.{network}.{case}")
    [path] = [path for path in SAMPLES.glob(f"{network}/{case}.*") if path.suffix in {".json", ".xml"}]
    mode = mode_of(network, module.MODE)
    return Sample(network, mode, module.OPTIONS, path.read_bytes(), module.EXPECTED, FOUND_OUT.get((network, module.MODE), {}))


def mode_of(network: str, name: str) -> Mode:
    """A network's mode by its name."""
    return next(mode for mode in NETWORKS[network].modes if mode.name == name)


def ask(
    fetcher: Fetching, options: Mapping[str, str], cursor: Mapping[str, Any] | None = None, *, token: str = "",
    now: datetime = NOON, search_allowed: bool = True,
) -> Ask:  # fmt: skip
    """A question at noon, for up to 100 posts."""
    return Ask(fetcher, options, token, cursor or {}, 100, now, lambda term: search_allowed)
