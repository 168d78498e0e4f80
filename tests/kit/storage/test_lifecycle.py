"""Rules of a bucket, and how settings write one: tables (F-23)."""

from __future__ import annotations

from typing import Any

import pytest

from ugc.kit.errors import BadSetting
from ugc.kit.storage.lifecycle import find_faults
from ugc.kit.storage.places import Place, read_encryption, read_place

ABORT = {"ID": "abort", "Status": "Enabled", "Filter": {"Prefix": ""}, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 3}}


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ({"Expiration": {"Days": 30}, "Filter": {"Prefix": ""}}, True),
        ({"Expiration": {"Date": "2027-01-01"}, "Prefix": "files/"}, True),
        ({"Expiration": {"Days": 30}, "Filter": {"Prefix": "files/originals/"}}, True),
        ({"Expiration": {"Days": 30}, "Filter": {"And": {"Prefix": "files/", "Tags": []}}}, True),
        ({"Expiration": {"Days": 30}, "Filter": {"Tag": {"Key": "a", "Value": "b"}}}, True),
        ({"Expiration": {"Days": 30}, "Filter": {"Prefix": "logs/"}}, False),
        ({"Expiration": {"Days": 30}, "Filter": {"Prefix": ""}, "Status": "Disabled"}, False),
        ({"Expiration": {"ExpiredObjectDeleteMarker": True}, "Filter": {"Prefix": ""}}, False),
        ({"Transitions": [{"Days": 90, "StorageClass": "DEEP_ARCHIVE"}], "Filter": {"Prefix": "files/"}}, True),
        ({"Transitions": [{"Days": 90, "StorageClass": "GLACIER_IR"}], "Filter": {"Prefix": "files/"}}, False),
        ({"Transitions": [{"Days": 90, "StorageClass": "GLACIER"}], "Filter": {"Prefix": "logs/"}}, False),
        ({"NoncurrentVersionExpiration": {"NoncurrentDays": 30}, "Filter": {"Prefix": ""}}, False),
    ],
)
def test_nothing_may_delete_files_or_take_them_out_of_reach(rule: dict[str, Any], fault: bool) -> None:
    assert bool(find_faults([ABORT, {"ID": "x", "Status": "Enabled"} | rule], "files/")) is fault


@pytest.mark.parametrize(
    ("rules", "fault"),
    [
        ([], True),
        ([ABORT], False),
        ([ABORT | {"Status": "Disabled"}], True),
        ([ABORT | {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 8}}], True),
        ([ABORT | {"Filter": {"Prefix": "files/"}}], False),
        ([ABORT | {"Filter": {"Prefix": "files/originals/"}}], True),
        ([ABORT | {"Filter": {"Tag": {"Key": "a", "Value": "b"}}}], True),
    ],
)
def test_f23_uploads_that_are_left_half_done_must_end(rules: list[dict[str, Any]], fault: bool) -> None:
    assert bool(find_faults(rules, "files/")) is fault


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("s3://my-bucket", Place("my-bucket")),
        ("s3://my.bucket/", Place("my.bucket")),
        ("s3://my-bucket/a/b/", Place("my-bucket", "a/b/")),
    ],
)
def test_a_place_is_read(text: str, place: Place) -> None:
    assert read_place(text) == place
    assert read_place(place.address) == place


@pytest.mark.parametrize(
    "text",
    ["", "s3://", "bucket", "s3://ab", "s3://Bucket", "s3://a..b", "s3://127.0.0.1", "s3://-ab", "s3://bucket//x", "s3://bucket/a//b",
     "s3://bucket/../x", "s3://bucket/a/./b", "s3://bucket/a b", "https://bucket/", "s3://bucket/?x", "s3://user@bucket/x"],
)  # fmt: skip
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(BadSetting):
        read_place(text)


def test_places_overlap_where_a_file_could_lie_in_both() -> None:
    assert Place("one").overlaps(Place("one", "a/"))
    assert Place("one", "a/b/").overlaps(Place("one", "a/"))
    assert not Place("one", "a/").overlaps(Place("one", "ab/"))
    assert not Place("one").overlaps(Place("two"))


def test_encryption_is_read() -> None:
    assert read_encryption("") == {}
    assert read_encryption("AES256") == {"ServerSideEncryption": "AES256"}
    assert read_encryption("aws:kms:arn:aws:kms:eu-1:1:key/x") == {
        "ServerSideEncryption": "aws:kms",
        "SSEKMSKeyId": "arn:aws:kms:eu-1:1:key/x",
    }
    with pytest.raises(BadSetting):
        read_encryption("rot13")
