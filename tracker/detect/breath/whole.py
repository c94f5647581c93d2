"""What did the breath do in a hold as a whole?

At the end of a hold, and every five minutes of a long one, breaths are laid over all of its
movement for every rhythm. The row that explains most is counted: the breaths that are whole,
from exhale to exhale. Where it is not known which way an exhale moves the leg, it is not known
either where in a breath the hold began and ended: there what it cuts off at both ends counts
together, to the nearest whole number.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import chain, pairwise
from statistics import mean, median, pstdev
from typing import NamedTuple

from tracker.detect.breath.cycles import Cycles, likeliest
from tracker.detect.breath.dating import Dating
from tracker.detect.breath.deepening import Deepening
from tracker.detect.breath.habit import Habit
from tracker.detect.breath.movement import Movement, Span
from tracker.detect.breath.ways import WAYS

# The body sways 0.1 to 0.4 degrees; a breath that moves the leg less than this is not claimed.
FLOOR_DEG = 0.12
# A breath is whole that begins so little before the hold, or ends so little after it.
BEFORE_S, AFTER_S = 0.2, 0.5
# The found rhythm is tried again with its own mean length, once or twice.
_AGAIN = 2
# A rate is stated from two breaths on, when their lengths agree with each other.
_FOR_RATE, _UNEVEN = 2, 0.35
# It is believed where breaths of any other length explain the movement worse (twice the log
# likelihood; how much worse, habit.py says), and these explain it well, or not too badly and all
# others worse by as much: sway suits many rhythms alike.
_BELIEVED, _TOO_BADLY = 5.0, 15.0
# Along the likeliest of several ways chance explains as much more as in so many tries along one
# (Bonferroni's bound).
_OF_MANY = 2.0 * math.log(WAYS)
# No odd breath may explain it as well, and make another rate, within this.
_MARGIN = 2.0
# Breaths are taken to be held or cut short where that makes the movement 20 times as likely, their
# price paid: sway is known less well than its likelihood says.
_ODDLY = 2.0 * math.log(20.0)
# They are sought in rhythms that differ by so much at most (natural logarithm) from the one found.
_NEAR = 0.2
# Where the movement had to be smoothed, so is the sway, and looks more like breath, by so much: of
# 200 holds without breath of two bodies one would have had a rate by 12.
_SMOOTHED, _BELIEVED_SMOOTHED = 16.0, 0.0
# A shorter hold does not tell how plain the wearer's rhythm is.
_LONG_S = 20.0
# What begins this share of a breath earlier than the last one has ended is that one.
SAME = 0.5
# More breaths of a hold than this are forgotten, the oldest first.
_MOST = 1000


class _Breath(NamedTuple):
    length_s: float
    moves_s: float
    ratio: float


class Whole:
    """Counts the breaths of a hold, part by part."""

    def __init__(self, start_s: float, habit: Habit, *, one_way: bool) -> None:
        self._habit = habit
        self._breaths: deque[_Breath] = deque(maxlen=_MOST)
        self._start_s, self._from_s = start_s, start_s - BEFORE_S
        self._first_s: float | None = None
        self._last_s = start_s
        self._usual_s = math.inf
        self._sure = False
        self._one_way = one_way
        self._deepening = Deepening(start_s, way_known=one_way)
        self.count = 0

    def look(
        self,
        movements: Sequence[Movement],
        periods_s: Sequence[float],
        until_s: float,
    ) -> list[Span]:
        """Count the breaths of the movement that end by until_s; later ones wait for the next.

        movements: the same along each way that breath may show, first along that of the rhythm.
        periods_s: of every rhythm.
        """
        rows = [_rows(movement, periods_s) for movement in movements]
        self._deepening.look(
            movements[0], [row for row in map(_moving, rows[0]) if row is not None]
        )
        self._sure = False
        row = _moving(likeliest([likeliest(rows[0]), *map(_moving, chain(*rows[1:]))]))
        if row is None:
            self._learn(movements[0], -math.inf)
            return []
        movement = next(m for m, along in zip(movements, rows, strict=True) if row in along)
        odd = _odd(movement, periods_s, row) if self._one_way else []
        row = min([row, *odd], key=lambda each: each.against + _ODDLY * bool(each.kinds))
        self._usual_s = row.usual_s
        margin = self._stands_out(row, chain(*rows), smoothed=movement.smooth > 0)
        # As well with a breath that is odd, and at another rate with it, is not sure either.
        self._sure = self._habit.believes(margin) and row.margin(odd) > _MARGIN
        self._learn(movement, margin)
        if self._sure:
            self._habit.learn_length(row.usual_s)
        return self._counted(movement, row, until_s)

    def _learn(self, movement: Movement, margin: float) -> None:
        """By how much the rhythm stood out, where the hold, or the part, was long enough."""
        if movement.lasts_s >= _LONG_S:
            self._habit.learn_margin(margin)

    def _counted(self, movement: Movement, row: Cycles, until_s: float) -> list[Span]:
        """Count the breaths of the row that are whole."""
        dating, counted = Dating(self._habit), []
        if not row.kinds:  # one that was held runs as no shape does
            dating.look(movement, row, len(row.onsets_s))
        late = dating.late()
        dating.remember()
        for (begin_s, end_s), held_s in zip(pairwise(row.onsets_s), row.held_s, strict=True):
            if begin_s < self._from_s or end_s > until_s:
                continue
            moves_s = end_s - begin_s - held_s
            late_s = late * moves_s
            span = movement.span(begin_s + late_s, end_s + late_s, row.swing_deg, held_s)
            counted.append(span)
            self.count += 1
            exhale_s = span.exhale_end_s - span.begin_s
            ratio = exhale_s / (moves_s - exhale_s)
            self._breaths.append(_Breath(end_s - begin_s, moves_s, ratio))
            self._from_s = end_s - SAME * moves_s
            self._first_s = begin_s if self._first_s is None else self._first_s
            self._last_s = end_s
        return counted

    def ended(self, end_s: float) -> None:
        """The leg has left: what the hold cut off counts where an exhale may be an inhale."""
        if self._one_way:
            return
        first_s = self._start_s if self._first_s is None else self._first_s
        cut_off_s = max(first_s - self._start_s, 0.0) + max(end_s - self._last_s, 0.0)
        self.count += round(cut_off_s / self._usual_s)

    def forget(self, before_s: float) -> None:
        """No breath that begins before this is counted any more."""
        self._from_s = max(self._from_s, before_s)

    def rate_bpm(self) -> float | None:
        """Breaths a minute, or None when the breaths do not tell a rate.

        From exhale to exhale: the last breath ends where the leg was about to leave. That end is
        left out where there are two others without it: one length alone is worse.
        """
        lengths = [breath.length_s for breath in self._breaths]
        moves = [breath.moves_s for breath in self._breaths]
        if not self._sure or len(lengths) < _FOR_RATE or pstdev(moves) > _UNEVEN * mean(moves):
            return None
        return 60.0 / mean(lengths[:-1] if len(lengths) > _FOR_RATE else lengths)

    def exhale_inhale_ratio(self) -> float | None:
        if len(self._breaths) < _FOR_RATE:
            return None
        return median(breath.ratio for breath in self._breaths)

    def gain_deg(self) -> float | None:
        """How much deeper the end is than the start, without the breath."""
        return self._deepening.gain_deg()

    def _stands_out(self, row: Cycles, rows: Iterable[Cycles | None], *, smoothed: bool) -> float:
        """By how much it explains more than those of another rhythm; -inf where it explains too
        little by itself.

        What the holds before have shown may cast doubt on that, but is no evidence for it.
        """
        found = [each for each in rows if each is not None]
        anybody = [each.of_anybody() for each in found]
        return min(
            self._margin(row, found, smoothed=smoothed),
            self._margin(row.of_anybody(), anybody, smoothed=smoothed),
        )

    def _margin(self, row: Cycles, rows: Iterable[Cycles], *, smoothed: bool) -> float:
        margin = row.margin(rows)
        believed = max(_BELIEVED, min(_TOO_BADLY, margin))
        if row.against >= (_BELIEVED_SMOOTHED if smoothed else believed):
            return -math.inf
        return margin - _SMOOTHED * smoothed - _OF_MANY * (not self._one_way)


def plainest(movements: Sequence[Movement], periods_s: Sequence[float]) -> int:
    """Which of the movements do breaths explain best? The first one where none is explained."""
    rows = [_moving(likeliest(_rows(movement, periods_s))) for movement in movements]
    best = likeliest(rows)
    return 0 if best is None else rows.index(best)


def _rows(movement: Movement, periods_s: Sequence[float]) -> list[Cycles | None]:
    """Rows of each rhythm, and of the mean length of those that explain most."""
    rows = movement.rows(periods_s)
    for _ in range(_AGAIN):
        best = likeliest(rows)
        if best is None or best.usual_s == best.period_s:
            break
        rows.append(movement.cycles(best.usual_s))
    return rows


def _odd(movement: Movement, periods_s: Sequence[float], found: Cycles) -> list[Cycles]:
    """Rows with breaths that were held or cut short, in rhythms about as that of the row found.

    None where that has no breath that is doubtful.
    """
    if not found.doubtful:
        return []
    near = [each for each in periods_s if abs(math.log(each / found.usual_s)) < _NEAR]
    rows = [_moving(movement.odd_cycles(period_s, found)) for period_s in [*near, found.usual_s]]
    return [row for row in rows if row is not None]


def _moving(row: Cycles | None) -> Cycles | None:
    """The row where its breaths move the leg."""
    return None if row is None or row.swing_deg < FLOOR_DEG else row
