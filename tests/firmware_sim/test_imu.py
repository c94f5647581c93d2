"""The accelerometer adds what a data sheet lists, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from firmware_sim.imu import WARM_S, Imu

STILL = np.tile([0.1, 0.9, -0.3], (20000, 1))
TIMES = np.arange(20000) / 50.0


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def test_noise_has_the_density_of_the_data_sheet() -> None:
    read = Imu(rate_hz=100.0, range_g=2, noise_ug=90.0).measure(TIMES, STILL, rng())
    assert read.std(axis=0) == pytest.approx(90e-6 * np.sqrt(50.0), rel=0.03)
    assert read.mean(axis=0) == pytest.approx(STILL[0], abs=2e-5)


def test_bias_and_scale_shift_the_mean() -> None:
    imu = Imu(bias_g=(0.02, 0.0, -0.01), scale=(1.0, 1.01, 0.99))
    assert imu.measure(TIMES, STILL, rng()).mean(axis=0) == pytest.approx(
        [0.12, 0.909, -0.307], abs=5e-5
    )


def test_a_part_that_warms_drifts_and_settles() -> None:
    still, t_s = STILL[:3], np.array([0.0, WARM_S, 50 * WARM_S])
    read = Imu(noise_ug=0.0, range_g=2, drift_g=(0.005, 0.0, 0.0)).measure(t_s, still, rng())
    assert read[:, 0] == pytest.approx([0.1, 0.1 + 0.632 * 0.005, 0.105], abs=1e-4)
    assert np.ptp(read[:, 1]) == 0.0


@pytest.mark.parametrize(("bits", "range_g", "step_mg"), [(8, 2, 15.625), (12, 4, 1.953125)])
def test_output_is_whole_counts_of_the_range(bits: int, range_g: int, step_mg: float) -> None:
    imu = Imu(bits=bits, range_g=range_g, noise_ug=300.0)
    assert imu.step_g * 1000 == step_mg
    counts = imu.measure(TIMES, STILL, rng()) / imu.step_g
    assert np.array_equal(counts, np.round(counts))
    assert len(np.unique(counts[:, 0])) > 1 or bits == 8


def test_sixteen_bits_are_the_counts_of_a_frame() -> None:
    counts = Imu(range_g=8).measure(TIMES, STILL, rng()) * 32768 / 8
    assert np.array_equal(counts, np.round(counts))


def test_a_force_beyond_the_range_reads_the_end_of_the_range() -> None:
    read = Imu(range_g=4).measure(TIMES[:1], np.array([[9.0, -9.0, 0.0]]), rng())
    assert read[0, :2] == pytest.approx([4.0 * 32767 / 32768, -4.0])


def test_a_fast_crystal_counts_more_seconds() -> None:
    imu = Imu(clock_ppm=50.0)
    assert imu.band_time(1000.0) == pytest.approx(1000.05, abs=1e-9)
    assert imu.leg_time(np.array([imu.band_time(1000.0)]))[0] == pytest.approx(1000.0, abs=1e-9)


def test_noise_does_not_depend_on_how_the_samples_are_cut() -> None:
    imu, whole, parts = Imu(), rng(), rng()
    at_once = imu.measure(TIMES[:100], STILL[:100], whole)
    cuts = [slice(0, 7), slice(7, 30), slice(30, 31), slice(31, 100)]
    in_parts = [imu.measure(TIMES[cut], STILL[cut], parts) for cut in cuts]
    assert np.array_equal(at_once, np.concatenate(in_parts))


def test_two_parts_off_the_reel_differ_and_one_seed_gives_one_part() -> None:
    assert Imu.part(1) == Imu.part(1)
    assert Imu.part(1) != Imu.part(2)
    offsets = np.array([Imu.part(seed).bias_g for seed in range(200)])
    assert 0.008 < offsets.std() < 0.016


@pytest.mark.parametrize(
    ("rate_hz", "range_g", "bits", "told"),
    [(5.0, 8, 16, "rate 5.0 Hz"), (50.0, 3, 16, "range 3 g"), (50.0, 8, 24, "24 bits")],
)
def test_a_part_that_does_not_exist_is_refused(
    rate_hz: float, range_g: int, bits: int, told: str
) -> None:
    with pytest.raises(ValueError, match=told):
        Imu(rate_hz=rate_hz, range_g=range_g, bits=bits)
