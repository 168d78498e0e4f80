"""A model as bytes: what is packed is unpacked; what is damaged, foreign or could run code is refused."""

from __future__ import annotations

import contextlib
import io
import pickle
import zipfile
from hashlib import sha256

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ugc.modelling import artefacts
from ugc.modelling.artefacts import Artefact, DamagedModel, OtherFormat, pack, unpack

WEIGHTS = numpy.linspace(-1, 1, 7, dtype=numpy.float32)
MODEL = Artefact("spam", 3, {"weights": WEIGHTS}, {"classes": ["ham", "spam"], "bias": 0.25})


def test_what_is_packed_is_unpacked() -> None:
    found = unpack(pack(MODEL), kind="spam", format=3)
    assert (found.kind, found.format, found.facts) == (MODEL.kind, MODEL.format, MODEL.facts)
    numpy.testing.assert_array_equal(found.arrays["weights"], WEIGHTS)
    assert found.arrays["weights"].dtype == numpy.float32


def test_the_same_model_is_the_same_bytes() -> None:
    assert pack(MODEL) == pack(Artefact("spam", 3, {"weights": WEIGHTS.copy()}, {"bias": 0.25, "classes": ["ham", "spam"]}))


@pytest.mark.parametrize("at", [0, 31, 32, 80, -1])
def test_one_wrong_byte_is_damage(at: int) -> None:
    data = bytearray(pack(MODEL))
    data[at] ^= 1
    with pytest.raises(DamagedModel):
        unpack(bytes(data), kind="spam", format=3)


@pytest.mark.parametrize("length", [0, 1, 32, 40, 200])
def test_a_file_cut_short_is_damage(length: int) -> None:
    with pytest.raises(DamagedModel):
        unpack(pack(MODEL)[:length], kind="spam", format=3)


@pytest.mark.parametrize(("kind", "format"), [("spam", 2), ("spam", 4), ("sentiment", 3)])
def test_a_model_of_another_kind_or_version_is_refused(kind: str, format: int) -> None:
    with pytest.raises(OtherFormat):
        unpack(pack(MODEL), kind=kind, format=format)


def signed(packed: bytes) -> bytes:
    return sha256(packed).digest() + packed


def test_python_objects_are_never_loaded() -> None:
    array = io.BytesIO()
    numpy.save(array, numpy.array([pickle.dumps], dtype=object), allow_pickle=True)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(artefacts.FACTS, '{"kind": "spam", "format": 3, "facts": {}}')
        archive.writestr("weights.npy", array.getvalue())
    with pytest.raises(DamagedModel):
        unpack(signed(packed.getvalue()), kind="spam", format=3)
    with pytest.raises(ValueError, match="Object arrays"):
        pack(Artefact("spam", 3, {"weights": numpy.array([print], dtype=object)}))


def test_a_bomb_is_refused_by_its_stated_size() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(artefacts.FACTS, "{" + " " * (artefacts.MAX_BYTES + 1))
    with pytest.raises(DamagedModel, match="too large"):
        unpack(signed(packed.getvalue()), kind="spam", format=3)


def test_facts_that_are_not_ours_are_damage() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(artefacts.FACTS, '{"other": 1}')
    with pytest.raises(DamagedModel):
        unpack(signed(packed.getvalue()), kind="spam", format=3)


@given(st.lists(st.tuples(st.integers(0), st.integers(0, 7)), min_size=1, max_size=8), st.integers(0))
def test_a_forged_file_with_a_right_checksum_is_read_or_damage(flips: list[tuple[int, int]], cut: int) -> None:
    packed = bytearray(pack(MODEL)[artefacts.DIGEST :])
    for place, bit in flips:
        packed[place % len(packed)] ^= 1 << bit
    with contextlib.suppress(DamagedModel, OtherFormat):
        unpack(signed(bytes(packed[: cut % (2 * len(packed)) or 1])), kind="spam", format=3)


@pytest.mark.parametrize("head", ["[]", "[" * 100_000, '{"kind": "spam", "format": null, "facts": {}}'])
def test_facts_of_another_shape_are_damage(head: str) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(artefacts.FACTS, head)
    with pytest.raises(DamagedModel):
        unpack(signed(packed.getvalue()), kind="spam", format=3)


def test_an_array_that_claims_more_than_there_is_is_damage() -> None:
    array = io.BytesIO()
    numpy.lib.format.write_array_header_1_0(array, {"descr": "<f4", "fortran_order": False, "shape": (4 * 10**12,)})
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(artefacts.FACTS, '{"kind": "spam", "format": 3, "facts": {}}')
        archive.writestr("weights.npy", array.getvalue())
    with pytest.raises(DamagedModel):
        unpack(signed(packed.getvalue()), kind="spam", format=3)
