"""Any posture: which of the postures that were kept is the rest?

Whatever the wearer holds is held away from one posture, to which the leg comes back. That is the
posture it was found in first, until what it does tells otherwise. Each stay in one has a vote:

    for a rest   when it is shorter than the shortest hold: who holds for so long does not stop for
                 less; or when it came with a blow: a leg that is put down strikes what it is put
                 on, one that is raised is stopped by its own muscles
    against it   otherwise, to a limit: rests between holds may be as long and be taken softly

Postures within SAME_DEG are one. Only the last stays count, so the wearer may take another rest.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np

from tracker.detect.cells import Cells, Vector, unit
from tracker.detect.grid import CELL_S

# Whoever lies, sits or stands again does so within some degrees.
SAME_DEG = 10.0
# What being found first is worth: two stays that speak against it.
_FIRST = 2
# All that speaks against a posture is worth no more than this.
_AGAINST = 2
# The rest is where it was until another posture has two votes more: one stay proves nothing.
_SETTLED = 1.5
# The stays of a minute or two where legs are raised, of half an hour where poses are held.
_STAYS = 30
# A shorter stop is the turning point of a swing.
_LEAST_S = 0.3
# A blow throws the acceleration off its mean over 0.2 s. Seen in leg raises: 0.05 to 0.1 g where
# muscles stop the leg, 0.2 to 1.1 g where two people of three put it down; the third did it softly.
_BLOW_G = 0.25
_MEAN = 5
_BEFORE, _AFTER = round(0.6 / CELL_S), round(0.3 / CELL_S)


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

    def kept(self, up: Vector, lasted_s: float, *, with_a_blow: bool) -> None:
        """The leg has left a posture that it had kept."""
        if lasted_s > _LEAST_S:
            rests = with_a_blow or lasted_s < self._min_hold_s
            self._stays.append(Stay(up, lasted_s, 1 if rests else -1))
            self.up = self._chosen()

    def _chosen(self) -> Vector:
        """The posture with the most votes: the mean of the stays in it, by their lengths."""
        ups = np.array([stay.up for stay in self._stays])
        alike = ups @ ups.T > math.cos(math.radians(SAME_DEG))
        votes = np.maximum(alike @ [stay.vote for stay in self._stays], -_AGAINST)
        votes += _FIRST * alike @ [stay.first for stay in self._stays]
        now = ups @ self.up > math.cos(math.radians(SAME_DEG))
        most = int((votes + _SETTLED * now).argmax())
        lengths = np.array([stay.lasted_s for stay in self._stays])
        x, y, z = (lengths[alike[most]] @ ups[alike[most]]).tolist()
        return unit((x, y, z))


def came_with_a_blow(cells: Cells, start_s: float) -> bool:
    """Was the leg put down with a blow when it came to rest at start_s?"""
    at, around = round(start_s / CELL_S), _MEAN // 2
    _, acc = cells.span(at - _BEFORE - around, at + _AFTER + around)
    if len(acc) < _MEAN:
        return False
    sums = np.cumsum(np.vstack([np.zeros(3), acc]), axis=0)
    means = (sums[_MEAN:] - sums[:-_MEAN]) / _MEAN
    off = acc[around : len(acc) - around] - means
    return float((off * off).sum(axis=1).max()) > _BLOW_G**2
