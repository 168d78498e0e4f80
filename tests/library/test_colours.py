"""Names of colours, and which cells of the database a name or a colour means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ugc.kit.errors import Invalid
from ugc.library import colours

NAMED = {
    "#000000": "black", "#ffffff": "white", "#808080": "grey", "#e01010": "red", "#ff8c00": "orange", "#ffe100": "yellow",
    "#228b22": "green", "#30d5c8": "turquoise", "#1e3fae": "blue", "#6a0dad": "purple", "#ff8fb1": "pink", "#6b4226": "brown",
    "#e3d2b4": "beige", "#000080": "blue", "#f00": "red",
}  # fmt: skip


@pytest.mark.parametrize(("hex", "name"), NAMED.items())
def test_a_colour_is_called_what_people_call_it(hex: str, name: str) -> None:
    assert colours.name_of(hex) == name


@pytest.mark.parametrize("text", ["", "blau", "#12", "#gggggg", "12345", "#1234567"])
def test_what_is_no_colour_is_refused_with_the_names_on_offer(text: str) -> None:
    with pytest.raises(Invalid, match="beige"):
        colours.normal(text)


@given(st.integers(0, 0xFFFFFF))
def test_every_colour_is_found_by_its_own_cell_or_one_beside_it(number: int) -> None:
    red, green, blue = number >> 16, number >> 8 & 255, number & 255
    cell = (red >> 4) << 8 | (green >> 4) << 4 | blue >> 4
    found = colours.cells_like(f"#{number:06x}")
    near = [each for each in found if max(abs((each >> shift & 15) - (cell >> shift & 15)) for shift in (8, 4, 0)) <= 1]
    assert near


def test_every_cell_has_exactly_one_name_and_every_name_has_cells() -> None:
    listed = [cell for name in colours.NAMES for cell in colours.cells_like(name)]
    assert sorted(listed) == list(range(colours.CELLS))
    assert {colours.letter_of(name) for name in colours.NAMES} == set(colours.letters())


def test_colours_far_from_each_other_share_no_cell() -> None:
    assert not set(colours.cells_like("#ff0000")) & set(colours.cells_like("#0000ff"))
    assert set(colours.cells_like("#336699")) & set(colours.cells_like("#3a6a9c"))
