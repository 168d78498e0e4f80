"""What the studio's templates show of items and pictures: plain frozen shapes made from rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from ugc.library.models import Item
from ugc.media import playing
from ugc.media.models import File, FileKind, FileState, Rendition, Role
from ugc.scoring import queries as scoring_queries
from ugc.scoring.explaining import Explained, explain
from ugc.scoring.rules import Part, Score

# A tile's width follows its picture's ratio in these steps; the style sheet has one class for each, so that no page
# needs inline styles.
NARROWEST, WIDEST = 6, 20
TEXT_RATIO = 15
SMALL, MIDDLE = 320, 640
# Characters of a text that stands for its item.
SHORT = 80


@dataclass(frozen=True, slots=True)
class Image:
    """A finished picture: addresses, size and colours for the time before it has come."""

    src: str
    small: str
    large: str
    srcset: str
    width: int
    height: int
    colours: tuple[str, ...]
    loop: str = ""
    """Of an animated picture, for those who like things to move."""


@dataclass(frozen=True, slots=True)
class Track:
    """Captions in one language."""

    src: str
    language: str


@dataclass(frozen=True, slots=True)
class Film:
    """A video or recording that can be played; without an address it is not ready yet."""

    kind: str
    src: str
    length: str
    """`0:12`."""
    tracks: tuple[Track, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """An item with what a tile and the large view beside it show."""

    item: Item
    image: Image | None
    ratio: str
    parts: tuple[Part, ...]
    film: Film | None = None

    @property
    def explained(self) -> Explained:
        """What is behind its score."""
        return explain(self.parts)

    @property
    def name(self) -> str:
        """How the item is called where there is little room."""
        text = " ".join((self.item.title or self.item.body).split())
        short = text if len(text) <= SHORT else text[: SHORT - 1].rsplit(" ", 1)[0].rstrip(".,:;–- ") + "…"
        return short or f"{self.item.kind.value.capitalize()} {self.item.id}"

    @property
    def creator(self) -> str:
        """Who made it."""
        return self.item.creator.name if self.item.creator else "Unknown creator"

    @property
    def spoken(self) -> str:
        """What a screen reader says for the tile."""
        by = f" by {self.creator}" if self.item.creator else ""
        return f"{self.item.kind.value.capitalize()}{by}: {self.name}"


def cards(session: Session, items: Iterable[Item]) -> list[Card]:
    """Cards of the items with their scores, read in one query."""
    listed = list(items)
    if not listed:
        return []
    scores = scoring_queries.map_scores(session, listed[0].brand_id, [item.id for item in listed])
    return [card(item, parts_of(scores.get(item.id))) for item in listed]


def card(item: Item, parts: tuple[Part, ...] = ()) -> Card:
    """One item's card."""
    file = item.media[0].file if item.media else None
    image = image_of(file) if file is not None else None
    return Card(item, image, ratio_of(image), parts, film_of(file) if file is not None else None)


def ratio_of(image: Image | None) -> str:
    """The class of a tile's ratio: `r-15` is one and a half times as wide as high."""
    if image is None or not image.height:
        return f"r-{TEXT_RATIO}"
    return f"r-{min(WIDEST, max(NARROWEST, round(10 * image.width / image.height)))}"


def image_of(file: File) -> Image | None:
    """The picture's addresses; a file whose renditions are not made yet has none, and only its colours and size show."""
    if file.state == FileState.DAMAGED:
        return None
    stills = [one for one in file.renditions if one.role is Role.PICTURE]
    made = sorted((one for one in stills if one.type == "image/webp"), key=lambda one: one.width) or stills
    addresses = {one.width: address_of(file, one) for one in made}
    return Image(
        src=nearest(addresses, MIDDLE),
        small=nearest(addresses, SMALL),
        large=addresses[max(addresses)] if addresses else "",
        srcset=", ".join(f"{address} {width}w" for width, address in addresses.items()),
        width=file.width,
        height=file.height,
        colours=tuple(file.colours[:2]),
        loop=playing.loop_url(file, ""),
    )


def film_of(file: File) -> Film | None:
    """What plays of a file; None for a picture."""
    if file.kind is FileKind.PICTURE or file.state == FileState.DAMAGED:
        return None
    moving = playing.moving_urls(file, "")
    src = next((each["url"] for each in moving if each["role"] == file.kind.value), "")
    tracks = tuple(Track(each["url"], each["language"]) for each in moving if "language" in each)
    seconds = round((file.duration_ms or 0) / 1000)
    return Film(file.kind.value, src, f"{seconds // 60}:{seconds % 60:02}", tracks)


