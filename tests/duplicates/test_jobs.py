"""What comes in is compared with everything that is there: found once, grouped once, never asked about again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from tests import make
from tests.duplicates.alike import BASE, REVIEW, flipped, photo, review
from tests.make import NOON
from ugc.accounts.models import Brand
from ugc.duplicates import actions, jobs, merging, queries, rules
from ugc.duplicates.models import Group, Likeness, Pair, PicturePrint, Standing
from ugc.galleries import actions as galleries_actions
from ugc.galleries import queries as galleries_queries
from ugc.galleries.models import Gallery
from ugc.library import actions as library_actions
from ugc.library.models import Item, ItemMedia, Kind, Reason, RightsState, State
from ugc.library.rules import ItemData
from ugc.media.models import File, FileKind, FileState
from ugc.runtime import Runtime

BY: dict[str, Any] = {"actor": "person:1", "now": NOON}


def look(runtime: Runtime, *items: Item) -> None:
    """Have the worker's job done for items."""
    jobs.find_for_items(runtime, brand_id=items[0].brand_id, item_ids=[item.id for item in items])


def groups(session: Session, brand: Brand) -> list[set[int]]:
    session.expire_all()
    return [{shown.item.id for shown in view.members} for view in queries.find_groups(session, brand.id)]


def the_group(session: Session, brand: Brand) -> queries.View:
    session.expire_all()
    [view] = queries.find_groups(session, brand.id)
    return view


def apart(session: Session, brand: Brand) -> None:
    actions.keep_apart(session, brand.id, the_group(session, brand).id, **BY)
    session.commit()


@pytest.fixture
def brand(session: Session) -> Brand:
    made = make.brand(session)
    session.commit()
    return made


def test_two_pictures_within_the_radius_are_a_group_with_the_better_one_first(
    runtime: Runtime, session: Session, brand: Brand
) -> None:
    plain = photo(session, brand, BASE, score=40, file={"size": 9_000_000})
    better = photo(session, brand, flipped(*range(31)), score=80, file={"size": 1_000})
    session.commit()
    look(runtime, plain, better)
    view = the_group(session, brand)
    assert [shown.item.id for shown in view.members] == [better.id, plain.id]
    assert view.likeness is Likeness.PICTURE
    assert [shown.distance for shown in view.members] == [31, None]


def test_pictures_further_apart_are_left_alone(runtime: Runtime, session: Session, brand: Brand) -> None:
    items = [photo(session, brand, BASE), photo(session, brand, flipped(*range(32)))]
    session.commit()
    look(runtime, *items)
    assert groups(session, brand) == []


@pytest.mark.parametrize("turn", range(1, 8))
def test_a_mirrored_or_turned_copy_is_found_and_says_how_it_lies(
    runtime: Runtime, session: Session, brand: Brand, turn: int
) -> None:
    first = photo(session, brand, BASE)
    copy = photo(session, brand, flipped(1, 2, 3, hash=rules.turned_copies(BASE, None)[turn]))
    session.commit()
    look(runtime, first)
    look(runtime, copy)
    assert groups(session, brand) == [{first.id, copy.id}]
    assert rules.TURNS[turn] in {shown.turn for shown in the_group(session, brand).members}


@pytest.mark.parametrize(
    "facts",
    [
        {"quality": rules.LEAST_QUALITY - 1},
        {"file": {"kind": FileKind.VIDEO}},
        {"file": {"kind": FileKind.AUDIO}},
        {"file": {"perceptual_hash": None}},
        {"file": {"state": "pending"}},
        {"state": State.REJECTED, "state_reason": Reason.LOW_QUALITY},
        {"state": State.TRASH},
    ],
)
def test_what_cannot_be_compared_is_in_no_group(runtime: Runtime, session: Session, brand: Brand, facts: dict[str, Any]) -> None:
    items = [photo(session, brand, BASE), photo(session, brand, BASE, **facts)]
    session.commit()
    look(runtime, *items)
    assert groups(session, brand) == []


def test_posters_of_videos_are_compared_with_each_other(runtime: Runtime, session: Session, brand: Brand) -> None:
    items = [photo(session, brand, flipped(place), file={"kind": FileKind.VIDEO}) for place in range(2)]
    session.commit()
    look(runtime, *items)
    assert groups(session, brand) == [{item.id for item in items}]


