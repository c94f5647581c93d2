from __future__ import annotations

import numpy as np

from tracker.detect.motion.cells import Vector
from tracker.detect.motion.filters import butterworth, lfilter
from tracker.detect.motion.grain import Grain
from tracker.detect.motion.grid import CELLS_HZ
from tracker.detect.motion.orientation import CELLS_A_STEP, GRAVITY_HZ, STEP_S
from tracker.detect.posture.worn import Wear
from tracker.detect.samples import Block, Floats


def part(count_g: float) -> Grain:
    """Of a sensor that has shown its steps."""
    grain = Grain()
    grain.feed(Block(np.array([0.0, 0.02]), np.array([[0.0, 1.0, 0.0], [0.0, 1.0, count_g]])))
    return grain


FINE, COARSE = part(0.0005), part(0.0156)


def directions(x: Floats, z: Floats) -> list[Vector]:
    """Of a leg that stands, but for so much forwards and outwards."""
    return list(zip(x.tolist(), np.sqrt(1.0 - x * x - z * z).tolist(), z.tolist(), strict=True))


def worn(
    seconds: float,
    wander_deg: float,
    noise_deg: float,
    wear: Wear | None = None,
    grain: Grain = FINE,
) -> Wear:
    wear = wear or Wear()
    at_s = np.arange(round(seconds / STEP_S)) * STEP_S
    noise = np.random.default_rng(11).normal(0.0, np.radians(noise_deg), (2, len(at_s)))
    tilt = np.radians(wander_deg) * np.sin(2 * np.pi * at_s / 7.0)
    x, z = noise[0] + tilt, noise[1]
    wear.feed(1, directions(x, z), grain)
    return wear


def test_a_table_is_known_after_half_a_minute() -> None:
    assert worn(25.0, 0.0, 0.01).worn is None
    assert worn(31.0, 0.0, 0.01).worn is False


def test_a_resting_leg_sways_enough_to_be_worn() -> None:
    assert worn(60.0, 0.06, 0.01).worn is True


def test_a_leg_that_trembles_more_than_it_sways_is_worn_still() -> None:
    wear = worn(20.0, 0.2, 0.01)
    assert worn(60.0, 0.05, 0.15, wear).worn is True


def test_a_band_that_is_put_on_becomes_worn() -> None:
    assert worn(25.0, 0.2, 0.01, worn(40.0, 0.0, 0.01)).worn is True


def test_a_leg_that_walks_has_the_band_on_at_once() -> None:
    at_s = np.arange(round(12.0 / STEP_S)) * STEP_S
    swing = 0.25 + 0.45 * np.sin(2.0 * np.pi * 0.8 * at_s)
    wear = worn(40.0, 0.0, 0.01)
    assert wear.worn is False
    wear.feed(201, directions(swing, 0.0 * swing), FINE)
    assert wear.worn is True


