"""When did the leg come to rest, and when did it leave?

Rests and holds are the same to this file: a posture that is kept. Which of them is a stretch is
decided in stretches.py.

    moving --- slow and calm for CONFIRM_S ---------------------------> kept
    kept   --- turned more than RETURN_DEG from the anchor -----------> leaving
    leaving -- back within RETURN_DEG, in less than RETURN_S ---------> kept (a slip, a correction)
    leaving -- still away RETURN_S after it left ---------------------> moving

Coarse decisions are made on steps (0.2 s, low-passed); the bounds are then dated on the cells
(40 ms) around them with a symmetric window, which has no delay.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tracker.detect.grid import CELL_S
from tracker.detect.orientation import CELLS_A_STEP, STEP_S
from tracker.detect.samples import Floats

# Hysteresis on the low-passed turning and on everything that is not gravity. A breath of 2.5 degrees
# at 20 a minute turns the leg by 2.6 deg/s; holding muscles shake 30 mg; walking swings 300 mg.
SLOW_DEG_S, FAST_DEG_S = 10.0, 18.0
CALM_G, RESTLESS_G = 0.080, 0.128
# A second and a half without motion is a stop, not the turning point of a repetition; the rest of
# the two seconds that a start may take is the delay of the low-pass.
CONFIRM_S = 1.4
# The definition of a bound and of a correction (public contract).
EDGE_DEG_S = 5.0
RETURN_DEG = 5.0
RETURN_S = 2.0
# The anchor follows slow deepening (degrees in minutes) and half forgets in two seconds.
_ANCHOR_SHARE = 0.07

Vector = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Kept:
    """A posture is kept since `start_s`; `up` is its direction."""

    start_s: float
    up: Vector


@dataclass(frozen=True, slots=True)
class Left:
    """The posture was left at `end_s`; `up` is where it was last kept."""

    end_s: float
    up: Vector


class Cells:
    """The last seconds of cells, x, y, z in g, by their number."""

    KEPT = 500

    def __init__(self) -> None:
        self.first = 0
        self.acc = np.empty((0, 3))

    def add(self, first: int, acc: Floats) -> None:
        tail = self.acc[-self.KEPT :]
        self.first = first - len(tail)
        self.acc = np.concatenate([tail, acc])

    def span(self, first: int, last: int) -> tuple[int, Floats]:
        """Cells first <= k <= last, as far as they are kept, and the number of the first."""
        first = max(first, self.first)
        return first, self.acc[first - self.first : last - self.first + 1]


def angle_deg(a: Vector, b: Vector) -> float:
    """Between two unit vectors."""
    chord = math.dist(a, b)
    return math.degrees(2.0 * math.asin(min(1.0, 0.5 * chord)))


class Keeping:
    """Folds steps into Kept and Left."""

    def __init__(self) -> None:
        self._slow_since: int | None = None
        self._anchor: Vector | None = None
        self._left_at: float | None = None
        self.start_s = 0.0

    @property
    def kept(self) -> bool:
        return self._anchor is not None

    def step(
        self, j: int, up: Vector, rate: float, unrest: float, cells: Cells
    ) -> Kept | Left | None:
        if self._slow_since is None:
            if rate < SLOW_DEG_S and unrest < CALM_G:
                self._slow_since = j
        elif rate > FAST_DEG_S or unrest > RESTLESS_G:
            self._slow_since = None
        if self._anchor is None:
            return self._maybe_kept(j, up, cells)
        return self._maybe_left(j, up, cells)

    def _maybe_kept(self, j: int, up: Vector, cells: Cells) -> Kept | None:
        if self._slow_since is None or (j - self._slow_since) * STEP_S < CONFIRM_S - 0.2:
            return None
        start_s = last_fast_s(cells, self._slow_since * CELLS_A_STEP - 25, j * CELLS_A_STEP)
        if j * STEP_S - start_s < CONFIRM_S:
            return None
        self._anchor, self.start_s = up, start_s
        return Kept(start_s, up)

    def _maybe_left(self, j: int, up: Vector, cells: Cells) -> Left | None:
        assert self._anchor is not None
        away = angle_deg(up, self._anchor) > RETURN_DEG
        if self._left_at is None:
            if not away:
                self._follow(up)
                return None
            self._left_at = first_fast_s(cells, j * CELLS_A_STEP - 75, j * CELLS_A_STEP)
            return None
        if not away:
            self._left_at = None
            return None
        if j * STEP_S - self._left_at < RETURN_S + 0.2:
            return None
        left = Left(self._left_at, self._anchor)
        self._anchor = self._left_at = None
        return left

    def _follow(self, up: Vector) -> None:
        a = self._anchor
        assert a is not None
        s = _ANCHOR_SHARE
        x, y, z = a[0] + s * (up[0] - a[0]), a[1] + s * (up[1] - a[1]), a[2] + s * (up[2] - a[2])
        n = math.sqrt(x * x + y * y + z * z)
        self._anchor = (x / n, y / n, z / n)


HALF = 4
_TAPS = np.arange(1, HALF + 1, dtype=np.float64)
_PER_DEG = math.degrees(1.0) / (2.0 * float(_TAPS @ _TAPS) * CELL_S)


def rates_deg_s(acc: Floats) -> Floats:
    """Tilt rate at each cell but the first and last HALF: slope of a straight line through 9 cells."""
    norm = np.sqrt(acc[:, 0] * acc[:, 0] + acc[:, 1] * acc[:, 1] + acc[:, 2] * acc[:, 2])
    unit = acc / np.maximum(norm, 1e-3)[:, None]
    n = len(unit) - 2 * HALF
    slope = np.zeros((max(n, 0), 3))
    for m in range(1, HALF + 1):
        slope += m * (unit[HALF + m : HALF + m + n] - unit[HALF - m : HALF - m + n])
    rate: Floats = _PER_DEG * np.sqrt(
        slope[:, 0] * slope[:, 0] + slope[:, 1] * slope[:, 1] + slope[:, 2] * slope[:, 2]
    )
    return rate


def last_fast_s(cells: Cells, first: int, last: int) -> float:
    """The last time in the span that the leg turned faster than EDGE_DEG_S."""
    begin, acc = cells.span(first - HALF, last)
    rates = rates_deg_s(acc)
    fast = np.flatnonzero(rates > EDGE_DEG_S)
    if not len(fast):
        return max(begin + HALF, first) * CELL_S - 0.5 * CELL_S
    i = int(fast[-1])
    beyond = 0.0
    if i + 1 < len(rates):
        beyond = float((rates[i] - EDGE_DEG_S) / (rates[i] - rates[i + 1]))
    return (begin + HALF + i + beyond - 0.5) * CELL_S


def first_fast_s(cells: Cells, first: int, last: int) -> float:
    """When the turning that is under way at the end of the span passed EDGE_DEG_S."""
    begin, acc = cells.span(first, last)
    rates = rates_deg_s(acc)
    slow = np.flatnonzero(rates[:-1] <= EDGE_DEG_S)
    if not len(slow):
        return begin * CELL_S
    i = int(slow[-1])
    before = float((EDGE_DEG_S - rates[i]) / max(rates[i + 1] - rates[i], 1e-9))
    return (begin + HALF + i + min(max(before, 0.0), 1.0) - 0.5) * CELL_S
