from __future__ import annotations

import numpy as np
import pytest

from tracker.detect.cells import Cells, Vector
from tracker.detect.edges import departed_s, settled_s, unbroken_s
from tracker.detect.grid import CELL_S
from tracker.detect.samples import Floats

LEVER_M = 0.8
TOP = np.radians(75.0)


def swing(moving_s: float, *, away: bool) -> tuple[Cells, float, Vector]:
    """Cells of a leg swung smoothly about the hip, its own acceleration in them, and the truth."""
    fine_s = np.arange(0.0, 6.0, 0.001)
    share = np.clip((fine_s - 2.0) / moving_s, 0.0, 1.0)
    eased = share**3 * (10 - 15 * share + 6 * share**2)
    angle = TOP * (1 - eased if away else eased)
    rate = np.gradient(angle, 0.001)
    pull = np.gradient(rate, 0.001) * LEVER_M / 9.81
    inward = rate**2 * LEVER_M / 9.81
    acc = np.column_stack([np.cos(angle) + pull, -np.sin(angle) + inward, 0 * angle])
    fast = fine_s[np.abs(np.degrees(rate)) > 5.0]
    cells = Cells()
    cells.add(1, _mean(acc).T)
    top = (float(np.cos(TOP)), float(-np.sin(TOP)), 0.0)
    return cells, float(fast[0] if away else fast[-1]), top


def _mean(fine: Floats) -> Floats:
    mean: Floats = fine.reshape(-1, round(CELL_S / 0.001), 3).mean(axis=1)
    return mean


@pytest.mark.parametrize("moving_s", [1.2, 1.6, 2.2])
def test_the_swing_of_the_limb_does_not_move_the_start(moving_s: float) -> None:
    cells, true_s, top = swing(moving_s, away=False)
    found_s = settled_s(cells, 50, 150, top, LEVER_M)
    assert abs(found_s - true_s) < 0.12


@pytest.mark.parametrize("moving_s", [1.2, 1.6, 2.2])
def test_the_swing_of_the_limb_does_not_move_the_end(moving_s: float) -> None:
    cells, true_s, top = swing(moving_s, away=True)
    away = round((true_s + 0.4) / CELL_S)
    assert abs(departed_s(cells, 0, away, 140, top, LEVER_M) - true_s) < 0.12


def test_a_trembling_leg_still_settles() -> None:
    cells, true_s, top = swing(1.6, away=False)
    first, acc = cells.span(1, 150)
    shaking = Cells()
    shaking.add(first, (acc + np.random.default_rng(5).normal(0.0, 0.03, acc.shape)).T)
    assert abs(settled_s(shaking, 50, 150, top, LEVER_M) - true_s) < 0.35


def test_a_stop_between_two_moves_is_not_left_before_it_began() -> None:
    fine_s = np.arange(0.0, 8.0, 0.001)
    angle = TOP * np.interp(fine_s, [2.0, 2.8, 4.4, 5.0], [0.0, 1.0, 1.0, 0.0])
    cells = Cells()
    cells.add(1, _mean(np.column_stack([np.cos(angle), -np.sin(angle), 0 * angle])).T)
    top = (float(np.cos(TOP)), float(-np.sin(TOP)), 0.0)
    end_s = departed_s(cells, round(2.8 / CELL_S), round(4.7 / CELL_S), 130, top, 0.0)
    assert abs(end_s - 4.4) < 0.2


def swaying(size_deg: float, period_s: float) -> Cells:
    fine_s = np.arange(0.0, 6.0, 0.001)
    sway = np.where((fine_s > 2.0) & (fine_s < 2.0 + period_s), 1.0, 0.0)
    angle = np.radians(size_deg) / 2 * (1 - np.cos(2 * np.pi * (fine_s - 2.0) / period_s)) * sway
    cells = Cells()
    cells.add(1, _mean(np.column_stack([np.cos(angle), -np.sin(angle), 0 * angle])).T)
    return cells


def test_a_lone_peak_of_tremble_does_not_break_stillness() -> None:
    assert unbroken_s(swaying(3.0, 0.3), 1.0, 5.0, 0.35) > 3.9


def test_a_swing_breaks_stillness() -> None:
    # Still from 1 to 2 and from 3.5 to 5 s, and in a second more on either side.
    assert abs(unbroken_s(swaying(25.0, 1.5), 1.0, 5.0, 0.35) - 2.4) < 0.4
