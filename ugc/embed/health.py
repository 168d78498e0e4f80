"""Whether the service lives, is ready, and how it does: `/healthz`, `/readyz`, `/metrics`."""

from __future__ import annotations

import os
from collections.abc import Iterator

from flask import Blueprint, Response, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from ugc import web
from ugc.kit import db, jobs, signing
from ugc.kit.errors import Unauthorised

pages = Blueprint("health", __name__)


class MetricsClosed(Unauthorised):
    """Metrics are read on this machine, or with `Authorization: Bearer` and the value of UGC_METRICS_TOKEN."""


@pages.get("/healthz")
def healthz() -> Response:
    """Alive: galleries are served even while the database is down, so this asks nothing of it."""
    return jsonify(status="ok")


@pages.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Ready for everything; 503 names what is missing."""
    up = db.is_ready(web.runtime().engine)
    return jsonify(status="ok" if up else "unavailable", database="up" if up else "down"), 200 if up else 503


@pages.get("/metrics")
def metrics() -> Response:
    """Counts and latencies of all web processes, and jobs by state, in Prometheus's text form."""
    check_reader()
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library has no types here
    else:
        registry.register(web.METRICS)
    registry.register(JobCounts())
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class JobCounts(Collector):
    """Jobs by state, read from the table when asked."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """One gauge; none while the database is down, so that a scrape still answers."""
        try:
            counts = jobs.count_jobs(web.session())
        except SQLAlchemyError:
            return
        gauge = GaugeMetricFamily("ugc_jobs", "Jobs by state; failed ones are dead", labels=["state"])
        for state in ("todo", "doing", "failed"):
            gauge.add_metric([state], counts.get(state, 0))
        yield gauge


def check_reader() -> None:
    """Raise MetricsClosed unless the scraper may read (T-99)."""
    token = web.runtime().settings.metrics_token
    if token:
        allowed = signing.same(request.headers.get("Authorization", ""), f"Bearer {token}")
    else:
        passed_on = any(name in request.headers for name in ("Forwarded", "X-Forwarded-For", "X-Real-IP"))
        allowed = web.client_address() in web.LOOPBACK and not passed_on
    if not allowed:
        raise MetricsClosed()
