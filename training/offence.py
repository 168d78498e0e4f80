"""Train the model of offence that ships, from tweets labelled hate, offensive or neither (MIT).

Python 3.11+, in the project's environment: python training/offence.py labeled_data.csv [--out ugc/texts/shipped/offence.npz]
Prints what it measured on the held-out part; ugc/texts/shipped/offence.md says where the data comes from.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import html
import json
import re
from pathlib import Path

import numpy
from sklearn.metrics import f1_score, precision_score, recall_score

from ugc.modelling import artefacts
from ugc.texts import features, safety_training
from ugc.texts.base import PLAIN, Context, Text
from ugc.texts.readers import offence

HELD_OUT = 64
"""Of 256 groups of texts that begin alike."""
HATE, NEITHER = "0", "2"


def read_rows(path: Path) -> tuple[list[str], list[str]]:
    """The tweets and their labels."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [html.unescape(row["tweet"]) for row in rows], [row["class"] for row in rows]


def group_of(text: str) -> int:
    """0–255, the same for texts that begin alike once links, names and marks are off: retweets stay on one side."""
    words = re.findall(r"[a-z]+", re.sub(r"https?://\S+|@\w+", "", text.lower()))
    return hashlib.sha256(" ".join([word for word in words if word != "rt"][:8]).encode()).digest()[0]


def main() -> None:
    """Train, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "ugc" / "texts" / "shipped" / "offence.npz")
    options = parser.parse_args()
    texts, classes = read_rows(options.data)
    held = numpy.array([group_of(text) < HELD_OUT for text in texts])
    hate, offends = numpy.array(classes) == HATE, numpy.array(classes) != NEITHER
    learnt = [text for text, out in zip(texts, held, strict=True) if not out]
    model = safety_training.fit(
        "offence", offence.FORMAT, features.BITS, learnt, numpy.column_stack([offends[~held], hate[~held]]), strengths=(4.0, 1.0)
    )
    options.out.parent.mkdir(exist_ok=True)
    options.out.write_bytes(artefacts.pack(model))
    out = [Text(body=text) for text, is_out in zip(texts, held, strict=True) if is_out]
    levels = offence.read_levels(
        out, Context(models={"offence": artefacts.unpack(options.out.read_bytes(), kind="offence", format=1)})
    )
    found = numpy.array([each.p >= 0.5 for each in levels])
    hates = numpy.array([each.labels["hate"] >= 0.5 for each in levels])
    print(json.dumps({
        "rows": len(learnt), "held_out": len(out), "bytes": options.out.stat().st_size,
        **{f"offence_{name}": round(float(score(offends[held], found)), 4) for name, score in SCORES.items()},
        **{f"hate_{name}": round(float(score(hate[held], hates)), 4) for name, score in SCORES.items()},
    }))  # fmt: skip


SCORES = {"f1": f1_score, "precision": precision_score, "recall": recall_score}

if __name__ == "__main__":
    assert PLAIN.models == {}
    main()
