"""Files in an S3 bucket, of Amazon or any server that speaks the same (decision 0081)."""

from __future__ import annotations

import base64
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.response import StreamingBody

from ugc.kit.errors import StorageFull, UgcError, Unavailable
from ugc.kit.storage.base import CHUNK, DamagedFile, Entry, NoSuchFile, check_key, sha256_of
from ugc.kit.storage.local import LocalStorage, noticing_full
from ugc.kit.storage.places import Place

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

# F-21: a request that takes longer than this is worth another try, not more patience.
CONNECT_SECONDS = 3
READ_SECONDS = 10
ATTEMPTS = 3
# A part that was cut off is sent again alone; 10,000 parts of it are 160 GB.
PART = 16 * CHUNK
# What we name an object's SHA-256 by: ETags are none for files in parts or under a key of their own, and what others note of
# objects that they put is theirs.
DIGEST = "ugc-sha256"
# A large file on a slow line takes hours, and nobody minds parts that lie a day longer (F-23).
UNFINISHED = timedelta(days=1)
MAX_KEY = 1024
GONE = {"404", "NoSuchKey", "NoSuchBucket", "NotFound"}
FULL = {"QuotaExceeded", "InsufficientStorage", "XMinioStorageFull", "507"}


class StorageUnreachable(Unavailable):
    """The file store can't be reached now; try again shortly."""


class CutOff(StorageUnreachable):
    """The file store's answers are cut off; try again shortly."""


def make_client(endpoint: str = "", **facts: Any) -> S3Client:
    """A client with our patience; names and keys come from the usual AWS variables, files or roles."""
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
        s3={"addressing_style": "path" if endpoint else "auto"},
        # Each request carries its Content-MD5, which every such server knows; the newer trailers many do not.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        max_pool_connections=16,
    )
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    session = boto3.session.Session()
    return session.client("s3", config=config, **({"endpoint_url": endpoint or None, "region_name": region} | facts))


@cache
def shared_client(endpoint: str) -> S3Client:
    """The process's client of an endpoint; making one takes half a second, and threads may share it."""
    return make_client(endpoint)


