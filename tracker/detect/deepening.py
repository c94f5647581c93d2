"""How much deeper is the leg at the end of a hold than at its start?

Without its breath: what is left when the breaths that were told are taken away is smoothed, and its
end compared with its start.
"""

from __future__ import annotations

import numpy as np

from tracker.detect.cycles import Cycles, Movement, slow
from tracker.detect.oscillators import BEAT_S

# The deepening slows down over the hold: what bends over less than this share of it is sway.
_SLOWING, _SLOWING_S = 0.45, (8.0, 40.0)


class Deepening:
    """Is shown the movement of a hold, part by part."""

    def __init__(self, start_s: float) -> None:
        self._start_s = start_s
        self._start_deg: float | None = None
        self._end_deg: float | None = None

    def look(self, movement: Movement, row: Cycles | None) -> None:
        """The next part, and the breaths in it."""
        rest = movement.without(row)
        least_s, most_s = _SLOWING_S
        bend_s = min(max(_SLOWING * len(rest) * BEAT_S, least_s), most_s)
        level = slow(rest, np.isfinite(rest), bend_s)
        if self._start_deg is None:
            slope = float(level[4] - level[0]) / (4.0 * BEAT_S)
            self._start_deg = float(level[0]) - slope * (movement.first_s - self._start_s)
        self._end_deg = float(level[-1])

    def gain_deg(self) -> float | None:
        """End less start, degrees; positive is deeper."""
        if self._start_deg is None or self._end_deg is None:
            return None
        return self._end_deg - self._start_deg
