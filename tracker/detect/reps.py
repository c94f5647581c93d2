"""When was the leg straightened with the breath, before a hold?

A repetition goes from low up towards a stretch with the exhale and back with the inhale. Which way
is up is known beforehand: a leg is raised or a knee bent away from the rest, in the plane of the
rest and the leg; for the inner thigh the leg falls out. Along the one of the two that moves more, a
repetition is a low, a high and a low.

Neither is the angle to the vertical: on the belly and for the inner thigh the leg passes straight
up half way, and one repetition would look like two halves of others.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from math import acos, asin, atan2
from typing import NamedTuple

import numpy as np

from tracker.detect.motion.cells import Vector, angle_deg
from tracker.detect.motion.orientation import GRAVITY_DELAY_S, STEP_S
from tracker.detect.posture.upright import posture
from tracker.detect.samples import Floats

# Less is shifting about, not straightening.
LEAST_DEG = 15.0
# The leg comes back to where it was, or not quite so far down: some keep it up in between.
_RETURN = 0.35
# A zigzag turns when it has gone back by so much; a leg that lies still stays within the other.
_TURN_DEG, _STILL_LOW_DEG = 8.0, 1.5
# The last one of a row is over when the leg has not gone up again for so long.
_SETTLES_S = 1.0
# A rest that is another one by less leaves the angles as they are, up to some degrees.
_SAME_REST_DEG = 45.0
# Whether it was a rest is known so long after it was left (holds.py).
_LATE = round(2.4 / STEP_S)
# One breath: 20 a minute is no straightening any more, and nobody exhales for 10 s at length.
SHORTEST_S, LONGEST_S = 3.0, 20.0
# So many steps are looked at together: most often the leg has stayed where it was.
_FEW = 64
_DEG = math.degrees(1.0)


@dataclass(frozen=True, slots=True)
class RepSeen:
    """A repetition, seconds and degrees, and where its top was."""

    start_s: float
    top_s: float
    end_s: float
    range_deg: float
    top: Vector


class _Turn(NamedTuple):
    """A moment: the angle that is looked at, and the other one."""

    t_s: float
    angle_deg: float
    other_deg: float
    up: Vector


class Reps:
    """Folds directions, one a step, into repetitions."""

    def __init__(self) -> None:
        self._plane: _Plane | None = None
        self._recent: deque[tuple[float, Vector]] = deque(maxlen=_LATE)
        self.restart()

    def restart(self) -> None:
        """Begin anew: the leg was held, or out of sight for long."""
        self._recent.clear()
        self._away, self._out = _Zigzag(), _Zigzag()

    def feed(
        self, times_s: Sequence[float], ups: Sequence[Vector], up: Floats | None, rest: Vector
    ) -> list[tuple[int, RepSeen]]:
        """`ups` at the ends of steps, the last rest being `rest`: what was seen, in which row.

        up: the same directions, (3, n), where they are many.
        """
        plane = self._plane_of(rest)
        self._recent.extend(zip(times_s[-_LATE:], ups[-_LATE:], strict=True))
        if up is None:
            return self._fold(times_s, ups, plane)
        low, high = np.minimum.reduce(up, 1).tolist(), np.maximum.reduce(up, 1).tolist()
        if self._lies(times_s[-1] - GRAVITY_DELAY_S, ups, (tuple(low), tuple(high)), plane):
            return []
        seen: list[tuple[int, RepSeen]] = []
        rows = range(0, len(ups), _FEW)
        lows = zip(*np.minimum.reduceat(up, rows, axis=1).tolist(), strict=True)
        highs = zip(*np.maximum.reduceat(up, rows, axis=1).tolist(), strict=True)
        for row, ends in zip(rows, zip(lows, highs, strict=True), strict=True):
            some_s, some = times_s[row : row + _FEW], ups[row : row + _FEW]
            if not self._lies(some_s[-1] - GRAVITY_DELAY_S, some, ends, plane):
                seen += [(row + k, rep) for k, rep in self._fold(some_s, some, plane)]
        return seen

    def step(self, t_s: float, up: Vector, rest: Vector) -> RepSeen | None:
        """As `feed`, one at a time: most blocks of a band bring no more."""
        plane = self._plane_of(rest)
        self._recent.append((t_s, up))
        moved_s = t_s - GRAVITY_DELAY_S
        (away_deg,), (out_deg,) = plane.away_deg((up,)), _out_deg((up,))
        out = self._out.step(moved_s, out_deg, away_deg, up)
        return self._away.step(moved_s, away_deg, out_deg, up) or out

    def _plane_of(self, rest: Vector) -> _Plane:
        """Another rest: where the wearer lies or stands otherwise than before, look anew."""
        before = self._plane
        if before is not None and before.rest is rest:
            return before
        plane = self._plane = _Plane(rest)
        if before is None or angle_deg(before.rest, rest) > _SAME_REST_DEG:
            self._away, self._out = _Zigzag(), _Zigzag()
            if self._recent:
                times_s, ups = zip(*self._recent, strict=True)
                self._fold(times_s, ups, plane)
        return plane

    def _lies(
        self, until_s: float, ups: Sequence[Vector], ends: Sequence[Vector], plane: _Plane
    ) -> bool:
        """Take in a leg that lies where it has lain, at once; False: it does not.

        A day is mostly that: an angle that follows one part of `up` is found for its ends alone.
        """
        if not self._out.lies(_out_deg(ends), until_s):
            return False
        away_deg = plane.away_deg(ends if plane.upright else ups)
        return self._away.lies(away_deg, until_s)

    def _fold(
        self, times_s: Sequence[float], ups: Sequence[Vector], plane: _Plane
    ) -> list[tuple[int, RepSeen]]:
        away_deg, out_deg = plane.away_deg(ups), _out_deg(ups)
        moved_s = [t_s - GRAVITY_DELAY_S for t_s in times_s]
        out: list[tuple[int, RepSeen]] = []
        away: list[tuple[int, RepSeen]] = []
        if not self._out.stays(moved_s, out_deg):
            out = self._out.feed(moved_s, out_deg, away_deg, ups)
        if not self._away.stays(moved_s, away_deg):
            away = self._away.feed(moved_s, away_deg, out_deg, ups)
        return sorted({**dict(out), **dict(away)}.items()) if out else away


class _Zigzag:
    """One angle as lows and highs."""

    def __init__(self) -> None:
        self._rising = False
        self._low: _Turn | None = None
        self._turn: _Turn | None = None
        self._low_until_s = 0.0
        self._top: _Turn | None = None
        # On the way down from the top: where it was as low as before.
        self._back: _Turn | None = None
        self._climb: deque[tuple[float, float]] = deque(maxlen=round(LONGEST_S / STEP_S))

    def feed(
        self,
        times_s: Sequence[float],
        angles_deg: Sequence[float],
        others_deg: Sequence[float],
        ups: Sequence[Vector],
    ) -> list[tuple[int, RepSeen]]:
        """Repetitions, and in which row each was seen."""
        seen = map(self.step, times_s, angles_deg, others_deg, ups)
        return [(row, rep) for row, rep in enumerate(seen) if rep is not None]

    def step(self, t_s: float, angle_deg: float, other_deg: float, up: Vector) -> RepSeen | None:
        """Follow the angle; the repetition that is over when it turns, or settles."""
        turn = self._turn
        if turn is None:
            turn = self._turn = _Turn(t_s, angle_deg, other_deg, up)
        back_deg = angle_deg - turn.angle_deg
        if self._rising:
            back_deg = -back_deg
            if back_deg <= _TURN_DEG or not self._unseen(t_s):
                self._climb.append((t_s, angle_deg))
        elif back_deg < _STILL_LOW_DEG:
            self._low_until_s = t_s
        if back_deg <= 0.0:
            turn = self._turn = _Turn(t_s, angle_deg, other_deg, up)
            if self._back is None and self._low is not None and self._top is not None:
                level = self._low.angle_deg + _STILL_LOW_DEG
                self._back = turn if angle_deg <= level else None
        elif back_deg > _TURN_DEG:
            return self._turned(turn, _Turn(t_s, angle_deg, other_deg, up))
        elif self._top is not None and t_s - turn.t_s >= _SETTLES_S:
            return self._settled(turn, t_s)
        return None

    def _unseen(self, t_s: float) -> bool:
        """Is this the first step behind a gap? What came down in a gap is no part of a climb."""
        return bool(self._climb) and t_s - self._climb[-1][0] > 1.5 * STEP_S

    def lies(self, angles_deg: Sequence[float], until_s: float) -> bool:
        """Is the leg down and stays there, going no further and not up, until then?"""
        turn = self._turn
        if turn is None or self._top is not None or self._rising:
            return False
        low, high = min(angles_deg), max(angles_deg)
        lies = turn.angle_deg < low and high < turn.angle_deg + _STILL_LOW_DEG
        if lies:
            self._low_until_s = until_s
        return lies

    def stays(self, times_s: Sequence[float], angles_deg: Sequence[float]) -> bool:
        """Take in a leg that lies or is held, at once: it goes neither further nor back.

        False: it does, and nothing was taken in.
        """
        turn = self._turn
        if not self._rising or turn is None:
            return self.lies(angles_deg, times_s[-1])
        stays = turn.angle_deg - _TURN_DEG < min(angles_deg) and max(angles_deg) < turn.angle_deg
        if stays:
            self._climb.extend(zip(times_s, angles_deg, strict=True))
        return stays

    def _turned(self, turn: _Turn, here: _Turn) -> RepSeen | None:
        """The zigzag has turned, and is `here` by now."""
        self._turn = here
        if self._rising:
            self._top, self._back, self._rising = turn, None, False
            return None
        if self._still_up(turn):
            self._turn = max(here, self._top or here, key=lambda at: at.angle_deg)
            self._top, self._rising = None, True
            return None
        seen = self._between(turn)
        # A leg that rested in between starts when it leaves the rest.
        self._low, self._top = turn._replace(t_s=self._low_until_s), None
        self._rising = True
        self._climb.clear()
        return seen

    def _settled(self, turn: _Turn, t_s: float) -> RepSeen | None:
        """Back down without going up again: the last one of a row."""
        if self._still_up(turn) and t_s - turn.t_s < LONGEST_S:
            return None
        seen = self._between(turn)
        self._low, self._top = turn, None
        return seen

    def _still_up(self, turn: _Turn) -> bool:
        """Has it hardly gone back from the top? The band of a leg that stops feels that too."""
        top = self._top
        return (
            top is not None and self._low is not None and top.angle_deg - turn.angle_deg < LEAST_DEG
        )

    def _between(self, end: _Turn) -> RepSeen | None:
        low, top = self._low, self._top
        if low is None or top is None:
            return None
        reach = top.angle_deg - max(low.angle_deg, end.angle_deg)
        if end.angle_deg < low.angle_deg - _RETURN * reach and self._back is not None:
            # The last of a row goes on to a knee that is drawn up: it ended on the way.
            end = self._back
        if reach < LEAST_DEG or end.angle_deg < low.angle_deg - _RETURN * reach:
            return None
        if abs(top.other_deg - end.other_deg) > reach:
            return None
        # The first of a row comes from further down: it began where the next one will.
        level = end.angle_deg + _STILL_LOW_DEG
        start_s = max((t for t, angle in self._climb if angle <= level), default=low.t_s)
        if not SHORTEST_S <= end.t_s - start_s <= LONGEST_S:
            return None
        if min(top.t_s - start_s, end.t_s - top.t_s) < SHORTEST_S / 3.0:
            return None
        return RepSeen(start_s, top.t_s, end.t_s, reach, top.up)


class _Plane:
    """The plane of a rest and the leg's line."""

    def __init__(self, rest: Vector) -> None:
        self.rest, self.upright = rest, posture(rest) == "upright"
        self._front, _, self._side = rest
        self._across = math.hypot(self._front, self._side)

    def away_deg(self, ups: Sequence[Vector]) -> list[float]:
        """How far the leg has turned from the rest.

        Lying, the way is down the leg (y falls), and a knee that is up is below 0; standing, it is
        the bend of the knee, whichever way it goes.
        """
        if self.upright:
            return [_DEG * acos(y) if -1.0 < y < 1.0 else 90.0 - 90.0 * y for _, y, _ in ups]
        front, side, across = self._front, self._side, self._across
        return [_DEG * atan2(-y, (x * front + z * side) / across) for x, y, z in ups]


def _out_deg(ups: Sequence[Vector]) -> list[float]:
    """How far the leg has fallen out."""
    return [_DEG * asin(-z) if -1.0 < z < 1.0 else -90.0 * z for _, _, z in ups]
