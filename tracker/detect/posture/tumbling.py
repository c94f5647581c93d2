"""Was the band turned over and over, as it is in a hand and not on a leg?

A leg goes from its rest to a stretch in a move or two. One that walks turns as much as a band in
somebody's hands, but to and fro about one direction; a band that is handled goes through all of
them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from tracker.detect.motion.cells import Vector
from tracker.detect.motion.orientation import STEP_S

_WINDOW = round(5.0 / STEP_S)
# On their way into 848 holds of four models of a body legs turned by up to 332 degrees in so long:
# who rolls over and bends the knee without a stop. Few do, and 200 lost none of 427 holds of three
# models. Hands turn a band by 150 to 400 that is picked up, looked at and put down.
NO_LEG_DEG, HARDLY_A_LEG_DEG = 400.0, 200.0
# Where counts hide whether a leg shows, the middle of what hands do: 200 lost 6 of 128 holds of a
# fifth model, badly worn, whose knees are drawn up and let down again before.
RATHER_NO_LEG_DEG = 275.0
# The mean of what they pass, as long as a direction: of those that walk it is 0.9 and more, of a
# band that is handled 0.2 to 0.85.
_MEAN = 0.85


def tumbled_deg(ups: Sequence[Vector]) -> float:
    """By how much it turned in five seconds, at the most, through all directions; 0: by little.

    ups: the directions from one posture to the next, a step each.
    """
    if len(ups) < 2:
        return 0.0
    ways, last = [0.0], ups[0]
    for up in ups:
        ways.append(ways[-1] + 2.0 * math.asin(min(math.dist(last, up) / 2.0, 1.0)))
        last = up
    if ways[-1] <= math.radians(HARDLY_A_LEG_DEG):
        return 0.0
    window = min(_WINDOW, len(ups))
    sums = [(0.0, 0.0, 0.0)]
    for up in ups:
        x, y, z = sums[-1]
        sums.append((x + up[0], y + up[1], z + up[2]))
    turned = (
        ways[k] - ways[k - window]
        for k in range(window, len(ways))
        if math.dist(sums[k], sums[k - window]) < _MEAN * window
    )
    return math.degrees(max(turned, default=0.0))
