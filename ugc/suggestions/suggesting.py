"""Makes suggestions for items: evidence and models together, ranked, with reasons; and applies what the brand lets be applied."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ugc.library import queries as library_queries
from ugc.library.models import Item, ItemTag, Tag
from ugc.modelling import queries as modelling_queries
from ugc.runtime import Runtime
from ugc.similarity import meaning, vision
from ugc.suggestions import actions, applying, catalogue, evidence, hinting, looking, matching, queries, ranking, seeing, tagging
from ugc.suggestions.evidence import Evidence
from ugc.suggestions.hinting import Hint, Vocabulary
from ugc.suggestions.looking import Alike, Carried
from ugc.suggestions.matching import Index
from ugc.suggestions.models import What
from ugc.suggestions.ranking import Weights
from ugc.suggestions.rules import Offer
from ugc.suggestions.tagging import Said, Seen, Tagger

LEAST_PRODUCT, LEAST_FURTHER = 0.15, 0.5
LEAST_TAG = 0.2
"""Below these nothing is offered: a wrong chip costs a coordinator more than a missing one. Beside a product that an item has,
another must be likelier than not: pictures of vases that look alike all have some product.
"""
MOST_PRODUCTS, MOST_TAGS = 4, 6
MOST_WORDS = 5_000
"""Commonest tags of a brand that are looked for in captions."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What a brand knows, read once for many items."""

    index: Index
    weights: Weights
    product_thresholds: Mapping[str, float]
    tagger: Tagger | None
    vocabulary: Vocabulary
    colours: tuple[int, int]
    """Colours by name that were accepted and refused."""


def get_knowledge(session: Session, brand_id: int) -> Knowledge:
    """The catalogue's index, the models in use, the brand's tags."""
    products = modelling_queries.load(session, brand_id, ranking.KIND, format=ranking.FORMAT)
    tags = modelling_queries.load(session, brand_id, tagging.KIND, format=tagging.FORMAT)
    return Knowledge(
        index=catalogue.get_index(session, brand_id),
        weights=ranking.read_weights(products, modelling_queries.version_of(session, brand_id, ranking.KIND)),
        product_thresholds=dict(products.facts.get("thresholds", {})) if products else {},
        tagger=tagging.read_tagger(
            tags, modelling_queries.version_of(session, brand_id, tagging.KIND), seeing.encoder_of(session, brand_id)
        ),
        vocabulary=hinting.vocabulary(find_tags(session, brand_id)),
        colours=queries.count_colours(session, brand_id),
    )


def find_tags(session: Session, brand_id: int) -> list[str]:
    """The brand's tags that some item has, the commonest first."""
    query = select(Tag.name).join(ItemTag, ItemTag.tag_id == Tag.id).where(Tag.brand_id == brand_id)
    return list(session.scalars(query.group_by(Tag.id, Tag.name).order_by(func.count().desc(), Tag.id).limit(MOST_WORDS)))


def suggest(
    runtime: Runtime, session: Session, brand_id: int, item_ids: Sequence[int], *, now: datetime, again: bool = True
) -> list[int]:  # fmt: skip
    """Offer products and tags for items; which were looked at. Without `again`, those that are as they were last time are not."""
    items = library_queries.map_items(session, brand_id, item_ids)
    if not items:
        return []
    known = get_knowledge(session, brand_id)
    digests = {id: digest_of(item, known) for id, item in items.items()}
    if not again:
        before = queries.map_digests(session, brand_id, items)
        items = {id: item for id, item in items.items() if before.get(id) != digests[id]}
    seen = seeing.map_seen(session, brand_id, items)
    alike = looking.find_alike(session, brand_id, {id: row.vector for id, row in seen.items() if row.vector is not None})
    near = {each.key for one in alike.values() for each in one.items}
    carried = looking.find_carried(session, brand_id, near | items.keys())
    products = offer_products(runtime, session, brand_id, known, items, alike, carried)
    tags = offer_tags(known, items, seen, alike, carried, find_shown(session, brand_id, items, known.vocabulary))
    actions.settle_carried(session, brand_id, tags_on(items), families_on(known.index, items), known.index.places, now)
    actions.offer_many(session, brand_id, products, What.PRODUCT, now, model_version=known.weights.version)
    actions.offer_many(session, brand_id, tags, What.TAG, now, model_version=known.tagger.version if known.tagger else 0)
    applying.apply(session, brand_id, list(items), known.tagger, known.product_thresholds, known.weights.version, now=now)
    actions.note_seen(session, brand_id, {id: digests[id] for id in items}, now)
    return list(items)


def digest_of(item: Item, known: Knowledge) -> str:
    """What an item's suggestions rest on, as far as it changes without new pictures."""
    parts = (
        seeing.text_of(item), item.source_url, repr(item.extra), repr(sorted(each.tag.name for each in item.tags)),
        repr(sorted(each.product_id for each in item.products)), str(known.weights.version),
        str(known.tagger.version if known.tagger else 0), str(len(known.index.families)),
    )  # fmt: skip
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def tags_on(items: Mapping[int, Item]) -> dict[int, set[str]]:
    """The tags that items have."""
    return {id: {each.tag.name for each in item.tags} for id, item in items.items()}


def families_on(index: Index, items: Mapping[int, Item]) -> dict[int, set[str]]:
    """The families of which items have a product: one member speaks for all."""
    return {
        id: {
            index.families[index.product_families[each.product_id]].name
            for each in item.products
            if each.product_id in index.product_families
        }
        for id, item in items.items()
    }


