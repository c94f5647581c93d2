"""Is a leg that rests like this upright, does it lie, is its knee up, or none of it?"""

from __future__ import annotations

from typing import Literal

from tracker.detect.motion.cells import Vector

Posture = Literal["upright", "lying", "knee_up", "other"]

# Upright: the shank within 28 degrees of vertical (8 tilted, 20 for a stance with feet apart).
_UPRIGHT = 0.88
# Lying: the leg within 24 degrees of level, and its front or back up: toes fall out by up to 24
# degrees and the band may be turned by 30, which leaves 54 degrees or 0.59.
_LEVEL, _FACE = 0.40, 0.55


def posture(up: Vector) -> Posture:
    """What a rest with this direction is.

    knee_up: the foot below the knee, the shank's front or back up: on the back with the foot on the
    floor, or sitting, or standing with the knee half bent.
    """
    x, y, z = up
    if y > _UPRIGHT:
        return "upright"
    if abs(y) < _LEVEL and abs(x) > _FACE:
        return "lying"
    if y >= _LEVEL and abs(x) > abs(z):
        return "knee_up"
    return "other"
