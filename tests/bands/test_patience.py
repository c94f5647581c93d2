"""Pauses between tries grow, are longest for what a person has to mend, and begin anew."""

from __future__ import annotations

import pytest

from tracker.bands.patience import Patience


def longest(patience: Patience) -> float:
    """The pause without what chance takes off it, up to half."""
    return max(patience.pause_s() for _ in range(1000))


def test_pauses_double_with_each_failure_up_to_the_longest() -> None:
    patience = Patience(1.0, 30.0)
    pauses = []
    for _ in range(7):
        patience.failed(needs_person=False)
        pauses.append(longest(patience))
    assert pauses == pytest.approx([1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0], rel=0.05)


def test_chance_takes_half_of_a_pause_at_most() -> None:
    patience = Patience(1.0, 30.0)
    patience.failed(needs_person=False)
    assert all(0.5 <= patience.pause_s() <= 1.0 for _ in range(1000))


def test_what_a_person_has_to_mend_is_not_tried_in_a_hurry() -> None:
    patience = Patience(1.0, 30.0)
    patience.failed(needs_person=True)
    assert patience.needs_person
    assert longest(patience) == pytest.approx(30.0, rel=0.05)


def test_a_person_who_has_begun_to_mend_it_is_not_kept_waiting() -> None:
    patience = Patience(1.0, 30.0)
    patience.failed(needs_person=True)
    patience.failed(needs_person=False)
    assert not patience.needs_person
    assert longest(patience) == pytest.approx(1.0, rel=0.05)


def test_a_link_that_is_well_begins_with_the_first_pause() -> None:
    patience = Patience(1.0, 30.0)
    for _ in range(100):
        patience.failed(needs_person=False)
    patience.is_well()
    patience.failed(needs_person=False)
    assert longest(patience) == pytest.approx(1.0, rel=0.05)