def address_of(file: File, rendition: Rendition) -> str:
    """A rendition's public path."""
    return f"/media/{file.public_name}/{rendition.name}"


def nearest(addresses: dict[int, str], width: int) -> str:
    """The smallest rendition that is at least so wide, else the largest."""
    if not addresses:
        return ""
    wide_enough = [one for one in addresses if one >= width]
    return addresses[min(wide_enough) if wide_enough else max(addresses)]


def parts_of(score: Score | None) -> tuple[Part, ...]:
    """A score's parts, the largest share first, those that do not apply last."""
    if score is None:
        return ()
    return tuple(sorted(score.parts, key=lambda part: (part.value is None, -part.points)))


@dataclass(frozen=True, slots=True)
class Toast:
    """What a page says about the request that led to it; `batch` can be undone."""

    text: str
    batch: str = ""


TOASTS = {
    "approve": ("{n} approved", True),
    "reject": ("{n} rejected", True),
    "spam": ("{n} marked as spam", True),
    "trash": ("{n} moved to the trash", True),
    "inbox": ("{n} moved back to the inbox", True),
    "merged": ("Merged; the others are in the trash", True),
    "apart": ("Kept apart", False),
    "undo": ("{n} undone", False),
    "tags": ("Tags saved", False),
    "suggestions": ("Suggestions: decided", False),
    "suggestion-settings": ("Saved; what is proven is applied in the background", False),
    "alt": ("Description saved", False),
    "draft-gone": ("Draft dismissed", False),
    "products": ("Products saved", False),
    "rights": ("Written into the ledger", False),
    "gallery": ("Gallery saved", False),
    "gallery-new": ("Gallery created", False),
    "gallery-gone": ("Gallery deleted", False),
    "weights": ("Weights saved; scores follow in the background", False),
    "weights-back": ("Back to the weights before; scores follow in the background", False),
    "rescore": ("Every item is being measured anew", False),
    "flag": ("Noted", False),
    "training": ("It is trained in the background; look again in a moment", False),
    "model": ("This version is in use; predictions are being made anew", False),
    "builtin": ("The built-in rules are in use", False),
    "retry": ("Back in the queue", False),
    "pictures": ("They are being fetched again; look again in a while", False),
    "key-gone": ("Key revoked", False),
    "uploads": ("Upload page saved", False),
    "bounds": ("Bounds saved; what follows is done in the background", False),
    "train-approval": ("It learns now; look again in a minute", False),
    "terms": ("Terms saved", False),
    "words": ("Saved; your texts are being read again", False),
    "import-new": ("The file is here; say what it holds", False),
    "import-kept": ("Kept", False),
    "import-try": ("Trying it; nothing is stored", False),
    "import-start": ("Bringing it in", False),
    "import-stop": ("It stops after this batch", False),
    "import-gone": ("Thrown away", False),
    "import-undo": ("Taking it back", False),
    "listening-new": ("Now say where to listen", False),
    "listening": ("Words saved", False),
    "listening-place": ("It listens there from now on", False),
    "listening-gone": ("Nobody listens for it any more", False),
    "mention-kept": ("In the inbox; its page is being read", False),
    "mention-gone": ("Put aside", False),
    "mention-back": ("Back again", False),
    "source-new": ("Source added", False),
    "link-added": ("Post added; what it says follows in a moment", False),
    "link-known": ("This post was here already", False),
    "source": ("Source saved", False),
    "source-pull": ("It is being asked now", False),
    "source-pause": ("Source paused", False),
    "source-resume": ("Source resumed", False),
    "source-gone": ("Source removed; its items stay", False),
    "source-app": ("App saved", False),
    "source-connected": ("Connected; the first posts are on their way", False),
}


def toast(values: Any) -> Toast | None:
    """The message named in an address; the words are ours, an address only chooses among them."""
    words = TOASTS.get(values.get("done", ""))
    if words is None:
        return None
    count, batch = values.get("n", ""), values.get("batch", "")
    shown = f"{int(count):,} items" if count.isascii() and count.isdigit() and len(count) < 7 and int(count) != 1 else "Item"
    text = words[0].replace("{n}", shown)
    return Toast(text, batch if words[1] and batch.replace("-", "").replace("_", "").isalnum() else "")
