"""The paths of an unmoved limb are SciPy's splines, and take no half second to begin with."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from firmware_sim.wander import through, wander


@pytest.mark.parametrize("n", [4, 5, 100])
def test_the_spline_is_that_of_scipy_between_the_knots_and_beyond(n: int) -> None:
    from scipy.interpolate import CubicSpline

    knots = np.random.default_rng(n).standard_normal((n, 6))
    theirs = CubicSpline(np.arange(n) * 0.8, knots)
    t_s = np.linspace(-0.5, 0.8 * n + 0.5, 1000)
    np.testing.assert_allclose(through(knots, 0.8).at(t_s), theirs(t_s), rtol=1e-12, atol=1e-12)


def test_a_path_is_of_unit_size_and_forgets_within_its_memory() -> None:
    path = wander(np.random.default_rng(1), 20_000.0, channels=4, knot_s=0.8, memory_s=2.5)
    at, later = (path.at(np.arange(0.0, 19_990.0, 0.8) + delay_s) for delay_s in (0.0, 2.4))
    np.testing.assert_allclose(at.std(axis=0), 1.0, atol=0.05)
    np.testing.assert_allclose((at * later).mean(axis=0), np.exp(-2.4 / 2.5), atol=0.05)


def test_a_scripted_band_starts_without_scipy() -> None:
    code = "import sys, firmware_sim.routine; print('scipy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
