"""Any posture: which of the postures that were kept is the rest?

Whatever the wearer holds is held away from one posture, to which the leg comes back. That is the
posture it was found in first, until what it does tells otherwise. Each stay in one has a vote:

    for a rest   two, when the leg was lowered to it and is raised from it; one, when neither is
                 plain and it is shorter than the shortest hold: who holds for so long does not stop
                 for less
    against it   two, when the leg was raised to it and sinks from it: that takes strength to keep;
                 one otherwise. To a limit: rests between holds may be as long

Postures within SAME_DEG are one. Only the last stays count, so the wearer may take another rest.
Who turns over, or gets up for the next exercise, has taken another one at once: a leg that goes to
and fro and no longer comes by the rest has it where it goes.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tracker.detect.motion.cells import Vector, angle_deg, unit
from tracker.detect.motion.grid import Ints
from tracker.detect.samples import Floats

# Whoever lies, sits or stands again does so within some degrees.
SAME_DEG = 10.0
_ALIKE = math.cos(math.radians(SAME_DEG))
# So near to the rest the leg has come back to it, or by it, though it may lie a little otherwise.
NEAR_DEG = 20.0
# What being plainly lowered or raised is worth.
_PLAINLY = 2
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
    """The leg was kept like this for so long; the posture it was found in first is no stay.

    came_by_rest: on its way there it passed where the rest was.
    """

    up: Vector
    lasted_s: float
    vote: int
    first: bool = False
    came_by_rest: bool = False


class Rests:
    """Folds stays; `up` is the rest."""

    def __init__(self, first: Vector, min_hold_s: float) -> None:
        self._min_hold_s = min_hold_s
        self._stays = deque([Stay(first, 1.0, 0, first=True)], maxlen=_STAYS)
        self.up = first

    def kept(
        self, up: Vector, lasted_s: float, raised_m: float, *, came_by_rest: bool = False
    ) -> None:
        """The leg has left a posture that it had kept.

        raised_m: how far it rose to it and sank from it, together. came_by_rest: on its way there.
        """
        if lasted_s > _LEAST_S:
            vote = self._vote(lasted_s, raised_m)
            self._stays.append(Stay(up, lasted_s, vote, came_by_rest=came_by_rest))
            self.up = self._chosen()
            self._move_on()

    def _move_on(self) -> None:
        """Seek the rest where the leg goes to and fro now, if it no longer comes by the one before.

        There it is the first posture that the leg came back to, if it was not always plainly raised
        to it, until stays speak for another: as it is where the leg was found first.
        """
        since = self._away_since()
        _, alike, votes = self._weighed()
        alike, votes = alike[since:, since:], votes[since:]
        anew = alike & ~np.pad(alike, ((1, 0), (0, 0)))[:-1]
        may_rest = (alike & (votes > -_PLAINLY)).any(axis=1)
        came_back = np.flatnonzero((anew.sum(axis=0) > 1) & may_rest)
        if not len(came_back):
            return
        later = list(self._stays)[since + int(came_back[0]) :]
        self._stays = deque([replace(later[0], first=True), *later[1:]], maxlen=_STAYS)
        self.up = later[0].up
        self.up = self._chosen()

    def _away_since(self) -> int:
        """How many of the stays are over since the leg was last near the rest, or came by it."""
        since = 0
        for k, stay in enumerate(self._stays):
            if angle_deg(stay.up, self.up) <= NEAR_DEG:
                since = k + 1
            elif stay.came_by_rest:
                since = k
        return since

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
            return -_PLAINLY if raised_m > 0.0 else _PLAINLY
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
