"""From standing: is the knee bent, or does the wearer lie down?

A knee bent to level and a leg that lies look alike. They are told apart by how soon after standing
it came to that, and for how long.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from tracker.detect.events import Side
from tracker.detect.motion.cells import Vector, angle_deg
from tracker.detect.posture.stretches import LEAST_RAISE_DEG
from tracker.detect.posture.upright import Posture, posture

# Standing, the heel is pulled towards the buttock: 110 to 150 degrees. Lying down from standing
# turns the shank by 90, legs up on an armrest by up to 110; rolling over by 180. The armrest looks
# so of the other leg: of the leg that is known 106 will do, which a band that sits tilted may show.
_LEAST_BEND_DEG, _KNOWN_BEND_DEG, MOST_BEND_DEG = 110.0, 106.0, 158.0
# With the heel at the buttock (145) and the thigh behind (15) a tilted band shows more than that.
# So does a leg up a wall, to which nobody gets at once.
_MOST_AT_ONCE_DEG = 170.0
# A knee that is bent from standing passes 60 degrees in the first second or two and stays beyond,
# also between straightenings; who walks, sits and lies down has the shank upright for longer. Only
# so far up may such a one be, who lay down with the legs up.
_UNDER_WAY, _LONGEST_BEND_S, _SURE_BEND_DEG = 0.5, 3.0, 115.0
# From standing, a knee bent to level looks like lying down. But a flat leg is level within 10
# degrees, and who lay down takes a breath before the next thing.
_FLAT, _LAID_S = -0.18, 2.5
# Bent further after such a pause, or after some with the breath, the knee turns by less than it
# does on the belly.
_FURTHER_DEG, _MOST_FURTHER_DEG = 10.0, 75.0
# On the belly the ankle lies up to 17 degrees above the knee, on its toes, and a tilted band shows
# more or less of it; no pause with the knee just beyond level takes so long.
_TOES_TUCKED, _LOW_S = -0.30, 5.0
# A posture that is no known rest changes what the rest was only when it lasts.
_STRANGE_S = 15.0


class Bending:
    """Remembers when the shank was upright, and what was taken for a rest since."""

    def __init__(self) -> None:
        self.standing = False
        # A straightening since then has led to a knee that is bent.
        self.straightened = False
        # The stance before, where the rests since may have been pauses with the knee bent level;
        # the leg, as far as it was known there; and was there one such rest, and that soon.
        self._stance: Vector | None = None
        self._leg: Side | None = None
        self._soon = False
        self._start_s = self._rest_end_s = self._upright_until_s = 0.0

    @property
    def at_once(self) -> bool:
        """Did the knee bend straight from standing, and has it been bent since?"""
        return self._upright_until_s - self._rest_end_s <= _LONGEST_BEND_S

    def passed(self, times_s: Sequence[float], ups: Sequence[Vector]) -> None:
        """The leg was like this at these times, after a rest that was upright."""
        for k in range(len(ups) - 1, -1, -1):
            if ups[k][1] > _UNDER_WAY:
                self._upright_until_s = times_s[k]
                return

    def pause_s(self, up: Vector) -> float:
        """How long this posture has to be kept to be a rest rather than a pause on the way."""
        kind = posture(up)
        if kind == "lying" and self.standing:
            return self._pause_level_s(up[1])
        return 0.0 if kind in {"upright", "lying"} else _STRANGE_S

    def _pause_level_s(self, low: float) -> float:
        if low <= _TOES_TUCKED or (self.at_once and self.straightened):
            return _STRANGE_S
        if low <= _FLAT:
            return _LOW_S
        return _LAID_S if self.at_once else 0.0

    def at_rest(
        self, kind: Posture, before: Vector | None, start_s: float, leg: Side | None
    ) -> None:
        """The leg has come to a rest of this kind at start_s.

        before: the rest before.  leg: which one it is, as far as that is known upright.
        """
        if kind != "lying":
            self._stance = None
        elif self.standing:
            self._stance, self._leg, self._soon = before, leg, self.at_once
        else:
            self._soon = False
        self.standing, self.straightened, self._start_s = kind == "upright", False, start_s

    def rest_left(self, end_s: float) -> None:
        """The rest is over."""
        if end_s - self._start_s > _LOW_S:
            self._stance = None
        if end_s - self._rest_end_s > _LOW_S + _LONGEST_BEND_S:
            self._soon = False
        self._rest_end_s = end_s

    def forget_rest(self) -> None:
        """The last rest was none of a leg."""
        self._stance = None
        self.standing = self.straightened = False

    def stance_before(self, up: Vector, paused: Vector) -> Vector | None:
        """The stance from which a knee was bent to level, paused, and was bent further to `up`.

        A leg raised from lying looks the same, but nobody has lain down so soon and so shortly. Nor
        does the leg that is known to be the one: on its back it would lie the other way up.
        """
        known = self._leg is not None and self._leg == bent_leg(paused)
        least_deg = _FURTHER_DEG if known else LEAST_RAISE_DEG
        further = least_deg < angle_deg(up, paused) < _MOST_FURTHER_DEG
        return self._stance if further and (known or self._soon) else None

    def bent(self, straight: Vector, *, known: bool) -> bool:
        """Is the knee bent, the heel towards the buttock?

        straight:  the direction as a band sees it that is not tilted.
        known:     it is the leg that has walked, or has just been stretched.
        """
        x, y, z = straight
        bend_deg = math.degrees(math.atan2(math.hypot(x, z), y))
        least_deg = _KNOWN_BEND_DEG if known else _LEAST_BEND_DEG
        most_deg = _MOST_AT_ONCE_DEG if self.at_once else MOST_BEND_DEG
        if abs(z) > abs(x) or not least_deg < bend_deg < most_deg:
            return False
        return bend_deg >= _SURE_BEND_DEG or self.at_once


def bent_leg(up: Vector) -> Side:
    """The leg whose front is down like this, where a knee is bent standing, or on the belly."""
    return "left" if up[0] > 0 else "right"
