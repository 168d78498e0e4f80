"""Fills the sample brand through the rooms' own actions: account, catalogue, content, galleries. A second run adds nothing."""

from __future__ import annotations

import io
import json
import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from sqlalchemy.orm import Session

from ugc.accounts import actions as accounts_actions
from ugc.accounts import queries as accounts_queries
from ugc.accounts.models import Brand, KeyKind, Role
from ugc.catalog import actions as catalog_actions
from ugc.catalog import queries as catalog_queries
from ugc.catalog.models import Availability
from ugc.catalog.rules import ProductData
from ugc.demo import content, plan, scenes
from ugc.demo.plan import Planned
from ugc.galleries import actions as galleries_actions
from ugc.galleries import queries as galleries_queries
from ugc.ingest import picturing, reviewing
from ugc.kit import passwords
from ugc.kit.errors import NotFound
from ugc.library import actions as library_actions
from ugc.library import queries as library_queries
from ugc.library.models import Item, Kind, Reason, RightsState, State
from ugc.library.rules import CreatorData, ItemData, ProductTag
from ugc.media import actions as media_actions
from ugc.modelling import actions as modelling_actions
from ugc.modelling import rules as modelling_rules
from ugc.rights import actions as rights_actions
from ugc.runtime import Runtime
from ugc.similarity import pictures as similarity_pictures

Progress = Callable[[str], None]
ACTOR = "system"
# Real content names no price; the sample shop must have one to sell at.
PRICE_OF_REAL_PRODUCTS = Decimal("25.00")


@dataclass(frozen=True)
class Access:
    """What a newcomer needs; written to demo.json, readable by its owner only."""

    base_url: str
    shop: str
    studio: str
    api: str
    brand: str
    email: str
    password: str
    secret_key: str
    publishable_key: str
    webhook_secret: str


def open_account(runtime: Runtime) -> Access:
    """The sample brand with one owner and keys; made anew or, where access was lost, given a new password and keys."""
    with runtime.transaction() as session:
        brand = find_brand(session) or accounts_actions.add_brand(session, content.BRAND, content.BRAND_NAME)
        secret_key = accounts_actions.add_key(session, brand, KeyKind.SECRET, seal_key=b"")[1]
        seal_key = runtime.key("webhooks")
        webhook_secret = accounts_actions.add_key(session, brand, KeyKind.WEBHOOK, source="generic", seal_key=seal_key)[1]
        return Access(
            **addresses(runtime.settings.base_url), brand=content.BRAND, email=content.EMAIL,
            password=renew_password(session, brand), secret_key=secret_key,
            publishable_key=accounts_queries.get_publishable_key(session, brand.id), webhook_secret=webhook_secret,
        )  # fmt: skip


def addresses(base: str) -> dict[str, str]:
    """Where things are when the service is reached at `base`."""
    return {"base_url": base, "shop": f"{base}/demo/shop/", "studio": f"{base}/studio/", "api": f"{base}/api/v1/docs"}


def find_brand(session: Session) -> Brand | None:
    """The sample brand, if it is there."""
    try:
        return accounts_queries.get_brand(session, content.BRAND)
    except NotFound:
        return None


def renew_password(session: Session, brand: Brand) -> str:
    """A fresh password for the sample owner, who is added if need be."""
    try:
        person = accounts_queries.get_person(session, content.EMAIL)
    except NotFound:
        return accounts_actions.add_person(session, content.EMAIL, brand, Role.OWNER, name="Sample Owner")[1]
    password = passwords.make_password()
    accounts_actions.change_password(session, person, password)
    return password


def put_catalogue(runtime: Runtime, *, now: datetime) -> None:
    """The sample products under the address at which the shop is served now, and that address as the brand's shop."""
    base = runtime.settings.base_url
    with runtime.transaction() as session:
        brand = accounts_queries.get_brand(session, content.BRAND)
        brand.shop_url = f"{base}/demo/shop/"
        catalog_actions.put_products(session, brand.id, [as_product(sample, base) for sample in content.CATALOGUE], now=now)


def as_product(sample: content.Sample, base: str) -> ProductData:
    """A sample product as a feed would bring it."""
    return ProductData(
        sku=sample.sku, title=sample.title, description=sample.text, url=f"{base}/demo/shop/{sample.sku}",
        image_url=f"{base}/demo/pictures/{sample.sku}.jpg", price=Decimal(sample.price), currency="EUR",
        availability=Availability(sample.stock), family=sample.family, line=sample.line, type=sample.type,
    )  # fmt: skip


