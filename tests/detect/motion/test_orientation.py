from __future__ import annotations

import numpy as np
import pytest

from tests.detect.leg import BACK, Pose, raised, samples
from tracker.detect.motion.grid import Grid
from tracker.detect.motion.orientation import Orientation, Rows
from tracker.detect.samples import Block

LEG = samples((Pose(BACK, 6.0), Pose(raised(70), 8.0), Pose(BACK, 4.0)), noise_g=0.02)
# For four seconds the sensor feels nothing: there is no up.
DEAD = Block(LEG.t_s, np.where((LEG.t_s > 5.0) & (LEG.t_s < 9.0), 0.001, LEG.acc_g.T).T)


@pytest.mark.parametrize("block", [LEG, DEAD])
@pytest.mark.parametrize("size", [1, 7, 25, 90])
def test_a_few_steps_at_a_time_are_those_of_all_at_once_to_the_bit(block: Block, size: int) -> None:
    whole = Orientation().feed(*Grid().feed(block))
    grid, orientation = Grid(), Orientation()
    seen: list[Rows] = []
    for first in range(0, len(block), size):
        number, cells = grid.feed(block.between(first, first + size))
        if not cells.shape[1]:
            continue
        rows = orientation.feed(number, cells)
        assert not rows.ups or rows.first == whole.first + sum(len(some.ups) for some in seen)
        seen.append(rows)
    assert [up for some in seen for up in some.ups] == whole.ups
    assert [rate for some in seen for rate in some.rates] == whole.rates
    assert [unrest for some in seen for unrest in some.unrests] == whole.unrests
    assert whole.up is not None
    assert list(zip(*whole.up.tolist(), strict=True)) == whole.ups
    assert len(whole.ups) > 80
