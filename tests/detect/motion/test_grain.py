from __future__ import annotations

import math

import numpy as np
import pytest

from tracker.detect.motion.filters import butterworth, lfilter
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


def known_of(grain: Grain, cell: int) -> tuple[bool, bool, float]:
    return grain.coarse(cell), grain.hides_sway(cell), grain.least_jitter_deg(cell)


@pytest.mark.parametrize(
    ("count_g", "coarse", "hides"),
    [
        (0.125, True, True),
        (0.0625, True, True),
        (0.0156, False, True),
        (0.0078, False, True),
        (0.0039, False, False),
        (0.0005, False, False),
    ],
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
    assert grain.least_jitter_deg(50) == math.inf


def test_coarse_counts_hide_slow_movement_where_no_noise_dithers_them() -> None:
    # One sample in ten a count of 0.9 degrees beside the others, low-passed.
    block, grain = counted(0.0156), Grain()
    grain.feed(block)
    flips = np.random.default_rng(5).random(100_000) < 0.1
    b, a = butterworth(1.5, 50.0)
    low = lfilter(b, a, np.degrees(0.0156) * flips, 0, np.zeros(2))[0][::10]
    jitter_deg = math.sqrt(float(np.mean(np.square(np.diff(low)))) / 2.0)
    assert grain.least_jitter_deg(last_cell(block)) == pytest.approx(jitter_deg, rel=0.05)
    fine = Grain()
    fine.feed(counted(0.0005))
    assert fine.least_jitter_deg(last_cell(block)) == 0.0


def test_what_is_known_at_a_moment_does_not_depend_on_how_samples_were_cut() -> None:
    later: Floats = counted(0.0005).acc_g
    acc = np.concatenate([counted(0.125).acc_g, later])
    block = Block(np.linspace(0.0, 0.02 * (len(acc) - 1), len(acc)), acc)
    whole, cut = Grain(), Grain()
    whole.feed(block)
    cells = range(0, last_cell(block), 10)
    known = [known_of(whole, cell) for cell in cells]
    at, found = 0, []
    for cell in cells:
        until = int(np.searchsorted(block.t_s, cell * CELL_S, side="right"))
        if until > at:
            cut.feed(block.between(at, until))
        at = until
        found.append(known_of(cut, cell))
    assert found == known
    assert {coarse for coarse, _, _ in known} == {True, False}
    assert len({jitter_deg for _, _, jitter_deg in known}) > 2
