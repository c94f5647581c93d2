from __future__ import annotations

import numpy as np
import pytest

from tests.detect.figures.off_leg import PARTS, off_leg, told


def test_an_hour_off_the_leg_is_one_of_many_ways_up_and_no_two_are_alike() -> None:
    (one, fine), (two, coarse) = off_leg(0), off_leg(2)
    assert (fine, coarse) == (PARTS[0], PARTS[2])
    assert one.t_s[-1] == pytest.approx(3600.0, abs=1.0)
    assert np.median(np.linalg.norm(one.acc_g, axis=1)) == pytest.approx(1.0, abs=0.05)
    assert len({tuple(up) for up in np.rint(one.acc_g[::250]).tolist()}) >= 10
    counts = two.acc_g / coarse.count_g
    assert np.array_equal(counts, np.rint(counts))


def test_a_fine_part_that_lies_about_for_an_hour_is_told_so_and_holds_nothing() -> None:
    hour = told(0)
    assert hour.holds == ()
    assert 1800.0 < hour.not_worn_s < 3600.0
