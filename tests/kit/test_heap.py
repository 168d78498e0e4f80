from __future__ import annotations

import gc

import pytest

from ugc.kit import heap


def test_what_was_there_is_set_aside_for_as_long_as_the_work_lasts() -> None:
    before = gc.get_freeze_count()
    with heap.settled():
        assert gc.get_freeze_count() > before
    assert gc.get_freeze_count() == 0
    with pytest.raises(ZeroDivisionError), heap.settled():
        1 / 0  # noqa: B018  # the work breaks off
    assert gc.get_freeze_count() == 0
