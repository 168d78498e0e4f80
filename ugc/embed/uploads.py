"""`/uploads/{brand}`: files that arrive in pieces, by the tus protocol 1.0 (core, creation, termination, expiration)."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as NotBase64
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus

from flask import Blueprint, Response, request
from werkzeug.exceptions import ClientDisconnected

from ugc import web
from ugc.embed import origins
from ugc.kit.errors import UgcError
from ugc.submissions import rules, uploads
from ugc.submissions.models import PartialUpload

pages = Blueprint("embed_uploads", __name__)

VERSION = "1.0.0"
EXTENSIONS = "creation,termination,expiration"
PIECE = "application/offset+octet-stream"
MAX_METADATA = 4_000


class WrongProtocol(UgcError):
    """Send `Tus-Resumable: 1.0.0`."""

    status = 412


class WrongPiece(UgcError):
    """A piece is sent as application/offset+octet-stream."""

    status = 415


origins.install(pages)


@pages.after_request
def say_version(response: Response) -> Response:
    """Which protocol is spoken, on every answer."""
    response.headers["Tus-Resumable"] = VERSION
    if response.status_code == WrongProtocol.status:
        response.headers["Tus-Version"] = VERSION
    return response


@pages.route("/uploads/<brand>", methods=["OPTIONS"])
@pages.route("/uploads/<brand>/<token>", methods=["OPTIONS"])
def describe(brand: str, token: str = "") -> Response:
    """What this server can do; also the answer to a browser's preflight."""
    headers = {"Tus-Version": VERSION, "Tus-Extension": EXTENSIONS, "Tus-Max-Size": str(uploads.most_bytes(web.runtime(), ""))}
    return Response(status=HTTPStatus.NO_CONTENT, headers=headers)


@pages.post("/uploads/<brand>")
def begin(brand: str) -> Response:
    """Room for a file of a known length; its address is in `Location`."""
    check_protocol()
    facts = read_metadata(request.headers.get("Upload-Metadata", ""))
    begun = uploads.begin(
        web.runtime(), origins.limiter(), brand, read_number("Upload-Length"), facts.get("filename", ""),
        facts.get("filetype", ""), address=web.client_address(), now=web.now(),
    )  # fmt: skip
    headers = {"Location": f"{web.runtime().settings.base_url}/uploads/{brand}/{begun.token}", "Upload-Offset": "0"}
    return Response(status=HTTPStatus.CREATED, headers=headers | {"Upload-Expires": web_date(begun.expires_at)})


@pages.route("/uploads/<brand>/<token>", methods=["HEAD"])
def show(brand: str, token: str) -> Response:
    """How much has come."""
    check_protocol()
    upload = uploads.find(web.runtime(), brand, token, now=web.now())
    return Response(headers=progress(upload) | {"Upload-Length": str(upload.length)})


@pages.patch("/uploads/<brand>/<token>")
@web.body_limit(uploads.MAX_PIECE)
def add_piece(brand: str, token: str) -> Response:
    """The next piece; acknowledged when it lies on the disk."""
    check_protocol()
    if request.mimetype != PIECE:
        raise WrongPiece()
    length = request.content_length
    if length is None:
        raise rules.BadUpload("send Content-Length")
    offset = read_number("Upload-Offset")
    upload = uploads.add_piece(web.runtime(), brand, token, offset, read_body, length, now=web.now())
    return Response(status=HTTPStatus.NO_CONTENT, headers=progress(upload))


@pages.delete("/uploads/<brand>/<token>")
def end(brand: str, token: str) -> Response:
    """Throw away what has come."""
    check_protocol()
    uploads.end(web.runtime(), brand, token, now=web.now())
    return Response(status=HTTPStatus.NO_CONTENT)


@pages.post("/uploads/<brand>/<token>")
@web.body_limit(uploads.MAX_PIECE)
def act(brand: str, token: str) -> Response:
    """PATCH and DELETE by senders that can't say so: `X-HTTP-Method-Override`."""
    match request.headers.get("X-HTTP-Method-Override", "").upper():
        case "PATCH":
            return add_piece(brand, token)
        case "DELETE":
            return end(brand, token)
    raise web.WrongMethod()


def check_protocol() -> None:
    """Raise WrongProtocol for another version than ours."""
    if request.headers.get("Tus-Resumable") != VERSION:
        raise WrongProtocol()


def progress(upload: PartialUpload) -> dict[str, str]:
    """How far an upload is and how long it may take."""
    return {"Upload-Offset": str(upload.received), "Upload-Expires": web_date(upload.expires_at), "Cache-Control": "no-store"}


def read_number(header: str) -> int:
    """A header's whole number; raises BadUpload."""
    text = request.headers.get(header, "")
    if not (text.isascii() and text.isdecimal() and len(text) <= 15):
        raise rules.BadUpload(f"{header} must be a whole number")
    return int(text)


def read_metadata(header: str) -> dict[str, str]:
    """`filename d29ybGQ,filetype …` with base64 values; raises BadUpload."""
    if len(header) > MAX_METADATA:
        raise rules.BadUpload("Upload-Metadata is too long")
    facts = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        name, _, value = pair.partition(" ")
        try:
            facts[name] = b64decode(value.strip(), validate=True).decode(errors="replace")
        except (NotBase64, ValueError) as cause:
            raise rules.BadUpload("Upload-Metadata must hold base64 values") from cause
    return facts


def read_body(size: int) -> bytes:
    """The next bytes of the body; a sender that goes away is its end."""
    try:
        return request.stream.read(size)
    except (ClientDisconnected, OSError):
        return b""


def web_date(moment: datetime) -> str:
    """A moment as HTTP writes it."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)
