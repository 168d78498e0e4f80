"""The jobs page: what is queued, what gave up and why, and a way to try again."""

from __future__ import annotations

from flask import Blueprint, request
from werkzeug.wrappers import Response

from ugc import web
from ugc.accounts.models import Role
from ugc.kit import jobs as kit_jobs
from ugc.studio import answers, shapes
from ugc.studio.render import page

pages = Blueprint("jobs", __name__)

WAITING_SHOWN = 50


@pages.get("/jobs")
@web.needs(Role.VIEWER)
def show() -> Response:
    """The brand's dead, running and waiting jobs."""
    session, brand_id = web.session(), web.principal().brand_id
    found = {
        status: kit_jobs.find_jobs(session, status, brand_id=brand_id, limit=WAITING_SHOWN)
        for status in ("failed", "doing", "todo")
    }
    return page(
        "jobs/page.html", dead=found["failed"], running=found["doing"], queued=found["todo"],
        counts=kit_jobs.count_jobs(session, brand_id=brand_id), toast=shapes.toast(request.args),
    )  # fmt: skip


@pages.post("/jobs/<int:job_id>/retry")
@web.needs(Role.COORDINATOR)
def retry(job_id: int) -> Response:
    """Put a dead job back in its queue."""
    kit_jobs.retry_dead(web.session(), job_id, brand_id=web.principal().brand_id)
    return answers.done("retry", to="/studio/jobs")