def draw_catalogue(folder: Path) -> None:
    """The pictures of the products, for the shop; those that are there stay."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = [sample for sample in content.CATALOGUE if not (folder / f"{sample.sku}.jpg").exists()]
    with drawers() as pool:
        for sample, jpeg in zip(missing, pool.map(draw_product, missing), strict=True):
            half = folder / f".{sample.sku}.{os.getpid()}"
            half.write_bytes(jpeg)
            half.rename(folder / f"{sample.sku}.jpg")


def give_pictures(runtime: Runtime, folder: Path, *, now: datetime) -> None:
    """The drawn pictures as those of the catalogue: nobody may fetch them, their address is this machine's own."""
    with runtime.transaction() as session:
        brand = accounts_queries.get_brand(session, content.BRAND)
        similarity_pictures.want(session, brand.id)
        due = set(similarity_pictures.find_due(session, brand.id, now=now, limit=len(content.CATALOGUE)))
        products = catalog_queries.map_products(session, brand.id, [sample.sku for sample in content.CATALOGUE])
    for sku, product in products.items():
        path = folder / f"{sku}.jpg"
        if product.id not in due or not path.exists():
            continue
        with media_actions.receive(runtime, path, path.name) as received, runtime.transaction() as session:
            similarity_pictures.keep(runtime, session, brand.id, product.id, product.image_url, received, now=now)


def draw_product(sample: content.Sample) -> bytes:
    """One product on studio paper; its place in the catalogue is the seed."""
    return scenes.product_picture(sample.look, content.CATALOGUE.index(sample))


def drawers() -> ProcessPoolExecutor:
    """Processes that draw; started afresh, since this one may hold threads and connections."""
    return ProcessPoolExecutor(min(os.cpu_count() or 1, 4), mp_context=multiprocessing.get_context("spawn"))


def add_galleries(runtime: Runtime, *, now: datetime) -> None:
    """The shop's galleries: its home page, a product's photos, a product's reviews."""
    wanted = (
        ("home", "Home page", {"media": "yes", "kind": "photo"}, "masonry", "all", 12),
        ("product", "Photos on product pages", {"media": "yes"}, "grid", "type", 12),
        ("reviews", "Reviews with photos", {"kind": "review", "media": "yes"}, "carousel", "family", 12),
    )
    with runtime.transaction() as session:
        brand = accounts_queries.get_brand(session, content.BRAND)
        there = {gallery.slug for gallery in galleries_queries.find_galleries(session, brand.id)}
        for slug, name, rule, layout, fallback, size in wanted:
            if slug not in there:
                galleries_actions.add_gallery(
                    session, brand.id, slug, name, rule=rule, layout=layout, fallback=fallback, page_size=size, actor=ACTOR, now=now
                )


def add_content(runtime: Runtime, count: int, *, with_reviews: bool = True, now: datetime, progress: Progress) -> None:
    """The planned items, drawn by several processes while this one stores."""
    planned = [one for one in plan.plan(count, now=now) if with_reviews or one.kind is Kind.PHOTO]
    for done, (one, picture) in enumerate(draw_all(planned), start=1):
        add_planned(runtime, one, picture, now=now)
        if done % 20 == 0 or done == len(planned):
            progress(f"{done} of {len(planned)} items")


def draw_all(planned: list[Planned]) -> Iterator[tuple[Planned, scenes.Picture | None]]:
    """Each item with its picture, in order."""
    with drawers() as pool:
        drawn = pool.map(scenes.draw, [one.shot for one in planned if one.shot is not None])
        for one in planned:
            yield one, next(drawn) if one.shot is not None else None


def add_planned(runtime: Runtime, one: Planned, picture: scenes.Picture | None, *, now: datetime) -> None:
    """One item with its file, products, rights and decision, in one transaction."""
    received = None
    if picture is not None:
        received = media_actions.receive(runtime, io.BytesIO(picture.jpeg), f"{one.external_id}.jpg")
    try:
        with runtime.transaction() as session:
            brand_id = accounts_queries.get_brand(session, content.BRAND).id
            files = [media_actions.keep(runtime, session, brand_id, received)[0]] if received else []
            item, is_new = library_actions.add_item(
                session, brand_id, as_item(one), files=files, products=product_tags(one, picture), tags=one.tags,
                state=State.APPROVED if one.state is State.APPROVED else State.INBOX, actor=ACTOR, now=now,
            )  # fmt: skip
            if is_new:
                settle(runtime, session, item, one, now)
    finally:
        if received is not None:
            received.discard()


def as_item(one: Planned) -> ItemData:
    """The planned item as a source would bring it."""
    name = f"@{one.handle}"
    network = one.source if one.source in {"instagram", "mastodon"} else ""
    url = f"https://social.example/{name}" if network == "mastodon" else ""
    return ItemData(
        kind=one.kind, title=one.title, body=one.body, rating=one.rating, creator=CreatorData(name, one.handle, url, network),
        source=one.source, source_url=f"{url}/{one.external_id}" if url else "", external_id=one.external_id,
        published_at=one.published_at, language="en", helpful_count=one.helpful, like_count=one.likes,
        comment_count=one.comments, verified=one.verified,
    )  # fmt: skip


def product_tags(one: Planned, picture: scenes.Picture | None) -> list[ProductTag]:
    """The products on an item, with hotspots where they stand in the picture."""
    if picture is None:
        return [ProductTag(sku) for sku in one.skus]
    return [ProductTag(sku, round(x, 4), round(y, 4)) for sku, (x, y) in zip(one.skus, picture.spots, strict=True)]


