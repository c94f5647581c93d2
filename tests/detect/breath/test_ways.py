"""The breath of a leg that sways more along one way than along another."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.detect.breath.test_breaths import START_S, breathing, steps, swaying
from tracker.detect.breath.beats import BEAT_S
from tracker.detect.breath.breaths import Breaths
from tracker.detect.breath.habit import Habit
from tracker.detect.breath.points import Points
from tracker.detect.breath.ways import ways
from tracker.detect.samples import Floats


def turned(along: Floats, across: Floats, angle: float) -> Floats:
    """(n, 2) of a movement along a way at this angle, and across it."""
    c, s = math.cos(angle), math.sin(angle)
    return np.column_stack([c * along - s * across, s * along + c * across])


def _off(way: tuple[float, float], angle: float) -> float:
    """The angle between a way, whichever its end, and this angle, in radians."""
    return abs(math.remainder(math.atan2(way[1], way[0]) - angle, math.pi))


@pytest.mark.parametrize("angle", [0.0, 0.7, 1.4, 2.6])
def test_the_ways_lie_closest_where_the_leg_sways_least(angle: float) -> None:
    moved = turned(swaying(80, 1, 2.0), swaying(80, 2, 0.3), angle)
    first = (math.cos(0.3), math.sin(0.3))
    found = ways(moved, first)
    assert found[0] == first
    near = sum(_off(way, angle + math.pi / 2.0) < 0.35 for way in found)
    far = sum(_off(way, angle) < 0.35 for way in found)
    assert near >= 3 > far
    for x, y in found:
        assert math.hypot(x, y) == pytest.approx(1.0)
        assert x * first[0] + y * first[1] >= 0.0


def test_a_leg_that_did_not_move_has_no_other_way() -> None:
    assert ways(np.zeros((40, 2)), (1.0, 0.0)) == [(1.0, 0.0)]
    assert ways(np.full((40, 2), math.nan), (1.0, 0.0)) == [(1.0, 0.0)]


def held(t_s: Floats, moved: Floats) -> Breaths:
    """A hold in which the leg moved so, of which no way to deepen is known."""
    breaths = Breaths(START_S, Habit(), one_way=False)
    for at_s, (deep, side) in zip(t_s.tolist(), moved.tolist(), strict=True):
        breaths.step(at_s, (deep, side))
    breaths.finish(float(t_s[-1]) + BEAT_S)
    return breaths


def test_a_leg_that_sways_one_way_is_felt_breathing_another() -> None:
    wrong = []
    for seed in range(20):
        t_s = steps(4.0 * 3.6 + 1.3)
        sway = swaying(len(t_s), seed, 1.6)
        calm = swaying(len(t_s), seed + 100, 0.12)
        moved = turned(sway, calm, 0.9) + turned(
            breathing(t_s, 3.6, 1.5), 0.0 * t_s, 0.9 + math.pi / 3.0
        )
        wrong.append(abs(held(t_s, moved).count() - 4))
    assert sum(wrong) <= 6, wrong


def test_so_it_is_in_a_hold_of_more_than_a_minute() -> None:
    t_s = steps(20.0 * 3.6 + 1.3)
    breath = turned(breathing(t_s, 3.6, 1.0), 0.0 * t_s, 0.9 + math.pi / 3.0)
    for seed in range(6):
        sway = swaying(len(t_s), seed, 1.6), swaying(len(t_s), seed + 100, 0.12)
        breaths = held(t_s, turned(*sway, 0.9) + breath)
        assert breaths.rate_bpm() == pytest.approx(60.0 / 3.6, abs=0.4)
        assert abs(breaths.count() - 20) <= 1


@pytest.mark.parametrize("lasts_s", [20.0, 30.0, 70.0])
def test_sway_along_any_way_hardly_ever_tells_a_rate(lasts_s: float) -> None:
    t_s, told = steps(lasts_s), 0
    for seed in range(40):
        along, across = swaying(len(t_s), seed, 0.5), swaying(len(t_s), seed + 100, 0.2)
        told += held(t_s, turned(along, across, 0.9)).rate_bpm() is not None
    assert told <= 3


def test_ways_that_are_compared_are_smoothed_alike() -> None:
    """Across a smooth movement muscles tremble, along it they do not show."""
    points = Points(START_S, Habit())
    smooth = np.sin(0.5 * np.arange(60.0))
    trembling = np.random.default_rng(1).normal(0.0, 0.4, 60)
    for along, across in zip(smooth, trembling, strict=True):
        points.add((float(along), float(across)))
    alone = [points.movement(0, 60, way).smooth for way in ((1.0, 0.0), (0.0, 1.0))]
    both = points.movements(0, 60, [(1.0, 0.0), (0.0, 1.0)])
    assert alone[0] < alone[1]
    assert [movement.smooth for movement in both] == [alone[0], alone[0]]
