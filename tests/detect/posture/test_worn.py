from __future__ import annotations

import numpy as np

from tracker.detect.motion.grain import Grain
from tracker.detect.motion.orientation import STEP_S
from tracker.detect.posture.worn import Wear
from tracker.detect.samples import Block


def part(count_g: float) -> Grain:
    """Of a sensor that has shown its steps."""
    grain = Grain()
    grain.feed(Block(np.array([0.0, 0.02]), np.array([[0.0, 1.0, 0.0], [0.0, 1.0, count_g]])))
    return grain


FINE, COARSE = part(0.0005), part(0.0156)


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
    wear.feed(1, np.array([x, np.sqrt(1 - x * x - z * z), z]), grain)
    return wear


def test_a_table_is_known_after_half_a_minute() -> None:
    assert worn(25.0, 0.0, 0.01).worn is None
    assert worn(31.0, 0.0, 0.01).worn is False


def test_a_noisy_sensor_on_a_table_is_not_worn_either() -> None:
    assert worn(31.0, 0.0, 0.08).worn is False


def test_a_resting_leg_sways_enough_to_be_worn() -> None:
    assert worn(60.0, 0.06, 0.01).worn is True


def test_a_band_that_is_put_on_becomes_worn() -> None:
    assert worn(15.0, 0.2, 0.01, worn(40.0, 0.0, 0.01)).worn is True


def test_a_sensor_too_coarse_to_show_the_sway_of_a_leg_does_not_tell_that_none_is_there() -> None:
    assert worn(60.0, 0.0, 0.0, grain=COARSE).worn is None
    assert worn(60.0, 0.0, 0.0, grain=Grain()).worn is None
    assert worn(20.0, 3.0, 0.5, grain=COARSE).worn is True


def test_directions_fed_one_by_one_tell_the_same() -> None:
    noise = np.random.default_rng(3).normal(0.0, 1e-4, (2, 900))
    noise[:, 500:] += np.radians(0.3) * np.sin(np.arange(400) / 9.0)
    up = np.array([noise[0], np.sqrt(1.0 - noise[0] ** 2 - noise[1] ** 2), noise[1]])
    one_by_one, at_once = Wear(), Wear()
    changes = [one for i in range(900) for one in one_by_one.feed(7 + i, up[:, i : i + 1], FINE)]
    assert changes == at_once.feed(7, up, FINE)
    assert [worn for _, worn in changes] == [False, True]
