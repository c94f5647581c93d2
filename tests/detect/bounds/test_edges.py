from __future__ import annotations

import numpy as np
import pytest

from tracker.detect.bounds.leaving import departed_s
from tracker.detect.bounds.settling import arrival, settled_s
from tracker.detect.bounds.steady import trembles, unbroken_s
from tracker.detect.motion.cells import Cells, Vector
from tracker.detect.motion.grid import CELL_S
from tracker.detect.motion.turning import Limb
from tracker.detect.samples import Floats

LEVER_M = 0.8
# Without mass, so that nothing is to be reckoned with but what stands in the test.
LEG, STIFF, ASIDE = Limb(LEVER_M), Limb(0.0), Limb(0.0, aside=True)
FINE_S = np.arange(0.0, 6.0, 0.001)


def swing(
    moving_s: float, *, away: bool, lever_m: float = LEVER_M, top_deg: float = 75.0
) -> tuple[Cells, float, Vector]:
    """Cells of a leg swung smoothly about a joint, its own acceleration in them, and the truth."""
    share = np.clip((FINE_S - 2.0) / moving_s, 0.0, 1.0)
    eased = share**3 * (10 - 15 * share + 6 * share**2)
    angle = np.radians(top_deg) * (1 - eased if away else eased)
    rate = np.gradient(angle, 0.001)
    pull = np.gradient(rate, 0.001) * lever_m / 9.81
    inward = rate**2 * lever_m / 9.81
    acc = np.column_stack([np.cos(angle) + pull, -np.sin(angle) + inward, 0 * angle])
    fast = FINE_S[np.abs(np.degrees(rate)) > 5.0]
    cells = Cells()
    cells.add(1, _mean(acc).T)
    return cells, float(fast[0] if away else fast[-1]), raised(top_deg)


def _mean(fine: Floats) -> Floats:
    mean: Floats = fine.reshape(-1, round(CELL_S / 0.001), 3).mean(axis=1)
    return mean


@pytest.mark.parametrize("moving_s", [1.2, 1.6, 2.2])
def test_the_swing_of_the_limb_does_not_move_the_start(moving_s: float) -> None:
    cells, true_s, top = swing(moving_s, away=False)
    found_s = settled_s(cells, 50, 150, top, LEG)
    assert abs(found_s - true_s) < 0.12


@pytest.mark.parametrize("moving_s", [1.2, 1.6, 2.2])
def test_the_swing_of_the_limb_does_not_move_the_end(moving_s: float) -> None:
    cells, true_s, top = swing(moving_s, away=True)
    away = round((true_s + 0.4) / CELL_S)
    assert abs(departed_s(cells, 0, away, 140, top, LEG) - true_s) < 0.12


@pytest.mark.parametrize("moving_s", [1.0, 1.4])
def test_a_raised_leg_that_is_let_go_by_bending_the_knee_is_not_dated_early(
    moving_s: float,
) -> None:
    cells, true_s, top = swing(moving_s, away=True, lever_m=0.36)
    away = round((true_s + 0.3) / CELL_S)
    assert abs(departed_s(cells, 0, away, 140, top, LEG) - true_s) < 0.12


@pytest.mark.parametrize("moving_s", [0.5, 0.8, 1.2])
@pytest.mark.parametrize("aside", [False, True])
def test_a_shank_that_is_thrown_off_is_not_dated_early(moving_s: float, aside: bool) -> None:
    """The heel is let go from the buttock, or the knee: its push is felt at up to three g."""
    cells, true_s, top = swing(moving_s, away=True, lever_m=0.36, top_deg=120.0)
    away = round((true_s + 0.2) / CELL_S)
    limb = Limb(0.36, aside=aside)
    assert abs(departed_s(cells, 0, away, away + 60, top, limb) - true_s) < 0.1


def test_a_trembling_leg_still_settles() -> None:
    cells, true_s, top = swing(1.6, away=False)
    first, acc = cells.span(1, 150)
    shaking = Cells()
    shaking.add(first, (acc + np.random.default_rng(5).normal(0.0, 0.03, acc.shape)).T)
    assert abs(settled_s(shaking, 50, 150, top, LEG) - true_s) < 0.35


