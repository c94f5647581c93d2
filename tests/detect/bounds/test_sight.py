from __future__ import annotations

import pytest

from tracker.detect.bounds.sight import Sight
from tracker.detect.motion.grid import CELL_S


@pytest.mark.parametrize("lost_s", [0.0, 0.4, 2.0])
def test_it_is_known_when_a_leg_will_have_stood_for_so_long(lost_s: float) -> None:
    sight = Sight()
    sight.lose(50, 50 + round(lost_s / CELL_S))
    for since_s in (1.0, 2.0, 5.0):
        at_s = sight.stands_s(since_s, 1.4)
        assert sight.stood_s(since_s, at_s) == pytest.approx(1.4)
