"""Which leg the band is on."""

from __future__ import annotations

import pytest

from tracker.detect.events import HAMSTRING
from tracker.detect.motion.cells import Vector
from tracker.detect.posture.legs import Legs

# A right leg on its back, or a left one on its belly; and the other way round.
UP: Vector = (1.0, 0.0, -0.1)
DOWN: Vector = (-0.99, 0.0, 0.12)


def stretched() -> Legs:
    """Of somebody who has stretched the right leg on the back, for whoever lies again at 40 s."""
    legs = Legs()
    legs.lay(UP, 0.0, knee_up=0.0, rolled=False)
    legs.held(HAMSTRING, "right", 20.0, 70.0)
    return legs


@pytest.mark.parametrize("handled", [False, True])
def test_a_band_that_was_in_a_hand_after_a_stretch_is_rather_on_the_other_leg(
    handled: bool,
) -> None:
    """Who then lies with the front of the band down is on the back with the left leg."""
    legs = stretched()
    if handled:
        legs.handled()
    legs.lay(DOWN, 40.0, knee_up=0.8, rolled=False)
    # A knee bent by 108 degrees, or a leg that flexible people raise so far.
    assert legs.on_back(-1.0, 108.0, None) == handled


def test_what_was_in_a_hand_is_forgotten_as_soon_as_the_leg_lies() -> None:
    legs = stretched()
    legs.handled()
    legs.lay(UP, 40.0, knee_up=0.8, rolled=False)
    legs.held(HAMSTRING, "right", 60.0, 70.0)
    legs.lay(DOWN, 80.0, knee_up=0.8, rolled=False)
    assert not legs.on_back(-1.0, 108.0, None)


@pytest.mark.parametrize("handled", [False, True])
def test_nobody_moves_a_band_as_soon_as_one_rolls_over(handled: bool) -> None:
    legs = stretched()
    if handled:
        legs.handled()
    legs.lay(DOWN, 23.0, knee_up=0.0, rolled=False)
    assert not legs.on_back(-1.0, 108.0, None)


@pytest.mark.parametrize(("handled", "lying"), [(False, "right"), (True, "left")])
def test_who_got_up_with_the_band_in_a_hand_may_lie_on_the_belly_first(
    handled: bool, lying: str
) -> None:
    legs = stretched()
    legs.stood()
    if handled:
        legs.handled()
    legs.lay((1.0, 0.0, 0.1), 60.0, knee_up=1.0, rolled=False)
    assert legs.lying() == lying
