"""One frozen settings object read from the environment; a wrong name or value stops the start and names the variable."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from ugc.kit.errors import BadSetting
from ugc.kit.storage.places import Place, read_encryption, read_place


@dataclass(frozen=True)
class Settings:
    """What an operator can set; each field is the variable `UGC_<NAME>`, described in docs/settings.md."""

    data_dir: Path = Path("var")
    """The folder of everything that is kept: embedded database, files, snapshots, the secret."""
    database_url: str = field(default="", repr=False)
    """`postgresql://…` of the user's own server (16 or newer, with pgvector); empty = the embedded one."""
    storage: str = "local"
    """Where files lie: `local` (under the data folder) or `s3://bucket/prefix`."""
    s3_endpoint_url: str = ""
    """The S3 server's address where it is not Amazon's; asked with the bucket in the path."""
    s3_encryption: str = ""
    """What an S3 server encrypts files with: `AES256`, `aws:kms` or `aws:kms:KEY`; empty = as the bucket says."""
    s3_sources: tuple[tuple[str, Place], ...] = ()
    """Buckets from which brands take content: `brand=s3://bucket/prefix`, separated by commas."""
    base_url: str = "http://127.0.0.1:8000"
    """The address at which people and shops reach this service; links and snippets begin with it."""
    secret_key: str = field(default="", repr=False)
    """At least 32 characters; empty = made once and kept in the data folder with mode 0600."""
    smtp_url: str = field(default="", repr=False)
    """`smtp://user:password@host:587`; empty = no mail is sent."""
    redis_url: str = field(default="", repr=False)
    """Shared rate limits for several web nodes; empty = limits are kept in each process."""
    fetch_allow: tuple[str, ...] = ()
    """Hosts, `.domain`s or networks that the fetcher may reach although they are private; empty by default."""
    fetch_http: bool = False
    """Whether the fetcher may also reach public addresses without TLS, `http://` on port 80."""
    log_level: str = "info"
    """`debug`, `info`, `warning` or `error`."""
    proxy_hops: int = 0
    """How many reverse proxies stand before the service and set X-Forwarded-For (0 = the socket's peer counts)."""
    trusted_hosts: tuple[str, ...] = ()
    """Further host names under which the service answers, besides the base address's and the loopback's."""
    metrics_token: str = field(default="", repr=False)
    """What a scraper of /metrics sends as `Authorization: Bearer …`; empty = only this machine itself may read them."""
    max_upload_mb: int = 25
    """The largest picture accepted, in megabytes."""
    max_video_mb: int = 200
    """The largest video or recording accepted, in megabytes."""
    max_video_seconds: int = 60
    """The longest video or recording accepted."""
    quota_gb: int = 500
    """Gigabytes of originals from which on a brand's upload page takes no more; 0 = no limit. Other sources go on."""
    heic: bool = True
    """Whether phones' HEIC pictures are taken (decoded by the extra `video`); `0` refuses them unread."""
    max_import_mb: int = 512
    """The largest file that may be sent for an import through the browser, in megabytes."""
    watch_dir: str = ""
    """A folder whose subfolders, named like brands, are watched: what is put there is imported; empty = none."""
    picture_model: str = ""
    """A folder, or a name below `models` of the data folder, with an encoder of pictures and words; empty = our own features."""
    text_model: str = ""
    """The same with a sentence encoder; empty = our own features."""
    vision_url: str = ""
    """The base address of an OpenAI-compatible endpoint that describes pictures, `https://…/v1`; empty = nothing is sent."""
    vision_key: str = field(default="", repr=False)
    """The endpoint's key, sent as `Authorization: Bearer …`; empty = none is sent."""
    vision_model: str = ""
    """The name of the endpoint's model that is asked."""
    vision_per_day: int = 200
    """Pictures of a brand that are sent to the endpoint in a day (UTC), at most."""

    demo: bool = False
    """Set by `ugc demo` only: serve the sample storefront."""

    @property
    def largest_mb(self) -> int:
        """The largest file of any kind, in megabytes."""
        return max(self.max_upload_mb, self.max_video_mb)

    @property
    def is_https(self) -> bool:
        """Whether visitors reach the service over TLS, so that cookies are marked Secure."""
        return self.base_url.startswith("https://")


