"""`POST /orders/{brand}/{source}`: signed order webhooks from shops."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from ugc import web
from ugc.orders import actions

pages = Blueprint("order_webhooks", __name__)

MAX_BODY = 2 * 1024 * 1024


@pages.post("/orders/<brand>/<source>")
@web.body_limit(MAX_BODY)
def receive(brand: str, source: str) -> Response:
    """Take a delivery in; 200 only when it is stored (or was before)."""
    body = request.get_data(cache=False)
    receipt = actions.receive_webhook(web.runtime(), brand, source, dict(request.headers), body, now=web.now())
    return jsonify(outcome=receipt.outcome)
