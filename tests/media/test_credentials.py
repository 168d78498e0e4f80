"""What files declare of their own origin: read in a limited process, kept before metadata is stripped (L-29)."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from tests import make
from tests.content_credentials import picture, signed, with_packet
from ugc.media import actions, credentials, jobs, sandbox
from ugc.media.models import File
from ugc.media.rules import DecoderCrashed
from ugc.runtime import Runtime


def read(tmp_path: Path, data: bytes, format: str = "jpeg") -> dict[str, Any]:
    path = tmp_path / "file"
    path.write_bytes(data)
    with open(path, "rb") as file:
        return sandbox.read_credentials(file, format)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_picture_made_by_a_model_says_so_with_its_signer(tmp_path: Path, form: str) -> None:
    assert read(tmp_path, signed("trainedAlgorithmicMedia", form), form.lower()) == {
        "has_manifest": True, "is_intact": True, "signed_by": "Signer", "made_with": "a_test",
        "source_types": ["trainedAlgorithmicMedia"], "part_types": [], "generated": "wholly",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("source_type", "generated"),
    [("digitalCapture", "no"), ("compositeWithTrainedAlgorithmicMedia", "partly"), ("trainedAlgorithmicMedia", "wholly")],
)
def test_what_is_declared_decides_and_nothing_else(tmp_path: Path, source_type: str, generated: str) -> None:
    assert read(tmp_path, signed(source_type))["generated"] == generated
    assert read(tmp_path, with_packet(source_type))["generated"] == generated


def test_a_picture_changed_after_it_was_signed_is_told_from_an_intact_one(tmp_path: Path) -> None:
    data = bytearray(signed("digitalCapture"))
    data[-40] ^= 0xFF
    assert read(tmp_path, bytes(data))["is_intact"] is False


def test_a_picture_without_a_declaration_has_none_and_bears_no_mark(tmp_path: Path) -> None:
    assert read(tmp_path, picture())["generated"] == "no"
    (tmp_path / "plain").write_bytes(picture())
    assert not credentials.path_may_declare(tmp_path / "plain")
    (tmp_path / "empty").touch()
    assert not credentials.path_may_declare(tmp_path / "empty")


@pytest.mark.parametrize("cut", [200, 2_000, 9_000, 20_000])
def test_a_manifest_cut_short_or_scrambled_harms_nobody(tmp_path: Path, cut: int) -> None:
    """T-01: hostile bytes are read by a child that has nothing; it may refuse, it may not hang or crash its parent."""
    data = signed("trainedAlgorithmicMedia")
    scrambled = data[:cut] + bytes(255 - byte for byte in data[cut : cut + 500]) + data[cut + 500 :]
    before = sandbox.DECLARING.process_id
    for bad in (data[:cut], scrambled):
        assert read(tmp_path, bad).get("generated") in (None, "no", "partly", "wholly")
    assert sandbox.DECLARING.process_id == before


@pytest.mark.parametrize(
    "facts",
    [
        {}, {"declared": []}, {"declared": {"source_types": "x"}}, {"declared": {"source_types": ["<b>"]}},
        {"declared": {"source_types": ["a"] * 21}}, {"declared": {"signed_by": "x" * 201}}, {"declared": {"made_with": 7}},
    ],
)  # fmt: skip
def test_the_childs_answer_is_checked_as_a_strangers(facts: dict[str, Any]) -> None:
    if facts == {"declared": []}:
        assert credentials.read_declared(facts) == {}
    else:
        with pytest.raises(DecoderCrashed):
            credentials.read_declared(facts)


def test_an_upload_keeps_its_declaration_beside_the_stripped_copies(live: Runtime) -> None:
    with live.transaction() as session:
        brand = make.brand(session)
        with actions.receive(live, io.BytesIO(signed("trainedAlgorithmicMedia")), "made.jpg") as received:
            file, _ = actions.keep(live, session, brand.id, received)
    jobs.read_credentials(live, brand_id=brand.id, file_id=file.id)
    with live.transaction() as session:
        kept = session.get_one(File, file.id)
        assert kept.provenance["generated"] == "wholly"


@pytest.mark.parametrize("at", [0, credentials.PIECE - 3, credentials.PIECE - 40, 2 * credentials.PIECE + 7])
@pytest.mark.parametrize("mark", [b"jumb" + bytes(20) + b"c2pa", b"digitalsourcetype/"])
def test_a_mark_is_found_wherever_it_lies_and_the_file_stays_where_it_was(tmp_path: Path, at: int, mark: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(at) + mark + bytes(100))
    with open(path, "rb") as file:
        file.seek(5)
        assert credentials.may_declare(file)
        assert file.tell() == 5
    path.write_bytes(bytes(at) + b"jumb" + bytes(100) + b"c2pa")
    assert not credentials.path_may_declare(path)
