"""A breath that was held, or cut short, is one breath: in count, rate and onsets."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from statistics import mean

import numpy as np
import pytest

from firmware_sim import routine, truth
from firmware_sim.script import Pose
from firmware_sim.wearer import Wearer, _Way
from tests.detect.breath.rates import rates_off_bpm
from tests.detect.breath.test_breaths import START_S, follow, steps, swaying
from tests.detect.breath.test_whole import START_S as OTHER_START_S
from tests.detect.breath.test_whole import Rows, row
from tracker.detect.breath.beats import BEAT_S
from tracker.detect.breath.breaths import Breaths
from tracker.detect.breath.cycles import Cycles
from tracker.detect.breath.habit import Habit
from tracker.detect.breath.kinds import even, held
from tracker.detect.breath.movement import Movement
from tracker.detect.breath.oscillators import PERIODS_S
from tracker.detect.breath.telling import BreathSeen
from tracker.detect.breath.whole import AFTER_S, Whole
from tracker.detect.samples import Floats

FIRST_S, EVEN_S, HELD = 1.0, 5.0, 2
SEEDS = range(4)


def moving(t_s: Floats, held_s: float, *, deep: bool, moves_s: float = EVEN_S) -> Floats:
    """Breaths of five seconds, of a degree; the third lasts `moves_s`, and is held besides."""
    moved = np.zeros(len(t_s))
    for begin_s, moves, stays in breaths(held_s, moves_s):
        out_s, back_s = begin_s + 0.6 * moves, begin_s + 0.62 * moves + stays * deep
        out = 0.5 - 0.5 * np.cos(math.pi * np.clip((t_s - begin_s) / (out_s - begin_s), 0.0, 1.0))
        back = 0.5 - 0.5 * np.cos(math.pi * np.clip((t_s - back_s) / (0.35 * moves), 0.0, 1.0))
        moved += out - back
    return moved


def breaths(held_s: float, moves_s: float = EVEN_S) -> list[tuple[float, float, float]]:
    """When each begins, and how long it moves and is held."""
    begin_s, found = START_S + FIRST_S, []
    for k in range(7):
        moves, stays = (moves_s, held_s) if k == HELD else (EVEN_S, 0.0)
        found.append((begin_s, moves, stays))
        begin_s += moves + stays
    return found


def rate_bpm(held_s: float, moves_s: float = EVEN_S) -> float:
    """From exhale to exhale."""
    return 60.0 / mean(b[0] - a[0] for a, b in pairwise(breaths(held_s, moves_s)))


def hold(
    seed: int, held_s: float, *, deep: bool, moves_s: float = EVEN_S
) -> tuple[Breaths, list[BreathSeen]]:
    """What is known at the end of one that is left with its seventh breath, and what was told."""
    end_s = sum(breaths(held_s, moves_s)[-1]) - START_S
    t_s = steps(end_s)
    moved = moving(t_s, held_s, deep=deep, moves_s=moves_s) + swaying(len(t_s), seed, 0.1)
    seen, told = follow(t_s, moved)
    return seen, [each for each, _ in told] + seen.finish(START_S + end_s)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("deep", [True, False], ids=["after the exhale", "after the inhale"])
@pytest.mark.parametrize("held_s", [4.0, 5.0, 7.0, 10.0, 14.0])
def test_a_breath_that_is_held_is_one_and_the_rate_tells_it(
    held_s: float, deep: bool, seed: int
) -> None:
    seen, _ = hold(seed, held_s, deep=deep)
    assert seen.count() == 7
    assert seen.rate_bpm() == pytest.approx(rate_bpm(held_s), abs=0.15)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("moves_s", [2.4, 3.0])
def test_a_breath_that_is_cut_short_is_one(moves_s: float, seed: int) -> None:
    seen, _ = hold(seed, 0.0, deep=False, moves_s=moves_s)
    assert seen.count() == 7
    assert seen.rate_bpm() == pytest.approx(rate_bpm(0.0, moves_s), abs=0.25)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("held_s", [7.0, 10.0])
def test_of_breaths_that_are_told_at_the_end_a_held_one_keeps_its_own_times(
    held_s: float, seed: int
) -> None:
    """Nothing was told on the way."""
    end_s = sum(breaths(held_s)[-1]) - START_S
    t_s = steps(end_s)
    moved = moving(t_s, held_s, deep=True) + swaying(len(t_s), seed, 0.1)
    movement = Movement(float(t_s[0]) + 0.1, 0.5 * (moved[:-1:2] + moved[1::2]), START_S, Habit())
    whole = Whole(START_S, Habit(), one_way=True)
    spans = whole.look([movement], PERIODS_S.tolist(), START_S + end_s + AFTER_S)
    assert len(spans) == 7
    span = spans[HELD]
    begin_s, moves_s, _ = breaths(held_s)[HELD]
    assert span.begin_s == pytest.approx(begin_s, abs=0.6)
    assert span.exhale_end_s == pytest.approx(begin_s + 0.6 * moves_s, abs=0.9)
    assert span.end_s == pytest.approx(begin_s + moves_s + held_s, abs=0.6)


def test_while_it_is_held_a_breath_does_not_move_the_leg() -> None:
    kinds = [even(10, 10.0), held(10, 20, 10.0, deep=True), held(10, 10, 10.0, deep=False)]
    onsets_s = START_S + BEAT_S * np.cumsum([0, *(kind.beats for kind in kinds)])
    laid = Cycles(tuple(onsets_s.tolist()), 4.0, 1.0, 0.0, 0.0, tuple(kinds))
    t_s = START_S + BEAT_S * (np.arange(-5.0, 65.0) + 0.5)
    deep = laid.depth(t_s)
    assert deep[:5].tolist() == deep[-5:].tolist() == [0.0] * 5
    assert deep[5:15] == pytest.approx(deep[[*range(15, 20), *range(40, 45)]], abs=0.15)
    assert deep[21:40] == pytest.approx(np.ones(19))
    assert deep[55:65] == pytest.approx(np.zeros(10))
    assert laid.usual_s == pytest.approx(4.0, rel=0.02)
    assert laid.held_s == pytest.approx([0.0, 20 * BEAT_S, 10 * BEAT_S])


@pytest.mark.inside
@pytest.mark.parametrize(("against", "told"), [(-23.0, False), (-19.0, False), (-17.0, True)])
def test_no_rate_is_told_where_a_held_breath_would_explain_as_much_and_make_it_another(
    against: float, told: bool
) -> None:
    whole = looked_at(_even(-20.0), odd=_one_held(against))
    assert whole.count == 7
    assert (whole.rate_bpm() is not None) is told


@pytest.mark.inside
def test_a_held_breath_is_counted_where_it_explains_20_times_as_much() -> None:
    whole = looked_at(_even(-20.0), odd=_one_held(-26.5))
    assert whole.count == 6
    assert whole.rate_bpm() == pytest.approx(60.0 / 6.0)
    without = looked_at(replace(_even(-20.0), doubtful=False), odd=_one_held(-26.5))
    assert without.count == 7
    assert without.rate_bpm() == pytest.approx(12.0)


@pytest.mark.inside
def test_where_an_exhale_is_not_known_from_an_inhale_no_breath_is_taken_to_be_held() -> None:
    assert looked_at(_even(-20.0), odd=_one_held(-40.0), one_way=False).count == 7


def _even(against: float) -> Cycles:
    return replace(row(5.0, against, *(5.0,) * 7), doubtful=True)


def _one_held(against: float) -> Cycles:
    kinds = [even(12, 12.5)] * 6
    kinds[HELD] = held(12, 12, 12.5, deep=True)
    return replace(row(5.0, against, 5.0, 5.0, 10.0, 5.0, 5.0, 5.0), kinds=tuple(kinds))


class _Rows(Rows):
    """Of which one has an odd breath."""

    def __init__(self, *rows: Cycles, odd: Cycles) -> None:
        super().__init__(*rows)
        self._odd = odd

    def odd_cycles(self, period_s: float, found: Cycles) -> Cycles | None:
        return self._odd if found is self.cycles(period_s) else None


def looked_at(best: Cycles, *, odd: Cycles, one_way: bool = True) -> Whole:
    whole = Whole(OTHER_START_S, Habit(), one_way=one_way)
    whole.look([_Rows(best, odd=odd)], [best.period_s], OTHER_START_S + 40.0)
    return whole


class Holding(Wearer):
    """Holds the third breath of each hold, by turns after the exhale and after the inhale."""

    held_s = 5.0
    _breaths = _moves = 0

    def _hold(self, way: _Way) -> tuple[float, list[truth.Breath], float]:
        self._breaths = 0
        return super()._hold(way)

    def _breath(self, joint: str, cycle_s: float, depth: float, gain: float) -> truth.Breath:
        self._breaths, self._moves = self._breaths + 1, 0
        breath = super()._breath(joint, cycle_s, depth, gain)
        if self._breaths != 1 + HELD:
            return breath
        self._t += self.held_s
        return replace(breath, end_s=self._t)

    def _move(self, seconds: float, pose: Pose) -> None:
        self._moves += 1
        inhales = self._breaths == 1 + HELD and self._moves == 2
        if inhales and len(self.log.holds) % 2 == 0:
            self._t += self.held_s
        super()._move(seconds, pose)


def test_the_simulated_leg_tells_most_rates_in_spite_of_a_held_breath_or_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(routine, "Wearer", Holding)
    off_bpm = [off for seed in range(4) for off in rates_off_bpm(seed)]
    told = [off for off in off_bpm if off is not None]
    assert len(told) >= 0.5 * len(off_bpm)
    assert sum(off > 1.0 for off in told) <= 0.4 * len(told)