def offer_products(
    runtime: Runtime, session: Session, brand_id: int, known: Knowledge, items: Mapping[int, Item], alike: Mapping[int, Alike],
    carried: Carried,
) -> dict[int, list[Offer]]:  # fmt: skip
    """Each item's likeliest families, without those that it has, as their main product or the variant that is named."""
    found = gather(runtime, session, known.index, items, alike, carried)
    has, refused = families_on(known.index, items), find_refused(session, brand_id, known.index, items)
    return {
        id: ranked_products(known, item, [each for each in found[id] if each.family not in has[id] | refused.get(id, set())])
        for id, item in items.items()
    }


def find_refused(session: Session, brand_id: int, index: Index, item_ids: Iterable[int]) -> dict[int, set[str]]:
    """The families that hold a product which was refused on an item: a feed may have given it another family since."""
    places = index.product_families
    return {
        item_id: {index.families[places[each]].name for each in products if each in places}
        for item_id, products in queries.map_refused(session, brand_id, item_ids).items()
    }


def gather(
    runtime: Runtime, session: Session, index: Index, items: Mapping[int, Item], alike: Mapping[int, Alike], carried: Carried
) -> dict[int, list[Evidence]]:  # fmt: skip
    """All that speaks for any family on each of the items."""
    bought = looking.find_bought(runtime, session, index, list(items.values()))
    families = looking.families_of(index, carried.products)
    made = {}
    for id, item in items.items():
        near = alike.get(id, looking.Alike())
        pictures: dict[str, float] = {}
        for product_id, share in near.catalogue.items():
            if product_id in index.product_families:
                name = index.families[index.product_families[product_id]].name
                pictures[name] = max(share, pictures.get(name, 0.0))
        made[id] = evidence.gather(
            index, matching.match(index, seeing.text_of(item)), looking.find_pages(index, item), bought.get(id, ()), pictures,
            looking.vote(near.items, families),
        )  # fmt: skip
    return made


def ranked_products(known: Knowledge, item: Item, found: Sequence[Evidence]) -> list[Offer]:
    """The likeliest families of one item's evidence."""
    chances = ranking.probabilities(known.weights, [evidence.features(each, item.published_at) for each in found])
    made = []
    for each, p in sorted(zip(found, chances, strict=True), key=lambda pair: (-pair[1], pair[0].family)):
        family = known.index.families[known.index.places[each.family]]
        product_id = each.match.product_id if each.match else family.members[0].product_id
        why = evidence.reasons(each, item.published_at, family.members[0].title)
        made.append(Offer(each.family, float(p), why, product_id=product_id))
    least = LEAST_FURTHER if item.products else LEAST_PRODUCT
    return [offer for offer in made if offer.p >= least][:MOST_PRODUCTS]


def find_shown(session: Session, brand_id: int, items: Mapping[int, Item], vocabulary: Vocabulary) -> dict[int, list[Hint]]:
    """The brand's tags that real encoders or the endpoint of the settings see on the pictures; nothing without them."""
    names = list(vocabulary.tags)
    likely = meaning.zero_shot(session, brand_id, items, names) if names else {}
    told = vision.map_tags(session, brand_id, items)
    return {id: hinting.shown(likely.get(id, {}), told.get(id, {}), names) for id in likely.keys() | told.keys()}


def offer_tags(
    known: Knowledge, items: Mapping[int, Item], seen: Mapping[int, Seen], alike: Mapping[int, Alike], carried: Carried,
    shown: Mapping[int, list[Hint]],
) -> dict[int, list[Offer]]:  # fmt: skip
    """Each item's likeliest tags, without those that it has."""
    order = list(items)
    learnt = tagging.say(known.tagger, [seen[id] for id in order], 0.0) if known.tagger else [[] for _ in order]
    has = tags_on(items)
    made = {}
    for id, says in zip(order, learnt, strict=True):
        near = alike.get(id, looking.Alike())
        hints = hinting.together([
            *hinting.said(known.vocabulary, seen[id].text),
            *hinting.alike(looking.vote(near.items, carried.tags), near.items),
            *hinting.coloured(seen[id].colours, *known.colours),
            *shown.get(id, []),
        ])  # fmt: skip
        made[id] = [offer for offer in ranked_tags(says, hints) if offer.name not in has[id]][:MOST_TAGS]
    return made


def ranked_tags(learnt: Sequence[Said], hints: Mapping[str, Hint]) -> list[Offer]:
    """Tags by probability: what the brand's own model knows, it alone judges; of the others, the hints speak."""
    offers = {name: Offer(name, hint.p, hint.reasons) for name, hint in hints.items()}
    for each in learnt:
        hint = hints.get(each.name)
        offers[each.name] = Offer(each.name, each.p, (*(hint.reasons if hint else ()), *learnt_reasons(each, hint)))
    ranked = sorted(offers.values(), key=lambda offer: (-offer.p, offer.name))
    return [offer for offer in ranked if offer.p >= LEAST_TAG]


def learnt_reasons(each: Said, hint: Hint | None) -> tuple[str, ...]:
    """What the brand's own model went by, where the hints do not say it already."""
    if hint is not None and len(hint.reasons) > 1:
        return ()
    if each.words and not (hint and any("says" in reason for reason in hint.reasons)):
        return (f"says “{'”, “'.join(each.words)}”, as what you tagged so",)
    return () if hint else ("learnt from what you tagged so",)
