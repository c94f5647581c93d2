"""Which breaths of a hold count, and when do they tell a rate?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from tracker.detect.breath.beats import BEAT_S
from tracker.detect.breath.cycles import Cycles
from tracker.detect.breath.habit import Habit
from tracker.detect.breath.movement import Movement
from tracker.detect.breath.oscillators import PERIODS_S
from tracker.detect.breath.whole import Whole

pytestmark = pytest.mark.inside

START_S = 100.0
PERIODS: list[float] = PERIODS_S.tolist()
# Against the row of the likeliest rhythm, and against those of others that explain much less.
BEST, WORSE = -20.0, 0.0


class Rows(Movement):
    """A movement over which just these rows can be laid, by their rhythm."""

    def __init__(self, *rows: Cycles) -> None:
        moved = np.sin(0.5 * np.arange(round(40.0 / BEAT_S)))
        super().__init__(START_S + 0.8, moved, START_S, Habit())
        self._rows = {row.period_s: row for row in rows}

    def rows(self, periods_s: Sequence[float]) -> list[Cycles | None]:
        return [self._rows.get(period_s) for period_s in periods_s]


def row(
    period_s: float, against: float, *lengths_s: float, first_s: float = 1.0, strange: float = 0.0
) -> Cycles:
    onsets_s = START_S + first_s + np.cumsum((0.0, *(lengths_s or (period_s,) * 4)))
    return Cycles(tuple(onsets_s.tolist()), period_s, 1.0, against + strange, strange)


def looked_at(*rows: Cycles, one_way: bool = True) -> Whole:
    whole = Whole(START_S, Habit(), one_way=one_way)
    whole.look([Rows(*rows)], PERIODS, START_S + 40.0)
    return whole


def test_the_rate_is_told_from_exhale_to_exhale() -> None:
    # The last breath ends with a rest before the leg leaves.
    whole = looked_at(row(PERIODS[5], BEST, 5.0, 7.0, 6.0, 8.5))
    assert whole.count == 4
    assert whole.rate_bpm() == pytest.approx(10.0)


def test_the_rate_of_two_breaths_is_that_of_both() -> None:
    whole = looked_at(row(PERIODS[5], BEST, 5.0, 7.0))
    assert whole.count == 2
    assert whole.rate_bpm() == pytest.approx(10.0)


@pytest.mark.parametrize("other", range(1, 13))
def test_no_rate_is_told_where_any_other_rhythm_explains_as_much(other: int) -> None:
    best = row(PERIODS[0], BEST)
    assert looked_at(best, row(PERIODS[other], WORSE)).rate_bpm() is not None
    assert looked_at(best, row(PERIODS[other], BEST + 1.0)).rate_bpm() is None


@pytest.mark.parametrize(
    ("against", "worse", "told"),
    [(4.0, 4.5, True), (8.0, 6.0, False), (8.0, 9.0, True), (16.0, 30.0, False)],
)
def test_breaths_that_explain_little_tell_a_rate_where_all_others_are_much_worse(
    against: float, worse: float, told: bool
) -> None:
    whole = looked_at(row(PERIODS[5], against), row(PERIODS[0], against + worse))
    assert (whole.rate_bpm() is not None) is told


def test_the_row_that_explains_most_is_counted_however_unlikely_its_rhythm_was_on_the_way() -> None:
    whole = looked_at(row(PERIODS[0], -10.0), row(PERIODS[12], BEST, *(12.0,) * 3))
    assert whole.count == 3
    assert whole.rate_bpm() == pytest.approx(5.0)


@pytest.mark.parametrize(("first_s", "count"), [(-0.4, 3), (-0.1, 4), (0.5, 4)])
def test_an_exhale_that_began_before_the_hold_is_none_of_it(first_s: float, count: int) -> None:
    assert looked_at(row(PERIODS[5], BEST, first_s=first_s)).count == count


@pytest.mark.parametrize(
    ("first_s", "end_s", "count", "nearest"),
    [
        (1.0, 21.5, 4, 4),
        (1.0, 23.0, 4, 5),
        (2.0, 22.3, 4, 4),
        (2.0, 22.6, 4, 5),
        (-2.0, 22.8, 4, 5),
        (-0.1, 20.0, 4, 4),
    ],
)
def test_what_a_hold_cuts_off_counts_where_an_exhale_is_not_known_from_an_inhale(
    first_s: float, end_s: float, count: int, nearest: int
) -> None:
    lengths_s = (5.0,) * (5 if first_s < -1.0 else 4)
    breaths = row(PERIODS[5], BEST, *lengths_s, first_s=first_s)
    for one_way, counted in ((True, count), (False, nearest)):
        whole = looked_at(breaths, one_way=one_way)
        whole.ended(START_S + end_s)
        assert whole.count == counted


def test_two_halves_of_a_breath_are_one_and_no_movement_is_none() -> None:
    halves = looked_at(row(PERIODS[5], BEST, 8.0, 8.0, first_s=-4.0), one_way=False)
    halves.ended(START_S + 7.0)
    none = looked_at(one_way=False)
    none.ended(START_S + 7.0)
    assert (halves.count, none.count) == (1, 0)


def test_a_habit_casts_doubt_on_a_rate_but_is_no_evidence_for_one() -> None:
    """The second rhythm is as usual with this wearer as the first is strange."""
    for other, strange, told in (
        (WORSE, 0.0, True),
        (WORSE, 12.0, False),
        (BEST + 1.0, -8.0, False),
    ):
        best = row(PERIODS[3], BEST, strange=strange)
        whole = looked_at(best, row(PERIODS[8], other, strange=-strange))
        assert (whole.rate_bpm() is not None) is told
        assert whole.count == 4
