"""Was what was kept a rest, or a pause on the way?"""

from __future__ import annotations

from tracker.detect.motion.cells import Vector
from tracker.detect.posture.naming import Postures

# Off the leg, what the band lay on for so long is no rest of a leg, whatever moves there: it takes
# half a minute to be known to be off.
_TABLE_S = 30.0


class Pauses:
    """Tells the postures of a rest, at once where it cannot be a pause.

    start_s: when what is kept, and is no stretch, began; None while nothing is.
    """

    def __init__(self, postures: Postures) -> None:
        self._postures = postures
        self.lose_sight()

    def lose_sight(self) -> None:
        """Nothing is known of what the leg did."""
        self.start_s: float | None = None
        self._known = False

    def begun(self, up: Vector, start_s: float) -> None:
        """What is kept is no stretch."""
        self.start_s = start_s
        self._known = self._postures.pause_s(up, start_s) == 0.0
        if self._known:
            self._postures.at_rest(up, start_s)

    def ended(self, up: Vector, end_s: float, *, off: bool, rest: bool) -> None:
        """What was kept was left, be it a stretch or not.

        off:  the band was known to be off the leg: whoever picks it up holds nothing away from it.
        rest: it may have been a leg that rested.
        """
        start_s, self.start_s = self.start_s, None
        if start_s is None or end_s - start_s < self._postures.pause_s(up, start_s):
            return
        if not self._known:
            self._postures.at_rest(up, start_s)
        self._postures.rest_left(up, end_s)
        if not rest or (off and end_s - start_s >= _TABLE_S):
            self._postures.forget_rest()
