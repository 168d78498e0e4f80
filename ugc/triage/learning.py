"""From rows to probabilities with stored arrays: standardise, weigh, calibrate, explain. Pure; numpy only.

A row's columns: each scalar standardised, its square (a thing may be best in the middle) and whether it is missing, then the
blocks. A block counts about as much as a few scalars, however many numbers it has. Weights see slopes, trees see steps and
"this only with that" (decision 0146).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy
from numpy.typing import NDArray

from ugc.modelling.artefacts import Artefact
from ugc.triage import forest
from ugc.triage.features import ALWAYS_THERE, Row, group_of
from ugc.triage.forest import Forest

KIND = "approval"
FORMAT = 1
Matrix = NDArray[numpy.float64]

FAR = 4.0
"""Standard deviations beyond which a value says no more."""
CURVED = 0.5
"""How much the square of a scalar counts against itself."""
BLOCK = 2.0
"""Standard deviation of a whole block, where a scalar's is 1."""
RARE = 0.01
"""What is missing, or there, in less than this share of the rows teaches nothing."""


@dataclass(frozen=True, slots=True)
class Space:
    """Which columns there are and what stands for average in each."""

    scalars: tuple[str, ...]
    mean: Matrix
    spread: Matrix
    blocks: tuple[str, ...]
    centres: Mapping[str, Matrix]
    widths: Mapping[str, float]

    @property
    def groups(self) -> list[str]:
        """The group of each column."""
        named = [group_of(name) for name in self.scalars]
        return [*named, *named, *named, *(name for name in self.blocks for _ in self.centres[name])]


def space_of(rows: Sequence[Row]) -> Space:
    """The columns that the rows have, with their averages."""
    seen: dict[str, int] = {}
    for row in rows:
        for name in row.scalars:
            seen[name] = seen.get(name, 0) + 1
    scalars = tuple(sorted(name for name, count in seen.items() if count >= RARE * len(rows)))
    values = table_of(rows, scalars)
    known = ~numpy.isnan(values)
    count = numpy.maximum(known.sum(axis=0), 1)
    filled = numpy.where(known, values, 0.0)
    mean = filled.sum(axis=0) / count
    spread = numpy.sqrt((numpy.where(known, values - mean, 0.0) ** 2).sum(axis=0) / count)
    blocks = tuple(sorted({name for row in rows for name in row.blocks}))
    centres = {name: stacked(rows, name).mean(axis=0) for name in blocks}
    widths = {
        name: max(float(numpy.sqrt(((stacked(rows, name) - centres[name]) ** 2).sum(axis=1).mean())), 1e-6) for name in blocks
    }
    return Space(scalars, mean, numpy.maximum(spread, 1e-6), blocks, centres, widths)


def stacked(rows: Sequence[Row], name: str) -> Matrix:
    """The vectors of a block of the rows that have it; of several lengths (another encoder's among them) the commonest."""
    vectors = [row.blocks[name] for row in rows if name in row.blocks]
    lengths = [len(vector) for vector in vectors]
    common = max(set(lengths), key=lambda length: (lengths.count(length), length))
    return numpy.asarray([vector for vector in vectors if len(vector) == common], dtype=numpy.float64)


def table_of(rows: Sequence[Row], scalars: Sequence[str]) -> Matrix:
    """Rows × scalars; not a number where it is unknown."""
    empty = [0.0 if name.startswith(ALWAYS_THERE) else numpy.nan for name in scalars]
    return numpy.asarray(
        [[row.scalars.get(name, missing) for name, missing in zip(scalars, empty, strict=True)] for row in rows],
        dtype=numpy.float64,
    ).reshape(len(rows), len(scalars))


def matrix_of(rows: Sequence[Row], space: Space) -> Matrix:
    """Rows × columns; what is unknown counts as average, and that it is unknown counts by itself."""
    values = table_of(rows, space.scalars)
    known = ~numpy.isnan(values)
    standard = numpy.clip(numpy.where(known, (values - space.mean) / space.spread, 0.0), -FAR, FAR)
    curved = numpy.where(known, CURVED * (numpy.minimum(standard**2, FAR) - 1.0), 0.0)
    columns = [standard, curved, (~known).astype(numpy.float64)]
    columns += [block_of(rows, name, space.centres[name], space.widths[name]) for name in space.blocks]
    return numpy.concatenate(columns, axis=1)


