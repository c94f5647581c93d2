"""Breaths of a hold: told while it lasts, counted at its end."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from tracker.detect.breath.beats import BEAT_S
from tracker.detect.breath.breaths import Breaths
from tracker.detect.breath.habit import Habit
from tracker.detect.breath.movement import Movement
from tracker.detect.breath.telling import BreathSeen
from tracker.detect.motion.orientation import GRAVITY_DELAY_S, STEP_S
from tracker.detect.samples import Floats

START_S = 10.0


def breathing(t_s: Floats, period_s: float, swing_deg: float = 1.0) -> Floats:
    """Out for half of a breath, a pause, back in a third; the first begins a second in."""
    phase = np.maximum(t_s - START_S - 1.0, 0.0) / period_s % 1.0
    out = 0.5 - 0.5 * np.cos(math.pi * np.clip(phase / 0.5, 0.0, 1.0))
    back = 0.5 - 0.5 * np.cos(math.pi * np.clip((phase - 0.65) / 0.33, 0.0, 1.0))
    return np.asarray(swing_deg * (out - back))


def swaying(count: int, seed: int, size_deg: float) -> Floats:
    """Sway that forgets within a second and a half."""
    chance, keep = np.random.default_rng(seed), math.exp(-STEP_S / 1.5)
    sway = [0.0]
    for step in chance.normal(size=count - 1):
        sway.append(keep * sway[-1] + math.sqrt(1.0 - keep * keep) * step)
    return size_deg * np.array(sway)


def steps(duration_s: float) -> Floats:
    """The times at which a hold is looked at, 0.8 s after its start first."""
    count = float(round((duration_s - 0.8) / STEP_S))
    return START_S + 0.8 + STEP_S * np.arange(count)


def follow(
    t_s: Floats, deeper: Floats, *, slips: tuple[float, float] = (0.0, 0.0)
) -> tuple[Breaths, list[tuple[BreathSeen, float]]]:
    """What is told of a hold, each with how late, before it is finished."""
    breaths, told = Breaths(START_S, Habit(), one_way=True), []
    for at_s, deep in zip(t_s.tolist(), deeper.tolist(), strict=True):
        point = None if slips[0] <= at_s < slips[1] else (deep, 0.0)
        now_s = at_s + GRAVITY_DELAY_S
        told += [(seen, now_s - seen.end_s) for seen in breaths.step(at_s, point)]
    return breaths, told


@pytest.mark.parametrize("period_s", [3.2, 5.0, 8.0, 13.0])
def test_once_the_rhythm_is_known_a_breath_is_told_within_a_second_of_its_end(
    period_s: float,
) -> None:
    t_s = steps(8.0 * period_s + 1.5)
    deeper = breathing(t_s, period_s) + swaying(len(t_s), 1, 0.08)
    _, told = follow(t_s, deeper)
    assert len(told) >= 7
    known_s = told[0][0].end_s + told[0][1]
    at_once = [(seen, late_s) for seen, late_s in told if seen.end_s + late_s > known_s]
    assert len(told) - len(at_once) <= 2
    assert all(0.0 <= late_s <= 1.0 for _, late_s in at_once)
    for seen, _ in told:
        breath = round((seen.exhale_start_s - START_S - 1.0) / period_s)
        assert seen.exhale_start_s == pytest.approx(START_S + 1.0 + breath * period_s, abs=0.6)
        assert seen.exhale_start_s < seen.exhale_end_s < seen.end_s


@pytest.mark.parametrize("seed", range(6))
def test_breaths_before_the_rhythm_was_known_are_told_with_the_first_that_is(seed: int) -> None:
    t_s = steps(49.5)
    deeper = breathing(t_s, 6.0)
    # Over the first breath the leg wanders so that nothing is plain before the second is over.
    wander = t_s < START_S + 9.0
    deeper[wander] += 0.45 * np.sin(2.0 * math.pi * (t_s[wander] - START_S) / 2.3)
    deeper += swaying(len(t_s), seed, 0.08)
    breaths, told = follow(t_s, deeper)
    now_s = [seen.end_s + late_s for seen, late_s in told]
    assert now_s[1] == pytest.approx(now_s[0])
    assert now_s[2] > now_s[1] + 1.0
    told += [(seen, math.nan) for seen in breaths.finish(START_S + 49.5)]
    assert [seen.number for seen, _ in told] == list(range(1, 9))
    onsets_s = [seen.exhale_start_s for seen, _ in told]
    assert onsets_s == pytest.approx([START_S + 1.0 + 6.0 * k for k in range(8)], abs=0.3)


def test_the_only_breath_of_a_short_hold_is_told_when_the_hold_ends() -> None:
    t_s = steps(8.6)
    breaths, told = follow(t_s, breathing(t_s, 6.0, 0.45) + swaying(len(t_s), 1, 0.05))
    assert told == []
    (seen,) = breaths.finish(START_S + 8.6)
    assert (seen.number, breaths.count()) == (1, 1)
    assert seen.exhale_start_s == pytest.approx(START_S + 1.0, abs=0.6)
    assert seen.end_s == pytest.approx(START_S + 7.0, abs=0.6)


@pytest.mark.parametrize("period_s", [3.2, 5.0, 8.0, 13.0])
def test_the_whole_hold_tells_the_rate_and_the_count(period_s: float) -> None:
    t_s = steps(6.0 * period_s + 1.3)
    deeper = breathing(t_s, period_s) + 0.05 * (t_s - START_S) + swaying(len(t_s), 2, 0.15)
    breaths, _ = follow(t_s, deeper)
    breaths.finish(START_S + 6.0 * period_s + 1.3)
    assert breaths.count() == 6
    assert breaths.rate_bpm() == pytest.approx(60.0 / period_s, abs=0.25)


def test_the_gain_is_that_of_the_leg_not_of_an_exhale() -> None:
    # Ends at the top of a breath: a degree deeper for the moment, three by the stretch.
    t_s = steps(34.0)
    deeper = breathing(t_s, 6.0) + 3.0 * (t_s - START_S) / 34.0
    breaths, _ = follow(t_s, deeper)
    breaths.finish(START_S + 34.0)
    assert breaths.gain_deg() == pytest.approx(3.0, abs=0.25)


def trembling(count: int, seed: int, size_deg: float) -> Floats:
    """What forgets at once: muscles at work, or a part of few counts."""
    return np.random.default_rng(seed).normal(0.0, size_deg, count)


@pytest.mark.parametrize("seed", range(6))
def test_quick_breaths_are_counted_though_the_leg_trembles_by_more(seed: int) -> None:
    t_s = steps(72.0)
    deeper = breathing(t_s, 4.5, 0.6) + 0.02 * (t_s - START_S) + swaying(len(t_s), seed, 0.08)
    breaths, _ = follow(t_s, deeper + trembling(len(t_s), seed, 0.35))
    breaths.finish(START_S + 72.0)
    assert breaths.count() == 15
    assert breaths.rate_bpm() == pytest.approx(60.0 / 4.5, abs=0.25)


@pytest.mark.parametrize("seed", range(12))
def test_trembling_and_sway_tell_no_rate(seed: int) -> None:
    t_s = steps(72.0)
    sway = swaying(len(t_s), 100 + seed, 0.1)
    breaths, _ = follow(t_s, sway + trembling(len(t_s), seed, 0.05 + 0.03 * seed))
    breaths.finish(START_S + 72.0)
    assert breaths.rate_bpm() is None


@pytest.mark.parametrize("seed", range(24))
def test_sway_alone_tells_no_rate(seed: int) -> None:
    t_s = steps(60.0)
    breaths, _ = follow(t_s, swaying(len(t_s), seed, 0.25))
    breaths.finish(START_S + 60.0)
    assert breaths.rate_bpm() is None


def test_a_leg_that_does_not_move_has_no_breath() -> None:
    t_s = steps(30.0)
    breaths, told = follow(t_s, np.zeros(len(t_s)))
    breaths.finish(START_S + 30.0)
    assert (told, breaths.count(), breaths.rate_bpm()) == ([], 0, None)
    assert breaths.gain_deg() == pytest.approx(0.0, abs=0.005)


def test_how_deep_a_breath_is_tells_neither_the_deepening_nor_the_sway() -> None:
    t_s = steps(61.5)
    depths, ends = [], []
    for seed in range(6):
        deeper = breathing(t_s, 6.0) + 0.1 * (t_s - START_S) + swaying(len(t_s), seed, 0.15)
        breaths, told = follow(t_s, deeper)
        breaths.finish(START_S + 61.5)
        for seen, _ in told:
            ends.append((seen.exhale_end_s - START_S - 1.0) % 6.0)
            depths.append(seen.depth_deg)
        ratio = breaths.exhale_inhale_ratio()
        assert ratio == pytest.approx(1.0, abs=0.25)
    assert len(depths) >= 50
    assert np.mean(depths) == pytest.approx(1.0, abs=0.06)
    assert np.mean(np.abs(np.array(depths) - 1.0)) < 0.12
    assert np.mean(np.abs(np.array(ends) - 3.0)) < 0.35


def test_a_slip_does_not_cost_a_breath() -> None:
    t_s = steps(49.5)
    deeper = breathing(t_s, 6.0) + swaying(len(t_s), 3, 0.08)
    slips = (START_S + 22.0, START_S + 23.4)
    deeper[(t_s >= slips[0] - 0.2) & (t_s < slips[1] + 0.2)] += 6.0
    breaths, _ = follow(t_s, deeper, slips=slips)
    breaths.finish(START_S + 49.5)
    assert breaths.count() == 8


def test_who_leaves_with_the_end_of_an_inhale_is_told_the_last_breath_at_once() -> None:
    t_s = steps(32.6)
    left_s = START_S + 31.2
    deeper = breathing(t_s, 6.0) + swaying(len(t_s), 4, 0.05)
    deeper += np.maximum(t_s - left_s, 0.0) * -20.0
    breaths, told = follow(t_s, deeper, slips=(left_s + 0.3, math.inf))
    last, late_s = told[-1]
    assert last.end_s == pytest.approx(START_S + 31.0, abs=0.5)
    assert late_s <= 1.0
    assert breaths.finish(left_s) == []
    assert breaths.count() == 5


def test_an_hour_is_counted_part_by_part() -> None:
    t_s = steps(3601.5)
    deeper = breathing(t_s, 6.0) + swaying(len(t_s), 5, 0.1)
    breaths, told = follow(t_s, deeper)
    breaths.finish(START_S + 3601.5)
    assert breaths.count() == pytest.approx(600, abs=2)
    assert len(told) == pytest.approx(600, abs=2)
    assert [seen.number for seen, _ in told] == list(range(1, len(told) + 1))
    assert breaths.rate_bpm() == pytest.approx(10.0, abs=0.05)
    assert all(b.exhale_start_s > a.exhale_start_s for (a, _), (b, _) in pairwise(told))


@pytest.mark.inside
@pytest.mark.parametrize("swing_deg", [0.0, 1.0])
def test_of_a_long_hold_no_more_than_some_minutes_are_kept(
    monkeypatch: pytest.MonkeyPatch, swing_deg: float
) -> None:
    looked_s: list[float] = []

    class Watched(Movement):
        def __init__(
            self, first_s: float, moved_deg: Floats, start_s: float | None, habit: Habit
        ) -> None:
            looked_s.append(len(moved_deg) * BEAT_S)
            super().__init__(first_s, moved_deg, start_s, habit)

    monkeypatch.setattr("tracker.detect.breath.points.Movement", Watched)
    t_s = steps(1801.5)
    breaths, _ = follow(t_s, breathing(t_s, 6.0, swing_deg))
    breaths.finish(START_S + 1801.5)
    assert breaths.count() == (300 if swing_deg else 0)
    assert max(looked_s) <= 300.0
    assert 6 <= sum(length_s > 60.0 for length_s in looked_s) <= 10


def test_the_breath_is_found_along_whatever_way_it_moves_the_leg() -> None:
    t_s = steps(37.5)
    breath = breathing(t_s, 6.0)
    breaths = Breaths(START_S, Habit(), one_way=False)
    for at_s, moved in zip(t_s.tolist(), breath.tolist(), strict=True):
        breaths.step(at_s, (0.6 * moved, -0.8 * moved))
    breaths.finish(START_S + 37.5)
    x, y = breaths.way
    assert abs(0.6 * x - 0.8 * y) > 0.99
    assert breaths.rate_bpm() == pytest.approx(10.0, abs=0.1)


def test_breaths_of_unequal_length_are_each_dated() -> None:
    onsets_s = np.cumsum([1.0, 5.6, 6.6, 6.1, 5.5, 6.4, 6.0])
    t_s = BEAT_S * np.arange(round(onsets_s[-1] / BEAT_S))
    moved = np.zeros(len(t_s))
    for begin_s, end_s in pairwise(onsets_s.tolist()):
        inside = (t_s >= begin_s) & (t_s < end_s)
        phase = (t_s[inside] - begin_s) / (end_s - begin_s)
        moved[inside] = breathing(START_S + 1.0 + phase, 1.0)
    row = Movement(0.0, moved, 0.0, Habit()).cycles(6.0)
    assert row is not None
    for onset_s in onsets_s[:-1].tolist():
        assert min(abs(found - onset_s) for found in row.onsets_s) < 0.25
    assert row.swing_deg == pytest.approx(1.0, abs=0.15)


def test_too_little_movement_has_no_breaths() -> None:
    assert Movement(0.0, np.zeros(8), 0.0, Habit()).cycles(6.0) is None
    assert Movement(0.0, np.full(50, math.nan), 0.0, Habit()).cycles(6.0) is None
