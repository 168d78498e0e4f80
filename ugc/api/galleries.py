"""/api/v1/galleries: galleries for programs."""

from __future__ import annotations

from flask import Response
from pydantic import Field

from ugc import web
from ugc.accounts.models import Role
from ugc.api import schema
from ugc.api.schema import Strict, api
from ugc.api.shapes import GalleryIn, GalleryOut, GalleryPatch
from ugc.galleries import actions, queries
from ugc.galleries.models import Gallery


class GalleryPath(Strict):
    """Which gallery."""

    slug: str = Field(min_length=1, max_length=64, pattern=r"^[a-z0-9-]+$")


@api.get("/galleries", summary="All galleries", responses={200: schema.many(GalleryOut)})
@web.needs(Role.VIEWER)
def find_galleries() -> Response:
    """The brand's galleries by name."""
    return schema.listed([GalleryOut.of(row) for row in queries.find_galleries(web.session(), web.principal().brand_id)])


@api.post("/galleries", summary="Add a gallery", responses={201: GalleryOut})
@web.needs(Role.COORDINATOR)
def add_gallery(body: GalleryIn) -> Response:
    """A rule, pins, an order and a layout under a name."""
    session, who, now = web.session(), web.principal(), web.now()
    made = actions.add_gallery(
        session, who.brand_id, body.slug, body.name, rule=body.rule, layout=body.layout, sort=body.sort,
        fallback=body.fallback, page_size=body.page_size, actor=who.actor, now=now,
    )  # fmt: skip
    if body.pins:
        actions.set_pins(session, made, body.pins, actor=who.actor, now=now)
    return schema.answer(GalleryOut.of(made), 201, {"Location": f"{schema.PREFIX}/galleries/{made.slug}"})


def wanted(path: GalleryPath) -> Gallery:
    """The gallery in the path; raises NotFound, also for another brand's."""
    return queries.get_gallery(web.session(), web.principal().brand_id, path.slug)


@api.get("/galleries/<slug>", summary="One gallery", responses={200: GalleryOut})
@web.needs(Role.VIEWER)
def get_gallery(path: GalleryPath) -> Response:
    """The gallery."""
    return schema.answer(GalleryOut.of(wanted(path)))


@api.patch("/galleries/<slug>", summary="Change a gallery", responses={200: GalleryOut})
@web.needs(Role.COORDINATOR)
def change_gallery(path: GalleryPath, body: GalleryPatch) -> Response:
    """Change only what is given."""
    session, who, now = web.session(), web.principal(), web.now()
    gallery = wanted(path)
    facts = body.model_dump(exclude_none=True, exclude={"pins"})
    if facts:
        actions.change_gallery(session, gallery, actor=who.actor, now=now, **facts)
    if body.pins is not None:
        actions.set_pins(session, gallery, body.pins, actor=who.actor, now=now)
    return schema.answer(GalleryOut.of(gallery))


@api.delete("/galleries/<slug>", summary="Remove a gallery", responses={204: None})
@web.needs(Role.COORDINATOR)
def remove_gallery(path: GalleryPath) -> Response:
    """The gallery and its answers are gone."""
    actions.remove_gallery(web.session(), wanted(path), actor=web.principal().actor, now=web.now())
    return schema.empty()
