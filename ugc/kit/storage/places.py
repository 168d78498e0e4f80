"""How a setting writes where files lie: `s3://bucket/prefix`, and what they are encrypted with there."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ugc.kit.errors import BadSetting

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html, and no name that is an address.
BUCKET = re.compile(r"(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9](?:[a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]")
PREFIX = re.compile(r"(?:[A-Za-z0-9!_.*'()=-]+(?:/[A-Za-z0-9!_.*'()=-]+)*)?")
ENCRYPTION = re.compile(r"AES256|aws:kms(?::[A-Za-z0-9:/_-]+)?")


@dataclass(frozen=True, slots=True)
class Place:
    """Some part of a bucket."""

    bucket: str
    prefix: str = ""
    """Empty, or ends with `/`."""

    @property
    def address(self) -> str:
        """As the setting writes it."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    def overlaps(self, other: Place) -> bool:
        """Whether a file could lie in both."""
        inside = self.prefix.startswith(other.prefix) or other.prefix.startswith(self.prefix)
        return self.bucket == other.bucket and inside


def read_place(address: str) -> Place:
    """A place from its address; raises BadSetting."""
    bucket, _, prefix = address.removeprefix("s3://").partition("/")
    prefix = prefix.rstrip("/")
    dots = {".", ".."} & set(prefix.split("/"))
    if not address.startswith("s3://") or not BUCKET.fullmatch(bucket) or not PREFIX.fullmatch(prefix) or dots:
        raise BadSetting("a bucket is written s3://bucket or s3://bucket/prefix")
    return Place(bucket, prefix + "/" if prefix else "")


def read_encryption(text: str) -> dict[str, str]:
    """What S3 is told with each file: nothing, `AES256`, `aws:kms` or `aws:kms:KEY`; raises BadSetting."""
    if not text:
        return {}
    if not ENCRYPTION.fullmatch(text):
        raise BadSetting("the encryption is AES256, aws:kms or aws:kms:KEY")
    if text == "AES256":
        return {"ServerSideEncryption": text}
    key = text.removeprefix("aws:kms").removeprefix(":")
    return {"ServerSideEncryption": "aws:kms"} | ({"SSEKMSKeyId": key} if key else {})
