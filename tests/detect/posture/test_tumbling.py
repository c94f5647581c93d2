"""What no leg does on its way from a rest to a stretch."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from tracker.detect.motion.cells import Vector
from tracker.detect.motion.orientation import STEP_S
from tracker.detect.posture.tumbling import HARDLY_A_LEG_DEG, NO_LEG_DEG, tumbled_deg

STEPS = round(8.0 / STEP_S)


def turned_by(*angles_deg: float) -> list[Vector]:
    radians = [math.radians(angle) for angle in angles_deg]
    return [(math.sin(a), math.cos(a), 0.0) for a in radians]


def test_a_band_that_is_turned_about_in_a_hand_tumbles() -> None:
    turns_deg_s = 100.0
    turned = tumbled_deg(turned_by(*(turns_deg_s * STEP_S * k for k in range(STEPS))))
    assert turned == pytest.approx(500.0, abs=1.0)
    assert turned > NO_LEG_DEG


def test_a_leg_that_is_lowered_and_raised_again_does_not() -> None:
    ways = turned_by(*(80.0 * math.sin(0.9 * k * STEP_S) for k in range(STEPS)))
    assert tumbled_deg(ways) < NO_LEG_DEG


def test_a_leg_that_goes_from_its_rest_to_a_stretch_turns_by_much_less() -> None:
    there = [130.0 * min(k * STEP_S / 2.0, 1.0) for k in range(STEPS)]
    assert tumbled_deg(turned_by(*there)) < HARDLY_A_LEG_DEG


def test_a_leg_that_walks_turns_as_much_about_one_direction() -> None:
    swings = [35.0 * math.sin(2.0 * math.pi * k * STEP_S) for k in range(STEPS)]
    last_five_s = swings[-round(5.0 / STEP_S) - 1 :]
    assert sum(abs(b - a) for a, b in pairwise(last_five_s)) > 600.0
    assert tumbled_deg(turned_by(*swings)) == 0.0


@pytest.mark.parametrize("count", [0, 1, 2])
def test_what_was_hardly_seen_did_not_tumble(count: int) -> None:
    assert tumbled_deg(turned_by(*(180.0 * k for k in range(count)))) == 0.0


def test_less_than_five_seconds_of_tumbling_are_enough() -> None:
    assert tumbled_deg(turned_by(*(60.0 * k for k in range(9)))) > NO_LEG_DEG
