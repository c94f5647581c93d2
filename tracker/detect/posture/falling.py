"""Inner thigh: has a raised leg fallen out?"""

from __future__ import annotations

import math

from tracker.detect.motion.cells import Vector

# Fallen out, with the leg still off the floor. A leg raised straight points its toes out by 5
# degrees, give or take 15 with how the band sits; that turns z less the steeper it is. It is raised
# aside, and the band tilted, by 6. Fallen out, z is the sine of 20 to 55 degrees.
_RAISED, _MOST_FALLEN_DEG = -0.18, 120.0
_STRAIGHT, _TWIST, _ASIDE = (math.sin(math.radians(deg)) for deg in (5.0, 15.0, 6.0))
_FALLEN, _FALLEN_SPREAD = 0.6, 0.2
# On an armrest, up to 30 degrees, a leg lies with its toes out by 35: there it has to be more,
# unless the leg was raised higher than that before it fell, and is not down again.
_LOW, _DOWN, _HIGH, _FALLEN_LOW_DEG = -0.5, -0.34, -0.64, 48.0
# Raised first, a leg that falls out by 20 to 70 degrees then moves z by 0.34 to 0.86 and comes down
# by a sixth of that at least; one that stays up moves it by 0.05, and where it twists, it does not
# come down. Where it falls out while it is raised, this shows nothing.
_MOVED, _MOVED_PER_NAT, _MOVED_LIMIT, _COMES_DOWN = 0.2, 0.05, 4.0, 0.1


def fell_out(on_leg: Vector, highest: Vector) -> bool:
    """Has it?

    on_leg:  the direction on the leg, x forwards.
    highest: the same where the leg was raised most since the last rest.
    """
    x, y, z = on_leg
    fallen_deg = math.degrees(math.atan2(-z, x))
    if y > _RAISED or fallen_deg > _MOST_FALLEN_DEG:
        return False
    if y > _LOW and (highest[1] > _HIGH or y > _DOWN):
        return fallen_deg > _FALLEN_LOW_DEG
    return _odds(math.hypot(x, z), z) + _seen_falling(y - highest[1], highest[2] - z) > 0.0


def _odds(across: float, z: float) -> float:
    """Has it fallen out (above 0), or is it raised straight? Logarithm of the odds."""
    spread = math.hypot(across * _TWIST, _ASIDE)
    straight = (z + across * _STRAIGHT) / spread
    fallen = (z + _FALLEN) / _FALLEN_SPREAD
    return (straight**2 - fallen**2) / 2.0 + math.log(spread / _FALLEN_SPREAD)


def _seen_falling(down: float, out: float) -> float:
    """What the way there adds to the odds: it came down and outwards by so much."""
    if down < _COMES_DOWN * out:
        return 0.0
    return max(0.0, min(_MOVED_LIMIT, (out - _MOVED) / _MOVED_PER_NAT))
