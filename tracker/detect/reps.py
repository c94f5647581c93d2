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

from tracker.detect.motion.cells import Vector, angle_deg
from tracker.detect.motion.orientation import GRAVITY_DELAY_S, STEP_S
from tracker.detect.posture.upright import posture

# Less is shifting about, not straightening.
LEAST_DEG = 15.0
# The leg comes back to where it was, or not quite so far down: some keep it up in between.
_RETURN = 0.35
# A zigzag turns when it has gone back by so much; a leg that lies still stays within the other.
_TURN_DEG, _STILL_LOW_DEG = 8.0, 1.5
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


class _Moments(NamedTuple):
    """Columns: when, the angle that is looked at, the other one, where up was."""

    times_s: Sequence[float]
    angles_deg: Sequence[float]
    others_deg: Sequence[float]
    ups: Sequence[Vector]

    def turn(self, row: int) -> _Turn:
        return _Turn(self.times_s[row], self.angles_deg[row], self.others_deg[row], self.ups[row])


class _Turn(NamedTuple):
    """A moment: the angle that is looked at, and the other one."""

    t_s: float
    angle_deg: float
    other_deg: float
    up: Vector


class Reps:
    """Folds directions, one a step, into repetitions."""

    def __init__(self) -> None:
        self._rest: Vector | None = None
        self._recent: deque[tuple[float, Vector]] = deque(maxlen=_LATE)
        self.restart()

    def restart(self) -> None:
        """Begin anew: the leg was held, or out of sight."""
        self._recent.clear()
        self._away, self._out = _Zigzag(), _Zigzag()

    def feed(
        self, times_s: Sequence[float], ups: Sequence[Vector], rest: Vector
    ) -> list[tuple[int, RepSeen]]:
        """`ups` at the ends of steps, the last rest being `rest`: what was seen, in which row."""
        if rest is not self._rest:
            self._refer_to(rest)
        self._recent.extend(zip(times_s[-_LATE:], ups[-_LATE:], strict=True))
        if len(ups) <= _FEW:
            return self._fold(times_s, ups, rest)
        seen: list[tuple[int, RepSeen]] = []
        for row in range(0, len(ups), _FEW):
            some = slice(row, row + _FEW)
            seen += [(row + k, rep) for k, rep in self._fold(times_s[some], ups[some], rest)]
        return seen

    def _refer_to(self, rest: Vector) -> None:
        """Another rest: where the wearer lies or stands otherwise than before, look anew."""
        before, self._rest = self._rest, rest
        if before is None or angle_deg(before, rest) > _SAME_REST_DEG:
            self._away, self._out = _Zigzag(), _Zigzag()
            if self._recent:
                times_s, ups = zip(*self._recent, strict=True)
                self._fold(times_s, ups, rest)

    def _fold(
        self, times_s: Sequence[float], ups: Sequence[Vector], rest: Vector
    ) -> list[tuple[int, RepSeen]]:
        away_deg, out_deg = _away_deg(ups, rest), _out_deg(ups)
        moved_s = [t_s - GRAVITY_DELAY_S for t_s in times_s]
        out: list[tuple[int, RepSeen]] = []
        away: list[tuple[int, RepSeen]] = []
        if not self._out.stays(moved_s, out_deg):
            out = self._out.feed(_Moments(moved_s, out_deg, away_deg, ups))
        if not self._away.stays(moved_s, away_deg):
            away = self._away.feed(_Moments(moved_s, away_deg, out_deg, ups))
        return sorted({**dict(out), **dict(away)}.items()) if out else away


