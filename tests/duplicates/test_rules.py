"""Likeness of texts, turned copies, groups that never chain, and what a merge may do."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.make import NOON
from tests.media.vectors import photo
from ugc.duplicates import rules
from ugc.duplicates.index import RADIUS, distance
from ugc.duplicates.rules import Copy, Edge, Placed
from ugc.library.models import RightsState
from ugc.media.child import fingerprint

T = Image.Transpose
LYING = (
    (), (T.FLIP_LEFT_RIGHT,), (T.FLIP_TOP_BOTTOM,), (T.ROTATE_180,), (T.TRANSPOSE,), (T.FLIP_LEFT_RIGHT, T.TRANSPOSE),
    (T.FLIP_TOP_BOTTOM, T.TRANSPOSE), (T.ROTATE_180, T.TRANSPOSE),
)  # fmt: skip
REVIEW = "I bought this dress in blue for my sister's wedding and got so many compliments on it all evening"


def turned(picture: Image.Image, turn: int) -> Image.Image:
    for step in LYING[turn]:
        picture = picture.transpose(step)
    return picture


@pytest.mark.parametrize("turn", range(8))
@pytest.mark.parametrize("size", [(512, 384), (301, 512), (512, 512)])
def test_a_turned_hash_is_to_the_bit_the_one_of_the_turned_picture(turn: int, size: tuple[int, int]) -> None:
    picture = photo(*size)
    ways = rules.turned_copies(fingerprint.perceptual_hash(picture)[0], fingerprint.turned_hashes(picture))
    assert ways[turn] == fingerprint.perceptual_hash(turned(picture, turn))[0]


@pytest.mark.parametrize("turn", range(8))
def test_without_turned_hashes_the_bits_of_the_upright_one_come_near(turn: int) -> None:
    picture = photo(512, 384)
    ways = rules.turned_copies(fingerprint.perceptual_hash(picture)[0], None)
    near = [distance(way, fingerprint.perceptual_hash(turned(picture, turn))[0]) for way in ways]
    assert near[turn] == min(near)
    assert near[turn] <= 31


def test_eight_ways_to_lie_are_eight_different_hashes() -> None:
    picture = photo(512, 384)
    ways = rules.turned_copies(fingerprint.perceptual_hash(picture)[0], fingerprint.turned_hashes(picture))
    assert len(set(ways)) == 8


def test_a_picture_too_small_to_hash_has_no_turned_hashes_either() -> None:
    assert fingerprint.turned_hashes(Image.new("RGB", (3, 3))) == bytes(7 * 32)


@pytest.mark.parametrize(
    "sent_again",
    [
        lambda picture: Image.open(io.BytesIO(jpeg_of(picture, 60))).convert("RGB"),
        lambda picture: picture.resize((picture.width // 2, picture.height // 2)),
        lambda picture: picture.transpose(T.FLIP_LEFT_RIGHT).resize((400, 300)),
    ],
    ids=["re-encoded", "half the size", "mirrored and smaller"],
)
def test_a_picture_that_is_sent_again_is_within_the_radius(sent_again: Callable[[Image.Image], Image.Image]) -> None:
    """T-19: what the block-list must recognise."""
    picture = photo(800, 600)
    known = fingerprint.perceptual_hash(picture)[0]
    again = sent_again(picture)
    ways = rules.turned_copies(fingerprint.perceptual_hash(again)[0], fingerprint.turned_hashes(again))
    assert min(distance(known, way) for way in ways) <= RADIUS


def jpeg_of(picture: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


# Texts.


@pytest.mark.parametrize(
    "text",
    [
        REVIEW.upper(), REVIEW.replace(" ", "  \n"), REVIEW.replace("'", "’"), f"“{REVIEW}!!!” 😍👗", REVIEW.replace("in", "ｉｎ"),
        f"{REVIEW}.", REVIEW.replace("evening", "evening\u200d"),
    ],
)  # fmt: skip
def test_case_signs_spaces_and_emoji_do_not_make_a_text_another(text: str) -> None:
    assert rules.digest_of(rules.words_of("", text)) == rules.digest_of(rules.words_of("", REVIEW))


@pytest.mark.parametrize("text", ["", "Good", "👍👍👍", "Love this dress, fits perfectly", "1 2 3 4 5 6 7", "!" * 500])
def test_a_short_text_is_never_a_copy(text: str) -> None:
    words = rules.words_of("", text)
    assert rules.digest_of(words) is None
    assert rules.keys_of(1, words) == []


def test_a_text_in_another_script_counts_by_its_words() -> None:
    assert rules.digest_of(rules.words_of("", "Очень красивое платье, ношу его каждый день с удовольствием")) is not None
    assert rules.words_of("", "Café CAFE\u0301") == ["café", "café"]


@given(st.lists(st.sampled_from("abcdefghij"), min_size=8, max_size=40))
def test_the_same_words_share_every_key_and_other_brands_none(words: list[str]) -> None:
    assert rules.keys_of(1, words) == rules.keys_of(1, list(words))
    assert not set(rules.keys_of(1, words)) & set(rules.keys_of(2, words))


def test_a_text_with_a_word_changed_shares_a_key_and_is_alike() -> None:
    text = [f"word{place}" for place in range(60)]
    other = [*text[:30], "other", *text[31:]]
    assert set(rules.keys_of(1, text)) & set(rules.keys_of(1, other))
    assert rules.likeness_of(rules.shingles_of(text), rules.shingles_of(other)) > rules.ALIKE


def test_texts_with_half_of_their_words_in_common_are_not_alike() -> None:
    one, other = [f"a{place}" for place in range(60)], [f"a{place}" for place in range(30)] + [f"b{place}" for place in range(30)]
    assert rules.likeness_of(rules.shingles_of(one), rules.shingles_of(other)) < rules.ALIKE


def test_nearly_all_pairs_at_the_limit_share_a_key() -> None:
    """Two hundred changed texts at a likeness just above 0.8: the keys must lead to every one of them."""
    random = numpy.random.default_rng(3)
    for trial in range(200):
        words = [f"w{value}" for value in random.integers(0, 5_000, 120)]
        other = list(words)
        for place in random.choice(118, 4, replace=False):
            other[int(place)] = f"changed{trial}"
        assert rules.likeness_of(rules.shingles_of(words), rules.shingles_of(other)) >= rules.ALIKE
        assert set(rules.keys_of(1, words)) & set(rules.keys_of(1, other))


# Groups.


@pytest.mark.parametrize(
    ("item", "edges", "groups", "apart", "expected"),
    [
        (2, [(1, 2, 5)], {}, [], Placed(None, 1, (2, 1))),
        (3, [(1, 2, 5), (1, 3, 9)], {7: {1, 2}}, [], Placed(7, 1, (3,))),
        # A chain 1–2–3: 3 is alike with 2 alone, which then is the centre of all.
        (3, [(1, 2, 5), (2, 3, 9)], {7: {1, 2}}, [], Placed(7, 2, (3,))),
        # 4 is alike with 3 alone, and nobody would be alike with all: it waits.
        (4, [(1, 2, 5), (2, 3, 9), (3, 4, 1)], {7: {1, 2, 3}}, [], None),
        # Told apart from one of the group: it waits.
        (3, [(1, 2, 5), (1, 3, 9)], {7: {1, 2}}, [(2, 3)], None),
        # Two neighbours that were told apart: only the nearer one now.
        (3, [(1, 3, 9), (2, 3, 4)], {}, [(1, 2)], Placed(None, 2, (3, 2))),
        # The nearer group first.
        (5, [(1, 2, 0), (3, 4, 0), (1, 5, 20), (3, 5, 10)], {7: {1, 2}, 8: {3, 4}}, [], Placed(8, 3, (5,))),
        # A neighbour without a group is nearer, the group still comes first: nobody is asked twice about it.
        (4, [(1, 2, 5), (1, 4, 9), (3, 4, 2)], {7: {1, 2}}, [], Placed(7, 1, (4,))),
        (1, [], {}, [], None),
    ],
)  # fmt: skip
def test_where_an_item_belongs(
    item: int, edges: list[tuple[int, int, int]], groups: dict[int, set[int]], apart: list[tuple[int, int]], expected: Placed | None
) -> None:
    assert rules.place_of(item, [Edge(*edge) for edge in edges], groups, set(apart)) == expected


@given(st.sets(st.tuples(st.integers(1, 12), st.integers(1, 12)).filter(lambda pair: pair[0] < pair[1]), max_size=40), st.data())
def test_in_every_group_one_is_alike_with_all_others_and_no_two_were_told_apart(
    pairs: set[tuple[int, int]], data: st.DataObject
) -> None:
    apart = {pair for pair in sorted(pairs) if data.draw(st.booleans())}
    edges = [Edge(low, high, (low * high) % 32) for low, high in sorted(pairs - apart)]
    groups: dict[int, set[int]] = {}
    for item in range(1, 13):
        if any(item in members for members in groups.values()):
            continue
        placed = rules.place_of(item, edges, groups, apart)
        if placed is not None:
            groups.setdefault(placed.group_id or 100 + item, set()).update(placed.members)
    for members in groups.values():
        assert rules.centre_of(members, pairs - apart) is not None
        assert not apart & set(rules.pairs_among(members))
    assert len([id for members in groups.values() for id in members]) == len({id for members in groups.values() for id in members})


def test_a_group_does_not_grow_past_what_a_person_looks_at() -> None:
    members = set(range(1, rules.MOST_MEMBERS + 1))
    edges = [Edge(low, 1_000, 1) for low in members] + [Edge(low, high, 1) for low, high in rules.pairs_among(members)]
    assert rules.place_of(1_000, edges, {7: members}, set()) is None


# Merging.

BEST = Copy(1, 80, 11, RightsState.NONE, None, NOON)
DAY = timedelta(days=1)


def test_the_score_says_which_is_best_and_the_older_wins_a_draw() -> None:
    copies = [
        replace(BEST, item_id=1, score=None), replace(BEST, item_id=2, score=60, created=NOON + DAY),
        replace(BEST, item_id=3, score=90, created=NOON + DAY), replace(BEST, item_id=4, score=60),
    ]  # fmt: skip
    assert [copy.item_id for copy in rules.order_of(copies)] == [3, 4, 2, 1]


GRANTED = replace(BEST, item_id=2, right=RightsState.GRANTED, right_until=NOON + DAY)


@pytest.mark.parametrize(
    ("best", "others", "expected"),
    [
        (BEST, [replace(BEST, item_id=2)], None),
        (replace(BEST, right=RightsState.OWNED), [GRANTED], None),
        (replace(BEST, right=RightsState.OWNED), [replace(GRANTED, creator_id=12)], None),
        (BEST, [GRANTED], 2),
        (BEST, [GRANTED, replace(GRANTED, item_id=3, right_until=None)], 3),
        (BEST, [GRANTED, replace(GRANTED, item_id=3, right_until=NOON + 2 * DAY)], 3),
        (BEST, [GRANTED, replace(GRANTED, item_id=3, right_until=None, creator_id=12)], 2),
        (BEST, [replace(GRANTED, right_until=NOON)], None),
        (BEST, [replace(GRANTED, right=RightsState.REVOKED)], None),
    ],
)
def test_the_kept_item_takes_over_a_right_of_the_same_person_only(best: Copy, others: list[Copy], expected: int | None) -> None:
    taken = rules.right_from(best, others, NOON)
    assert (taken.item_id if taken else None) == expected


@pytest.mark.parametrize(
    ("best", "other"),
    [
        (BEST, replace(GRANTED, creator_id=12)),
        (replace(BEST, creator_id=None), replace(GRANTED, creator_id=None)),
        (replace(BEST, right=RightsState.REVOKED), GRANTED),
        (replace(BEST, right=RightsState.DECLINED), GRANTED),
    ],
)
def test_a_merge_that_would_lose_or_borrow_a_right_is_refused(best: Copy, other: Copy) -> None:
    with pytest.raises(rules.RightWouldBeLost) as refused:
        rules.right_from(best, [other], NOON)
    assert refused.value.facts == {"item": 2}
