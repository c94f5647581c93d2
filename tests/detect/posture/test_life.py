from __future__ import annotations

import numpy as np
import pytest

from tracker.detect.motion.orientation import STEP_S
from tracker.detect.posture.life import Life
from tracker.detect.samples import Floats


def kept(seconds: float, noise_deg: float, own: Floats | float = 0.0, seed: int = 5) -> Life:
    """A band whose directions have white noise from step to step and a movement of their own."""
    count = round(seconds / STEP_S)
    points = np.random.default_rng(seed).normal(0.0, noise_deg, (count, 2))
    points[:, 0] += own
    life = Life()
    for x, y in points.tolist():
        life.feed((x, y))
    return life


def wave(seconds: float, deg: float, period_s: float) -> Floats:
    at_s = np.arange(round(seconds / STEP_S)) * STEP_S
    angle: Floats = deg * np.sin(2.0 * np.pi * at_s / period_s)
    return angle


@pytest.mark.parametrize("noise_deg", [0.005, 0.03, 0.1])
def test_a_band_that_lies_shows_no_life_however_noisy_its_sensor(noise_deg: float) -> None:
    alive = [not kept(20.0, noise_deg, seed=seed).none for seed in range(40)]
    assert sum(alive) <= 4


@pytest.mark.parametrize("noise_deg", [0.005, 0.03, 0.1])
@pytest.mark.parametrize(("deg", "period_s"), [(0.15, 14.0), (0.2, 4.0)])
def test_a_leg_that_breathes_a_little_is_alive(
    noise_deg: float, deg: float, period_s: float
) -> None:
    assert not any(
        kept(20.0, noise_deg, wave(20.0, deg, period_s), seed).none for seed in range(40)
    )


@pytest.mark.parametrize("hz", [1.2, 1.7, 2.2])
def test_a_leg_whose_muscles_shake_more_than_it_breathes_is_alive(hz: float) -> None:
    shaking = wave(38.0, 0.6, 1.0 / hz) + wave(38.0, 0.35, 5.0)
    assert not any(kept(38.0, 0.1, shaking, seed).none for seed in range(20))


def test_a_leg_that_hardly_breathes_four_times_a_minute_is_alive_for_a_minute() -> None:
    """In the stillest of sixty times ten seconds it is stiller than it looks in ten of them."""
    breathes = wave(70.0, 0.15, 18.0) + wave(70.0, 0.1, 0.47)
    assert not any(kept(70.0, 0.02, breathes, seed).none for seed in range(20))


def test_a_leg_that_lies_keeps_stiller_than_somebody_who_stands() -> None:
    shifted = np.where(np.arange(300) < 150, 0.0, 4.0)
    for seed in range(10):
        assert kept(60.0, 0.03, wave(60.0, 0.05, 4.0) + shifted, seed).lies
        assert not kept(60.0, 0.03, wave(60.0, 0.15, 9.0), seed).lies
        assert not kept(9.0, 0.03, wave(9.0, 0.05, 4.0), seed).lies


def test_what_is_picked_up_at_last_and_rings_at_first_was_lifeless_all_the_same() -> None:
    own = np.zeros(100)
    own[:4], own[-8:] = 1.5, np.linspace(0.0, 4.5, 8)
    assert kept(20.0, 0.02, own).none


def test_a_few_seconds_tell_nothing() -> None:
    assert not kept(6.0, 0.02).none


def test_what_trembles_otherwise_than_noise_does_is_not_lifeless() -> None:
    points = np.random.default_rng(2).normal(0.0, 0.05, (100, 2))
    points[:, 1] += 0.8 * (np.arange(100) % 2)
    life = Life()
    for x, y in points.tolist():
        life.feed((x, y))
    assert not life.none


def test_a_sensor_that_shows_nothing_at_all_does_not_tell_that_no_leg_is_there() -> None:
    assert not kept(60.0, 0.0).none


def test_a_leg_shows_where_more_than_noise_moves_or_little_was_seen() -> None:
    assert not kept(12.0, 0.03).shown
    assert kept(12.0, 0.03, wave(12.0, 0.2, 4.0)).shown
    assert kept(5.0, 0.03).shown


def test_ten_seconds_of_a_table_in_a_minute_tell_that_no_leg_is_there() -> None:
    slid = np.where(np.arange(300) < 150, 0.0, 4.0) + wave(60.0, 0.3, 9.0)
    leg = kept(60.0, 0.02, slid)
    assert not leg.none
    slid[170:240] = 4.0
    assert kept(60.0, 0.02, slid).none


def in_coarse_counts(seconds: float, range_g: float, flips_deg: float = 0.0) -> Life:
    """A part of 16 mg a count: how far the direction moved on one axis in all, and its flips."""
    count = round(seconds / STEP_S)
    flips = np.random.default_rng(4).normal(0.0, flips_deg, (count, 2)).tolist()
    ways = np.linspace(0.0, range_g, count).tolist()
    life = Life(0.1, 0.0156)
    for (x, y), way in zip(flips, ways, strict=True):
        life.feed((x + np.degrees(way), y), (way, 1.0, 0.0))
    return life


@pytest.mark.parametrize("flips_deg", [0.0, 0.05, 0.2])
def test_coarse_counts_that_stand_for_fourteen_seconds_are_lifeless(flips_deg: float) -> None:
    assert in_coarse_counts(14.0, 0.0, flips_deg).none
    assert not in_coarse_counts(12.0, 0.0, flips_deg).none


def test_a_leg_that_sinks_by_a_count_is_alive_however_coarse_it_is() -> None:
    assert not in_coarse_counts(60.0, 0.018).none


def test_a_leg_that_moves_within_a_count_is_lifeless_only_after_longer() -> None:
    assert not in_coarse_counts(15.0, 0.014).none
    assert in_coarse_counts(30.0, 0.014).none
