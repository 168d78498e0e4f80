"""What the worker calls: encoding what is new, what an encoder has not seen, and fetching the catalogue's pictures."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

from sqlalchemy.orm import Session

from ugc.accounts import queries as accounts_queries
from ugc.kit import clock, jobs
from ugc.runtime import Runtime
from ugc.similarity import actions, choosing, meaning, pictures, queries, vision
from ugc.similarity.encoders import own
from ugc.similarity.models import SPACES

PORTION = 100
"""Items encoded at a time: their pictures' descriptors are in memory meanwhile, or 16 pictures at a time in an encoder."""
CAUGHT_UP = 5_000
"""Items of a brand in one hourly round."""
FETCHED = 20
"""Catalogue pictures fetched one after the other by one job; the next job goes on."""
BETWEEN = timedelta(seconds=5)
"""Between two such jobs: a shop's server is asked by nobody else meanwhile, and not all the time."""
LATER = -5
"""What is fetched and caught up on waits for what people wait for."""


@jobs.job("similarity.encode_items")
def encode_items(runtime: Runtime, *, brand_id: int, item_ids: list[int]) -> None:
    """Bring the vectors of items up to date."""
    for start in range(0, len(item_ids), PORTION):
        actions.encode_items(runtime, brand_id, item_ids[start : start + PORTION], now=clock.now())


@jobs.job("similarity.encode_item")
def encode_item(runtime: Runtime, *, brand_id: int, item_id: int) -> None:
    """Bring one item's vectors up to date."""
    encode_items(runtime, brand_id=brand_id, item_ids=[item_id])


@jobs.job("similarity.encode_file")
def encode_file(runtime: Runtime, *, brand_id: int, file_id: int) -> None:
    """Encode what shows a file, now that it was decoded: items, and products of the catalogue."""
    with runtime.transaction() as session:
        ids = queries.find_file_items(session, brand_id, file_id)
        is_catalogue = queries.is_catalogue_picture(session, brand_id, file_id)
    encode_items(runtime, brand_id=brand_id, item_ids=ids)
    if is_catalogue:
        actions.encode_products(runtime, brand_id, limit=PORTION, now=clock.now())


@jobs.job("similarity.follow_model")
def follow_model(runtime: Runtime, *, brand_id: int, kind: str) -> None:
    """A new space of texts: what was encoded in the former one is encoded anew."""
    if kind == own.TEXT_SPACE:
        encode_brand(runtime, brand_id=brand_id)


@jobs.job("similarity.encode_brand")
def encode_brand(runtime: Runtime, *, brand_id: int) -> None:
    """Enqueue all of a brand's items in portions."""
    after = 0
    with runtime.transaction() as session:
        while ids := queries.find_item_ids(session, brand_id, after=after, limit=PORTION):
            jobs.enqueue(session, "similarity.encode_items", priority=LATER, brand_id=brand_id, item_ids=ids)
            after = ids[-1]


@jobs.job("similarity.catch_up")
def catch_up(runtime: Runtime) -> None:
    """Encode what the present encoders have not seen, and forget what may not be kept any more."""
    with runtime.transaction() as session:
        actions.forget_unkept(session, now=clock.now())
        brands = [brand.id for brand in accounts_queries.find_brands(session)]
    for brand_id in brands:
        with runtime.transaction() as session:
            left: set[int] = set()
            for space in SPACES:
                key = choosing.key_of(choosing.present(session, brand_id, space))
                left |= set(queries.find_without(session, brand_id, space, key, now=clock.now(), limit=CAUGHT_UP))
            ids = sorted(left)
            for start in range(0, len(ids), PORTION):
                portion = ids[start : start + PORTION]
                jobs.enqueue(session, "similarity.encode_items", priority=LATER, brand_id=brand_id, item_ids=portion)
        while actions.encode_products(runtime, brand_id, limit=PORTION, now=clock.now()) == PORTION:
            pass


@jobs.job("similarity.train_text_space")
def train_text_space(runtime: Runtime, *, brand_id: int) -> None:
    """Fit a space to the brand's texts."""
    # Imported by the job: scikit-learn and scipy take seconds and a hundred megabytes.
    import_module("ugc.similarity.training").train_text_space(runtime, brand_id, now=clock.now())


@jobs.job("similarity.want_pictures")
def want_pictures(runtime: Runtime) -> None:
    """Look for catalogue pictures to fetch, of every brand."""
    with runtime.transaction() as session:
        for brand in accounts_queries.find_brands(session):
            pictures.want(session, brand.id)
            if pictures.find_due(session, brand.id, now=clock.now(), limit=1):
                ask_for_pictures(session, brand.id)


@jobs.job("similarity.want_picture")
def want_picture(runtime: Runtime, *, brand_id: int, product_id: int) -> None:
    """A product changed: fetch its picture where the catalogue names another one."""
    with runtime.transaction() as session:
        if pictures.want(session, brand_id, product_id=product_id):
            ask_for_pictures(session, brand_id)


def ask_for_pictures(session: Session, brand_id: int, after: timedelta | None = None) -> None:
    """One job a brand fetches at a time."""
    key = f"similarity.fetch_pictures:{brand_id}"
    jobs.enqueue(session, "similarity.fetch_pictures", once=key, lock=key, after=after, priority=LATER, brand_id=brand_id)


@jobs.job("similarity.fetch_pictures")
def fetch_pictures(runtime: Runtime, *, brand_id: int) -> None:
    """Fetch some catalogue pictures, one after the other; another job goes on with the rest."""
    with runtime.transaction() as session:
        due = pictures.find_due(session, brand_id, now=clock.now(), limit=FETCHED)
    for product_id in due:
        pictures.fetch(runtime, brand_id, product_id, now=clock.now())
    if len(due) == FETCHED:
        with runtime.transaction() as session:
            ask_for_pictures(session, brand_id, BETWEEN)


@jobs.job("similarity.place_names")
def place_names(runtime: Runtime, *, brand_id: int, names: list[str]) -> None:
    """Find out where a brand's words lie among pictures."""
    with runtime.transaction() as session:
        meaning.place_names(session, brand_id, names, now=clock.now())


@jobs.job("similarity.describe_due")
def describe_due(runtime: Runtime) -> None:
    """Have the endpoint of the settings describe what was not described yet, of every brand that may send something now."""
    encoder = vision.make_encoder(runtime)
    if encoder is None:
        return
    with runtime.transaction() as session:
        for brand in accounts_queries.find_brands(session):
            is_paused = vision.is_paused(
                vision.find_day(session, brand.id, clock.now()), runtime.settings.vision_per_day, clock.now()
            )
            if not is_paused and vision.find_due(session, brand.id, encoder.version, now=clock.now(), limit=1):
                ask_endpoint(session, brand.id)


def ask_endpoint(session: Session, brand_id: int) -> None:
    """One job at a time, whichever brand's: an endpoint answers slowly, and the other slots are for everything else."""
    name = "similarity.describe_pictures"
    jobs.enqueue(session, name, once=f"{name}:{brand_id}", lock=name, priority=LATER, brand_id=brand_id)


@jobs.job("similarity.describe_pictures")
def describe_pictures(runtime: Runtime, *, brand_id: int) -> None:
    """Have some pictures of a brand described; another job goes on with the rest."""
    described = vision.describe_some(runtime, brand_id)
    with runtime.transaction() as session:
        if described:
            jobs.announce(session, "similarity.pictures_described", brand_id=brand_id, item_ids=sorted(set(described)))
        if len(described) == vision.PORTION:
            ask_endpoint(session, brand_id)
