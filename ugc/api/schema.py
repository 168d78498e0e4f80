"""What all of REST v1 share: the blueprint, input models that refuse unknown fields, paging, the OpenAPI document.

The only module that knows how the document is made (decision 0030).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Annotated, Any, TypeVar

from flask import Blueprint, Flask, Response, current_app, jsonify, render_template, request
from flask.blueprints import BlueprintSetupState
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.info import Info
from flask_openapi.models.schema import Schema
from flask_openapi.models.security_scheme import SecurityScheme
from flask_openapi.openapi import OpenAPI
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ugc import web
from ugc.kit.errors import Invalid, Unprocessable

PREFIX = "/api/v1"
MAX_JSON_DEPTH = 32
MAX_JSON = 1024 * 1024

Id = Annotated[int, Field(ge=1, le=2**63 - 1)]


class Strict(BaseModel):
    """An input: unknown fields are refused, so that nobody writes what they were not given (T-91)."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Problem(BaseModel):
    """An error as RFC 9457 has it; `code` is stable, the texts are for people."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: str


class FieldsInvalid(Unprocessable):
    """Some fields are missing, unknown or have values that can't be used."""


class BodyUnreadable(Invalid):
    """The body must be JSON, sent as application/json, nested at most 32 deep."""


class NotHere(Unprocessable):
    """This is planned and not built yet."""


Model = TypeVar("Model", bound=BaseModel)

PROBLEMS: dict[int, Any] = dict.fromkeys((400, 401, 403, 404, 409, 413, 422, 429, 503), Problem)

api = APIBlueprint(
    "api", __name__, url_prefix=PREFIX, abp_security=[{"secret_key": []}],
    abp_responses={str(status): model for status, model in PROBLEMS.items()},
)  # fmt: skip
documents = Blueprint("api_documents", __name__, url_prefix=PREFIX, template_folder="templates")


@api.before_request
def authenticate() -> None:
    """A key first, whatever the body says; then a body that parsers survive."""
    web.principal()
    if request.is_json and request.content_length:
        try:
            request.get_json(silent=True)
        except RecursionError as cause:
            raise BodyUnreadable() from cause


def describe(state: BlueprintSetupState) -> None:
    """Tell the application how to document the API and how to refuse fields."""
    app = state.app
    assert isinstance(app, OpenAPI)
    app.openapi_version = "3.1.0"
    app.info = Info(title="ugc", version="1", description="Customers' photos, reviews and posts: see docs/api.md.")
    app.security_schemes = {"secret_key": SecurityScheme(type="http", scheme="bearer", description="A secret key, `sk_…`.")}
    app.validation_error_model = Problem
    app.validation_error_callback = refuse_fields


api.record_once(describe)


def refuse_fields(error: ValidationError) -> Response:
    """Raise FieldsInvalid with where and why; values are not repeated, they may be secrets."""
    faults = [
        {"field": ".".join(str(part) for part in each["loc"]), "reason": each["msg"]}
        for each in error.errors(include_url=False, include_context=False, include_input=False)[:20]
    ]
    shown = "; ".join(f"{each['field'] or 'body'}: {each['reason']}" for each in faults[:3])
    raise FieldsInvalid(f"{FieldsInvalid.message()} {shown}", fields=faults)


def read_model(model: type[Model], values: Any) -> Model:
    """The values as the model has them; raises FieldsInvalid."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        refuse_fields(error)
        raise


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer."""
    response = jsonify(body.model_dump(mode="json") if isinstance(body, BaseModel) else body)
    response.status_code = status
    response.headers.update(headers or {})
    return response


def empty() -> Response:
    """Done, and nothing to say."""
    return Response(status=204)


def listed(items: list[Any], next: str | None = None, **more: Any) -> Response:
    """A list as every list is: `{items, next, total?, facets?}`."""
    return answer({"items": [each.model_dump(mode="json") for each in items], "next": next, **more})


def many(model: type[BaseModel]) -> type[BaseModel]:
    """The model of a list of these, for the document."""
    return type(
        f"{model.__name__}List",
        (BaseModel,),
        {"__annotations__": {"items": list[model], "next": str | None}, "next": None},  # type: ignore[valid-type]
    )


def body_of(model: type[BaseModel], *, multipart: Callable[[dict[str, Any]], dict[str, Any]] | None = None) -> dict[str, Any]:
    """A request body for the document, for a view that reads it itself; `multipart` adds what only a form can carry."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    for name, definition in schema.pop("$defs", {}).items():
        api.components_schemas[name] = Schema(**definition)
    content: dict[str, Any] = {"application/json": {"schema": schema}}
    if multipart:
        content["multipart/form-data"] = {"schema": multipart(deepcopy(schema))}
    return {"required": True, "content": content}


# The document.


@documents.get("/openapi.json")
def openapi() -> Response:
    """The OpenAPI 3.1 document."""
    app: Flask = current_app
    return Response(json.dumps(document(app), ensure_ascii=False), content_type="application/json")


@documents.get("/docs")
def docs() -> Response:
    """The document as a page: our own, with nothing loaded from elsewhere."""
    made = document(current_app)
    page = render_template("api_docs.html", document=made, resources=by_resource(made), kind_of=kind_of)
    return Response(
        page, content_type="text/html; charset=utf-8", headers={"Content-Security-Policy": PAGE_POLICY.format(web.nonce())}
    )


PAGE_POLICY = "default-src 'none'; style-src 'nonce-{}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def document(app: Flask) -> dict[str, Any]:
    """The document as the library makes it, with errors as the media type that they have."""
    assert isinstance(app, OpenAPI)
    made: dict[str, Any] = deepcopy(app.api_doc)
    made["servers"] = [{"url": web.runtime().settings.base_url}]
    for path in made["paths"].values():
        for operation in path.values():
            for status, response in operation["responses"].items():
                content = response.get("content", {})
                if status >= "400" and "application/json" in content:
                    content["application/problem+json"] = content.pop("application/json")
    return made


def by_resource(made: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Every operation of the document under the first word of its path, for the page."""
    resources: dict[str, list[dict[str, Any]]] = {}
    for path, methods in made["paths"].items():
        resource = path.removeprefix(PREFIX).split("/")[1]
        for method, operation in methods.items():
            resources.setdefault(resource, []).append({"method": method.upper(), "path": path, **operation})
    return resources


def kind_of(schema: dict[str, Any]) -> str:
    """A schema in a few words, for the page: `string`, `integer or null`, `list of ProductTagIn`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(dict.fromkeys(kind_of(each) for each in choices))
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"list of {kind_of(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type") or "any")
