"""The words of the sample brand: its products, handles, captions and reviews. Everything and everybody here is invented."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

BRAND = "halm"
BRAND_NAME = "Halm & Ton"
EMAIL = "owner@halm.example"


@dataclass(frozen=True)
class Look:
    """What a product looks like: its shape, main and second colour, and glaze or pattern."""

    shape: str
    main: str
    second: str = "#dccbb4"
    finish: str = "plain"
    scale: float = 1.0
    """Beside the other products, so that a scene keeps their sizes right."""


@dataclass(frozen=True)
class Sample:
    """A product of the sample catalogue."""

    sku: str
    family: str
    title: str
    price: str
    type: str
    line: str
    text: str
    look: Look
    stock: str


@dataclass(frozen=True)
class ReviewText:
    """What somebody wrote, and of which families it could be said."""

    stars: int
    families: tuple[str, ...]
    title: str
    text: str


FOLDER = Path(__file__).parent / "samples"


def rows(name: str) -> list[dict[str, str]]:
    """The lines of one of the sample tables."""
    with open(FOLDER / name, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_sample(row: dict[str, str]) -> Sample:
    """A product from its line."""
    look = Look(row["shape"], row["main"], row["second"], row["finish"], float(row["scale"]))
    facts = {name: row[name] for name in ("sku", "family", "title", "price", "type", "line", "stock", "text")}
    return Sample(look=look, **facts)


CATALOGUE = tuple(read_sample(row) for row in rows("products.csv"))
BY_SKU = {sample.sku: sample for sample in CATALOGUE}

# Handles of nobody: words for things, so that none can be taken for somebody's name.
PEOPLE = (
    "pebble.and.moss", "slow.kettle", "crumbs_and_clay", "north.window", "two.cold.cups", "fern_on_the_sill", "quiet.shelf",
    "lamp.at.five", "pots.and.pans.and.plants", "noon_shadow", "wool.and.rain", "olive.branch.house", "salt_on_linen",
    "the.blue.stool", "attic.garden", "tea_before_seven", "folded.maps", "sunday.table", "mint.in.a.jar", "half.a.lemon",
    "creaky_floorboards", "first.frost", "apricot.hours", "driftwood.desk",
)  # fmt: skip

CAPTIONS: dict[str, tuple[str, ...]] = {
    "room": (
        "The light at nine in the morning is the reason that we rented this flat. {title} on the table since Sunday.",
        "Cleared the table, put {title} on it, and did nothing else all day.",
        "A corner that finally works. {title} and the old books.",
        "New in: {title}. The colour is softer than I had thought, I like it.",
    ),
    "garden": (
        "Breakfast outside, second time this year. {title} came along.",
        "Under the apple tree with {title}. Nobody answers the phone here.",
        "Garden table, late guests, {title}.",
    ),
    "beach": (
        "Carried {title} to the sea for one picture. Worth it.",
        "Low tide, no wind. {title} at the beach house.",
        "Holiday still life with {title}.",
    ),
    "hills": (
        "Above the valley with {title}. The last warm evening, I guess.",
        "Coffee with a view. {title} survived the rucksack.",
        "From our walk: {title} on the wall by the vineyard.",
    ),
    "sofa": (
        "Sunday position. {title} on the sofa, dog out of the picture.",
        "The sofa looked tired. {title} helped more than a new sofa.",
        "Rain outside, {title} inside.",
    ),
    "evening": (
        "Lights out, {title} on. Every evening now.",
        "First dark evening of autumn with {title}.",
        "String lights, tea, {title}. That is the post.",
    ),
}

TAGS: dict[str, tuple[str, ...]] = {
    "room": ("interior", "morning light"),
    "garden": ("garden", "outdoor"),
    "beach": ("sea", "holiday"),
    "hills": ("view", "outdoor"),
    "sofa": ("living room", "cosy"),
    "evening": ("evening", "cosy"),
}
HASHTAGS = ("#halmandton", "#slowhome", "#handmade", "#stilllife", "#ceramics", "#myhome", "#tablesetting")


def read_review(row: dict[str, str]) -> ReviewText:
    """A review's words from their line."""
    return ReviewText(int(row["stars"]), tuple(row["families"].split()), row["title"], row["text"])


# The share of stars is that of a good, real shop.
REVIEWS = tuple(read_review(row) for row in rows("reviews.csv"))

EVIDENCE = (
    "Yes, with pleasure! #halmyes",
    "Of course you may use it, please name me. #halmyes",
    "#halmyes – and thank you for asking.",
    "Gladly, go ahead @halmandton #halmyes",
)