def turned(angle_deg: Floats) -> Cells:
    """Cells of a leg without mass that is raised by so much at each of FINE_S."""
    angle = np.radians(angle_deg)
    cells = Cells()
    cells.add(1, _mean(np.column_stack([np.cos(angle), -np.sin(angle), 0 * angle])).T)
    return cells


def raised(angle_deg: float) -> Vector:
    return (float(np.cos(np.radians(angle_deg))), float(-np.sin(np.radians(angle_deg))), 0.0)


def test_a_stop_between_two_moves_is_not_left_before_it_began() -> None:
    cells = turned(75.0 * np.interp(FINE_S, [2.0, 2.8, 4.4, 5.0], [0.0, 1.0, 1.0, 0.0]))
    end_s = departed_s(cells, round(2.8 / CELL_S), round(4.7 / CELL_S), 130, raised(75.0), STIFF)
    assert abs(end_s - 4.4) < 0.2


def swaying(size_deg: float, period_s: float) -> Cells:
    """Over and back, once, from 2 s on."""
    phase = np.clip((FINE_S - 2.0) / period_s, 0.0, 1.0)
    return turned(size_deg / 2 * (1 - np.cos(2 * np.pi * phase)))


def still(cells: Cells, last: int = 150) -> tuple[float, float]:
    return unbroken_s(cells, 1.0, 5.0, last, 0.53)


def test_a_lone_peak_of_tremble_does_not_break_stillness() -> None:
    from_s, to_s = still(swaying(3.0, 0.3))
    assert to_s - from_s > 3.9


def test_a_swing_breaks_stillness() -> None:
    # Still from 1 to 2 and from 3.5 to 5 s, and in a second more on either side.
    assert still(swaying(25.0, 1.5)) == pytest.approx((3.5, 5.9), abs=0.2)


def test_stillness_is_not_looked_for_in_what_has_yet_to_come() -> None:
    assert still(swaying(25.0, 1.5), last=110) == pytest.approx((0.0, 2.0), abs=0.2)


def test_a_leg_that_sinks_slower_than_it_may_shake_is_still_until_it_goes_faster() -> None:
    # At 7 degrees a second from 3 s on. The window smears the fall from 4 s on over some tenths.
    sinks = turned(np.interp(FINE_S, [2.0, 3.0, 4.0, 5.0], [60.0, 60.0, 53.0, 0.0]))
    assert 3.4 < still(sinks)[1] < 4.0


def test_the_push_that_stops_a_leg_falling_aside_does_not_delay_the_start() -> None:
    # Comes to rest at 3 s, seems 3 degrees further there, and back within 0.3 s.
    angle = np.interp(FINE_S, [2.0, 2.9, 3.0, 3.3], [0.0, 70.0, 73.0, 70.0])
    top = raised(70.0)
    assert abs(settled_s(turned(angle), 40, 130, top, ASIDE) - 3.1) < 0.1
    assert settled_s(turned(angle), 40, 130, top, STIFF) > 3.2


def test_the_push_that_sets_a_leg_falling_aside_in_motion_is_not_the_end() -> None:
    angle = np.interp(FINE_S, [3.0, 3.3, 3.9], [70.0, 73.0, 0.0])
    assert abs(departed_s(turned(angle), 25, 95, 130, raised(70.0), ASIDE) - 3.2) < 0.1
    assert departed_s(turned(angle), 25, 95, 130, raised(70.0), STIFF) < 3.1


def let_go(jolt_s: float) -> Floats:
    """0.7 degrees in 0.08 s as the grip loosens, at 75 degrees; on its way 0.2 s later."""
    moves_s = jolt_s + 0.28
    knots_s = [jolt_s, jolt_s + 0.08, moves_s, moves_s + 1.0]
    return np.asarray(np.interp(FINE_S, knots_s, [75.0, 74.3, 74.3, 20.0]), np.float64)


