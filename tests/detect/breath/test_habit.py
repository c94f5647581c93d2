"""What the holds before tell of how fast the wearer breathes."""

from __future__ import annotations

import numpy as np
import pytest

from tests.detect.breath.test_breaths import START_S, breathing, steps, swaying
from tracker.detect.breath.breaths import Breaths
from tracker.detect.breath.habit import Habit

LENGTHS_S = (2.4, 3.5, 5.0, 7.0, 10.0, 15.0)


def after(*lengths_s: float) -> Habit:
    habit = Habit()
    for length_s in lengths_s:
        habit.learn_length(length_s)
    return habit


def test_before_the_first_hold_a_wearer_is_like_anybody() -> None:
    for length_s in LENGTHS_S:
        assert Habit().unlike(length_s) == pytest.approx(0.0, abs=0.5)


def test_who_keeps_a_rhythm_is_the_surer_to_keep_it_the_more_holds_have_shown_it() -> None:
    habits = [after(*(6.0, 6.6, 5.6, 6.2)[:holds]) for holds in range(5)]
    usual = [habit.unlike(6.0) for habit in habits]
    other = [habit.unlike(12.0) for habit in habits]
    assert usual == sorted(usual, reverse=True)
    assert other == sorted(other)
    assert usual[-1] < -1.5
    assert other[-1] > 4.0


def test_who_breathes_otherwise_in_each_hold_is_held_to_no_rhythm() -> None:
    habit = after(5.0, 12.0, 7.0, 9.0, 4.0, 13.0)
    for length_s in LENGTHS_S:
        assert habit.unlike(length_s) == pytest.approx(0.0, abs=1.0)


def test_a_rhythm_that_was_kept_for_long_is_given_up_within_some_holds() -> None:
    habit = after(*(6.0,) * 40)
    assert habit.unlike(12.0) > 4.0
    for _ in range(4):
        habit.learn_length(12.0)
    assert habit.unlike(12.0) < 0.0


def test_breaths_in_sway_count_better_where_the_rhythm_is_known_from_the_holds_before() -> None:
    t_s = steps(43.0)
    alone: list[int] = []
    known: list[int] = []
    for seed in range(24):
        deeper = breathing(t_s, 6.0, 0.4) + swaying(len(t_s), seed, 0.3)
        for habit, off in ((Habit(), alone), (after(6.5, 5.8, 6.2), known)):
            breaths = Breaths(START_S, habit, one_way=True)
            for at_s, deep in zip(t_s.tolist(), deeper.tolist(), strict=True):
                breaths.step(at_s, (deep, 0.0))
            breaths.finish(START_S + 43.0)
            off.append(abs(breaths.count() - 7))
    assert np.mean(known) < 0.75 * np.mean(alone)


def test_a_rhythm_that_stands_out_a_little_is_believed_as_the_holds_before_were_plain() -> None:
    margins = np.arange(0.0, 12.0, 0.1)

    def needed(*before: float) -> float:
        habit = Habit()
        for margin in before:
            habit.learn_margin(margin)
        return float(min(margin for margin in margins if habit.believes(margin)))

    plain = [needed(*(30.0,) * holds) for holds in range(8)]
    vague = [needed(*(3.0,) * holds) for holds in range(8)]
    assert plain == sorted(plain, reverse=True)
    assert vague == sorted(vague)
    assert plain[-1] == pytest.approx(2.0, abs=0.2)
    assert vague[-1] > plain[0] + 3.0
    assert needed(*(3.0,) * 4, *(30.0,) * 8) < vague[4]
