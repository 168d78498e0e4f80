"""What the API's tests share: a client with a key, a stranger with another brand's, pictures."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from flask_openapi.openapi import OpenAPI
from PIL import Image
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests import make
from ugc.accounts import actions
from ugc.accounts.models import Brand, KeyKind
from ugc.runtime import Runtime


@dataclass(frozen=True)
class Caller:
    """A program with a brand's secret key."""

    client: FlaskClient
    brand: Brand
    token: str

    def send(self, method: str, path: str, **options: Any) -> TestResponse:
        """One request under /api/v1."""
        headers = {"Authorization": f"Bearer {self.token}"} | options.pop("headers", {})
        return self.client.open(f"/api/v1{path}", method=method, headers=headers, **options)


def caller(app: OpenAPI, runtime: Runtime, session: Session, brand: Brand | None = None) -> Caller:
    """A caller for a brand, a new one where none is given."""
    brand = brand or make.brand(session)
    _, token = actions.add_key(session, brand, KeyKind.SECRET, seal_key=runtime.key("webhooks"))
    session.commit()
    return Caller(app.test_client(), brand, token)


def picture(colour: str = "teal", size: tuple[int, int] = (64, 48), form: str = "JPEG") -> bytes:
    """The bytes of a plain picture."""
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, form)
    return file.getvalue()


def problem(response: TestResponse) -> tuple[int, str]:
    """Status and code of a refusal, which must be a problem+json."""
    assert response.content_type == "application/problem+json"
    facts = response.get_json()
    assert facts["status"] == response.status_code
    return response.status_code, facts["code"]
