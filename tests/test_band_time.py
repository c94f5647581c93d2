"""The turn that a band's millisecond counter is in."""

from __future__ import annotations

import pytest

from tracker.band_time import WRAP_S, unwrapped


def test_unwrapping_takes_the_nearest_turn() -> None:
    assert unwrapped(5, WRAP_S - 1) == pytest.approx(WRAP_S + 0.005)
    assert unwrapped(2**32 - 1, 10.0) == pytest.approx(WRAP_S - 0.001)
    assert unwrapped(7000, 3 * WRAP_S + 6.9) == pytest.approx(3 * WRAP_S + 7.0)
