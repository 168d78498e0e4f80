"""How a source is, in words: its dot, what is wrong, what to do about it; networks in the order in which people look for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ugc.social import rules
from ugc.social.models import Source, SourceState
from ugc.social.networks.base import Mode, Network, PostData

STATES = {
    SourceState.ACTIVE: ("ok", "Working"), SourceState.PAUSED: ("off", "Paused"),
    SourceState.NEEDS_CONNECT: ("bad", "Needs connecting"), SourceState.DEGRADED: ("warn", "In trouble"),
}  # fmt: skip
RANKS = {SourceState.NEEDS_CONNECT: 0, SourceState.DEGRADED: 1, SourceState.ACTIVE: 2, SourceState.PAUSED: 3}
OPEN = ("feed", "mastodon", "bluesky", "wordpress")
"""Networks that need nobody's approval."""

Told = tuple[str, str]
"""What is wrong, and what to do."""

WORDS: dict[str, Told] = {
    "throttled": ("{network} asks us to slow down.", "Nothing to do: it is asked again when it says so."),
    "quota_used": ("Today’s quota of {network} is used up.", "Nothing to do: it goes on when the next day begins there."),
    "token_refused": ("{network} does not accept the access any more.", "Connect the source again."),
    "source_gone": ("{network} does not know this any more: removed, renamed or made private.", "Check what the source asks for."),
    "question_refused": ("{network} does not understand what this source asks for.", "Check its settings."),
    "bad_shape": ("{network} answers in another form than it documents.", "It is tried again; look at what was missing below."),
    "unreachable": ("{network} can’t be reached.", "Nothing to do: it is tried again, less often each time."),
    "too_slow": ("{network} took too long to answer.", "Nothing to do: it is tried again, less often each time."),
    "network_failed": ("{network} answered with an error.", "Nothing to do: it is tried again, less often each time."),
    "not_json": ("{network} answered with something that can’t be read.", "It is tried again; check the address if it goes on."),
    "body_too_large": ("{network} sent more than can be taken at once.", "Ask for less, for example for one account or tag."),
    "declaration_refused": ("This feed declares a document type, which is not read for safety.", "Ask the site for a plain feed."),
    "feed_too_complex": ("This feed is more tangled than any feed needs to be.", "Check that the address is that of a feed."),
    "too_many_redirects": ("This address leads from one to the next.", "Open it in a browser and take the address it ends at."),
    "interrupted": ("A pull was interrupted.", "Nothing to do: the next one goes on where it stopped."),
    "bad_address": ("This is not an address that can be fetched.", "Check the address."),
    "blocked_address": ("This address leads where the service may not go.", "Use a public address."),
    "connector_failed": ("The answer of {network} could not be read.", "It is tried again; tell us if it goes on."),
    "seal_broken": ("The stored access can’t be opened any more.", "Connect the source again."),
    "not_connected": ("{network} did not give access.", "Try again, and say yes there."),
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a source, for people."""

    what: str
    todo: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SourceCard:
    """A source as lists show it."""

    source: Source
    network: str
    """The network's name."""
    asks: str
    """What it asks for, in one line."""
    dot: str
    state: str
    trouble: Trouble | None
    rank: tuple[int, str]


def card_of(source: Source, now: datetime) -> SourceCard:
    """A source's card."""
    dot, state = STATES[source.state]
    network = rules.NETWORKS.get(source.network)
    label = network.label if network else source.network
    trouble = explain(source.error_code, source.error, label) if source.error_code else None
    if source.state is SourceState.NEEDS_CONNECT and trouble is None:
        trouble = Trouble(f"{label} has not given access yet.", "Connect it to begin.")
    if trouble and source.state is SourceState.ACTIVE:
        dot, state = ("ok", "Waiting") if source.error_code in {"throttled", "quota_used"} else ("warn", "Trying again")
    if source.state is SourceState.ACTIVE and trouble is None and source.last_success_at is None:
        dot, state = "off", "Starting"
    return SourceCard(source, label, asks(source), dot, state, trouble, (RANKS[source.state], source.name.lower()))


def explain(code: str, detail: str, network: str) -> Trouble:
    """A stable code as what is wrong and what to do; the error's own words stay at hand."""
    what, todo = WORDS.get(code, ("", ""))
    return Trouble(what.format(network=network) or detail, todo, detail if what and detail != what else "")


def mode_of(source: Source) -> Mode | None:
    """What a source brings; None where a network has withdrawn it."""
    network = rules.NETWORKS.get(source.network)
    return next((mode for mode in network.modes if mode.name == source.mode), None) if network else None


def asks(source: Source) -> str:
    """What a source asks for: `Hashtag: linen`."""
    mode = mode_of(source)
    label = mode.label if mode else source.mode
    said = ", ".join(value for value in source.options.values() if value)
    return f"{label}: {said}" if said else label


def default_name(mode: Mode, options: Mapping[str, str]) -> str:
    """A name for a source that nobody named: what it asks for."""
    asked = [each for each in mode.fields if not each.secret]
    said = [
        options[each.name].strip() for each in sorted(asked, key=lambda each: each.required) if options.get(each.name, "").strip()
    ]
    return said[-1] if said else mode.label


def face_of(post: PostData) -> str:
    """The address of the picture that stands for a post: its first one, else the still of its first video."""
    pictures = [each.url for each in post.media if each.kind == "picture"]
    return next((url for url in [*pictures, *(each.poster_url for each in post.media)] if url), "")


def groups() -> list[tuple[str, str, list[Network]]]:
    """Networks to choose from: those that need nobody's approval first."""
    networks = sorted(rules.NETWORKS.values(), key=lambda network: network.label.lower())
    free = [network for network in networks if network.kind in OPEN]
    rest = [network for network in networks if network.kind not in OPEN]
    return [
        ("Open", "Ready in a minute: no approval needed.", free),
        ("With an account", "They want an access token, or an app of yours to sign in with.", rest),
    ]