def test_the_same_bytes_in_two_items_are_a_group_and_in_one_item_none(runtime: Runtime, session: Session, brand: Brand) -> None:
    first, second = photo(session, brand, BASE, flipped(1)), make.item(session, brand)
    session.commit()
    look(runtime, first)
    assert groups(session, brand) == []
    file_id = session.scalar(select(ItemMedia.file_id).where(ItemMedia.item_id == first.id).limit(1))
    assert file_id is not None
    make.added(session, ItemMedia(item_id=second.id, file_id=file_id))
    session.commit()
    look(runtime, second)
    assert groups(session, brand) == [{first.id, second.id}]


def test_a_finished_file_asks_for_all_its_items(runtime: Runtime, session: Session, brand: Brand) -> None:
    old, new = photo(session, brand, BASE), photo(session, brand, flipped(1))
    session.commit()
    look(runtime, old)
    [file_id] = session.scalars(select(ItemMedia.file_id).where(ItemMedia.item_id == new.id))
    jobs.find_for_files(runtime, brand_id=brand.id, file_ids=[file_id])
    assert groups(session, brand) == [{old.id, new.id}]


def test_each_brand_sees_its_own_only(runtime: Runtime, session: Session, brand: Brand) -> None:
    other = make.brand(session)
    items = [photo(session, each, BASE) for each in (brand, other)] + [review(session, each) for each in (brand, other)]
    session.commit()
    for item in items:
        look(runtime, item)
    assert groups(session, brand) == groups(session, other) == []


def test_looking_again_changes_nothing(runtime: Runtime, session: Session, brand: Brand) -> None:
    items = [photo(session, brand, flipped(place)) for place in range(3)] + [review(session, brand) for _ in range(2)]
    session.commit()
    look(runtime, *items)
    before = groups(session, brand)
    look(runtime, *items)
    look(runtime, items[0])
    assert groups(session, brand) == before == [{items[3].id, items[4].id}, {item.id for item in items[:3]}]
    assert session.scalar(select(func.count()).select_from(PicturePrint).where(PicturePrint.brand_id == brand.id)) == 3


# Never asked about again.


def test_pictures_that_were_kept_apart_are_not_reported_again(runtime: Runtime, session: Session, brand: Brand) -> None:
    items = [photo(session, brand, flipped(place)) for place in range(3)]
    session.commit()
    look(runtime, *items)
    apart(session, brand)
    look(runtime, *items)
    jobs.catch_up(runtime)
    assert groups(session, brand) == []


def test_a_third_copy_is_compared_and_those_kept_apart_stay_apart(runtime: Runtime, session: Session, brand: Brand) -> None:
    """Each pair is asked about once: the newcomer with the one, then, should they be kept apart too, with the other."""
    one, two = photo(session, brand, BASE), photo(session, brand, flipped(1, 2))
    session.commit()
    look(runtime, one, two)
    apart(session, brand)
    third = photo(session, brand, flipped(1))
    session.commit()
    look(runtime, third)
    seen = []
    while asked := groups(session, brand):
        seen += asked
        apart(session, brand)
    assert seen == [{one.id, third.id}, {two.id, third.id}]


def test_after_a_merge_a_further_copy_meets_the_one_that_was_kept(runtime: Runtime, session: Session, brand: Brand) -> None:
    items = [photo(session, brand, flipped(place), score=50 + place) for place in range(2)]
    session.commit()
    look(runtime, *items)
    merging.merge(runtime, session, brand.id, the_group(session, brand).id, **BY)
    session.commit()
    assert groups(session, brand) == []
    third = photo(session, brand, flipped(5))
    session.commit()
    look(runtime, third)
    assert groups(session, brand) == [{items[1].id, third.id}]


def test_a_chain_of_copies_is_never_one_group(runtime: Runtime, session: Session, brand: Brand) -> None:
    """Each is 20 bits from the next and 40 from the one after it."""
    chain = [photo(session, brand, flipped(*range(20 * place))) for place in range(6)]
    session.commit()
    for item in chain:
        look(runtime, item)
    found = groups(session, brand)
    assert sorted(len(group) for group in found) == [3, 3]
    assert not set.intersection(*found)


