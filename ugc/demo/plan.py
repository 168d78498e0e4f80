"""Which sample items there are: a pure plan by seed of photos and reviews, with their faults, rights and states."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ugc.demo import content
from ugc.demo.content import CATALOGUE, Sample
from ugc.demo.scenes import Shot
from ugc.library.models import Kind, RightsState, State

PHOTO_SHARE = 0.68
INBOX_SHARE = 0.04
# What suits what: a sofa carries no planter, a lamp is not carried to the sea.
INDOORS = {"lamp", "cushion", "stool"}
PLACES = {
    "mug": ("room", "garden", "hills", "beach", "evening"), "bowl": ("room", "garden"), "carafe": ("room", "garden", "hills"),
    "vase": ("room", "room", "beach", "garden"), "bottle": ("room", "beach", "hills"), "planter": ("room", "garden"),
    "lamp": ("evening", "room", "evening"), "candle": ("evening", "evening", "hills", "garden"), "cushion": ("sofa",),
    "stool": ("room",),
}  # fmt: skip
HOURS = {
    "room": ("morning", "noon", "golden", "overcast"), "garden": ("noon", "morning", "golden"),
    "beach": ("golden", "noon", "morning", "dusk"),
    "hills": ("golden", "morning", "dusk"), "sofa": ("morning", "overcast", "golden"), "evening": ("dusk",),
}  # fmt: skip
FRAMES = ((1200, 900), (1200, 900), (960, 1200), (1080, 1080))
FAULTS: tuple[Callable[[Shot], Shot], ...] = (
    lambda shot: replace(shot, blur=5.0),
    lambda shot: replace(shot, exposure=0.22),
    lambda shot: replace(shot, exposure=2.9),
    lambda shot: replace(shot, width=480, height=360),
    lambda shot: replace(shot, blur=2.2, exposure=0.6),
)
"""Every seventh photo has one: out of focus, too dark, too bright, too small, hurried."""
TURNS = (6, 3, 8)


@dataclass(frozen=True)
class Planned:
    """One sample item before it exists."""

    number: int
    kind: Kind
    skus: tuple[str, ...]
    shot: Shot | None
    title: str
    body: str
    rating: int | None
    handle: str
    source: str
    published_at: datetime
    state: State
    rights: RightsState
    tags: tuple[str, ...] = ()
    likes: int = 0
    comments: int = 0
    helpful: int = 0
    verified: bool = False

    @property
    def external_id(self) -> str:
        """By which a second run finds the item."""
        return f"sample-{self.number:04}"


def plan(count: int, *, now: datetime, seed: int = 7) -> list[Planned]:
    """`count` items; the same seed gives the same ones, their dates counted back from now."""
    chance = random.Random(seed)  # noqa: S311  # chance for pictures, not for secrets
    photos = max(1, round(count * PHOTO_SHARE))
    made = [plan_photo(chance, number, now) for number in range(photos)]
    for number in range(photos // 14):  # now and then somebody posts nearly the same picture twice
        twin = photos - 1 - number
        made[twin] = second_take(chance, made[number * 9], twin)
    return made + [plan_review(chance, number, now) for number in range(photos, count)]


def plan_photo(chance: random.Random, number: int, now: datetime) -> Planned:
    """A photo post of one to three products."""
    samples = choose_products(chance, number)
    places = PLACES[samples[0].look.shape]
    place = places[(number // len(CATALOGUE) + chance.randrange(len(places))) % len(places)]
    width, height = FRAMES[chance.randrange(len(FRAMES))] if len(samples) == 1 else FRAMES[0]
    shot = Shot(
        looks=tuple(sample.look for sample in samples), place=place, time=chance.choice(HOURS[place]), seed=1000 + number,
        width=width, height=height, grade=chance.choice(("clean", "clean", "warm", "cool", "faded", "vivid")),
    )  # fmt: skip
    if number % 7 == 6:
        shot = FAULTS[number // 7 % len(FAULTS)](shot)
    if number % 11 == 3:
        shot = replace(shot, turned=TURNS[number // 11 % len(TURNS)])
    source = chance.choice(("upload", "instagram", "instagram", "mastodon"))
    state, rights = decide(chance, number, source, is_faulty=number % 7 == 6)
    return Planned(
        number=number, kind=Kind.PHOTO, skus=tuple(sample.sku for sample in samples), shot=shot, title="",
        body=caption(chance, samples, place), rating=None, handle=chance.choice(content.PEOPLE), source=source,
        published_at=moment(chance, now), state=state, rights=rights, tags=content.TAGS[place],
        likes=int(chance.lognormvariate(3.2, 1.1)), comments=int(chance.lognormvariate(1.0, 0.9)),
    )  # fmt: skip


def choose_products(chance: random.Random, number: int) -> list[Sample]:
    """Every product in turn, often with one or two others that suit its place."""
    first = CATALOGUE[number * 5 % len(CATALOGUE)]
    if first.look.shape in {"stool", "bowl"} or chance.random() < 0.5:
        return [first]
    indoors = first.look.shape in INDOORS
    suits = [
        sample
        for sample in CATALOGUE
        if sample.family != first.family and (sample.look.shape in INDOORS) == indoors and sample.look.shape != "stool"
    ]
    return [first, *chance.sample(suits, chance.choice((1, 1, 2)))]


def decide(chance: random.Random, number: int, source: str, *, is_faulty: bool) -> tuple[State, RightsState]:
    """What the coordinator has done so far: most approved, some waiting, poor ones partly rejected."""
    if chance.random() < INBOX_SHARE or number % 6 == 5:
        return State.INBOX, RightsState.OWNED if source == "upload" else RightsState.NONE
    if is_faulty and chance.random() < 0.5:
        return State.REJECTED, RightsState.NONE
    if source == "upload":
        return State.APPROVED, RightsState.OWNED
    return State.APPROVED, chance.choices((RightsState.GRANTED, RightsState.NONE), (85, 15))[0]


def caption(chance: random.Random, samples: list[Sample], place: str) -> str:
    """A sentence or two with hashtags."""
    names = " and ".join(
        f"the {sample.title.split(',')[0].lower().replace(sample.line.lower(), sample.line)}" for sample in samples[:2]
    )
    words = chance.choice(content.CAPTIONS[place]).format(title=names)
    words = ". ".join(sentence[:1].upper() + sentence[1:] for sentence in words.split(". "))
    return f"{words} {' '.join(chance.sample(content.HASHTAGS, chance.randint(1, 3)))}"


def second_take(chance: random.Random, first: Planned, number: int) -> Planned:
    """Nearly the same picture again: cut a little closer, a shade brighter, posted later."""
    assert first.shot is not None
    shot = replace(first.shot, crop=0.03, exposure=first.shot.exposure * 1.12)
    return replace(
        first, number=number, shot=shot, state=State.INBOX, rights=RightsState.NONE, likes=chance.randint(0, 9), source="mastodon"
    )


def plan_review(chance: random.Random, number: int, now: datetime) -> Planned:
    """A written review, one in five with a photo."""
    words = content.REVIEWS[number * 7 % len(content.REVIEWS)]
    fitting = [sample for sample in CATALOGUE if sample.family in words.families]
    sample = chance.choice(fitting)
    shot = None
    if number % 5 == 0:
        place = "sofa" if sample.look.shape == "cushion" else "room"
        shot = Shot(
            (sample.look,), place, chance.choice(HOURS[place]), 5000 + number, grade=chance.choice(("clean", "warm", "faded"))
        )
    return Planned(
        number=number, kind=Kind.REVIEW, skus=(sample.sku,), shot=shot, title=words.title, body=words.text, rating=words.stars,
        handle=chance.choice(content.PEOPLE), source="import", published_at=moment(chance, now),
        state=State.INBOX if chance.random() < 0.1 else State.APPROVED, rights=RightsState.OWNED,
        helpful=int(chance.lognormvariate(0.7, 1.0)), verified=chance.random() < 0.8,
    )  # fmt: skip


def moment(chance: random.Random, now: datetime) -> datetime:
    """Some time in the last half year, lately more often."""
    return now - timedelta(days=180 * chance.random() ** 2, hours=chance.uniform(1, 20))
