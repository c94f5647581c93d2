from __future__ import annotations

import numpy as np

from tracker.detect.orientation import STEP_S
from tracker.detect.worn import Wear


def worn(seconds: float, wander_deg: float, noise_deg: float, wear: Wear | None = None) -> Wear:
    wear = wear or Wear()
    noise = np.random.default_rng(11)
    for i in range(round(seconds / STEP_S)):
        tilt = np.radians(wander_deg) * np.sin(2 * np.pi * i * STEP_S / 7.0)
        x, z = np.array([tilt, 0.0]) + noise.normal(0.0, np.radians(noise_deg), 2)
        wear.step((float(x), float(np.sqrt(1 - x * x - z * z)), float(z)))
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
