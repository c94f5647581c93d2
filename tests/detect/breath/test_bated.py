"""A breath that is held fits as its whole wave does, laid over the movement at each beat."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tracker.detect.breath.beats import BEAT_S
from tracker.detect.breath.kinds import even
from tracker.detect.breath.odd import _wave, odd_breaths
from tracker.detect.breath.template import along
from tracker.detect.breath.whitening import Whitened, total


@pytest.mark.parametrize("smooth", [0, 1, 2])
@pytest.mark.parametrize("period_s", [3.2, 6.0, 11.0])
def test_a_pause_of_any_length_fits_as_the_whole_wave(period_s: float, smooth: int) -> None:
    moved = np.add.accumulate(np.random.default_rng(5).normal(size=260))
    moved[100:110] = np.nan
    movement, odd = Whitened(moved, 0), odd_breaths(period_s, smooth)
    most, usual = odd.lengths[0], round(period_s / BEAT_S)
    level = total(_wave(even(usual, usual), smooth)) / usual
    gains = odd.bated.gained(movement, most, 0.7, 0.2)
    for alike, found in zip(odd.held, gains, strict=True):
        for k, kind in enumerate(alike.kinds):
            wave = (_wave(kind, smooth) - level)[None]
            whole = 0.7 * along(movement.rest, wave, most)[most:, 0]
            whole -= 0.2 * along(movement.known, wave * wave, most)[most:, 0]
            assert found[kind.beats :, k] == pytest.approx(whole[kind.beats :], abs=1e-9)
            assert (found[: kind.beats, k] == -math.inf).all()  # it would begin before the movement