def settle(runtime: Runtime, session: Session, item: Item, one: Planned, now: datetime) -> None:
    """Record the rights and, where the coordinator said no, the rejection."""
    if one.rights is RightsState.OWNED:
        text = (
            "Imported from the shop's own reviews."
            if one.kind is Kind.REVIEW
            else "Uploaded through the shop's own form, terms accepted."
        )
        rights_actions.record(runtime, session, item, RightsState.OWNED, text=text, given_by=f"@{one.handle}", actor=ACTOR, now=now)
    elif one.rights is RightsState.GRANTED:
        until = now + timedelta(days=20) if one.number % 9 == 0 else None
        reply = content.EVIDENCE[one.number % len(content.EVIDENCE)]
        rights_actions.record(
            runtime,
            session,
            item,
            RightsState.GRANTED,
            text=reply,
            given_by=f"@{one.handle}",
            expires_at=until,
            actor=ACTOR,
            now=now,
        )
    if one.state is State.REJECTED:
        library_actions.reject(session, item.brand_id, [item.id], Reason.LOW_QUALITY, actor=ACTOR, now=now)


def add_real_content(runtime: Runtime, photos: Path | None, reviews: Path | None, *, now: datetime, progress: Progress) -> None:
    """Photos and reviews of the user's own instead of drawn ones, approved and owned, so that the shop shows them."""
    with runtime.sessions() as session:
        brand = accounts_queries.get_brand(session, content.BRAND)
    evidence = "Given on the command line as content that may be used."
    common = {"state": State.APPROVED, "rights": RightsState.OWNED, "evidence": evidence, "actor": ACTOR}
    if reviews is not None:
        report = reviewing.import_reviews(runtime, brand, reviews, create_products=True, **common)  # type: ignore[arg-type]
        progress(f"{report.added} of {report.read} reviews added, {report.rejected} rejected")
    if photos is not None:
        seen = picturing.import_media(runtime, brand, photos, **common)  # type: ignore[arg-type]
        progress(f"{seen.added} of {seen.read} photos added, {seen.rejected} rejected")
        spread_products(runtime, now=now)
    put_for_sale(runtime, now=now)


def spread_products(runtime: Runtime, *, now: datetime) -> None:
    """Tag photos of which nobody said what they show with the sample products in turn, so that every product page has some."""
    with runtime.transaction() as session:
        brand = accounts_queries.get_brand(session, content.BRAND)
        loose = [item for item in all_photos(runtime, session, brand.id, now) if not item.products]
        for number, item in enumerate(loose):
            sample = content.CATALOGUE[number % len(content.CATALOGUE)]
            library_actions.set_products(session, item, [ProductTag(sample.sku, 0.5, 0.5)], actor=ACTOR, now=now)


def all_photos(runtime: Runtime, session: Session, brand_id: int, now: datetime) -> Iterator[Item]:
    """Every item with a picture, page by page."""
    cursor: str | None = None
    wanted = library_queries.read_filter({"media": "yes"})
    while True:
        page = library_queries.find_items(session, brand_id, wanted, cursor=cursor, limit=100, key=runtime.key("cursor"), now=now)
        yield from page.items
        cursor = page.next
        if cursor is None:
            return


def put_for_sale(runtime: Runtime, *, now: datetime) -> None:
    """Give products that real content brought along a page in the shop and a price."""
    base = runtime.settings.base_url
    with runtime.transaction() as session:
        brand = accounts_queries.get_brand(session, content.BRAND)
        for product in catalog_queries.find_products(session, brand.id, limit=500):
            if product.sku not in content.BY_SKU:
                data = ProductData(
                    sku=product.sku, title=product.title, description=product.description, url=f"{base}/demo/shop/{product.sku}",
                    price=PRICE_OF_REAL_PRODUCTS, currency="EUR", family=product.family, line=product.line, type=product.type,
                )  # fmt: skip
                catalog_actions.put_product(session, brand.id, data, now=now)


def ask_for_training(runtime: Runtime) -> None:
    """Have the worker learn what there is to learn, beside the running shop; what needs more says how much more."""
    with runtime.transaction() as session:
        brand_id = accounts_queries.get_brand(session, content.BRAND).id
        for kind in modelling_rules.KINDS:
            modelling_actions.ask_for_training(session, brand_id, kind)


def write_access(path: Path, access: Access) -> None:
    """Write demo.json so that it appears whole and only its owner can read it."""
    half = path.with_suffix(".new")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(asdict(access), file, indent=2)
        file.write("\n")
        os.fsync(file.fileno())
    half.rename(path)


def read_access(path: Path) -> Access | None:
    """What an earlier run wrote, if it came to its end."""
    try:
        return Access(**json.loads(path.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def readdress(runtime: Runtime, access: Access) -> Access:
    """The same access at the address that is served now."""
    return replace(access, **addresses(runtime.settings.base_url))
