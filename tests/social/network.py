"""A network that exists only in the tests: its pages are written down, and it throttles, breaks and resumes on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.make import NOON
from ugc.accounts.models import Brand
from ugc.library.models import Kind, SourcePolicy
from ugc.library.rules import CreatorData
from ugc.runtime import Runtime
from ugc.social import actions, rules
from ugc.social.models import Source
from ugc.social.networks.base import Ask, Field, MediaData, Mode, Network, OAuth, PostData, Pulled

KEY = "tokens"
Page = Pulled | Exception


def post(number: int, **facts: Any) -> PostData:
    """A post with a picture."""
    known: dict[str, Any] = {
        "external_id": f"p{number}", "kind": Kind.PHOTO, "text": f"Post {number} #linen", "url": f"https://fake.test/p/{number}",
        "creator": CreatorData("Ada", f"ada{number % 3}", "https://fake.test/ada"), "published_at": NOON, "like_count": number,
        "hashtags": ("linen",), "media": (MediaData(f"https://cdn.fake.test/{number}.jpg?sig=1", alt="A coat"),),
    }  # fmt: skip
    return PostData(**(known | facts))


@dataclass
class FakeNetwork:
    """Answers each question with the next page of its script; the last page is repeated."""

    pages: list[Page] = field(default_factory=list)
    asked: list[Ask] = field(default_factory=list)
    upstream: Callable[[Sequence[str]], Mapping[str, bool]] = dict.fromkeys  # type: ignore[assignment]

    def pull(self, ask: Ask) -> Pulled:
        """The next page, or the error that stands in its place."""
        self.asked.append(ask)
        page = self.pages.pop(0) if len(self.pages) > 1 else self.pages[0]
        if isinstance(page, Exception):
            raise page
        return page

    def check(self, ask: Ask, names: Sequence[str]) -> Mapping[str, bool]:
        """Which posts are still there."""
        self.asked.append(ask)
        return self.upstream(names)

    def paged(self, *pages: Sequence[PostData], **facts: Any) -> None:
        """Script pages that follow each other."""
        last = len(pages) - 1
        self.pages = [
            Pulled(tuple(page), cursor={"page": place + 1}, more=place < last, **facts) for place, page in enumerate(pages)
        ]


def description(fake: FakeNetwork) -> Network:
    """The network with a mode for each policy."""
    fields = (Field("tag", "Hashtag"), Field("key", "Key", required=False, secret=True))
    month = timedelta(days=30)
    return Network(
        "fake", "Fakebook",
        (
            Mode("cached", "Posts with a hashtag", fields, fake.pull, SourcePolicy.API_CACHED, month),
            Mode("embed", "Posts to embed", fields, fake.pull, SourcePolicy.EMBED_ONLY),
            Mode("own", "The brand's own posts", (), fake.pull, SourcePolicy.OWN),
        ),
        oauth=OAuth("https://fake.test/authorize", "https://fake.test/token", ("read", "comments"), pkce=True),
        token_hint="Ask Fakebook.", daily_quota=0, check=fake.check,
    )  # fmt: skip


@contextmanager
def fake_network(patch: pytest.MonkeyPatch, *, network: FakeNetwork | None = None, **facts: Any) -> Iterator[FakeNetwork]:
    """The fake among the networks for as long as the block runs."""
    fake = network or FakeNetwork()
    patch.setitem(rules.NETWORKS, "fake", replace(description(fake), **facts))
    yield fake


def connect(runtime: Runtime, session: Session, brand: Brand, mode: str = "cached", **facts: Any) -> Source:
    """A connected source of the fake network."""
    options = {} if mode == "own" else {"tag": "linen"}
    known: dict[str, Any] = {"name": "Linen", "options": options, "token": "tok", "actor": "system", "now": NOON}
    known |= facts
    return actions.add_source(session, brand.id, "fake", mode, key=runtime.key(KEY), **known)
