"""Posts from files: our own JSON Lines, or the answers of a network's interface as they were saved."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from ugc.accounts.models import Brand
from ugc.catalog.actions import writing
from ugc.ingest.importing import Options, Progress, evidence_of, read_options, recorded
from ugc.ingest.rules import Refused
from ugc.kit.errors import Invalid, UgcError
from ugc.kit.http.errors import Unreachable
from ugc.kit.http.fetching import Answer
from ugc.kit.reports import Report
from ugc.library import actions as library_actions
from ugc.library.models import Kind, RightsState, SourcePolicy, State
from ugc.library.rules import CreatorData, clean_text
from ugc.rights import actions as rights_actions
from ugc.runtime import Runtime
from ugc.social import actions, rules
from ugc.social.networks.base import MOST_POSTS, Ask, MediaData, PostData
from ugc.social.rules import Terms

MAX_LINE = 1_000_000
MAX_FILE = 100_000_000
"""Bytes of a saved answer."""
BATCH = 200
KINDS = ("picture", "video", "audio")


class NotPosts(Invalid):
    """The file holds no posts that can be read; name the network and what the answer is of."""


@dataclass(frozen=True, slots=True)
class Found:
    """A post of a file, or why its line is none."""

    line: int
    network: str = ""
    post: PostData | None = None
    code: str = ""
    reason: str = ""


def import_posts(
    runtime: Runtime, brand: Brand, path: Path, *, network: str = "", mode: str = "", options: Mapping[str, str] | None = None,
    state: str = State.INBOX, rights: str = RightsState.NONE, evidence: str = "", dry_run: bool = False, actor: str,
    progress: Progress | None = None,
) -> Report:  # fmt: skip
    """Bring a file's posts in, batch by batch; the same file again adds nothing. Raises NotPosts or UnknownNetwork."""
    chosen = read_options(state, rights, evidence, path.name, actor=actor)
    policy = rules.get_mode(rules.get_network(network), mode).policy if network else SourcePolicy.OWN
    found = read_answer(path, network, mode, options or {}, chosen.now) if network else read_lines(path)
    report = Report(format=network or "jsonl", dry_run=dry_run)
    with recorded(runtime, brand, "posts", path.name, chosen, report) as chosen:
        while batch := list(islice(found, BATCH)):
            for each in batch:
                if each.post is None:
                    report.reject(each.line, each.code, each.reason)
            take_batch(runtime, brand.id, [each for each in batch if each.post], policy, chosen, report)
            if progress:
                progress(len(batch))
    return report


def take_batch(
    runtime: Runtime, brand_id: int, batch: Sequence[Found], policy: SourcePolicy, options: Options, report: Report
) -> None:
    """One transaction for a batch: posts, then what the import says of their rights and state."""
    with writing(runtime, report.dry_run) as session:
        for network in dict.fromkeys(each.network for each in batch):
            posts = [each.post for each in batch if each.network == network and each.post]
            terms = Terms(network, policy, None, (), None, options.now)
            taken = actions.take_posts(session, brand_id, posts, terms, actor=options.actor, import_id=options.import_id)
            ids = list(taken.new_ids)
            if ids and options.rights is not RightsState.NONE:
                rights_actions.record_many(
                    runtime, session, brand_id, ids, options.rights, evidence_of(options.evidence), actor=options.actor,
                    now=options.now,
                )  # fmt: skip
            if ids and options.state is State.APPROVED:
                library_actions.approve(session, brand_id, ids, actor=options.actor, now=options.now)
            again = len(posts) - taken.new - taken.changed
            for outcome, count in (("added", taken.new), ("updated", taken.changed), ("duplicate", again)):
                for _ in range(count):
                    report.take(outcome)


# Our own shape: one JSON object a line.


def read_lines(path: Path) -> Iterator[Found]:
    """The posts of a file with one JSON object a line; raises NotPosts for a file that has none at its beginning."""
    with open(path, "rb") as file:
        number = 0
        while line := file.readline(MAX_LINE + 1):
            number += 1
            if len(line) > MAX_LINE:
                raise NotPosts(f"line {number} is longer than {MAX_LINE} bytes; is this one object a line?")
            if line.strip():
                yield read_line(line, number)


def read_line(line: bytes, number: int) -> Found:
    """One line's post, or what is wrong with it."""
    try:
        said = json.loads(line)
        if not isinstance(said, dict):
            raise Refused("not_an_object", "a line is one JSON object")
        return Found(number, text_of(said, "network").lower() or "import", read_post(said))
    except Refused as refused:
        return Found(number, code=refused.code, reason=refused.reason)
    except (ValueError, RecursionError):
        return Found(number, code="not_json", reason="the line is no JSON")


