"""A breath that is held fits as its whole wave does, laid over the movement at each beat."""

from __future__ import annotations

import numpy as np
import pytest

from tracker.detect.breath.beats import BEAT_S
from tracker.detect.breath.kinds import even
from tracker.detect.breath.odd import _odd, _wave
from tracker.detect.breath.template import along
from tracker.detect.breath.whitening import Whitened, total


@pytest.mark.parametrize("smooth", [0, 1, 2])
@pytest.mark.parametrize("period_s", [3.2, 6.0, 11.0])
def test_a_pause_of_any_length_fits_as_the_whole_wave(period_s: float, smooth: int) -> None:
    moved = np.add.accumulate(np.random.default_rng(5).normal(size=260))
    moved[100:110] = np.nan
    movement, odd = Whitened(moved, 0), _odd(period_s, smooth)
    matches, most = odd.matched(movement), odd.lengths[0]
    usual = round(period_s / BEAT_S)
    level = total(_wave(even(usual, usual), smooth)) / usual
    held = [k for k, kind in enumerate(odd.kinds) if kind.held]
    assert held
    for k in held:
        wave = (_wave(odd.kinds[k], smooth) - level)[None]
        whole = along(movement.rest, wave, most), along(movement.known, wave * wave, most)
        assert matches.along[most:, k] == pytest.approx(whole[0][most:, 0], abs=1e-9)
        assert matches.energy[most:, k] == pytest.approx(whole[1][most:, 0], abs=1e-9)
