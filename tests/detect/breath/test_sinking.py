from __future__ import annotations

import numpy as np
import pytest

from tests.detect.breath.test_breaths import START_S, breathing, follow, steps, swaying
from tracker.detect.breath.beats import BEAT_S
from tracker.detect.breath.sinking import without_sinking
from tracker.detect.samples import Floats


def sinking(t_s: Floats, at_s: float, takes_s: float, by_deg: float) -> Floats:
    """Smoothly from one depth to the next."""
    share = np.clip((t_s - START_S - at_s) / takes_s, 0.0, 1.0)
    return by_deg * share**3 * (10.0 - 15.0 * share + 6.0 * share**2)


def both_ways(deeper: Floats) -> Floats:
    """A point a beat, of one a step."""
    beats = deeper[: len(deeper) // 2 * 2].reshape(-1, 2).mean(axis=1)
    return np.column_stack([beats, np.zeros(len(beats))])


@pytest.mark.parametrize("takes_s", [2.0, 3.5, 5.0])
@pytest.mark.parametrize("by_deg", [4.0, 8.0])
def test_what_a_leg_sank_by_is_left_out_and_told(takes_s: float, by_deg: float) -> None:
    t_s = steps(50.0)
    breath = breathing(t_s, 6.0, 0.5)
    left, sunk = without_sinking(both_ways(breath + sinking(t_s, 20.0, takes_s, by_deg)))
    assert sunk == pytest.approx((by_deg, 0.0), abs=0.4)
    unknown = np.isnan(left[:, 0])
    assert 0.0 < unknown.sum() * BEAT_S <= 6.4
    still = both_ways(breath)[:, 0]
    assert np.abs(left[:, 0] - still)[~unknown].max() < 0.2 * by_deg


def test_twice_in_a_hold_is_told_as_both() -> None:
    t_s = steps(70.0)
    twice = sinking(t_s, 18.0, 3.0, 5.0) + sinking(t_s, 45.0, 3.0, 4.0)
    _, sunk = without_sinking(both_ways(breathing(t_s, 7.0, 0.8) + twice))
    assert sunk == pytest.approx((9.0, 0.0), abs=1.0)


@pytest.mark.parametrize("period_s", [3.2, 8.0, 15.0])
def test_breath_creep_and_sway_are_no_sinking(period_s: float) -> None:
    t_s = steps(60.0)
    creep = 6.0 * (1.0 - np.exp(-(t_s - START_S) / 25.0))
    for seed in range(10):
        moved = both_ways(breathing(t_s, period_s, 2.5) + creep + swaying(len(t_s), seed, 0.3))
        left, sunk = without_sinking(moved)
        assert sunk == (0.0, 0.0)
        assert np.array_equal(left, moved)


@pytest.mark.parametrize("swing_deg", [0.4, 1.0])
@pytest.mark.parametrize("period_s", [5.0, 8.0])
def test_breaths_are_counted_before_and_after_the_leg_sank(
    period_s: float, swing_deg: float
) -> None:
    """A push against the belt, then six degrees deeper: one slow breath, as it seems."""
    t_s = steps(61.0)
    deeper = breathing(t_s, period_s, swing_deg) + sinking(t_s, 25.0, 3.0, 6.0)
    breaths, _ = follow(t_s, deeper + swaying(len(t_s), 3, 0.08))
    breaths.finish(START_S + 61.0)
    assert breaths.count() == pytest.approx(60.0 / period_s, abs=1.0)
    assert breaths.rate_bpm() == pytest.approx(60.0 / period_s, abs=0.5)
    assert breaths.gain_deg() == pytest.approx(6.0, abs=0.6)
