"""Groups among loose files."""

from __future__ import annotations

import pytest

from tests.duplicates.alike import BASE, flipped
from ugc.duplicates import rules
from ugc.duplicates.files import Print, groups_of


def made(name: str, hash: bytes, *, score: int = 50, quality: int = 100, kind: str = "picture", sha256: str = "") -> Print:
    return Print(name, kind, sha256 or name, hash, quality, b"", score)


@pytest.mark.parametrize(
    ("prints", "expected"),
    [
        ([], []),
        ([made("a", BASE)], []),
        ([made("a", BASE, score=10), made("b", flipped(1), score=90)], [["b", "a"]]),
        ([made("a", BASE), made("b", flipped(*range(32)))], []),
        ([made("a", BASE, quality=10), made("b", BASE)], []),
        ([made("a", BASE, quality=10, sha256="x"), made("b", BASE, quality=10, sha256="x")], [["a", "b"]]),
        ([made("a", BASE, kind="video"), made("b", BASE)], []),
        ([made("a", BASE), made("b", rules.turned_copies(BASE, None)[1], score=10)], [["a", "b"]]),
        # A chain of four: nobody is more than the radius from the first of the group, and everybody is in one.
        (
            [made(name, flipped(*range(20 * place)), score=90 - place) for place, name in enumerate("abcd")],
            [["a", "b"], ["c", "d"]],
        ),
        # The last is like the second alone, which is in the better group: both are shown once more.
        (
            [made("a", BASE, score=90), made("b", flipped(*range(20)), score=80), made("c", flipped(*range(40)), score=70)],
            [["a", "b"], ["b", "c"]],
        ),
    ],
)
def test_groups_have_the_best_first_and_never_chain(prints: list[Print], expected: list[list[str]]) -> None:
    assert [[member.print.name for member in group] for group in groups_of(prints)] == expected


def test_each_member_says_how_far_it_is_and_how_it_lies() -> None:
    prints = [made("a", BASE, score=90), made("b", flipped(1, 2, 3, hash=rules.turned_copies(BASE, None)[3]))]
    [[best, copy]] = groups_of(prints)
    assert (best.distance, best.turn) == (0, "")
    assert (copy.distance, copy.turn) == (3, "upside down")
