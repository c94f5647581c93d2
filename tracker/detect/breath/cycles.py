"""How likely is a row of breaths, and which of several rows is it?

What a row explains of the movement is weighed against what is unlikely about it: uneven lengths,
many breaths, a rare rate. So rows of different rhythms can be compared.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tracker.detect.breath.beats import BEAT_S
from tracker.detect.breath.habit import Habit, unusual
from tracker.detect.breath.segments import Segments
from tracker.detect.breath.template import depth, one_depth, uneven
from tracker.detect.breath.whitening import DEPENDENT, Whitened, total
from tracker.detect.samples import Floats

# Each further breath has to explain this much (twice the log likelihood).
_A_BREATH = 1.5
# Of so few breaths the smoother takes a part for the deepening.
_FEW = 4.0
# Lengths are tried this far apart (natural logarithm).
_STEP = 0.04
_UNLIKE = 0.12


@dataclass(frozen=True, slots=True)
class Cycles:
    """A row of breaths without a gap.

    onsets_s: where exhales begin; the first may lie before the movement, the last behind it.
    swing_deg: how far a breath moves the leg, trough to top.
    against:  minus twice the log likelihood, what is unlikely about the row included.
    strange:  the part of it that is by what the wearer did in the holds before.
    """

    onsets_s: tuple[float, ...]
    period_s: float
    swing_deg: float
    against: float
    strange: float

    @property
    def usual_s(self) -> float:
        """The mean length of a breath, to 4 %."""
        mean_s = (self.onsets_s[-1] - self.onsets_s[0]) / (len(self.onsets_s) - 1)
        return round(math.exp(round(math.log(mean_s) / _STEP) * _STEP), 3)

    def depth(self, t_s: Floats) -> Floats:
        """How deep in its breaths the leg is at each time, 0 to 1."""
        deep = np.zeros(len(t_s))
        for begin_s, end_s in pairwise(self.onsets_s):
            inside = (t_s >= begin_s) & (t_s < end_s)
            deep[inside] = depth((t_s[inside] - begin_s) / (end_s - begin_s))
        return deep

    def unlike(self, other: Cycles) -> bool:
        """Is it another rhythm?"""
        return abs(math.log(other.usual_s / self.usual_s)) > _UNLIKE

    def margin(self, rows: Iterable[Cycles | None]) -> float:
        """By how much it explains more than those of the rows that have another rhythm."""
        others = (row.against for row in rows if row is not None and self.unlike(row))
        return min(others, default=math.inf) - self.against

    def of_anybody(self) -> Cycles:
        """The same as if nothing were known of the wearer."""
        against = self.against - self.strange
        return Cycles(self.onsets_s, self.period_s, self.swing_deg, against, 0.0)


def likeliest(rows: Iterable[Cycles | None]) -> Cycles | None:
    """The one that explains most."""
    found = [row for row in rows if row is not None]
    return min(found, key=lambda row: row.against, default=None)


def judged(
    row: Segments, movement: Whitened, first_s: float, period_s: float, habit: Habit
) -> Cycles | None:
    """The row in seconds, its first beat at first_s; None where the leg moves the other way.

    habit: how the wearer has breathed in the holds before.
    """
    along, energy = row.along, row.energy
    if len(movement.rest) * BEAT_S < _FEW * period_s:
        wave = movement.quick(movement.white(_wave(row.bounds, len(movement.rest))))
        along, energy = total(wave * movement.rest), total(wave * wave)
    if along <= 0.0 or energy <= 0.0:
        return None
    share = min(along * along / energy / movement.power, 1.0 - 1e-6)
    against = movement.beats / DEPENDENT * math.log(1.0 - share)
    lengths_s = [(end - begin) * BEAT_S for begin, end in pairwise(row.bounds)]
    unlike = math.fsum([uneven(length_s, period_s) for length_s in lengths_s])
    against += unlike + _A_BREATH * len(row.bounds)
    strange = habit.unlike(period_s)
    against += unusual(period_s) + strange
    onsets_s = [
        first_s + (bound + shift) * BEAT_S
        for bound, shift in zip(row.bounds, row.shifts, strict=True)
    ]
    return Cycles(tuple(onsets_s), period_s, along / energy, against, strange)


def _wave(bounds: list[int], count: int) -> Floats:
    """The movement of a row of breaths."""
    deep = np.zeros(count + 1)
    for begin, end in pairwise(bounds):
        first, last = max(begin, 0), min(end, count + 1)
        deep[first:last] = one_depth(end - begin)[first - begin : last - begin]
    return deep
