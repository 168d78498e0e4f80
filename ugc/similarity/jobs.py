"""What the worker calls: encoding what is new, what an encoder has not seen, and fetching the catalogue's pictures."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

from sqlalchemy.orm import Session

from ugc.accounts import queries as accounts_queries
from ugc.kit import clock, jobs
from ugc.library import queries as library_queries
from ugc.runtime import Runtime
from ugc.similarity import actions, meaning, pictures, queries, vision
from ugc.similarity.encoders import own
from ugc.similarity.models import SPACES

PORTION = 100
"""Items encoded at a time: their pictures' descriptors are in memory meanwhile, or 16 pictures at a time in an encoder."""
CAUGHT_UP = 5_000
"""Items of a brand in one hourly round; the next round follows sooner while there are more, as after a change of the encoder."""
SOON = timedelta(minutes=10)
FETCHED = 20
"""Catalogue pictures fetched one after the other by one job; the next job goes on."""
BETWEEN = timedelta(seconds=5)
"""Between two such jobs: a shop's server is asked by nobody else meanwhile, and not all the time."""
LATER = pictures.LATER
"""What is caught up on waits likewise."""


@jobs.job("similarity.encode_items", gathers="item_ids")
def encode_items(runtime: Runtime, *, brand_id: int, item_ids: list[int]) -> None:
    """Bring the vectors of items up to date."""
    for start in range(0, len(item_ids), PORTION):
        actions.encode_items(runtime, brand_id, item_ids[start : start + PORTION], now=clock.now())


@jobs.job("similarity.encode_files", gathers="file_ids")
def encode_files(runtime: Runtime, *, brand_id: int, file_ids: list[int]) -> None:
    """Encode what shows files, now that these were decoded: items, and products of the catalogue."""
    with runtime.transaction() as session:
        ids = library_queries.find_showing(session, brand_id, file_ids)
        is_catalogue = queries.has_catalogue_pictures(session, brand_id, file_ids)
        actions.forget_product_vectors(session, brand_id, file_ids)
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
    is_more = False
    for brand_id in brands:
        with runtime.transaction() as session:
            is_more |= enqueue_left(session, brand_id)
        while actions.encode_products(runtime, brand_id, limit=PORTION, now=clock.now()) == PORTION:
            pass
    if is_more:
        with runtime.transaction() as session:
            jobs.enqueue(session, "similarity.catch_up", once="similarity.catch_up_soon", after=SOON, priority=LATER)


def enqueue_left(session: Session, brand_id: int, most: int = CAUGHT_UP) -> bool:
    """Enqueue what the present encoders have not seen of a brand, in portions; whether there may be more of it."""
    found = [
        queries.find_without(session, brand_id, space, queries.present_key(session, brand_id, space), now=clock.now(), limit=most)
        for space in SPACES
    ]
    left = sorted({id for ids in found for id in ids})
    for start in range(0, len(left), PORTION):
        portion = left[start : start + PORTION]
        jobs.enqueue(session, "similarity.encode_items", priority=LATER, brand_id=brand_id, item_ids=portion)
    return any(len(ids) == most for ids in found)


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
                pictures.ask(session, brand.id)


@jobs.job("similarity.want_picture")
def want_picture(runtime: Runtime, *, brand_id: int, product_id: int) -> None:
    """A product changed: fetch its picture where the catalogue names another one."""
    with runtime.transaction() as session:
        if pictures.want(session, brand_id, product_id=product_id):
            pictures.ask(session, brand_id)


@jobs.job("similarity.fetch_pictures")
def fetch_pictures(runtime: Runtime, *, brand_id: int) -> None:
    """Fetch some catalogue pictures, one after the other; another job goes on with the rest."""
    with runtime.transaction() as session:
        due = pictures.find_due(session, brand_id, now=clock.now(), limit=FETCHED)
    for product_id in due:
        pictures.fetch(runtime, brand_id, product_id, now=clock.now())
    if len(due) == FETCHED:
        with runtime.transaction() as session:
            pictures.ask(session, brand_id, BETWEEN)


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
    if len(vision.describe_some(runtime, brand_id)) == vision.PORTION:
        with runtime.transaction() as session:
            ask_endpoint(session, brand_id)
