"""The filters are SciPy's, without its package, which only those import here that compare."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from tracker.detect.motion import filters


@pytest.mark.parametrize("cutoff_hz", [0.3, 1.5, 6.0])
def test_the_low_pass_is_the_butterworth_of_scipy(cutoff_hz: float) -> None:
    from scipy import signal

    b, a = filters.butterworth(cutoff_hz, 25.0)
    theirs_b, theirs_a = signal.butter(2, cutoff_hz, fs=25.0)
    np.testing.assert_allclose(b, theirs_b, rtol=1e-12)
    np.testing.assert_allclose(a, theirs_a, rtol=1e-12)
    np.testing.assert_allclose(filters.settled(b, a), signal.lfilter_zi(b, a), rtol=1e-9)


@pytest.mark.parametrize("axis", [0, 1])
def test_the_samples_that_come_out_are_those_of_scipy_to_the_bit(axis: int) -> None:
    from scipy import signal

    chance = np.random.default_rng(axis)
    b, a = filters.butterworth(1.5, 25.0)
    x = chance.normal(size=(3, 500) if axis else (500, 3))
    for part in (x, x[::-1]):
        zi = chance.normal(size=(3, 2) if axis else (2, 3))
        ours = filters.lfilter(b, a, part, axis, zi)
        theirs = signal.lfilter(b, a, part, axis=axis, zi=zi)
        for one, other in zip(ours, theirs, strict=True):
            assert one.tobytes() == np.ascontiguousarray(other).tobytes()


def test_the_detector_does_not_bring_in_scipys_packages() -> None:
    code = "import sys, tracker.detect.session; print(*(m for m in sys.modules if 'scipy' in m))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "scipy.signal._sigtools\n"


def test_where_scipy_is_laid_out_otherwise_its_package_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tracker.detect.motion.filters.PathFinder.find_spec", lambda *_: None)
    b, a = filters.butterworth(1.5, 25.0)
    x, zi = np.ones((3, 20)), np.zeros((3, 2))
    out, state = filters._compiled()(b, a, x, 1, zi)
    ours, our_state = filters.lfilter(b, a, x, 1, zi)
    assert (out.tobytes(), state.tobytes()) == (ours.tobytes(), our_state.tobytes())
