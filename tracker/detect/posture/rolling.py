"""Has the wearer rolled over, from the back to the belly or the other way?

A leg that is rolled lies level before and after, and is on its side in between. A band that goes to
the other leg is in the hands for longer than that.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from tracker.detect.motion.cells import Vector
from tracker.detect.motion.orientation import STEP_S
from tracker.detect.posture.upright import posture

# A roll takes a second or two, four with a pause on the side. The leg lay for a second before it,
# which a band in the hands seldom does.
_ROLL_S, _LAY_S = 4.0, 1.0
# All that, and the two seconds after which a posture is known to be kept.
_LATELY = round((_ROLL_S + _LAY_S + 2.5) / STEP_S)


class Rolling:
    """Remembers how the leg lay in the last seconds."""

    def __init__(self) -> None:
        self._ups: deque[Vector] = deque(maxlen=_LATELY)

    def passed(self, ups: Sequence[Vector]) -> None:
        """The leg was like this, step by step."""
        self._ups.extend(ups[-_LATELY:])

    def over(self) -> bool:
        """Did a roll lead to where the leg lies now?"""
        fronts = [_front(up) for up in self._ups]
        now = fronts[-1] if fronts else 0
        if now == 0 or -now not in fronts:
            return False
        turned = len(fronts) - fronts[::-1].index(-now)
        lies = fronts.index(now, turned)
        lay = fronts[max(0, turned - round(_LAY_S / STEP_S)) : turned]
        return (lies - turned) * STEP_S <= _ROLL_S and set(lay) == {-now}


def _front(up: Vector) -> int:
    """1 where the leg lies with its front, as the band sees it, up; -1: down; 0: it does not."""
    if posture(up) != "lying":
        return 0
    return 1 if up[0] > 0 else -1
