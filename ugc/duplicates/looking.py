"""Looking for what is alike with given items: in pictures by the index, in texts by what the database finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from ugc.duplicates import queries, rules, shelves
from ugc.library.models import Reason
from ugc.media.models import File
from ugc.runtime import Runtime

Found = tuple[int, int, int, int]
"""An item, another, the distance between them, how the one lies in the other."""


@dataclass(slots=True)
class Sight:
    """What was found of some items' pictures."""

    pairs: list[Found] = field(default_factory=list)
    kept_out: dict[int, tuple[Reason, int | None]] = field(default_factory=dict)
    """Items that look like what is kept out: why, and which item that is, where it is still there."""


def look_at_pictures(runtime: Runtime, session: Session, brand_id: int, item_ids: Sequence[int]) -> Sight:
    """Everything within the radius of the items' pictures, in any of the eight ways in which a copy can lie."""
    sight = Sight()
    for item_id, file in queries.find_hashed(session, brand_id, item_ids):
        near = find_near(runtime, session, brand_id, file)
        for known in queries.find_known(session, brand_id, near):
            if known.item_id == item_id:
                continue
            if known.keeps_out is not None:
                sight.kept_out.setdefault(item_id, (known.keeps_out, known.item_id))
            if known.item_id is not None:
                sight.pairs.append((item_id, known.item_id, *near[known.print_id]))
    return sight


def find_near(runtime: Runtime, session: Session, brand_id: int, file: File) -> dict[int, tuple[int, int]]:
    """The prints within the radius of a file's: distance and turn by the id of the print."""
    assert file.perceptual_hash is not None
    ways = rules.turned_copies(file.perceptual_hash, file.turned_hashes)
    near: dict[int, tuple[int, int]] = {}
    for turn, hits in enumerate(shelves.of(runtime.engine).find(session, brand_id, file.kind, ways)):
        for hit in hits:
            near[hit.id] = min(near.get(hit.id, (hit.distance, turn)), (hit.distance, turn))
    return near


def look_at_texts(session: Session, brand_id: int, item_ids: Sequence[int]) -> list[Found]:
    """Reviews that say the same as the items do, or nearly so."""
    same = queries.find_same_texts(session, brand_id, item_ids)
    maybe = queries.find_like_texts(session, item_ids) - same
    words = queries.find_words(session, {id for pair in maybe for id in pair})
    shingles = {id: rules.shingles_of(each) for id, each in words.items()}
    likeness = {pair: rules.likeness_of(shingles[pair[0]], shingles[pair[1]]) for pair in maybe}
    near = [(*pair, round(100 * (1 - share)), 0) for pair, share in likeness.items() if share >= rules.ALIKE]
    return [(*pair, 0, 0) for pair in same] + near
