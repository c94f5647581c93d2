"""Which stretch is it, on which leg, and how deep?"""

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
from tracker.detect.holds import Vector, angle_deg


@dataclass(frozen=True, slots=True)
class Stretch:
    """A recognised stretch; `angle_deg` as the public contract defines it for the stretch."""

    name: str
    side: Side | None
    angle_deg: float | None


AWAY_DEG = 20.0


class Postures:
    """Remembers the rest before, and names what is kept after it."""

    def __init__(self, *, any_posture: bool, side: Side | None) -> None:
        self._any = any_posture
        self.side = side
        self._rest: Vector | None = None

    def name(self, up: Vector) -> Stretch | None:
        """The stretch that is kept with this direction, or None: a rest."""
        known = self._known(up)
        if known is None and self._any and self._rest is not None:
            turned = angle_deg(up, self._rest)
            if turned > AWAY_DEG:
                known = Stretch(OTHER, self.side, turned)
        if known is None:
            self._rest = up
        return known

    def _known(self, up: Vector) -> Stretch | None:
        rest = self._rest
        if rest is None:
            return None
        x, y, z = up
        if rest[1] > 0.85 and y < -0.2 and abs(x) > abs(z):
            side: Side = "left" if x > 0 else "right"
            return Stretch(STANDING_QUAD, side, math.degrees(math.atan2(abs(x), y)))
        if abs(rest[1]) < 0.35 and abs(rest[0]) > 0.6 and y < -0.25:
            along = x * math.copysign(1.0, rest[0])
            right = rest[0] > 0
            if z < -0.5:
                return Stretch(
                    INNER_THIGH, "right" if right else "left", math.degrees(math.asin(-z))
                )
            bent = math.degrees(math.atan2(-y, along))
            if bent < 100:
                return Stretch(HAMSTRING, "right" if right else "left", bent)
            return Stretch(PRONE_QUAD, "left" if right else "right", bent)
        return None
