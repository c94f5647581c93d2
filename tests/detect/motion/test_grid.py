from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.detect.motion.grid import CELL_S, Grid
from tracker.detect.samples import Block


@pytest.mark.parametrize("rate_hz", [12.5, 26.0, 50.0, 104.0, 200.0])
def test_a_straight_line_keeps_its_value_at_the_middle_of_a_cell(rate_hz: float) -> None:
    t_s = np.arange(3.3, 8.0, 1.0 / rate_hz)
    acc = np.column_stack([0.1 * t_s, 1.0 - 0.05 * t_s, 0 * t_s])
    first, cells = Grid().feed(Block(t_s, acc))
    middle_s = (first + np.arange(cells.shape[1]) - 0.5) * CELL_S
    assert np.allclose(cells[0], 0.1 * middle_s, atol=2e-5)
    assert np.allclose(cells[1], 1.0 - 0.05 * middle_s, atol=2e-5)


def test_the_fourth_value_is_the_mean_square_of_the_length() -> None:
    t_s = np.arange(0.0, 2.0, 0.005)
    x = np.sqrt(2.0) * np.sin(2 * np.pi * 50 * t_s)
    _, cells = Grid().feed(Block(t_s, np.column_stack([x, 0 * x + 1.0, 0 * x])))
    assert np.allclose(cells[3, 5:-5], 2.0, atol=0.05)
    assert np.allclose(cells[0, 5:-5], 0.0, atol=0.05)


@given(
    steps=st.lists(st.floats(0.001, 0.4), min_size=3, max_size=60),
    cut=st.integers(1, 58),
    seed=st.integers(0, 1000),
)
def test_jittering_times_cut_anywhere_give_the_same_cells_to_the_bit(
    steps: list[float], cut: int, seed: int
) -> None:
    t_s = 1000.0 + np.cumsum(steps)
    acc = np.random.default_rng(seed).normal(0.0, 1.0, (len(t_s), 3))
    block, cut = Block(t_s, acc), min(cut, len(t_s) - 1)
    first, whole = Grid().feed(block)
    grid = Grid()
    a_first, a = grid.feed(block.between(0, cut))
    _, b = grid.feed(block.between(cut))
    assert np.array_equal(np.concatenate([a, b], axis=1), whole)
    assert not a.shape[1] or a_first == first


def test_ten_minutes_of_ten_g_cut_anywhere_give_the_same_cells_to_the_bit() -> None:
    t_s = 1e6 + np.arange(0.0, 600.0, 0.08)
    acc = np.random.default_rng(1).normal([0.0, 9.9, 1.0], 0.1, (len(t_s), 3))
    block, grid = Block(t_s, acc), Grid()
    _, whole = Grid().feed(block)
    cut = [grid.feed(block.between(k, k + 25))[1] for k in range(0, len(t_s), 25)]
    assert np.array_equal(np.concatenate(cut, axis=1), whole)
