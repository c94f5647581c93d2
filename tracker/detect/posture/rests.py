"""Any posture: which of the postures that were kept is the rest?

Whatever the wearer holds is held away from one posture, to which the leg comes back. That is the
posture it was found in first, until what it does tells otherwise. Each stay in one has a vote:

    for a rest   two, when the leg was lowered to it and is raised from it; one, when neither is
                 plain and it is shorter than the shortest hold: who holds for so long does not stop
                 for less
    against it   two, when the leg was raised to it and sinks from it: that takes strength to keep;
                 one otherwise. To a limit: rests between holds may be as long

Postures within SAME_DEG are one. Only the last stays count, so the wearer may take another rest.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracker.detect.motion.cells import Vector, unit
from tracker.detect.motion.grid import Ints
from tracker.detect.samples import Floats

# Whoever lies, sits or stands again does so within some degrees.
SAME_DEG = 10.0
_ALIKE = math.cos(math.radians(SAME_DEG))
# What being found first is worth: two stays that speak against it, or one that does so plainly.
_FIRST = 2
# All that speaks against a posture is worth no more than this.
_AGAINST = 2
# The rest is where it was until another posture has two votes more: one stay proves nothing that is
# not plain.
_SETTLED = 1.5
# The stays of a minute or two where legs are raised, of half an hour where poses are held.
_STAYS = 30
# A shorter stop is the turning point of a swing.
_LEAST_S = 0.3
# Up to a posture and down from it, together. In leg raises of three people, of 150 holds nine of
# ten show more, and one as much downwards; of 235 rests 71 % show as much downwards, and 9 % more,
# most of them where a leg is raised by ten degrees. Shaking and a late bound are centimetres.
PLAIN_M = 0.1


@dataclass(frozen=True, slots=True)
class Stay:
    """The leg was kept like this for so long; the posture it was found in first is no stay."""

    up: Vector
    lasted_s: float
    vote: int
    first: bool = False


class Rests:
    """Folds stays; `up` is the rest."""

    def __init__(self, first: Vector, min_hold_s: float) -> None:
        self._min_hold_s = min_hold_s
        self._stays = deque([Stay(first, 1.0, 0, first=True)], maxlen=_STAYS)
        self.up = first

    def kept(self, up: Vector, lasted_s: float, raised_m: float) -> None:
        """The leg has left a posture that it had kept.

        raised_m: how far it rose to it and sank from it, together.
        """
        if lasted_s > _LEAST_S:
            self._stays.append(Stay(up, lasted_s, self._vote(lasted_s, raised_m)))
            self.up = self._chosen()

    @property
    def doubted(self) -> bool:
        """Was the leg only found there first?

        No stay speaks for it, and the rest may be where the leg has not been kept yet, or in
        another posture that no more speaks against than for.
        """
        ups, alike, votes = self._weighed()
        here = ups @ self.up > _ALIKE
        if votes[here].max(initial=0) > 0 or not self._first()[here].any():
            return False
        elsewhere = (alike @ votes)[~here]
        return not len(elsewhere) or bool(elsewhere.max() >= 0)

    def _vote(self, lasted_s: float, raised_m: float) -> int:
        if abs(raised_m) > PLAIN_M:
            return -2 if raised_m > 0.0 else 2
        return 1 if lasted_s < self._min_hold_s else -1

    def _chosen(self) -> Vector:
        """The posture with the most votes: the mean of the stays in it, by their lengths."""
        ups, alike, votes = self._weighed()
        votes = np.maximum(alike @ votes, -_AGAINST)
        votes += _FIRST * alike @ self._first()
        most = int((votes + _SETTLED * (ups @ self.up > _ALIKE)).argmax())
        lengths = np.array([stay.lasted_s for stay in self._stays])
        x, y, z = (lengths[alike[most]] @ ups[alike[most]]).tolist()
        return unit((x, y, z))

    def _weighed(self) -> tuple[Floats, NDArray[np.bool_], Ints]:
        """The stays: where, (n, 3); which are alike, (n, n); their votes, (n,)."""
        ups = np.array([stay.up for stay in self._stays])
        return ups, ups @ ups.T > _ALIKE, np.array([stay.vote for stay in self._stays])

    def _first(self) -> NDArray[np.bool_]:
        return np.array([stay.first for stay in self._stays])