class S3Storage:
    """Objects below one prefix of a bucket. What was put carries its SHA-256 and is checked against it when read (F-24)."""

    def __init__(self, client: S3Client, place: Place, desk: LocalStorage, *, encryption: Mapping[str, str] | None = None) -> None:
        self.client = client
        self.place = place
        self.desk = desk
        """Where files lie while they are written or read."""
        self.encryption = cast(dict[str, Any], dict(encryption or {}))

    @property
    def label(self) -> str:
        """The place's address."""
        return self.place.address

    def name(self, key: str) -> str:
        """The object's name; raises NoSuchFile for what is no key (T-11)."""
        name = self.place.prefix + check_key(key)
        try:
            if len(name.encode()) <= MAX_KEY:
                return name
        except UnicodeEncodeError:
            pass
        raise NoSuchFile(f"no file {key!r}")

    def put(self, key: str, data: bytes) -> None:
        """One request; an answer means that the whole is stored."""
        facts = self.encryption | {"Metadata": {DIGEST: hashlib.sha256(data).hexdigest()}}
        with translated(key):
            self.client.put_object(Bucket=self.place.bucket, Key=self.name(key), Body=body_of(data), ContentMD5=md5(data), **facts)

    def adopt(self, key: str, path: Path) -> None:
        """Send the file, in parts if it is large, then remove it here."""
        self.name(key)
        with open(path, "rb") as file:
            if os.fstat(file.fileno()).st_size <= PART:
                self.put(key, file.read())
            else:
                self.put_parts(key, file)
        path.unlink()

    def put_parts(self, key: str, file: BinaryIO) -> None:
        """Part by part, each with its own check; what fails is aborted, what is killed the sweeper finds (F-23)."""
        names: dict[str, Any] = {"Bucket": self.place.bucket, "Key": self.name(key)}
        facts = self.encryption | {"Metadata": {DIGEST: sha256_of(file)}}
        file.seek(0)
        with translated(key):
            upload = names | {"UploadId": self.client.create_multipart_upload(**names, **facts)["UploadId"]}
            try:
                parts: list[CompletedPartTypeDef] = []
                while data := file.read(PART):
                    number = len(parts) + 1
                    sent = self.client.upload_part(**upload, PartNumber=number, Body=body_of(data), ContentMD5=md5(data))
                    parts.append({"PartNumber": number, "ETag": sent["ETag"]})
                self.client.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
            except BaseException:
                with suppress(ClientError, BotoCoreError):
                    self.client.abort_multipart_upload(**upload)
                raise

    def read(self, key: str) -> bytes:
        """The whole file."""
        with self.open(key) as file:
            return file.read()

    def read_part(self, key: str, start: int, length: int) -> bytes:
        """Some of the bytes, by a range; there is no digest of a part."""
        with translated(key):
            try:
                found = self.client.get_object(
                    Bucket=self.place.bucket, Key=self.name(key), Range=f"bytes={start}-{start + length - 1}"
                )
                return found["Body"].read()
            except ClientError as error:
                if code_of(error) in {"InvalidRange", "416"}:
                    return b""
                raise

    def open(self, key: str) -> BinaryIO:
        """A nameless copy on this machine's disk, whole and checked; raises DamagedFile if it differs again and again."""
        problem: UgcError = CutOff()
        for _ in range(ATTEMPTS):
            file = tempfile.TemporaryFile(dir=self.desk.root)  # noqa: SIM115  # the caller closes it
            try:
                self.fetch(key, file)
                return cast(BinaryIO, file)
            except (CutOff, DamagedFile) as cause:
                file.close()
                problem = cause
            except BaseException:
                file.close()
                raise
        raise problem

    def fetch(self, key: str, file: Any) -> None:
        """Copy an object into a file and rewind it; raises CutOff, DamagedFile, or StorageFull where our disk is."""
        digest = hashlib.sha256()
        with translated(key):
            found = self.client.get_object(Bucket=self.place.bucket, Key=self.name(key))
        with noticing_full():
            for chunk in chunks_of(found["Body"]):
                digest.update(chunk)
                file.write(chunk)
            file.seek(0)
        if found["Metadata"].get(DIGEST, digest.hexdigest()) != digest.hexdigest():
            raise DamagedFile(f"the stored file {key!r} is not what was stored")

    def exists(self, key: str) -> bool:
        """Whether the object is there."""
        try:
            self.size(key)
        except NoSuchFile:
            check_key(key)
            return False
        return True

    def size(self, key: str) -> int:
        """The length in bytes."""
        with translated(key):
            return self.client.head_object(Bucket=self.place.bucket, Key=self.name(key))["ContentLength"]

    def find(self, key: str) -> Entry | None:
        """One object's size and time."""
        try:
            with translated(key):
                found = self.client.head_object(Bucket=self.place.bucket, Key=self.name(key))
                return Entry(key, found["ContentLength"], found["LastModified"].astimezone(UTC))
        except NoSuchFile:
            return None

    def digest(self, key: str) -> str:
        """As noted when it was put, or read from the file that somebody else put there."""
        with translated(key):
            noted = self.client.head_object(Bucket=self.place.bucket, Key=self.name(key))["Metadata"].get(DIGEST)
        if noted:
            return noted
        with self.open(key) as file:
            return sha256_of(file)

    def delete(self, key: str) -> None:
        """One request; S3 does not mind absence."""
        with translated(key):
            self.client.delete_object(Bucket=self.place.bucket, Key=self.name(key))

    def delete_all(self, keys: Iterable[str]) -> None:
        """One request each: servers differ in the checks that they want of a list."""
        for key in keys:
            self.delete(key)

    def rename(self, key: str, new: str) -> None:
        """Copy, then delete, file by file: whatever a kill leaves under the old name, the next call takes along."""
        self.name(new)
        names = [key] if self.exists(key) else list(self.keys(key + "/"))
        if not names:
            raise NoSuchFile(f"no file {key!r}")
        for old in names:
            with suppress(NoSuchFile):  # deleted meanwhile, or renamed by another; the rest must not stay behind
                self.copy(old, new + old.removeprefix(key))
                self.delete(old)

    def copy(self, key: str, new: str) -> None:
        """A copy within the bucket, its SHA-256 included."""
        source = {"Bucket": self.place.bucket, "Key": self.name(key)}
        with translated(key):
            self.client.copy_object(Bucket=self.place.bucket, Key=self.name(new), CopySource=cast(Any, source), **self.encryption)

    def keys(self, prefix: str) -> Iterator[str]:
        """Every object below the prefix, in the order of the bucket."""
        for entry in self.entries(prefix):
            yield entry.key

    def entries(self, prefix: str) -> Iterator[Entry]:
        """The same with size and time."""
        start = self.place.prefix + (check_key(prefix.rstrip("/")) + "/" if prefix else "")
        with translated(prefix):
            for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.place.bucket, Prefix=start):
                for found in page.get("Contents", ()):
                    key = found["Key"].removeprefix(self.place.prefix)
                    if not key.endswith("/"):  # a folder that a browser of buckets made
                        yield Entry(key, found["Size"], found["LastModified"].astimezone(UTC), found.get("ETag", "").strip('"'))

    def temporary(self) -> Path:
        """A new name on this machine's disk."""
        return self.desk.temporary()

    def sweep(self, before: datetime) -> int:
        """Old temporary files here, and uploads in parts that were begun a day before that and nobody ends any more (F-23)."""
        swept = self.desk.sweep(before)
        for upload in list(self.uploads()):
            if upload["Initiated"] < before - UNFINISHED:
                with translated(upload["Key"]):
                    self.client.abort_multipart_upload(Bucket=self.place.bucket, Key=upload["Key"], UploadId=upload["UploadId"])
                swept += 1
        return swept

    def lifecycle(self) -> list[dict[str, Any]] | None:
        """The bucket's rules for what happens to files by themselves; None where they can't be asked for."""
        try:
            found = self.client.get_bucket_lifecycle_configuration(Bucket=self.place.bucket)
        except ClientError as error:
            return [] if code_of(error) == "NoSuchLifecycleConfiguration" else None
        except BotoCoreError as error:
            raise StorageUnreachable() from error
        return cast(list[dict[str, Any]], found.get("Rules", []))

    def uploads(self) -> Iterator[Any]:
        """Uploads in parts that are not ended."""
        with translated(self.place.prefix):
            for page in self.client.get_paginator("list_multipart_uploads").paginate(
                Bucket=self.place.bucket, Prefix=self.place.prefix
            ):
                yield from page.get("Uploads", ())


def chunks_of(body: StreamingBody) -> Iterator[bytes]:
    """A body piece by piece; raises CutOff."""
    try:
        yield from body.iter_chunks(CHUNK)
    except (BotoCoreError, OSError) as cause:
        raise CutOff() from cause


def body_of(data: bytes) -> BytesIO:
    """A body that is sent piece by piece: sent as one, all of it would have to go out within the time to connect."""
    return BytesIO(data)


def md5(data: bytes) -> str:
    """What S3 compares a body with before it answers."""
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


def code_of(error: ClientError) -> str:
    """S3's name for what went wrong."""
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def translated(key: str) -> Iterator[None]:
    """S3's errors as ours; what they say of names and keys of the account stays in the log."""
    try:
        yield
    except ClientError as error:
        code = code_of(error)
        if code in GONE and code != "NoSuchBucket":
            raise NoSuchFile(f"no file {key!r}") from error
        if code in FULL:
            raise StorageFull() from error
        raise StorageUnreachable(f"the file store answered {code or 'with an error'}") from error
    except BotoCoreError as error:
        raise StorageUnreachable() from error
