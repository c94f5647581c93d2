"""The knee is up, the foot on the floor: does the wearer lie on the back?

A shank points the same way on a chair with the foot forward, and, of the other leg, with the foot
under the chair or standing with the knee half bent. What was before tells them apart, and what
comes after: who lies on the back raises the leg without getting up.
"""

from __future__ import annotations

from collections.abc import Sequence

from tracker.detect.motion.cells import Vector
from tracker.detect.posture.upright import Posture

# A stop on the way down is shorter, and one on the way up to a stretch; so soon after standing it
# may be a knee that is half bent, which few keep so on one leg for long.
_STOP_S, _AFTER_STANDING_S, _HALF_BENT_S = 2.5, 5.0, 10.0
# Squatting down, sitting and leaning back takes from standing at least so long. A foot that rests
# on its toes behind, while somebody stands, has the shank leaning by less than this.
_DOWN_S, _ON_TOES = 4.0, 0.72
# Who gets up, or draws a foot out from under a chair, has the shank upright on the way.
_GOT_UP = 0.92


class Knees:
    """Remembers whether the last rest was on the back with the knee up."""

    def __init__(self) -> None:
        self._lies = self._stood = False
        self._start_s = self._rest_end_s = self._upright_until_s = 0.0

    @property
    def on_back(self) -> bool:
        """Was the last rest one on the back with the knee up, and nobody got up since?"""
        return self._lies and self._upright_until_s < self._start_s

    def passed(self, times_s: Sequence[float], ups: Sequence[Vector], high: float) -> None:
        """The shank was like this at these times, and no further upright than y = high."""
        if high > _GOT_UP:
            row = next(row for row in reversed(range(len(ups))) if ups[row][1] > _GOT_UP)
            self._upright_until_s = times_s[row]

    def pause_s(self, up: Vector, start_s: float) -> float:
        """How long the knee has to be up like this, since start_s, for a rest on the back."""
        if self._stood and start_s - self._rest_end_s < _DOWN_S:
            return _HALF_BENT_S
        return _AFTER_STANDING_S if self._stood and up[1] > _ON_TOES else _STOP_S

    def at_rest(self, kind: Posture, start_s: float) -> None:
        """The leg has come to rest; knee_up: as on the back."""
        self._stood, self._lies, self._start_s = kind == "upright", kind == "knee_up", start_s

    def rest_left(self, end_s: float) -> None:
        """The rest is over."""
        self._rest_end_s = end_s

    def forget_rest(self) -> None:
        """The last rest was none of a leg."""
        self._lies = self._stood = False
