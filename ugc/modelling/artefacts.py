"""A trained model as bytes: named arrays and facts in one file, read without running anything that is in it (decision 0175)."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

import numpy
from numpy.typing import NDArray

from ugc.kit.errors import UgcError

# A model that is larger is none of ours: the largest of them is a few megabytes.
MAX_BYTES = 64 * 1024 * 1024
FACTS = "facts.json"
DIGEST = 32
# The archive's entries carry no date of their own, so that the same model is the same bytes.
EPOCH = (1980, 1, 1, 0, 0, 0)


class DamagedModel(UgcError):
    """The model's file is damaged; it is left alone and trained anew."""


class OtherFormat(UgcError):
    """The model was made by another version of the program; it is left alone and trained anew."""


@dataclass(frozen=True, slots=True)
class Artefact:
    """What prediction needs: arrays by name, and facts that JSON can hold. `format` is the reader's own release number."""

    kind: str
    format: int
    arrays: Mapping[str, NDArray[Any]]
    facts: Mapping[str, Any] = field(default_factory=dict)


def pack(artefact: Artefact) -> bytes:
    """The bytes of an artefact, led by their SHA-256. Raises ValueError for an array of Python objects."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        head = {"kind": artefact.kind, "format": artefact.format, "facts": dict(artefact.facts)}
        write(archive, FACTS, json.dumps(head, ensure_ascii=False, sort_keys=True).encode())
        for name in sorted(artefact.arrays):
            array = io.BytesIO()
            numpy.save(array, artefact.arrays[name], allow_pickle=False)
            write(archive, f"{name}.npy", array.getvalue())
    return hashlib.sha256(packed.getvalue()).digest() + packed.getvalue()


def write(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    """One entry without a date."""
    archive.writestr(zipfile.ZipInfo(name, EPOCH), data, zipfile.ZIP_DEFLATED)


def unpack(data: bytes, *, kind: str, format: int) -> Artefact:
    """The artefact of some bytes; raises DamagedModel, OtherFormat."""
    found = open_packed(data)
    if (found.kind, found.format) != (kind, format):
        raise OtherFormat(f"a {kind} model of format {format} is needed, this is {found.kind} of format {found.format}")
    return found


def open_packed(data: bytes) -> Artefact:
    """The artefact of some bytes, of whatever kind and format; raises DamagedModel."""
    if hashlib.sha256(data[DIGEST:]).digest() != data[:DIGEST]:
        raise DamagedModel("the model's checksum is wrong")
    try:
        return read(data[DIGEST:])
    except Exception as cause:  # zip, deflate, JSON and NumPy's header each have faults of their own, down to MemoryError
        raise DamagedModel(f"the model can't be read: {cause}") from cause


def read(packed: bytes) -> Artefact:
    """The archive's content; sizes are checked before anything is unpacked."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > MAX_BYTES:
            raise ValueError("it is too large")
        head = json.loads(archive.read(FACTS))
        arrays = {
            name.removesuffix(".npy"): numpy.load(io.BytesIO(archive.read(name)), allow_pickle=False)
            for name in archive.namelist()
            if name.endswith(".npy")
        }
    return Artefact(str(head["kind"]), int(head["format"]), arrays, dict(head["facts"]))


@cache
def read_shipped(package: str, name: str, *, kind: str, format: int) -> Artefact:
    """A model that comes with the program, from `shipped/<name>.npz` of a room; raises DamagedModel, OtherFormat."""
    return unpack(resources.files(package).joinpath("shipped", f"{name}.npz").read_bytes(), kind=kind, format=format)
