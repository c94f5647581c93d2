"""What a leg may rest like, and what is in a hand, on a hook or on the way."""

from __future__ import annotations

import numpy as np
import pytest

from tests.detect.posture.test_worn import COARSE, FINE, directions, part
from tracker.detect.motion.cells import Vector
from tracker.detect.motion.orientation import STEP_S
from tracker.detect.posture.resting import Resting, supported
from tracker.detect.posture.taking_off import TakingOff
from tracker.detect.samples import Floats

COARSEST = part(0.125)


def swaying(seconds: float, deg: float, period_s: float, noise_deg: float = 0.01) -> list[Vector]:
    at_s = np.arange(round(seconds / STEP_S)) * STEP_S
    noise = np.random.default_rng(3).normal(0.0, np.radians(noise_deg), (2, len(at_s)))
    waves = np.radians(deg) * np.array([np.sin(2.0 * np.pi * at_s / period_s), 0.0 * at_s])
    x, z = noise + waves
    return directions(x, z)


@pytest.mark.parametrize(("deg", "period_s"), [(0.5, 5.0), (0.7, 4.0), (0.2, 1.0)])
def test_a_leg_that_stands_and_sways_is_carried_by_the_floor(deg: float, period_s: float) -> None:
    assert supported(swaying(12.0, deg, period_s))


@pytest.mark.parametrize(("deg", "period_s"), [(1.2, 2.0), (1.5, 3.0), (3.0, 5.0)])
def test_what_turns_to_and_fro_all_the_while_is_in_a_hand(deg: float, period_s: float) -> None:
    assert not supported(swaying(12.0, deg, period_s))


def test_a_leg_that_fidgets_for_less_than_half_of_its_rest_has_rested() -> None:
    still, moves = swaying(8.0, 0.2, 5.0), swaying(6.0, 4.0, 2.0)
    assert supported([*still, *moves])


def test_a_moment_tells_nothing() -> None:
    assert supported(swaying(3.0, 3.0, 2.0))
    assert supported([])


def turned(deg: float) -> list[Vector]:
    """About a level axis, at so much in five seconds."""
    angle: Floats = np.radians(deg) * np.linspace(0.0, 1.0, round(5.0 / STEP_S))
    return directions_about(angle)


def directions_about(angle: Floats) -> list[Vector]:
    return [(float(np.sin(a)), float(np.cos(a)), 0.0) for a in angle]


def test_a_leg_that_has_shown_may_turn_further_than_what_lay() -> None:
    leg, table = Resting(), Resting()
    assert leg.ended(swaying(20.0, 0.3, 5.0), FINE, 1000, worn=None)
    assert table.ended(swaying(20.0, 0.0, 5.0), FINE, 1000, worn=None)
    assert not leg.handled(turned(300.0), taken_off=True)
    assert table.handled(turned(300.0), taken_off=True)
    assert leg.handled(turned(500.0), taken_off=True)
    assert not table.handled(turned(150.0), taken_off=True)


def test_counts_that_hide_how_a_leg_sways_show_none() -> None:
    coarse, coarsest = Resting(), Resting()
    assert coarse.ended(swaying(20.0, 0.3, 5.0), COARSE, 1000, worn=None)
    assert coarse.handled(turned(300.0), taken_off=True)
    assert not coarse.handled(turned(250.0), taken_off=True)
    assert coarsest.ended(swaying(20.0, 0.3, 5.0), COARSEST, 1000, worn=None)
    assert coarsest.handled(turned(250.0), taken_off=True)


def test_off_the_leg_a_rest_has_to_show_that_a_leg_is_in_it() -> None:
    assert not Resting().ended(swaying(20.0, 0.0, 5.0), FINE, 1000, worn=False)
    assert Resting().ended(swaying(20.0, 0.3, 5.0), FINE, 1000, worn=False)
    assert not Resting().ended(swaying(6.0, 0.3, 5.0), FINE, 1000, worn=False)
    assert Resting().ended(swaying(6.0, 0.3, 5.0), FINE, 1000, worn=None)


def test_a_leg_that_is_in_the_band_may_move_its_foot_as_long_as_it_rests() -> None:
    circles = swaying(8.0, 3.0, 1.0)
    assert not Resting().ended(circles, FINE, 1000, worn=None)
    assert Resting().ended(circles, FINE, 1000, worn=True)
    # What coarse counts tell of a leg is not sure enough.
    assert not Resting().ended(circles, COARSE, 1000, worn=True)


def test_nobody_takes_a_band_off_and_turns_it_about_in_a_moment() -> None:
    leg = Resting()
    assert leg.ended(swaying(8.0, 0.0, 5.0), FINE, 1000, worn=True)
    assert not leg.handled(turned(300.0), taken_off=False)
    assert leg.handled(turned(300.0), taken_off=True)


def test_a_band_that_was_off_is_surely_worn_only_once_a_leg_was_stretched_in_it() -> None:
    band = TakingOff()
    assert [band.surely(worn=worn) for worn in (None, True, False)] == [None, True, False]
    band.found(worn=False)
    band.found(worn=True)
    assert band.surely(worn=True) is None
    band.held(100.0)
    assert band.surely(worn=True) is True