def test_who_waited_for_a_neighbour_comes_up_when_it_was_decided_on(runtime: Runtime, session: Session, brand: Brand) -> None:
    chain = [photo(session, brand, flipped(*range(20 * place))) for place in range(4)]
    session.commit()
    for item in chain:
        look(runtime, item)
    assert groups(session, brand) == [{item.id for item in chain[:3]}]
    apart(session, brand)
    assert groups(session, brand) == [{chain[2].id, chain[3].id}]


def test_who_was_rejected_meanwhile_was_not_decided_on_with_the_others(runtime: Runtime, session: Session, brand: Brand) -> None:
    """A person keeps apart, or merges, what the page shows; the third is asked about when it comes back."""
    one, two, third = (photo(session, brand, flipped(place)) for place in range(3))
    session.commit()
    look(runtime, one, two, third)
    library_actions.reject(session, brand.id, [third.id], Reason.LOW_QUALITY, **BY)
    session.commit()
    apart(session, brand)
    library_actions.move(session, brand.id, [third.id], State.INBOX, **BY)
    session.commit()
    jobs.catch_up(runtime)
    assert groups(session, brand) == [{one.id, third.id}]
    merging.merge(runtime, session, brand.id, the_group(session, brand).id, one.id, **BY)
    session.commit()
    assert {two.id, third.id} not in groups(session, brand)


# Texts.


def test_the_same_text_by_two_people_is_a_group(runtime: Runtime, session: Session, brand: Brand) -> None:
    ada, ben = make.creator(session, brand), make.creator(session, brand)
    items = [review(session, brand, creator_id=ada.id), review(session, brand, f"{REVIEW.upper()}!! 😍", creator_id=ben.id)]
    session.commit()
    look(runtime, *items)
    view = the_group(session, brand)
    assert (view.likeness, view.authors) == (Likeness.TEXT, 2)


@pytest.mark.parametrize("body", ["Good", "Love this dress, fits perfectly", "👍" * 40, ""])
def test_short_texts_are_no_copies(runtime: Runtime, session: Session, brand: Brand, body: str) -> None:
    items = [review(session, brand, body) for _ in range(3)]
    session.commit()
    look(runtime, *items)
    assert groups(session, brand) == []


def test_a_text_with_a_word_changed_is_found_and_another_text_is_not(runtime: Runtime, session: Session, brand: Brand) -> None:
    long = " ".join(
        [REVIEW, "The fabric is soft and the colour is just like on the picture, only the sleeves are a bit long for me"]
    )
    items = [review(session, brand, long), review(session, brand, long.replace("soft", "light")), review(session, brand, REVIEW)]
    session.commit()
    look(runtime, *items)
    assert groups(session, brand) == [{items[0].id, items[1].id}]
    assert {shown.distance for shown in the_group(session, brand).members} == {None, 14}


def test_captions_of_photos_are_not_compared(runtime: Runtime, session: Session, brand: Brand) -> None:
    items = [make.item(session, brand, body=REVIEW) for _ in range(2)]
    session.commit()
    look(runtime, *items)
    assert groups(session, brand) == []


def test_a_text_that_a_thousand_reviews_share_comes_in_groups_that_a_person_can_look_at(
    runtime: Runtime, session: Session, brand: Brand
) -> None:
    items = [review(session, brand) for _ in range(100)]
    session.commit()
    look(runtime, *items)
    found = groups(session, brand)
    assert max(len(group) for group in found) <= rules.MOST_MEMBERS
    assert sum(len(group) for group in found) >= rules.MOST_MEMBERS


# Copies of what was rejected for good.


@pytest.mark.parametrize("reason", [Reason.UNSAFE, Reason.LEGAL])
@pytest.mark.parametrize("state", [State.INBOX, State.APPROVED])
def test_a_copy_of_what_was_rejected_as_unsafe_or_illegal_is_held_back(
    runtime: Runtime, session: Session, brand: Brand, reason: Reason, state: State
) -> None:
    """T-19: also when it is mirrored and edited."""
    bad = photo(session, brand, BASE)
    session.commit()
    look(runtime, bad)
    library_actions.reject(session, brand.id, [bad.id], reason, **BY)
    copy = photo(session, brand, flipped(1, 2, hash=rules.turned_copies(BASE, None)[1]), state=state)
    session.commit()
    look(runtime, copy)
    session.refresh(copy)
    assert (copy.state, copy.state_reason) == (State.REJECTED, reason)
    assert str(bad.id) in copy.state_note
    assert groups(session, brand) == []


