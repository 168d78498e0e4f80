"""`POST /events`: what visitors' browsers report, acknowledged when it is durable."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from ugc import web
from ugc.tracking import actions
from ugc.tracking.reading import MAX_BODY

pages = Blueprint("collect", __name__)

# A beacon carries no cookie, so any page may send one and read the counts; which pages count is the Origin rule's matter.
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST, OPTIONS",
    "Access-Control-Allow-Headers": "Content-Type",
    "Access-Control-Max-Age": "86400",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "no-store",
}


@pages.after_request
def allow_all(response: Response) -> Response:
    """Any page may read the answer, also a refusal."""
    response.headers.update(CORS)
    return response


@pages.route("/events", methods=["OPTIONS"])
def preflight() -> Response:
    """What a browser asks before it sends `application/json`."""
    return Response(status=204)


@pages.post("/events")
@web.body_limit(MAX_BODY)
def collect() -> tuple[Response, int]:
    """Store a beacon's events; 202 when they are committed."""
    result = actions.collect(
        web.runtime(),
        request.get_data(cache=False),
        origin=request.headers.get("Origin") or request.headers.get("Referer", ""),
        user_agent=request.headers.get("User-Agent", ""),
        headers={name.lower(): value for name, value in request.headers.items()},
        now=web.now(),
    )
    answer = {
        "accepted": result.accepted,
        "duplicates": result.duplicates,
        "dropped": result.dropped,
        "reasons": dict(result.reasons),
    }
    return jsonify(answer), 202
