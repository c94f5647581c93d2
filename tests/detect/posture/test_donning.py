from __future__ import annotations

import math

import pytest

from tests.detect.leg import raised
from tracker.detect.motion.cells import Vector, angle_deg
from tracker.detect.posture.donning import Donning, Seat

TURNS = (-30.0, -12.0, 0.0, 20.0, 30.0)


def worn(up: Vector, turn_deg: float) -> Vector:
    """What a band turned so far about the leg reads."""
    c, s = math.cos(math.radians(turn_deg)), math.sin(math.radians(turn_deg))
    return (c * up[0] - s * up[2], up[1], s * up[0] + c * up[2])


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("left", [False, True])
def test_the_turn_is_known_within_some_degrees_from_lying_on_the_back(
    turn: float, left: bool
) -> None:
    toes = math.radians(15.0)
    front = -1.0 if left else 1.0
    donning = Donning()
    donning.lay(
        worn((front * math.cos(toes), 0.0, -math.sin(toes)), turn), right=not left, back=True
    )
    assert donning.seat.turn_deg == pytest.approx(turn, abs=8.0)


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize("out_deg", [0.0, 8.0])
def test_a_knee_that_is_up_tells_the_turn(turn: float, left: bool, out_deg: float) -> None:
    """The shank leans forwards by 40 degrees, the knee falls out by some."""
    out, lean = math.radians(out_deg), math.radians(40.0)
    front = -math.sin(lean) if left else math.sin(lean)
    donning = Donning()
    knee = (front * math.cos(out), math.cos(lean), -math.sin(lean) * math.sin(out))
    donning.knee_up(worn(knee, turn), right=not left)
    assert donning.seat.turn_deg == pytest.approx(turn, abs=15.0)
    assert donning.seat.turn_deg * turn >= 0.0 or abs(turn) < 15.0


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("toes_deg", [2.0, 24.0])
def test_a_raised_leg_tells_the_turn_wherever_the_toes_point(turn: float, toes_deg: float) -> None:
    toes = math.radians(toes_deg)
    donning = Donning()
    donning.lay(worn((math.cos(toes), 0.0, -math.sin(toes)), turn), right=True, back=True)
    donning.stretched(worn(raised(60), turn))
    assert donning.seat.turn_deg == pytest.approx(turn, abs=6.0)


def test_a_leg_that_points_straight_up_tells_nothing_of_the_turn() -> None:
    donning = Donning()
    donning.stretched((0.02, -0.98, -0.2))
    assert donning.seat == Seat()


def test_of_a_tilt_seen_standing_more_than_half_is_taken_off() -> None:
    tilted = (math.sin(math.radians(8.0)), math.cos(math.radians(8.0)), 0.0)
    donning = Donning()
    donning.stood(tilted)
    assert angle_deg(donning.seat.straight(tilted), (0.0, 1.0, 0.0)) < 3.5


def test_somebody_who_leans_is_not_taken_for_a_tilted_band() -> None:
    donning = Donning()
    donning.stood((0.0, math.cos(math.radians(20.0)), math.sin(math.radians(20.0))))
    assert donning.seat == Seat()


def test_correcting_turns_without_stretching() -> None:
    seat = Seat((0.1, math.sqrt(0.97), -0.1414), 25.0)
    for up in (raised(70), (0.0, 1.0, 0.0), (0.3, -0.4, -0.866)):
        length = math.hypot(*up)
        assert math.hypot(*seat.on_leg(up)) == pytest.approx(length, abs=1e-3)