def test_the_block_outlives_the_item_and_its_file(runtime: Runtime, session: Session, brand: Brand) -> None:
    """T-19."""
    bad = photo(session, brand, BASE)
    session.commit()
    library_actions.reject(session, brand.id, [bad.id], Reason.UNSAFE, **BY)
    jobs.bar_items(runtime, brand_id=brand.id, item_ids=[bad.id])
    [file_id] = session.scalars(select(ItemMedia.file_id).where(ItemMedia.item_id == bad.id))
    session.execute(delete(Item).where(Item.id == bad.id))
    session.execute(delete(File).where(File.id == file_id))
    copy = photo(session, brand, flipped(3))
    session.commit()
    jobs.catch_up(runtime)
    look(runtime, copy)
    session.refresh(copy)
    assert (copy.state, copy.state_reason) == (State.REJECTED, Reason.UNSAFE)


def test_prints_of_deleted_files_are_forgotten_unless_they_keep_copies_out(
    runtime: Runtime, session: Session, brand: Brand
) -> None:
    item = photo(session, brand, BASE)
    session.commit()
    look(runtime, item)
    session.execute(delete(Item).where(Item.id == item.id))
    session.execute(delete(File).where(File.brand_id == brand.id))
    session.commit()
    jobs.catch_up(runtime)
    assert session.scalars(select(PicturePrint).where(PicturePrint.brand_id == brand.id)).all() == []


def test_a_person_who_lets_a_held_back_copy_in_has_the_last_word(runtime: Runtime, session: Session, brand: Brand) -> None:
    """T-19."""
    bad, copy = photo(session, brand, BASE), photo(session, brand, flipped(1))
    library_actions.reject(session, brand.id, [bad.id], Reason.LEGAL, **BY)
    session.commit()
    look(runtime, bad, copy)
    library_actions.approve(session, brand.id, [copy.id], **BY)
    session.commit()
    look(runtime, copy)
    session.refresh(copy)
    assert copy.state is State.APPROVED


def test_what_is_let_in_again_keeps_no_copies_out(runtime: Runtime, session: Session, brand: Brand) -> None:
    item = photo(session, brand, BASE)
    batch = library_actions.reject(session, brand.id, [item.id], Reason.UNSAFE, **BY)
    session.commit()
    jobs.bar_item(runtime, brand_id=brand.id, item_id=item.id)
    library_actions.undo(session, brand.id, batch, **BY)
    session.commit()
    jobs.catch_up(runtime)
    copy = photo(session, brand, flipped(1))
    session.commit()
    look(runtime, copy)
    session.refresh(copy)
    assert copy.state is State.INBOX
    assert groups(session, brand) == [{item.id, copy.id}]


# Catching up.


def test_what_was_there_before_is_looked_at_by_the_hourly_round(runtime: Runtime, session: Session, brand: Brand) -> None:
    items = [photo(session, brand, flipped(place)) for place in range(2)]
    session.commit()
    jobs.catch_up(runtime)
    assert sorted(id for brand_id, id in queries.find_unprinted(session, limit=100) if brand_id == brand.id) == [
        item.id for item in items
    ]
    look(runtime, *items)
    assert [id for brand_id, id in queries.find_unprinted(session, limit=100) if brand_id == brand.id] == []


def test_a_file_that_was_hashed_anew_is_compared_by_its_new_hash(runtime: Runtime, session: Session, brand: Brand) -> None:
    old, new = photo(session, brand, BASE), photo(session, brand, flipped(*range(100)))
    session.commit()
    look(runtime, old, new)
    [file_id] = session.scalars(select(ItemMedia.file_id).where(ItemMedia.item_id == new.id))
    session.get_one(File, file_id).perceptual_hash = flipped(1)
    session.commit()
    look(runtime, new)
    assert groups(session, brand) == [{old.id, new.id}]


def test_texts_wait_for_nobody_and_a_picture_waits_its_turn(live: Runtime) -> None:
    """Somebody else writes for the brand for longer than a statement may usually wait for a lock."""
    with live.transaction() as session:
        brand = make.brand(session)
        brand_id, words, picture = brand.id, review(session, brand, REVIEW).id, photo(session, brand, BASE).id
    with ThreadPoolExecutor(1) as pool:
        with live.transaction() as session:
            actions.queue(session, brand_id)
            jobs.find_for_item(live, brand_id=brand_id, item_id=words)
            waiting = pool.submit(jobs.find_for_item, live, brand_id=brand_id, item_id=picture)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=3)
        waiting.result(timeout=30)
    with live.sessions() as session:
        assert queries.find_unprinted(session, limit=10) == []