def read_post(said: Mapping[str, Any]) -> PostData:
    """A post in our own shape (docs/sources.md); raises Refused."""
    external_id = text_of(said, "external_id") or text_of(said, "url")
    if not external_id:
        raise Refused("no_id", "a post needs an external_id or a url, by which it is known again")
    media = tuple(read_media(each) for each in list_of(said, "media"))
    body, title = text_of(said, "text") or text_of(said, "caption"), text_of(said, "title")
    if not (body or title or media):
        raise Refused("no_content", "a post needs a text, a title or media")
    return PostData(
        external_id=external_id, kind=read_kind(said, media), text=body, title=title, url=text_of(said, "url"),
        creator=read_creator(said.get("creator")), published_at=read_moment(text_of(said, "published_at")), media=media,
        like_count=count_of(said, "like_count"), comment_count=count_of(said, "comment_count"),
        hashtags=tuple(str(tag).lstrip("#").lower() for tag in list_of(said, "hashtags")), language=text_of(said, "language"),
    )  # fmt: skip


def text_of(said: Mapping[str, Any], name: str) -> str:
    """A text of the object; raises Refused for anything else under its name."""
    value = said.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Refused("bad_field", f"{name} must be text")
    return clean_text(str(value), MAX_LINE)


def list_of(said: Mapping[str, Any], name: str) -> list[Any]:
    """A list of the object; raises Refused."""
    value = said.get(name) or []
    if not isinstance(value, list) or len(value) > 100:
        raise Refused("bad_field", f"{name} must be a list of at most 100")
    return value


def count_of(said: Mapping[str, Any], name: str) -> int:
    """A count of the object; raises Refused."""
    value = said.get(name) or 0
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refused("bad_field", f"{name} must be a whole number")
    return value


def read_media(said: Any) -> MediaData:
    """A file: its address, or an object with `url`, `kind` and `alt`."""
    if isinstance(said, str):
        return MediaData(said)
    if not isinstance(said, dict) or not text_of(said, "url"):
        raise Refused("bad_field", "each of media is an address or an object with a url")
    kind = text_of(said, "kind") or "picture"
    if kind not in KINDS:
        raise Refused("bad_field", f"the kind of a file is {', '.join(KINDS)}")
    return MediaData(text_of(said, "url"), kind, text_of(said, "alt"))


def read_kind(said: Mapping[str, Any], media: Sequence[MediaData]) -> Kind:
    """What the post is, by its own word, else by its files."""
    given = text_of(said, "kind")
    if given:
        if given not in set(Kind):
            raise Refused("bad_field", f"kind is {', '.join(Kind)}")
        return Kind(given)
    if not media:
        return Kind.POST
    return {"picture": Kind.PHOTO, "video": Kind.VIDEO, "audio": Kind.AUDIO}[media[0].kind]


def read_creator(said: Any) -> CreatorData | None:
    """Who made it: a name, or an object with `name`, `handle` and `url`."""
    if isinstance(said, str):
        return CreatorData(said)
    if not isinstance(said, dict):
        return None
    return CreatorData(text_of(said, "name") or text_of(said, "handle"), text_of(said, "handle"), text_of(said, "url"))


def read_moment(text: str) -> datetime | None:
    """A moment in ISO 8601; raises Refused."""
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError as cause:
        raise Refused("bad_date", f"{text[:40]!r} is no moment like 2026-11-21T12:00:00Z") from cause


# Saved answers of a network.


@dataclass(slots=True)
class Saved:
    """Answers every question with one saved file, and no download: nothing leaves the machine."""

    body: bytes
    asked: list[str] = field(default_factory=list)

    def fetch(self, url: str, **_: Any) -> Answer:
        """The file."""
        self.asked.append(url)
        return Answer(200, url, {}, self.body)

    def download(self, url: str, path: Path, **_: Any) -> Answer:
        """Nothing can be downloaded from a file."""
        raise Unreachable()


def read_answer(path: Path, network: str, mode: str, options: Mapping[str, str], now: datetime) -> Iterator[Found]:
    """The posts of one saved answer, read as a pull reads it; raises NotPosts."""
    if path.stat().st_size > MAX_FILE:
        raise NotPosts("the file is larger than any answer")
    chosen = rules.get_mode(rules.get_network(network), mode)
    filled = {each.name: options.get(each.name, SAVED) for each in chosen.fields}
    try:
        pulled = chosen.pull(Ask(Saved(path.read_bytes()), filled, "", {}, MOST_POSTS, now))
    except UgcError as cause:
        raise NotPosts(f"this is no answer for {network} {mode}: {cause.detail}") from cause
    except (LookupError, TypeError, ValueError, AttributeError) as cause:
        raise NotPosts(f"this is no answer for {network} {mode}") from cause
    for number, post in enumerate(pulled.posts, 1):
        yield Found(number, network, post)
    for number, skipped in enumerate(pulled.skipped, len(pulled.posts) + 1):
        yield Found(number, code="skipped", reason=f"{skipped.external_id}: {skipped.field} {skipped.reason}")


SAVED = "saved.example.com"
"""What stands in a mode's fields, which a saved answer does not need."""
