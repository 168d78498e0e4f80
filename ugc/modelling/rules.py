"""Which kinds of models there are, and what tells people about them. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from ugc.kit.errors import NotFound


class NoSuchKind(NotFound):
    """There is no kind of model of this name."""


@dataclass(frozen=True, slots=True)
class ModelKind:
    """A kind of model: what it is called, what it does, and the job that trains it for a brand."""

    name: str
    label: str
    about: str
    job: str
    """Its name; the job takes `brand_id` and runs in a room above this one."""


def kinds(*listed: ModelKind) -> dict[str, ModelKind]:
    """By name, in the order in which they are shown."""
    return {kind.name: kind for kind in listed}


KINDS = kinds(
    ModelKind("approval", "Approve or reject", "How likely you approve an item, from your decisions.", "triage.train_approval"),
    ModelKind("tags", "Tags", "What an item shows, from your tags.", "suggestions.train_tags"),
    ModelKind(
        "products", "Products", "Which product an item shows, from what you tagged and refused.", "suggestions.train_products"
    ),
    ModelKind("sentiment", "Sentiment", "How people of your shop sound, from reviews with stars.", "texts.train_sentiment"),
    ModelKind("usefulness", "Usefulness", "Which reviews help others, from helpful votes.", "texts.train_usefulness"),
    ModelKind("topics", "Topics found", "What your customers write about, from all texts.", "texts.train_topics"),
    ModelKind("spam", "Spam", "What is spam, from what you called so.", "texts.train_spam"),
    ModelKind("offence", "Offence", "What offends, from what you rejected as unsafe.", "texts.train_offence"),
    ModelKind("text_space", "Similar texts", "Which words mean about the same, from all texts.", "similarity.train_text_space"),
)


def get_kind(name: str) -> ModelKind:
    """The kind of a name; raises NoSuchKind."""
    try:
        return KINDS[name]
    except KeyError:
        raise NoSuchKind(f"there is no model {name!r}; there are: {', '.join(KINDS)}") from None


def need_words(have: int, needed: int, of: str) -> str:
    """`needs 63 more decisions`."""
    missing = max(0, needed - have)
    one = of.removesuffix("s")
    return f"needs {missing:,} more {one if missing == 1 else of}"