def test_copies_that_are_ready_at_once_in_many_workers_are_one_group(live: Runtime) -> None:
    """Every thread commits its own item and looks; whoever comes later sees the others."""
    with live.transaction() as session:
        brand_id = make.brand(session).id

    def add(place: int) -> int:
        with live.transaction() as session:
            item_id = photo(session, session.get_one(Brand, brand_id), flipped(place)).id
        jobs.find_for_item(live, brand_id=brand_id, item_id=item_id)
        return item_id

    with ThreadPoolExecutor(6) as pool:
        ids = set(pool.map(add, range(12)))
    with live.sessions() as session:
        [view] = queries.find_groups(session, brand_id)
        assert {shown.item.id for shown in view.members} == ids
        assert session.scalar(select(func.count()).select_from(Pair).where(Pair.standing == Standing.OPEN)) == 66
        assert session.scalar(select(func.count()).select_from(Group)) == 1


# What the public sees meanwhile.


def added(session: Session, brand: Brand, of: Item, state: State = State.APPROVED) -> Item:
    """A new item with the same file, as an import brings it."""
    [medium] = session.scalars(select(ItemMedia).where(ItemMedia.item_id == of.id))
    item, _ = library_actions.add_item(
        session, brand.id, ItemData(Kind.PHOTO, source="upload"), files=[medium.file], state=state, **BY
    )
    item.rights_state = RightsState.OWNED
    session.commit()
    return item


def is_shown(session: Session, gallery: Gallery, item: Item) -> bool:
    session.expire_all()
    medium = session.scalars(select(ItemMedia).where(ItemMedia.item_id == item.id)).one()
    shown = galleries_queries.lets_through(session, gallery, item.id, NOON)
    assert shown is (medium.is_showable and item.state is State.APPROVED)
    return shown


@pytest.fixture
def gallery(session: Session, brand: Brand) -> Gallery:
    return galleries_actions.add_gallery(session, brand.id, "home", "Home", **BY)


def test_a_picture_imported_as_approved_is_shown_once_it_was_compared(
    runtime: Runtime, session: Session, brand: Brand, gallery: Gallery
) -> None:
    """T-19."""
    item = added(session, brand, photo(session, brand, BASE))
    assert not is_shown(session, gallery, item)
    look(runtime, item)
    assert is_shown(session, gallery, item)
    dropped = session.scalars(
        text("select args from procrastinate_jobs where task_name = 'galleries.drop_items' order by id")
    ).all()
    assert dropped[-1] == {"brand_id": brand.id, "item_ids": [item.id]}


def test_a_copy_of_what_is_kept_out_is_public_at_no_moment(
    runtime: Runtime, session: Session, brand: Brand, gallery: Gallery
) -> None:
    """T-19: the same bytes, imported as approved."""
    bad = photo(session, brand, BASE)
    library_actions.reject(session, brand.id, [bad.id], Reason.UNSAFE, **BY)
    copy = added(session, brand, bad)
    assert not is_shown(session, gallery, copy)
    look(runtime, copy)
    assert not is_shown(session, gallery, copy)
    assert (copy.state, copy.state_reason) == (State.REJECTED, Reason.UNSAFE)


@pytest.mark.parametrize("facts", [{"quality": 0}, {"file": {"kind": FileKind.AUDIO, "perceptual_hash": None}}])
def test_what_has_nothing_to_compare_is_shown_too(
    runtime: Runtime, session: Session, brand: Brand, gallery: Gallery, facts: dict[str, Any]
) -> None:
    item = added(session, brand, photo(session, brand, BASE, **facts))
    look(runtime, item)
    assert is_shown(session, gallery, item)


def test_a_picture_that_is_still_being_made_waits_for_its_own_turn(
    runtime: Runtime, session: Session, brand: Brand, gallery: Gallery
) -> None:
    item = added(session, brand, photo(session, brand, BASE, file={"state": FileState.PENDING}))
    look(runtime, item)
    [medium] = session.scalars(select(ItemMedia).where(ItemMedia.item_id == item.id))
    medium.file.state = FileState.READY
    session.commit()
    assert not is_shown(session, gallery, item)
    jobs.find_for_files(runtime, brand_id=brand.id, file_ids=[medium.file_id])
    assert is_shown(session, gallery, item)