def block_of(rows: Sequence[Row], name: str, centre: Matrix, width: float) -> Matrix:
    """A block's columns; a vector that is missing or of another encoder is average."""
    made = numpy.zeros((len(rows), len(centre)))
    for place, row in enumerate(rows):
        vector = row.blocks.get(name)
        if vector is not None and len(vector) == len(centre):
            made[place] = (vector - centre) * (BLOCK / width)
    return made


@dataclass(frozen=True, slots=True)
class Model:
    """Weights over a space, and trees over it where there were enough decisions; both summed into log-odds. With how it did on
    what it had not seen.
    """

    space: Space
    weights: Matrix
    bias: float
    forest: Forest | None
    line: tuple[float, float, float]
    """Log-odds = the weights' sum × the first + the trees' sum × the second + the third, fitted on held-out sums (Platt, 1999)."""
    heldout: Mapping[str, NDArray[Any]]
    """`p`, `y`, `kind`, `item`: each decision as predicted without it."""
    facts: Mapping[str, Any]

    @property
    def average(self) -> float:
        """The log-odds to which each row's reasons are added."""
        base = self.forest.base if self.forest else 0.0
        return self.bias * self.line[0] + base * self.line[1] + self.line[2]

    def predict(self, rows: Sequence[Row]) -> Matrix:
        """How likely each is approved."""
        return squashed(self.average + self.added(rows).sum(axis=1))

    def added(self, rows: Sequence[Row]) -> Matrix:
        """What each column adds to each row's log-odds, compared with an average item."""
        x = matrix_of(rows, self.space)
        linear = x * self.weights * self.line[0]
        return linear + self.forest.added(x) * self.line[1] if self.forest and len(x) else linear

    def explain(self, rows: Sequence[Row]) -> list[dict[str, float]]:
        """What each group adds to the log-odds of each row."""
        groups = self.space.groups
        names = sorted(set(groups))
        places = {name: place for place, name in enumerate(names)}
        summed = numpy.zeros((len(rows), len(names)))
        numpy.add.at(summed.T, [places[group] for group in groups], self.added(rows).T)
        return [dict(zip(names, line.tolist(), strict=True)) for line in summed]


def squashed(sums: Matrix) -> Matrix:
    """Log-odds as probabilities."""
    probabilities: Matrix = 1.0 / (1.0 + numpy.exp(-numpy.clip(sums, -30.0, 30.0)))
    return probabilities


def to_artefact(model: Model) -> Artefact:
    """The model as it is kept."""
    space = model.space
    arrays: dict[str, NDArray[Any]] = {"mean": space.mean, "spread": space.spread, "weights": model.weights}
    arrays |= {f"centre_{name}": space.centres[name] for name in space.blocks}
    arrays |= forest.to_arrays(model.forest)
    arrays |= {f"heldout_{name}": array for name, array in model.heldout.items()}
    facts = {
        "scalars": list(space.scalars), "blocks": list(space.blocks), "widths": dict(space.widths), "bias": model.bias,
        "line": list(model.line), "facts": dict(model.facts),
    }  # fmt: skip
    return Artefact(KIND, FORMAT, arrays, facts)


def from_artefact(artefact: Artefact) -> Model:
    """The model that was kept."""
    facts, arrays = artefact.facts, artefact.arrays
    blocks = tuple(facts["blocks"])
    space = Space(
        tuple(facts["scalars"]), arrays["mean"], arrays["spread"], blocks,
        {name: arrays[f"centre_{name}"] for name in blocks}, facts["widths"],
    )  # fmt: skip
    heldout = {name.removeprefix("heldout_"): array for name, array in arrays.items() if name.startswith("heldout_")}
    first, second, third = facts["line"]
    trees = forest.from_arrays(arrays)
    return Model(space, arrays["weights"], facts["bias"], trees, (first, second, third), heldout, facts["facts"])