Read = TypeVar("Read")
LOG_LEVELS = ("debug", "info", "warning", "error")
MIN_SECRET = 32
MIN_TOKEN = 16


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from `UGC_*` variables; raises BadSetting for an unknown name or a bad value."""
    environment = os.environ if environment is None else environment
    known = {f"UGC_{item.name.upper()}": item.name for item in fields(Settings)}
    given = {name: value for name, value in environment.items() if name.startswith("UGC_")}
    for name in given:
        if name not in known:
            raise BadSetting(f"{name} is not a setting; known are {', '.join(sorted(known))}")
    values = {known[name]: read_value(name, value.strip()) for name, value in given.items() if value.strip()}
    settings = Settings(**values)  # type: ignore[arg-type]  # each value was made by read_value for its field
    if settings.vision_url and not settings.vision_model:
        raise BadSetting("UGC_VISION_URL needs UGC_VISION_MODEL, the name of the model that is asked there")
    return settings


def read_value(name: str, value: str) -> object:
    """One value in its type; raises BadSetting naming the variable."""
    match name:
        case "UGC_DATA_DIR":
            return Path(value)
        case "UGC_PROXY_HOPS":
            return whole_number(name, value, 0, 10)
        case "UGC_MAX_UPLOAD_MB":
            return whole_number(name, value, 1, 500)
        case "UGC_MAX_VIDEO_MB":
            return whole_number(name, value, 1, 2000)
        case "UGC_MAX_VIDEO_SECONDS":
            return whole_number(name, value, 1, 180)
        case "UGC_QUOTA_GB":
            return whole_number(name, value, 0, 1_000_000)
        case "UGC_MAX_IMPORT_MB":
            return whole_number(name, value, 1, 100_000)
        case "UGC_VISION_PER_DAY":
            return whole_number(name, value, 1, 1_000_000)
        case "UGC_PICTURE_MODEL" | "UGC_TEXT_MODEL":
            return value
        case "UGC_VISION_URL":
            return endpoint(name, value)
        case "UGC_VISION_KEY" | "UGC_VISION_MODEL":
            return one_line(name, value)
        case "UGC_DEMO" | "UGC_FETCH_HTTP" | "UGC_HEIC":
            return one_of(name, value, ("0", "1")) == "1"
        case "UGC_LOG_LEVEL":
            return one_of(name, value.lower(), LOG_LEVELS)
        case "UGC_STORAGE":
            return value if value == "local" else checked(name, read_place, value).address
        case "UGC_S3_ENCRYPTION":
            checked(name, read_encryption, value)
            return value
        case "UGC_S3_SOURCES":
            return tuple(source_bucket(name, part.strip()) for part in value.split(",") if part.strip())
        case "UGC_S3_ENDPOINT_URL":
            return address(name, value, ("http", "https")).rstrip("/")
        case "UGC_BASE_URL":
            return address(name, value, ("http", "https")).rstrip("/")
        case "UGC_DATABASE_URL":
            return address(name, value, ("postgresql", "postgres", "postgresql+psycopg"))
        case "UGC_SMTP_URL":
            return address(name, value, ("smtp", "smtps"))
        case "UGC_REDIS_URL":
            return address(name, value, ("redis", "rediss", "unix"))
        case "UGC_SECRET_KEY":
            if len(value) < MIN_SECRET:
                raise BadSetting(f"{name} must have at least {MIN_SECRET} characters")
            return value
        case "UGC_METRICS_TOKEN":
            if len(value) < MIN_TOKEN:
                raise BadSetting(f"{name} must have at least {MIN_TOKEN} characters")
            return value
        case "UGC_TRUSTED_HOSTS":
            return tuple(host(name, part.strip()) for part in value.split(",") if part.strip())
        case "UGC_FETCH_ALLOW":
            return tuple(host_or_network(name, part.strip()) for part in value.split(",") if part.strip())
    raise BadSetting(f"{name} has no reader")


def checked(name: str, read: Callable[[str], Read], value: str) -> Read:
    """What a reader makes of a value; its error names the variable."""
    try:
        return read(value)
    except BadSetting as error:
        raise BadSetting(f"{name}: {error.detail}") from error


def whole_number(name: str, value: str, least: int, most: int) -> int:
    """A number within its bounds."""
    if not value.isascii() or not value.isdigit() or not least <= int(value) <= most:
        raise BadSetting(f"{name} must be a whole number from {least} to {most}, not {value!r}")
    return int(value)


def one_of(name: str, value: str, choices: tuple[str, ...]) -> str:
    """One of the listed words."""
    if value not in choices:
        raise BadSetting(f"{name} must be one of {', '.join(choices)}, not {value!r}")
    return value


def address(name: str, value: str, schemes: tuple[str, ...]) -> str:
    """An address with one of the schemes; the message never repeats the value, which may hold a password."""
    if urlsplit(value).scheme not in schemes:
        raise BadSetting(f"{name} must begin with {' or '.join(scheme + '://' for scheme in schemes)}")
    return value


def endpoint(name: str, value: str) -> str:
    """A base address without a key in it: an address is logged, a key is not."""
    parts = urlsplit(address(name, value, ("http", "https")))
    if parts.username or parts.password or parts.query or parts.fragment or not parts.hostname:
        raise BadSetting(f"{name} must be an address alone, like https://models.example/v1; the key goes into UGC_VISION_KEY")
    return value.rstrip("/").removesuffix("/chat/completions")


def one_line(name: str, value: str) -> str:
    """Printable ASCII that fits into a header; the message never repeats the value, which may be a key."""
    if not value.isascii() or not value.isprintable() or len(value) > 500:
        raise BadSetting(f"{name} must be at most 500 printable ASCII characters")
    return value


def source_bucket(name: str, value: str) -> tuple[str, Place]:
    """A brand's name and the bucket that it takes content from."""
    brand, equals, place = value.partition("=")
    if not equals or not brand:
        raise BadSetting(f"{name}: {value!r} must be written brand=s3://bucket/prefix")
    return brand, checked(name, read_place, place)


def host(name: str, value: str) -> str:
    """A host name or address without a port, in small letters."""
    if not value.replace("-", "").replace(".", "").replace(":", "").isalnum():
        raise BadSetting(f"{name}: {value!r} is not a host name")
    return value.lower()


def host_or_network(name: str, value: str) -> str:
    """A host name, address or network."""
    try:
        return str(ipaddress.ip_network(value, strict=False))
    except ValueError:
        if not value.replace("-", "").replace(".", "").isalnum():
            raise BadSetting(f"{name}: {value!r} is neither a host nor a network") from None
        return value


def secret_of(settings: Settings) -> str:
    """The one secret: as set, else made once and kept in the data folder, readable by its owner only."""
    if settings.secret_key:
        return settings.secret_key
    path = settings.data_dir / "secret.key"
    if not path.exists():
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        half = settings.data_dir / f".secret.key.{secrets.token_hex(8)}"
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(half, path)  # the first of several processes wins; a rename would let the last one win
        half.unlink()
    return path.read_text().strip()
