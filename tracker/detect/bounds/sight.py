"""Since when, and until when, may a leg have been so, part of which was not seen?

Samples that are missing for a moment are bridged (motion/bridge.py), but what is laid there proves
neither that the leg was still nor when it left.
"""

from __future__ import annotations

import math
from collections import deque

from tracker.detect.motion.grid import CELL_S

# A start is looked for behind so many gaps at the most: eight seconds' worth.
_GAPS = 16
# What turned by 30 deg/s out of sight seems to turn by 5 so many cells before, through the window
# of a whole leg, 0.28 s.
_SMEARED = 12


class Sight:
    """Remembers the last gaps in sight."""

    def __init__(self) -> None:
        # The first cell that was lost, and the first that was seen again.
        self._gaps: deque[tuple[int, int]] = deque(maxlen=_GAPS)

    def lose(self, lost_from: int, seen_from: int) -> None:
        """Of the cells from there on, up to there, nothing was seen."""
        self._gaps.append((lost_from, seen_from))

    def lost(self, at_s: float) -> bool:
        """Was it lost then?"""
        at = at_s / CELL_S
        return any(begin - 1 <= at <= end for begin, end in self._gaps)

    def stood_s(self, since_s: float, now_s: float) -> float:
        """How long a leg has stood, what was not seen counting for as much as what was, at most."""
        lost_s = self._lost_s(since_s)
        seen_s = now_s - since_s - lost_s
        return seen_s + min(lost_s, seen_s)

    def stands_s(self, since_s: float, for_s: float) -> float:
        """When a leg will have stood for so long."""
        return since_s + max(self._lost_s(since_s) + 0.5 * for_s, for_s)

    def _lost_s(self, since_s: float) -> float:
        since = since_s / CELL_S
        return CELL_S * math.fsum(max(end - max(begin, since), 0.0) for begin, end in self._gaps)

    def latest_s(self, left_s: float) -> float:
        """When a leg may have left at the latest: out of sight, as late as it was seen again."""
        left = left_s / CELL_S
        seen = [end for begin, end in self._gaps if begin - _SMEARED <= left <= end]
        return max(left_s, CELL_S * seen[-1]) if seen else left_s