def test_a_band_that_is_pushed_where_it_lies_stays_off() -> None:
    rng, count = np.random.default_rng(12), round(600.0 / STEP_S)
    x, z = rng.normal(0.0, np.radians(0.01), (2, count))
    pushes = np.radians(0.4) * np.repeat(rng.normal(0.0, 1.0, count // 200), 200)
    wear, found = Wear(), []
    found = wear.feed(1, directions(x + pushes, z), FINE)
    assert {one.worn for one in found} == {False}


def test_a_sensor_too_coarse_to_show_the_sway_of_a_leg_does_not_tell_that_none_is_there() -> None:
    assert worn(60.0, 0.0, 0.0, grain=COARSE).worn is None
    assert worn(60.0, 0.0, 0.0, grain=Grain()).worn is None
    assert worn(20.0, 3.0, 0.5, grain=COARSE).worn is True


def coarse_part() -> Grain:
    """Of counts of 15.6 mg, and of 25 Hz."""
    grain, t_s = Grain(), np.arange(0.0, 4.0, 0.04)
    flips = 0.0156 * (np.arange(len(t_s)) % 2)
    grain.feed(Block(t_s, np.tile(flips, (3, 1)).T))
    return grain


def noisy(
    seconds: float, noise_deg: float, wander_deg: float = 0.0, grain: Grain = FINE
) -> bool | None:
    """Worn, by directions as the low-pass leaves white noise, and a movement of 7 s?"""
    count = round(seconds / STEP_S)
    b, a = butterworth(GRAVITY_HZ, CELLS_HZ)
    white = np.random.default_rng(8).normal(0.0, 1.0, (2, count * CELLS_A_STEP))
    low = lfilter(b, a, white, 1, np.zeros((2, 2)))[0][:, ::CELLS_A_STEP]
    x, z = np.radians(noise_deg) * low / low.std()
    x = x + np.radians(wander_deg) * np.sin(2 * np.pi * np.arange(count) * STEP_S / 7.0)
    wear = Wear()
    wear.feed(20, directions(x, z), grain)
    return wear.worn


def dithered(seconds: float, wander_deg: float = 0.0) -> bool | None:
    """By flips of counts?"""
    return noisy(seconds, 0.1, wander_deg, coarse_part())


def test_a_noisy_sensor_on_a_table_is_not_worn_either() -> None:
    assert noisy(31.0, 0.03) is False  # as of 2 mg a sample
    assert noisy(125.0, 0.1) is False
    assert worn(125.0, 0.0, 0.08).worn is False


def test_a_leg_that_rests_under_a_noisy_sensor_is_worn() -> None:
    # Of 7 s, so it moves the means of whole seconds by 0.7 of that.
    assert noisy(600.0, 0.03, wander_deg=0.035) is not False
    assert noisy(600.0, 0.07, wander_deg=0.06) is not False


def test_dithered_counts_tell_of_a_table_in_two_minutes() -> None:
    assert dithered(115.0) is None
    assert dithered(125.0) is False


def test_dithered_counts_tell_of_no_table_where_a_leg_sways() -> None:
    assert dithered(300.0, wander_deg=0.15) is not False


def standing_counts(seconds: float, noise_deg: float, moves_deg: float = 0.0) -> bool | None:
    """Worn, by coarse counts that flip as much as they do, and by how far the leg went in all."""
    count = round(seconds / STEP_S)
    flips = np.random.default_rng(6).uniform(-1.0, 1.0, (2, count)) * np.radians(noise_deg) * 1.7
    x, z = flips + np.radians(moves_deg) * np.linspace(0.0, 1.0, count)
    wear = Wear()
    wear.feed(20, directions(x, z), coarse_part())
    return wear.worn


def test_coarse_counts_that_never_flip_tell_of_a_table_in_three_minutes() -> None:
    assert standing_counts(150.0, 0.0) is None
    assert standing_counts(180.0, 0.0) is False


def test_coarse_counts_that_flip_more_than_any_noise_tell_of_a_table_in_three_minutes() -> None:
    assert standing_counts(150.0, 0.25) is True
    assert standing_counts(180.0, 0.25) is False


def test_a_leg_that_moves_by_a_coarse_count_in_three_minutes_is_worn() -> None:
    assert standing_counts(180.0, 0.0, moves_deg=1.2) is not False


def test_directions_fed_one_by_one_tell_the_same() -> None:
    noise = np.random.default_rng(3).normal(0.0, 1e-4, (2, 900))
    noise[:, 500:] += np.radians(0.3) * np.sin(np.arange(400) / 9.0)
    ups = directions(noise[0], noise[1])
    one_by_one, at_once = Wear(), Wear()
    changes = [one for i in range(900) for one in one_by_one.feed(7 + i, ups[i : i + 1], FINE)]
    assert changes == at_once.feed(7, ups, FINE, np.array(ups).T)
    assert [found.worn for found in changes] == [False, True]
