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


def fell_out(on_leg: Vector, highest: float) -> bool:
    """Has it?

    on_leg:  the direction on the leg, x forwards.
    highest: the lowest y since the last rest.
    """
    x, y, z = on_leg
    fallen_deg = math.degrees(math.atan2(-z, x))
    if y > _RAISED or fallen_deg > _MOST_FALLEN_DEG:
        return False
    if y > _LOW and (highest > _HIGH or y > _DOWN):
        return fallen_deg > _FALLEN_LOW_DEG
    return _odds(math.hypot(x, z), z) > 0.0


def _odds(across: float, z: float) -> float:
    """Has it fallen out (above 0), or is it raised straight? Logarithm of the odds."""
    spread = math.hypot(across * _TWIST, _ASIDE)
    straight = (z + across * _STRAIGHT) / spread
    fallen = (z + _FALLEN) / _FALLEN_SPREAD
    return (straight**2 - fallen**2) / 2.0 + math.log(spread / _FALLEN_SPREAD)
