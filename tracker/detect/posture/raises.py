"""How far does a leg have to be raised to be in a stretch?

Nobody straightens a leg towards an armrest with the breath and takes it down again. Where one was
straightened lying, and not far, a stretch begins about there.
"""

from __future__ import annotations

from tracker.detect.posture.stretches import LEAST_RAISE_DEG

# A straightening goes at least so far, and the hold after it is less far by up to so much.
STRAIGHTENED_DEG, _SHORT_OF_DEG = 25.0, 10.0
# Who has rested for so long may have gone over to something else.
_OVER_S = 60.0


class Raises:
    """Remembers how far a leg was straightened, lying."""

    def __init__(self) -> None:
        self._furthest_deg: float | None = None
        self._start_s = 0.0

    @property
    def least_deg(self) -> float:
        """A stretch begins here."""
        if self._furthest_deg is None:
            return LEAST_RAISE_DEG
        return max(STRAIGHTENED_DEG, min(LEAST_RAISE_DEG, self._furthest_deg - _SHORT_OF_DEG))

    def straightened(self, raised_deg: float) -> None:
        """The leg was straightened so far."""
        self._furthest_deg = max(raised_deg, self._furthest_deg or 0.0)

    def at_rest(self, start_s: float, *, upright: bool) -> None:
        """The leg has come to rest."""
        self._start_s = start_s
        if upright:
            self._furthest_deg = None

    def rest_left(self, end_s: float) -> None:
        """The rest is over."""
        if end_s - self._start_s > _OVER_S:
            self._furthest_deg = None