class _Zigzag:
    """One angle as lows and highs."""

    def __init__(self) -> None:
        self._rising = False
        self._low: _Turn | None = None
        self._turn: _Turn | None = None
        self._low_until_s = 0.0
        self._top: _Turn | None = None
        self._climb: deque[tuple[float, float]] = deque(maxlen=round(LONGEST_S / STEP_S))

    def feed(self, moments: _Moments) -> list[tuple[int, RepSeen]]:
        """Repetitions, and in which row each was seen."""
        seen: list[tuple[int, RepSeen]] = []
        row = 0
        while (row := self._go_on(moments, row)) < len(moments.ups):
            here = moments.turn(row)
            rep = self._turned(here) or self._settled(here.t_s)
            if rep is not None:
                seen.append((row, rep))
            row += 1
        return seen

    def stays(self, times_s: Sequence[float], angles_deg: Sequence[float]) -> bool:
        """Take in a leg that lies or is held, at once: it goes neither further nor back.

        False: it does, and nothing was taken in.
        """
        turn = self._turn
        if turn is None or self._top is not None:
            return False
        low, high = min(angles_deg), max(angles_deg)
        if self._rising:
            stays = turn.angle_deg - _TURN_DEG < low and high < turn.angle_deg
            if stays:
                self._climb.extend(zip(times_s, angles_deg, strict=True))
            return stays
        stays = turn.angle_deg < low and high < turn.angle_deg + _STILL_LOW_DEG
        if stays:
            self._low_until_s = times_s[-1]
        return stays

    def _go_on(self, moments: _Moments, row: int) -> int:
        """Follow the angle; the first row in which the zigzag may have turned or settled."""
        if self._turn is None:
            self._turn = moments.turn(row)
        times_s, angles = moments.times_s, moments.angles_deg
        best, way = self._turn.angle_deg, -1.0 if self._rising else 1.0
        at: int | None = None
        to_settle = not (self._rising or self._top is None)
        end = len(angles)
        for k in range(row, end):
            onward = way * (angles[k] - best)
            if self._rising:
                self._climb.append((times_s[k], angles[k]))
            elif onward < _STILL_LOW_DEG:
                self._low_until_s = times_s[k]
            if onward <= 0.0:
                at, best = k, angles[k]
            elif onward > _TURN_DEG or to_settle:
                end = k
                break
        if at is not None:
            self._turn = moments.turn(at)
        return end

    def _turned(self, here: _Turn) -> RepSeen | None:
        """Where the zigzag has turned, and is `here` by now."""
        turn = self._turn
        if turn is None or abs(here.angle_deg - turn.angle_deg) <= _TURN_DEG:
            return None
        self._turn = here
        if self._rising:
            self._top, self._rising = turn, False
            return None
        seen = self._between(turn)
        # A leg that rested in between starts when it leaves the rest.
        self._low, self._top = turn._replace(t_s=self._low_until_s), None
        self._rising = True
        self._climb.clear()
        return seen

    def _settled(self, t_s: float) -> RepSeen | None:
        """Back down for a second without going up again: the last one of a row."""
        turn = self._turn
        if turn is None or t_s - turn.t_s < 1.0 or self._top is None:
            return None
        seen = self._between(turn)
        self._low, self._top = turn, None
        return seen

    def _between(self, end: _Turn) -> RepSeen | None:
        low, top = self._low, self._top
        if low is None or top is None:
            return None
        reach = top.angle_deg - max(low.angle_deg, end.angle_deg)
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


def _away_deg(ups: Sequence[Vector], rest: Vector) -> list[float]:
    """How far the leg has turned from the rest, in the plane of the rest and the leg's line.

    Lying, the way is down the leg (y falls), and a knee that is up is below 0; standing, it is the
    bend of the knee, whichever way it goes.
    """
    front, side = rest[0], rest[2]
    across = math.hypot(front, side)
    if posture(rest) == "upright":
        return [_DEG * acos(y) if -1.0 < y < 1.0 else 90.0 - 90.0 * y for _, y, _ in ups]
    return [_DEG * atan2(-y, (x * front + z * side) / across) for x, y, z in ups]


def _out_deg(ups: Sequence[Vector]) -> list[float]:
    """How far the leg has fallen out."""
    return [_DEG * asin(-z) if -1.0 < z < 1.0 else -90.0 * z for _, _, z in ups]