def test_a_finished_file_that_comes_to_an_item_from_before_is_compared(runtime: Runtime, session: Session, brand: Brand) -> None:
    """T-19: a second row of an import, or a picture fetched later, brings a file that the brand has already."""
    one, old = photo(session, brand, BASE), make.item(session, brand)
    [medium] = session.scalars(select(ItemMedia).where(ItemMedia.item_id == one.id))
    library_actions.attach_file(session, old, medium.file, position=0, now=NOON)
    waiting = session.scalars(text("select args from procrastinate_jobs where task_name = 'duplicates.find_for_items'")).all()
    assert {"brand_id": brand.id, "item_ids": [old.id]} in waiting
    session.commit()
    assert (brand.id, old.id) in queries.find_unprinted(session, limit=1_000)
    look(runtime, one, old)
    assert (brand.id, old.id) not in queries.find_unprinted(session, limit=1_000)


# What a copy that was held back says of its own.


def test_a_held_back_copy_keeps_nothing_out_by_itself(runtime: Runtime, session: Session, brand: Brand) -> None:
    """Its copies may be twice the radius from what was rejected."""
    bad, copy = photo(session, brand, BASE), photo(session, brand, flipped(*range(20)))
    library_actions.reject(session, brand.id, [bad.id], Reason.UNSAFE, **BY)
    session.commit()
    look(runtime, bad, copy)
    jobs.bar_items(runtime, brand_id=brand.id, item_ids=[bad.id, copy.id])
    far = photo(session, brand, flipped(*range(40)))
    session.commit()
    look(runtime, far)
    session.expire_all()
    assert (copy.state, far.state) == (State.REJECTED, State.INBOX)


def test_letting_in_again_is_announced_and_frees_copies_although_one_was_held_back(
    runtime: Runtime, session: Session, brand: Brand
) -> None:
    bad, copy = photo(session, brand, BASE), photo(session, brand, flipped(1))
    batch = library_actions.reject(session, brand.id, [bad.id], Reason.LEGAL, **BY)
    session.commit()
    look(runtime, bad, copy)
    library_actions.undo(session, brand.id, batch, **BY)
    library_actions.reject(session, brand.id, [bad.id], Reason.LEGAL, **BY)
    library_actions.approve(session, brand.id, [bad.id], **BY)
    session.commit()
    args = session.scalars(text("select args from procrastinate_jobs where task_name = 'library.item_barred' order by id")).all()
    assert [each["item_id"] for each in args] == [bad.id, copy.id, bad.id, bad.id, bad.id]
    for each in args:
        jobs.bar_item(runtime, **each)
    third = photo(session, brand, flipped(2))
    session.commit()
    look(runtime, third)
    session.refresh(third)
    assert third.state is State.INBOX


def test_the_block_outlives_the_item_also_where_a_held_back_copy_has_the_same_file(
    runtime: Runtime, session: Session, brand: Brand
) -> None:
    """T-19."""
    bad = photo(session, brand, BASE)
    library_actions.reject(session, brand.id, [bad.id], Reason.UNSAFE, **BY)
    copy = added(session, brand, bad)
    jobs.bar_items(runtime, brand_id=brand.id, item_ids=[bad.id])
    look(runtime, copy)
    session.execute(delete(Item).where(Item.id == bad.id))
    session.commit()
    jobs.catch_up(runtime)
    third = photo(session, brand, flipped(2))
    session.commit()
    look(runtime, third)
    session.refresh(third)
    assert third.state_reason is Reason.UNSAFE


def test_a_reworded_review_is_compared_by_its_new_words(runtime: Runtime, session: Session, brand: Brand) -> None:
    one, two = review(session, brand), review(session, brand, "Too short, and the zip broke on the second day, so I sent it back")
    session.commit()
    look(runtime, one, two)
    assert groups(session, brand) == []
    library_actions.change_item(session, two, ItemData(Kind.REVIEW, body=REVIEW), **BY)
    waiting = session.scalars(text("select args from procrastinate_jobs where task_name = 'duplicates.find_for_item'")).all()
    assert {"brand_id": brand.id, "item_id": two.id} in waiting
    session.commit()
    look(runtime, two)
    assert groups(session, brand) == [{one.id, two.id}]
