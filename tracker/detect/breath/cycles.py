"""How likely is a row of breaths, and which of several rows is it?

What a row explains of the movement is weighed against what is unlikely about it: uneven lengths,
many breaths, a rare rate. So rows of different rhythms can be compared.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import mean

import numpy as np

from tracker.detect.breath.beats import BEAT_S
from tracker.detect.breath.habit import Habit, unusual
from tracker.detect.breath.kinds import Kind
from tracker.detect.breath.segments import Segments
from tracker.detect.breath.template import depth, one_depth, uneven
from tracker.detect.breath.whitening import DEPENDENT, Whitened, totals
from tracker.detect.samples import Floats

# Each further breath has to explain this much (twice the log likelihood).
_A_BREATH = 1.5
# So few breaths do not tell by themselves how well the row explains the movement.
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
    kinds:    how each breath runs where some are odd: held, or cut short.
    doubtful: where none is taken to be odd, one explains far less of the movement than most do.
    share:    of the movement that the row explains.
    """

    onsets_s: tuple[float, ...]
    period_s: float
    swing_deg: float
    against: float
    strange: float
    kinds: tuple[Kind, ...] = ()
    doubtful: bool = False
    share: float = 0.0

    @property
    def usual_s(self) -> float:
        """The mean length of a breath, to 4 %; of those that are not odd."""
        if not self.kinds:
            return self._mean_s
        return _in_steps(BEAT_S * mean(kind.beats for kind in self.kinds if not kind.odd))

    @property
    def _mean_s(self) -> float:
        """Of all, with what they are held."""
        return _in_steps((self.onsets_s[-1] - self.onsets_s[0]) / (len(self.onsets_s) - 1))

    @property
    def held_s(self) -> list[float]:
        """For how long each breath is held."""
        if not self.kinds:
            return [0.0] * (len(self.onsets_s) - 1)
        return [kind.held * BEAT_S for kind in self.kinds]

    def depth(self, t_s: Floats) -> Floats:
        """How deep in its breaths the leg is at each time, 0 to 1; they rise."""
        deep = np.zeros(len(t_s))
        within = self.within(t_s)
        deep[within] = depth(self.phases(t_s[within]))
        return deep

    def within(self, t_s: Floats) -> slice:
        """Which of the times, which rise, are within the row."""
        first, last = t_s.searchsorted(np.array([self.onsets_s[0], self.onsets_s[-1]])).tolist()
        return slice(first, last)

    def phases(self, t_s: Floats) -> Floats:
        """Where in its breath each time within the row is, 0 to 1."""
        onsets_s = np.array(self.onsets_s)
        breath = onsets_s.searchsorted(t_s, side="right")
        begins_s = onsets_s[breath - 1]
        phases: Floats = (t_s - begins_s) / (onsets_s[breath] - begins_s)
        for k, kind in enumerate(self.kinds):
            if kind.held:
                inside = breath == k + 1
                phases[inside] = kind.phases((t_s[inside] - onsets_s[k]) / BEAT_S)
        return phases

    def margin(self, rows: Iterable[Cycles | None]) -> float:
        """By how much it explains more than those of the rows that have another rhythm."""
        mean_s, least = self._mean_s, math.inf
        for row in rows:
            if row is not None and abs(math.log(row._mean_s / mean_s)) > _UNLIKE:
                least = min(least, row.against)
        return least - self.against

    def of_anybody(self) -> Cycles:
        """The same as if nothing were known of the wearer."""
        against = self.against - self.strange
        return replace(self, against=against, strange=0.0)


def likeliest(rows: Iterable[Cycles | None]) -> Cycles | None:
    """The one that explains most."""
    found = [row for row in rows if row is not None]
    return min(found, key=lambda row: row.against, default=None)


def judged(
    rows: Sequence[Segments | None],
    movement: Whitened,
    first_s: float,
    periods_s: Sequence[float],
    habit: Habit,
) -> list[Cycles | None]:
    """The rows in seconds, their first beat at first_s; None where the leg moves the other way.

    habit: how the wearer has breathed in the holds before.
    """
    weighed = _weighed(rows, movement, periods_s)
    return [
        None if row is None else _judged(row, movement, first_s, period_s, habit)
        for row, period_s in zip(weighed, periods_s, strict=True)
    ]


def _weighed(
    rows: Sequence[Segments | None], movement: Whitened, periods_s: Sequence[float]
) -> list[Segments | None]:
    """With `along` and `energy` of the row as a whole where its breaths by themselves do not tell:
    of so few of them the smoother takes a part, and one that was held runs as no template does."""
    few_s = len(movement.rest) * BEAT_S / _FEW
    whole = [
        row if row is not None and (row.kinds or few_s < period_s) else None
        for row, period_s in zip(rows, periods_s, strict=True)
    ]
    waves = [_wave(row, len(movement.rest)) for row in whole if row is not None]
    if not waves:
        return list(rows)
    quick = movement.quick(movement.white(np.array(waves)))
    along = iter(totals(quick * movement.rest).tolist())
    energy = iter(totals(quick * quick).tolist())
    return [
        row if each is None else each._replace(along=next(along), energy=next(energy))
        for row, each in zip(rows, whole, strict=True)
    ]


def _judged(
    row: Segments, movement: Whitened, first_s: float, period_s: float, habit: Habit
) -> Cycles | None:
    along, energy = row.along, row.energy
    if along <= 0.0 or energy <= 0.0:
        return None
    share = min(along * along / energy / movement.power, 1.0 - 1e-6)
    against = movement.beats / DEPENDENT * math.log(1.0 - share)
    against += _unlike(row, period_s) + _A_BREATH * len(row.bounds)
    strange = habit.unlike(period_s)
    against += unusual(period_s) + strange
    onsets_s = [
        first_s + (bound + shift) * BEAT_S
        for bound, shift in zip(row.bounds, row.shifts, strict=True)
    ]
    return Cycles(
        tuple(onsets_s),
        period_s,
        along / energy,
        against,
        strange,
        tuple(row.kinds),
        row.doubtful,
        share,
    )


def _unlike(row: Segments, period_s: float) -> float:
    """Minus twice the log likelihood of how each breath runs."""
    if row.kinds:
        return math.fsum([kind.unlikely for kind in row.kinds])
    lengths_s = [(end - begin) * BEAT_S for begin, end in pairwise(row.bounds)]
    return math.fsum([uneven(length_s, period_s) for length_s in lengths_s])


def _wave(row: Segments, count: int) -> Floats:
    """The movement of a row of breaths."""
    deep = np.zeros(count + 1)
    for k, (begin, end) in enumerate(pairwise(row.bounds)):
        first, last = max(begin, 0), min(end, count + 1)
        if row.kinds:
            breath = depth(row.kinds[k].phases(np.arange(float(end - begin))))
        else:
            breath = one_depth(end - begin)
        deep[first:last] = breath[first - begin : last - begin]
    return deep


def _in_steps(length_s: float) -> float:
    return round(math.exp(round(math.log(length_s) / _STEP) * _STEP), 3)