def test_the_jolt_of_a_grip_that_lets_go_is_the_end() -> None:
    end_s = departed_s(turned(let_go(3.0)), 25, 90, 130, raised(75.0), STIFF)
    assert abs(end_s - 3.0) < 0.08


def test_a_jolt_long_before_the_leg_moves_is_not_the_end() -> None:
    jolted = np.interp(FINE_S, [2.0, 2.08], [0.7, 0.0])
    end_s = departed_s(turned(let_go(3.0) + jolted), 25, 90, 130, raised(75.0), STIFF)
    assert abs(end_s - 3.0) < 0.08


def test_a_leg_that_trembles_is_not_left_at_a_peak_of_its_trembling() -> None:
    moves = np.interp(FINE_S, [3.0, 3.2, 4.0], [75.0, 70.0, 20.0])
    end_s = departed_s(turned(moves + trembling(0.1)), 25, 90, 130, raised(75.0), STIFF)
    assert 2.9 < end_s < 3.15


def test_going_back_slowly_for_long_is_motion_also_where_a_leg_falls_aside() -> None:
    angle = np.interp(FINE_S, [2.0, 3.0, 4.0], [0.0, 75.0, 63.0])
    assert settled_s(turned(angle), 40, 149, raised(63.0), ASIDE) > 3.9


def test_a_leg_that_turns_back_the_way_it_came_is_seen() -> None:
    angle = np.interp(FINE_S, [0.0, 3.0, 4.5, 6.0], [0.0, 30.0, 30.0, 26.0])
    came = arrival(turned(angle), 3.0, 130)
    assert came.came_deg == pytest.approx(10.0, abs=1.5)
    assert came.back_deg_s == pytest.approx(4.0 / 1.5, abs=0.2)


def test_a_leg_that_stretches_further_does_not_turn_back() -> None:
    angle = np.interp(FINE_S, [0.0, 3.0, 4.5, 6.0], [0.0, 30.0, 30.0, 34.0])
    assert arrival(turned(angle), 3.0, 130).back_deg_s < 0.0


def trembling(degrees: float) -> Floats:
    """Muscles at work shake with many frequencies at once."""
    waves = [np.sin(2 * np.pi * hz * FINE_S + hz) for hz in (5.3, 6.1, 7.4, 8.3, 9.7, 11.2)]
    return np.asarray(degrees * np.sum(waves, axis=0), np.float64)


def test_that_a_leg_trembles_is_seen() -> None:
    angle = np.interp(FINE_S, [0.0, 3.0], [0.0, 30.0])
    assert trembles(turned(angle + trembling(1.0)), 130)
    assert not trembles(turned(angle), 130)


def test_a_leg_that_turns_back_is_seen_through_its_trembling() -> None:
    angle = np.interp(FINE_S, [0.0, 3.0, 4.5, 6.0], [0.0, 30.0, 30.0, 26.0])
    came = arrival(turned(angle + trembling(0.2)), 3.0, 130)
    assert came.back_deg_s == pytest.approx(4.0 / 1.5, abs=0.8)


def test_a_leg_that_only_trembles_does_not_turn_back() -> None:
    angle = np.interp(FINE_S, [0.0, 3.0], [0.0, 30.0])
    cells = turned(angle + trembling(0.4))
    assert max(arrival(cells, 3.0, last).back_deg_s for last in range(115, 145)) < 1.85


@pytest.mark.parametrize("seed", range(4))
def test_a_slow_move_that_hides_in_trembling_does_not_belong_to_the_hold(seed: int) -> None:
    """8 degrees a second for 2.5 s is less than what shaking muscles make of a leg that rests."""
    cells = turned(np.interp(FINE_S, [0.5, 1.0, 1.5, 4.0], [0.0, 30.0, 30.0, 50.0]))
    first, acc = cells.span(1, 150)
    shaking = Cells()
    shake = np.random.default_rng(seed).normal(0.0, 0.03, acc.shape)
    shaking.add(first, (acc + shake).T)
    found_s = settled_s(shaking, 13, 145, raised(50.0), STIFF)
    assert 2.5 < found_s < 4.2
