"""Did the leg rise to where it stopped, and does it sink when it leaves?"""

from __future__ import annotations

import numpy as np
import pytest

from tests.detect.leg import swung
from tracker.detect.motion.cells import Cells
from tracker.detect.motion.grid import CELL_S, Grid
from tracker.detect.motion.heights import rises_m, rose_m
from tracker.detect.samples import Block

# Lying, raised by 60 degrees from 2.8 s to 6 s, lying again from 6.8 s on: over half a metre.
AT_S, ELEVATION_DEG = [2.0, 2.8, 6.0, 6.8], [0.0, 60.0, 60.0, 0.0]
HEIGHT_M = 0.8 * float(np.sin(np.radians(60.0)))
END = round(9.0 / CELL_S)


def felt(sensor: float = 1.0) -> Cells:
    block = swung(AT_S, ELEVATION_DEG, until_s=9.0)
    first, acc = Grid().feed(Block(block.t_s, sensor * block.acc_g))
    cells = Cells()
    cells.add(first, acc[:3])
    return cells


@pytest.mark.parametrize("sensor", [0.97, 1.0, 1.03])
def test_a_raised_leg_has_risen_and_sinks_whatever_the_sensor_makes_of_one_g(sensor: float) -> None:
    cells = felt(sensor)
    # The pull towards the hip, across gravity, makes so fast a raise seem lower, from its top.
    assert 0.5 * HEIGHT_M < rose_m(cells, 2.8) < HEIGHT_M
    assert -HEIGHT_M < rises_m(cells, 6.0, END) < -0.5 * HEIGHT_M


def test_where_a_leg_lies_it_has_sunk_and_will_rise() -> None:
    cells = felt()
    assert rises_m(cells, 2.0, END) == pytest.approx(HEIGHT_M, rel=0.25)
    assert rose_m(cells, 6.8) == pytest.approx(-HEIGHT_M, rel=0.25)


def test_a_leg_that_stays_neither_rises_nor_sinks() -> None:
    cells = felt()
    assert abs(rose_m(cells, 4.5)) < 0.02
    assert abs(rises_m(cells, 4.5, END)) < 0.02


def test_what_has_yet_to_come_is_not_looked_at() -> None:
    assert abs(rises_m(felt(), 6.0, round(6.0 / CELL_S))) < 0.02
