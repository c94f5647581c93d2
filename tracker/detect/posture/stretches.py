"""How deep is a stretch, and which way is deeper?"""

from __future__ import annotations

import math
from dataclasses import dataclass

from tracker.detect.events import (
    HAMSTRING,
    INNER_THIGH,
    OTHER,
    PRONE_QUAD,
    STANDING_QUAD,
    Side,
)
from tracker.detect.motion.cells import Vector, angle_deg
from tracker.detect.posture.donning import EXACT, Seat

# The lever between the joint that moves and the band: hip to ankle and knee to ankle of an adult of
# 1.7 m, less the few centimetres that the band sits above the ankle (thigh 0.245, shank 0.246 of
# the height: Winter, Biomechanics and Motor Control of Human Movement, 2009, table 4.1).
_HIP_M, _KNEE_M = 0.80, 0.35
# A leg on a cushion or an armrest is up to 30 degrees; a stretch begins above. Nobody straightens a
# leg onto an armrest with the breath and takes it down again: where that was seen, this will do.
LEAST_RAISE_DEG, STRAIGHTENED_DEG = 35.0, 25.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """A posture that counts as a hold.

    lever_m: from the joint that moves to the band.
    deeper:  unit vector, the way `up` moves in band axes when the stretch deepens.
    rest:    direction of the rest before.
    seat:    how the band sits, as far as it is known.
    rest_known: else `rest` is only where the leg was found first.
    """

    name: str
    side: Side | None
    lever_m: float
    deeper: Vector
    rest: Vector
    seat: Seat = EXACT
    rest_known: bool = True

    @property
    def way_known(self) -> bool:
        """Is `deeper` where the exhale leads? Of a posture of the wearer's own nobody knows."""
        return self.name in {HAMSTRING, INNER_THIGH, PRONE_QUAD, STANDING_QUAD}

    def angle_deg(self, up: Vector) -> float:
        """How deep, as the public contract defines it for the stretch; nan where nobody knows."""
        if self.name in {HAMSTRING, PRONE_QUAD}:
            return turned_deg(up, self.rest, self.seat)
        x, y, z = self.seat.on_leg(up)
        if self.name == INNER_THIGH:
            return math.degrees(math.atan2(-z, math.hypot(x, y)))
        if self.name == STANDING_QUAD:
            return math.degrees(math.atan2(math.hypot(x, z), y))
        return angle_deg(up, self.rest) if self.rest_known else math.nan


def stretch(name: str, side: Side | None, up: Vector, rest: Vector, seat: Seat) -> Stretch:
    """The stretch of this name, kept with the direction `up` after the rest."""
    lever_m = _HIP_M if name in {HAMSTRING, INNER_THIGH} else _KNEE_M
    away = (up[0] - rest[0], up[1] - rest[1], up[2] - rest[2])
    way = (0.0, 0.0, -1.0) if name == INNER_THIGH else away
    return Stretch(name, side, lever_m, _tangent(way, up), rest, seat)


def unknown(up: Vector, side: Side | None) -> Stretch:
    """Something held of which nothing before is known."""
    return Stretch(OTHER, side, _KNEE_M, _tangent((0.0, -1.0, 0.0), up), up)


def turned_deg(up: Vector, rest: Vector, seat: Seat) -> float:
    """How far a leg that lay flat was raised, or its knee bent."""
    x, y, z = seat.on_leg(up)
    forward = up[0] * rest[0] + up[2] * rest[2]
    return math.degrees(math.atan2(-y, math.copysign(math.hypot(x, z), forward)))


def _tangent(way: Vector, up: Vector) -> Vector:
    """The part of `way` that turns `up`, as a unit vector."""
    along = math.fsum(w * u for w, u in zip(way, up, strict=True))
    x, y, z = (w - along * u for w, u in zip(way, up, strict=True))
    length = math.sqrt(x * x + y * y + z * z)
    if length < 1e-6:
        return _tangent((0.0, -1.0, 0.0) if abs(up[1]) < 0.9 else (1.0, 0.0, 0.0), up)
    return (x / length, y / length, z / length)
