"""The warm parent for Content Credentials: reads what a file declares of its own origin, decodes no pixel (decision 0170).

A parent of its own, started for the few files that declare something: the library for it takes 30 MB that no other child needs.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

if __name__ == "__main__":
    # As in warm.py.
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))))

import c2pa

from ugc.media.child import warm
from ugc.media.child.warm import Answer, Task

PACKET, PACKET_END = b"<x:xmpmeta", b"</x:xmpmeta>"
MAX_PACKET = PIECE = 1 << 20
SOURCE_TYPE = re.compile(rb"digitalsourcetype/([A-Za-z]{3,60})")
SOURCE_TYPE_URL = re.compile(r"digitalsourcetype/([A-Za-z]{3,60})$")
NO_CHANGE = ("signingCredential.", "timeStamp.", "claimSignature.outsideValidity", "algorithm.deprecated")
MOST = 20
LONGEST = 200


def credentials(file: BinaryIO, options: dict[str, Any]) -> Answer:
    """What the manifests and the XMP packet declare; an unreadable manifest is said as such, it is no fault of the picture."""
    declared = of_manifests(file, str(options["type"]))
    if not declared.get("source_types"):
        declared["source_types"] = of_packet(file)
    return {"declared": declared}, []


def of_manifests(file: BinaryIO, type: str) -> dict[str, Any]:
    """The manifests of a file of a MIME type, through the library; remote ones are never fetched: there is no network here."""
    try:
        with c2pa.Reader(type, file) as reader:
            store = json.loads(reader.json())
    except c2pa.C2paError as fault:
        missing = isinstance(fault, c2pa.C2paError.ManifestNotFound)
        return {} if missing else {"has_manifest": True, "is_intact": False, "fault": str(fault)[:LONGEST]}
    return read_store(store)


def read_store(store: Mapping[str, Any]) -> dict[str, Any]:
    """The store's JSON in short: who signed, with what it was made, and what each action says of the source."""
    manifests = store.get("manifests") or {}
    active = manifests.get(store.get("active_manifest")) or {}
    signature = active.get("signature_info") or {}
    made_with = active.get("claim_generator_info") or []
    return {
        "has_manifest": True,
        "is_intact": not any(is_breach(status) for status in store.get("validation_status") or []),
        "signed_by": str(signature.get("common_name") or signature.get("issuer") or "")[:LONGEST],
        "made_with": str(made_with[0].get("name", "") if made_with else "")[:LONGEST],
        "source_types": sorted(set(types_of(active)))[:MOST],
        "part_types": sorted({each for name, one in manifests.items() if one is not active for each in types_of(one)})[:MOST],
    }


def is_breach(status: Mapping[str, Any]) -> bool:
    """Whether a finding of the validation speaks of a change; an unknown signer or clock is none, since no list of them is kept,
    and a certificate that ran out says nothing of the picture.
    """
    return not str(status.get("code", "")).startswith(NO_CHANGE)


def types_of(manifest: Mapping[str, Any]) -> Iterator[str]:
    """The digital source types that a manifest's actions and metadata name."""
    for assertion in manifest.get("assertions") or []:
        data: Any = assertion.get("data")
        if isinstance(data, dict):
            for each in [data, *(data.get("actions") or [])]:
                said = each.get("digitalSourceType") or each.get("Iptc4xmpExt:DigitalSourceType") or ""
                if found := SOURCE_TYPE_URL.search(str(said)):
                    yield found[1]


def of_packet(file: BinaryIO) -> list[str]:
    """The digital source types in the XMP packet, which needs no reader of XML to be found."""
    start = place_of(file, PACKET)
    if start < 0:
        return []
    file.seek(start)
    packet, _, _ = file.read(MAX_PACKET).partition(PACKET_END)
    return sorted({found.decode() for found in SOURCE_TYPE.findall(packet)})[:MOST]


def place_of(file: BinaryIO, mark: bytes) -> int:
    """Where a mark begins, −1 without one; read in pieces, for a video is large and a mapping asks for calls that are shut."""
    file.seek(0)
    at, before = 0, b""
    while piece := file.read(PIECE):
        if (found := (before + piece).find(mark)) >= 0:
            return at - len(before) + found
        at += len(piece)
        before = piece[-len(mark) :]
    return -1


TASKS: dict[str, Task] = {"credentials": credentials}

if __name__ == "__main__":
    warm.main(TASKS, sys.argv[1:])
