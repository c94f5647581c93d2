"""Which rhythm has the breath now, which way does it move the leg, and when does its cycle turn?

The rhythm is that of the oscillator which explains the hold best; the way is the long axis of its
ellipse. A cycle turns where the leg is least deep: an inhale is over, an exhale begins.
"""

from __future__ import annotations

import math
from bisect import bisect_right

from tracker.detect.breath.beats import BEAT_S, Point
from tracker.detect.breath.oscillators import PERIODS_S, Oscillators

_PERIODS: list[float] = PERIODS_S.tolist()
# Another filter must be better by this (twice the log likelihood) to take over: no flicker.
_BETTER = 2.0
# The filters are compared every so many beats.
_COMPARED = 3
# A cycle may turn after this share of what seems to be left of it: another filter may take over.
_SOONER = 0.75
# Some time after a turning point the movement is looked at.
_LOOK_S = 0.25


class Rhythm:
    """Follows the breath of one hold.

    follows:   it has begun.
    way:       (deepening, sideways), of length 1: which way the exhale moves the leg.
    turning_s: when the cycle turned last, while it is not looked at.
    confirmed: breaths were found in the movement, so the exhale is known from the inhale.
    """

    def __init__(self, *, one_way: bool) -> None:
        """one_way: the breath moves the leg along the deepening; otherwise find out along what."""
        self._one_way = one_way
        self._bank: Oscillators | None = None
        self._best = 0
        self._sine = 0.0
        self._looked_s = 0.0
        self.follows = False
        self.way: Point = (1.0, 0.0)
        self.turning_s: float | None = None
        self.confirmed = False

    @property
    def period_s(self) -> float:
        """The length of a breath by the rhythm that explains the hold best."""
        return _PERIODS[self._best]

    @property
    def deepening(self) -> bool | None:
        """Is this an exhale? None while no rhythm is known."""
        return self._sine < 0 if self.confirmed else None

    def begin(self, first: Point) -> None:
        self._bank, self.follows = Oscillators(first), True

    def stop(self) -> None:
        """Until it begins anew."""
        self._bank, self.follows = None, False

    def turn(self, beats: int) -> None:
        """So many beats on, without looking."""
        if self._bank is not None:
            for _ in range(beats):
                self._bank.turn()

    def look(self, t_s: float, point: Point) -> None:
        """What was felt at this beat."""
        bank = self._bank
        if bank is None:
            return
        bank.look(point)
        self._looked_s = t_s
        sine = self._along(bank.sin(self._best))
        if self._sine > 0.0 >= sine and self._along(bank.cos(self._best)) < 0.0:
            self.turning_s = t_s - BEAT_S * sine / (sine - self._sine)
        if bank.beats % _COMPARED == 0:
            self._choose(bank)
            sine = self._along(bank.sin(self._best))
        self._sine = sine

    def turned_s(self, now_s: float) -> float | None:
        """When the cycle turned, told once, a little later."""
        if self.turning_s is None or now_s - self.turning_s < _LOOK_S:
            return None
        turned_s, self.turning_s = self.turning_s, None
        return turned_s

    def turns_s(self, now_s: float) -> float:
        """When it may be told at the earliest that the cycle has turned, once more, as of now."""
        if self._bank is None:
            return -math.inf
        cosine = self._along(self._bank.cos(self._best))
        left = (math.pi - math.atan2(self._sine, cosine)) / (2.0 * math.pi)
        turns_s = min(self._looked_s + _SOONER * left * self.period_s, now_s + _COMPARED * BEAT_S)
        return turns_s if self.turning_s is None else min(turns_s, self.turning_s + _LOOK_S)

    def likely(self, most: int | None = None) -> list[float]:
        """The periods that explain the hold best, none longer than it is; all without `most`."""
        if self._bank is None:
            return []
        costs = self._bank.costs()
        known = range(bisect_right(_PERIODS, 1.2 * (self._bank.beats * BEAT_S)))
        return [_PERIODS[i] for i in sorted(known, key=costs.__getitem__)[:most]]

    def sway_deg(self) -> float | None:
        """Root mean square of the movement that is neither breath nor deepening."""
        return None if self._bank is None else self._bank.noise_deg(self._best)

    def _choose(self, bank: Oscillators) -> None:
        costs = bank.costs()
        # A rhythm is not known from less than a cycle of it.
        known = costs[: bisect_right(_PERIODS, bank.beats * BEAT_S) or 1]
        least = min(known)
        if costs[self._best] - least > _BETTER:
            self._best = known.index(least)
        if not self._one_way:
            self._find_way(bank.cos(self._best), bank.sin(self._best))

    def _find_way(self, c: Point, s: Point) -> None:
        turn = 0.5 * math.atan2(
            2.0 * (c[0] * c[1] + s[0] * s[1]), c[0] ** 2 + s[0] ** 2 - c[1] ** 2 - s[1] ** 2
        )
        x, y = math.cos(turn), math.sin(turn)
        # The deepening says which way is out; a new axis never flips the breath by itself.
        forward = x * self.way[0] + y * self.way[1] if self.confirmed else x
        self.way = (x, y) if forward >= 0 else (-x, -y)

    def _along(self, point: Point) -> float:
        x, y = self.way
        return x * point[0] + y * point[1]
