"""How does the band sit on the leg: turned about it, tilted off its line?

Standing, the leg's line is up. Raised straight, or with the knee bent, up lies in the plane of the
leg's line and its front, which tells the turn; lying flat tells it too, but for the toes, which
fall out by up to 24 degrees on the back. With the knee up and the foot on the floor the shank leans
forwards in the leg's own plane, but for a knee that falls aside. All of it is over when the band
may have been moved.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from tracker.detect.motion.cells import Vector, angle_deg

# Turned by up to 30 degrees either way, so 17 in the mean square; a foot turns about a stretched
# leg by some degrees; toes fall out by 0 to 24 on the back, and less on the belly.
_TURN_DEG, _FOOT_DEG, _TOES_DEG = 17.0, 6.0, 8.0
_TOES_BACK_DEG, _TOES_BELLY_DEG = 13.0, 6.0
# A knee that is up falls aside by some degrees, outwards rather, and a tilt counts double there.
_KNEE_ASIDE_DEG, _KNEE_OUT_DEG = 12.0, 4.0
# A band is tilted by up to 8 degrees; more than this is how somebody stands.
_MOST_TILT_DEG = 12.0
# A shank stands some degrees off the vertical itself, so that much of it is believed.
_STANCE = 0.6
# Nearer to the vertical than this the direction of the front is guesswork.
LEAST_ACROSS = 0.3
_KNEE: Vector = (0.0, 1.0, 0.0)


@dataclass(frozen=True, slots=True)
class Seat:
    """line: where the knee is, in band axes.  turn_deg: from band x to the leg's front or back."""

    line: Vector = _KNEE
    turn_deg: float = 0.0

    def straight(self, up: Vector) -> Vector:
        """`up` as a band sees it that is not tilted: turned by the least that puts the line up."""
        lx, ly, lz = self.line
        x, y, z = up
        along = x * lx + y * ly + z * lz
        share = (y + along) / (1.0 + ly)
        return (x - share * lx, along, z - share * lz)

    def on_leg(self, up: Vector) -> Vector:
        """`up` as a band sees it that sits exactly."""
        x, y, z = self.straight(up)
        c, s = math.cos(math.radians(self.turn_deg)), math.sin(math.radians(self.turn_deg))
        return (c * x + s * z, y, c * z - s * x)


EXACT = Seat()


class Donning:
    """What the postures of one wearing have shown of the seat."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """The band may have been put on anew."""
        self.seat = EXACT
        self.turn_again()

    def turn_again(self) -> None:
        """Only the turn is to be found out anew."""
        self._lying: float | None = None
        self._knee_up: float | None = None
        self._front: float | None = None
        self._weigh()

    def stood(self, up: Vector) -> None:
        if angle_deg(up, _KNEE) < _MOST_TILT_DEG:
            x, y, z = (_STANCE * up[0], 1.0 + _STANCE * (up[1] - 1.0), _STANCE * up[2])
            n = math.sqrt(x * x + y * y + z * z)
            self.seat = Seat((x / n, y / n, z / n), self.seat.turn_deg)

    def lay(self, up: Vector, *, right: bool, back: bool) -> None:
        """Flat on the back or the belly."""
        toes = _TOES_BACK_DEG if back else _TOES_BELLY_DEG
        self._lying = _front_deg(self.seat.straight(up)) + (toes if right else -toes)
        self._weigh()

    def knee_up(self, up: Vector, *, right: bool) -> None:
        """On the back with the knee up and the foot on the floor."""
        straight = self.seat.straight(up)
        if math.hypot(straight[0], straight[2]) > LEAST_ACROSS:
            self._knee_up = _front_deg(straight) + (_KNEE_OUT_DEG if right else -_KNEE_OUT_DEG)
            self._weigh()

    def stretched(self, up: Vector) -> None:
        """Raised straight, or the knee bent: the front is in the plane of the line and up."""
        straight = self.seat.straight(up)
        if math.hypot(straight[0], straight[2]) > LEAST_ACROSS:
            self._front = _front_deg(straight)
            self._weigh()

    def _weigh(self) -> None:
        weight, total = 1.0 / _TURN_DEG**2, 0.0
        for seen, off_deg in (
            (self._lying, _TOES_DEG),
            (self._knee_up, _KNEE_ASIDE_DEG),
            (self._front, _FOOT_DEG),
        ):
            if seen is not None:
                weight, total = weight + 1.0 / off_deg**2, total + seen / off_deg**2
        self.seat = Seat(self.seat.line, total / weight)


def _front_deg(up: Vector) -> float:
    """From band x, or its back, to the part of `up` across the leg; -90 to 90."""
    side = math.copysign(1.0, up[0])
    return math.degrees(math.atan2(side * up[2], side * up[0]))
