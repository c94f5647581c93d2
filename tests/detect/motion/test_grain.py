from __future__ import annotations

import numpy as np
import pytest

from tracker.detect.motion.grain import Grain
from tracker.detect.motion.grid import CELL_S
from tracker.detect.samples import Block, Floats


def counted(count_g: float, seconds: float = 10.0) -> Block:
    """A leg that turns slowly, through a sensor of such counts."""
    t_s = np.arange(0.0, seconds, 0.02)
    angle = 0.3 * t_s
    acc = np.column_stack([np.sin(angle), np.cos(angle), 0.1 + 0.0 * angle])
    return Block(t_s, count_g * np.rint(acc / count_g))


def last_cell(block: Block) -> int:
    return int(block.t_s[-1] / CELL_S)


@pytest.mark.parametrize(
    ("count_g", "coarse", "hides"),
    [(0.125, True, True), (0.0625, True, True), (0.0156, False, True), (0.0005, False, False)],
)
def test_the_counts_of_a_sensor_show_in_its_samples(
    count_g: float, coarse: bool, hides: bool
) -> None:
    block, grain = counted(count_g), Grain()
    grain.feed(block)
    assert grain.coarse(last_cell(block)) is coarse
    assert grain.hides_sway(last_cell(block)) is hides


def test_a_sensor_that_has_not_moved_is_not_called_coarse() -> None:
    grain = Grain()
    grain.feed(Block(np.arange(0.0, 2.0, 0.02), np.tile([0.0, 1.0, 0.0], (100, 1))))
    assert not grain.coarse(50)
    assert grain.hides_sway(50)


def test_what_is_known_at_a_moment_does_not_depend_on_how_samples_were_cut() -> None:
    later: Floats = counted(0.0005).acc_g
    acc = np.concatenate([counted(0.125).acc_g, later])
    block = Block(np.linspace(0.0, 0.02 * (len(acc) - 1), len(acc)), acc)
    whole, cut = Grain(), Grain()
    whole.feed(block)
    cells = range(0, last_cell(block), 10)
    known = [(whole.coarse(cell), whole.hides_sway(cell)) for cell in cells]
    at, found = 0, []
    for cell in cells:
        until = int(np.searchsorted(block.t_s, cell * CELL_S, side="right"))
        if until > at:
            cut.feed(block.between(at, until))
        at = until
        found.append((cut.coarse(cell), cut.hides_sway(cell)))
    assert found == known
    assert {coarse for coarse, _ in known} == {True, False}
