"""The knee is up, the foot on the floor: does the wearer lie on the back?

A shank points the same way on a chair with the foot forward, and, of the other leg, with the foot
under the chair or standing with the knee half bent. What was before tells them apart, and what
comes after: who lies on the back raises the leg without getting up.

With the heel near the buttock the shank is nearly upright, as standing. But a leg that lay is drawn
up in a second or two, and leans; nobody stands as soon as that.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

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
# From level to the heel near the buttock takes a second or two, to standing from lying 2.5 seconds
# at the least, and 4 as a rule. A shank that stands leans less than a drawn-up one: 12 degrees, of
# which a tilted band may show a few. So who gets up from there is nearer to the vertical than 10.
_DRAWN_UP_S, _LEVEL, _LEANS, _VERTICAL = 2.5, 0.3, 0.2, 0.985
# Nobody stands with the foot so far before the knee: who lay sat up in between, or drew it slowly.
_SITS = 0.35
# Who lies with the knee up and draws the heel nearer does so in a second; nobody gets up so soon.
_SHIFTED_S = 1.5


class Knees:
    """Remembers whether the last rest was on the back with the knee up."""

    def __init__(self) -> None:
        self._kind: Posture | None = None
        self._drawn_up = False
        self._start_s = self._rest_end_s = self._upright_until_s = 0.0
        self._level_until_s = self._vertical_until_s = -math.inf
        self._was_upright = False

    @property
    def on_back(self) -> bool:
        """Was the last rest one on the back with the knee up, and nobody got up since?"""
        got_up_s = self._vertical_until_s if self._drawn_up else self._upright_until_s
        return self._kind == "knee_up" and got_up_s < self._start_s

    def passed(
        self, times_s: Sequence[float], ups: Sequence[Vector], low: float, high: float
    ) -> None:
        """The shank was like this at these times, its y between the two."""
        self._stays_upright(times_s, ups, high)
        if high > _VERTICAL:
            self._vertical_until_s = _last(times_s, ups, lambda y: y > _VERTICAL)
        if low < _LEVEL:
            self._level_until_s = _last(times_s, ups, lambda y: y < _LEVEL)

    def _stays_upright(self, times_s: Sequence[float], ups: Sequence[Vector], high: float) -> None:
        """Two steps in a row: a leg that is thrown up may be felt so for one."""
        if high > _GOT_UP:
            for i in range(len(ups) - 1, -1, -1):
                before = ups[i - 1][1] > _GOT_UP if i else self._was_upright
                if before and ups[i][1] > _GOT_UP:
                    self._upright_until_s = times_s[i]
                    break
        self._was_upright = ups[-1][1] > _GOT_UP

    def drawn_up(self, lean: float, start_s: float) -> bool:
        """Is a shank that has been nearly upright since start_s the one of a leg drawn up, lying?

        lean: the part of `up` along the leg's front.
        """
        if lean < _LEANS:
            return False
        lies = self._kind == "knee_up" and self._vertical_until_s < self._start_s
        if self._drawn_up and lies:
            return True
        if lies and start_s - self._rest_end_s < _SHIFTED_S:
            return True
        at_once = start_s - self._level_until_s < _DRAWN_UP_S
        return (at_once or lean > _SITS) and (lies or self._kind == "lying")

    def pause_s(self, up: Vector, start_s: float) -> float:
        """How long the knee has to be up like this, since start_s, for a rest on the back."""
        stood = self._kind == "upright"
        if stood and start_s - self._rest_end_s < _DOWN_S:
            return _HALF_BENT_S
        return _AFTER_STANDING_S if stood and up[1] > _ON_TOES else _STOP_S

    def at_rest(self, kind: Posture, start_s: float, *, nearly_upright: bool = False) -> None:
        """The leg has come to rest; knee_up: as on the back."""
        self._kind, self._start_s = kind, start_s
        self._drawn_up = kind == "knee_up" and nearly_upright

    def rest_left(self, end_s: float) -> None:
        """The rest is over."""
        self._rest_end_s = end_s

    def forget_rest(self) -> None:
        """The last rest was none of a leg."""
        self._kind, self._drawn_up = None, False


def _last(times_s: Sequence[float], ups: Sequence[Vector], so: Callable[[float], bool]) -> float:
    """The last of the times at which y was so; it was at one."""
    k = len(ups) - 1
    while not so(ups[k][1]):
        k -= 1
    return times_s[k]
