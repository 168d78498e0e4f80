"""Cursors come back as they went out and can't be made or altered by others; page sizes have bounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ugc.kit import paging
from ugc.kit.errors import Invalid

KEY = b"k" * 32
values = st.lists(st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")), max_size=4)


@given(values)
def test_a_cursor_comes_back_as_it_went_out(given_values: list[object]) -> None:
    cursor = paging.make_cursor(given_values, KEY)
    assert paging.read_cursor(cursor, KEY) == given_values
    assert cursor.replace("-", "").replace("_", "").isalnum()


@given(values, st.integers(0, 200), st.sampled_from("ABCxyz019-_"))
def test_an_altered_cursor_is_refused(given_values: list[object], position: int, letter: str) -> None:
    """T-49"""
    cursor = paging.make_cursor(given_values, KEY)
    position %= len(cursor)
    altered = cursor[:position] + letter + cursor[position + 1 :]
    try:
        assert paging.read_cursor(altered, KEY) == given_values  # a change of unused last bits, or none
    except paging.BadCursor:
        assert altered != cursor


@pytest.mark.parametrize("cursor", ["", "a", "!!!!", "AAAA", "é", "A" * 5000, "AAAAAAAAAAAAAAAAAAAAAAAAAAAA"])
def test_what_was_never_a_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(paging.BadCursor):
        paging.read_cursor(cursor, KEY)


def test_another_key_reads_nothing() -> None:
    with pytest.raises(paging.BadCursor):
        paging.read_cursor(paging.make_cursor([1], KEY), b"x" * 32)


@pytest.mark.parametrize(("value", "limit"), [(None, 30), ("", 30), ("1", 1), ("100", 100)])
def test_page_sizes(value: str | None, limit: int) -> None:
    assert paging.read_limit(value) == limit


@pytest.mark.parametrize("value", ["0", "101", "-1", "x", "1.5", "١", "9" * 50, " 5"])
def test_bad_page_sizes(value: str) -> None:
    with pytest.raises(Invalid):
        paging.read_limit(value)
