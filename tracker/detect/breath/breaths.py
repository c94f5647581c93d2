"""How does the breath move the leg inside a hold?

The exhale deepens the stretch, the inhale eases it: one micro-movement of 0.2 to 3 degrees every 3
to 15 s, on a leg that slowly deepens and sways. Oscillators.py says at each moment which rhythm
there is and when its cycle turns; then cycles.py lays breaths over the last few and dates them.
What the hold was as a whole is looked at once more at its end (whole.py).
"""

from __future__ import annotations

import math

import numpy as np

from tracker.detect.breath.cycles import Cycles, likeliest
from tracker.detect.breath.movement import Movement, Span
from tracker.detect.breath.oscillators import BEAT_S, PERIODS_S, Oscillators
from tracker.detect.breath.shapes import Dating
from tracker.detect.breath.telling import BreathSeen, Telling
from tracker.detect.breath.whole import AFTER_S, FLOOR_DEG, SAME, Whole
from tracker.detect.motion.orientation import STEP_S

Point = tuple[float, float]

_PERIODS: list[float] = PERIODS_S.tolist()
_UNKNOWN = (math.nan, math.nan)
# Another filter must be better by this (twice the log likelihood) to take over: no flicker.
_BETTER = 2.0
# Some time after a turning point the movement is looked at, a few breaths of it.
_LOOK_S, _BREATHS, _LEAST_S = 0.25, 3.5, 16.0
# A breath that is told when it ends is told so long after it at most; an end that seems earlier is
# told as this old. Breaths before it that could not be told then keep their own times.
_PROMPT_S = 0.7
# Where this share of a breath is untold before those that were looked at, they are looked at too,
# a minute at most.
_UNTOLD, _FURTHEST = 1.2, round(60.0 / BEAT_S)
# Twice the log likelihood of no breath less that of the row, at most: before the first breath is
# told, and once the rhythm is known by it.
_FIRST_AGAINST, _AGAINST = 0.0, 6.0
# The first one may be sway that deepens the stretch: the leg must have eased back by so much of it,
# and by so many degrees, and have been on its way out again for so many beats, else its end is not
# known and both its ends are dated too near.
_EASED, _PLAIN_DEG, _OUT_AGAIN = 0.5, 0.5, 2
# As many rhythms are tried then; no other may explain the hold as well as the best, within this.
_FIRST_RHYTHMS, _AS_WELL = 4, 1.0
# The turning points of the rhythm and of the row belong together within this share of a breath.
_NEAR = 0.35
# Who leaves the stretch with the end of an inhale has breathed a whole breath.
_NEARLY, _RATHER = 0.75, 0.2
# What is felt so shortly before the leg leaves belongs to the move, not to the hold; so does a
# beat of more than this many degrees.
_LEAVING_S, _MOVE_DEG = 0.4, 0.6
# Over the whole hold so many rhythms are tried.
_RHYTHMS = 7
# Of a long hold a part is looked at when it is over, but for its last seconds.
_PART, _LATER_S = round(300.0 / BEAT_S), 40.0
_GAP_S = 30.0
_LEAST_BEATS = 5


class Breaths:
    """Folds the points of one hold into breaths."""

    def __init__(self, start_s: float, *, one_way: bool) -> None:
        """one_way: the breath moves the leg along the deepening; otherwise find out along what."""
        self._start_s, self._one_way = start_s, one_way
        self._bank: Oscillators | None = None
        self._best = 0
        self._axis = (1.0, 0.0)
        self._half: tuple[float, Point | None] | None = None
        # The movement, one point a beat from _first_s on.
        self._first_s = start_s
        self._moved: list[Point] = []
        self._sine = 0.0
        self._turning_s: float | None = None
        self._last_s = -math.inf
        self._away = self._begun = False
        self._telling = Telling(start_s)
        self._dating = Dating()
        self._whole = Whole(start_s, one_way=one_way)

    @property
    def axis(self) -> Point:
        """Which way, (deepening, sideways), the exhale moves the leg."""
        return self._axis

    @property
    def period_s(self) -> float:
        """The length of a breath by the rhythm that explains the hold best."""
        return _PERIODS[self._best]

    @property
    def deepening(self) -> bool | None:
        """Is this an exhale? None while no rhythm is known."""
        return self._sine < 0 if self._begun else None

    def step(self, t_s: float, point: Point | None) -> list[BreathSeen]:
        """`point`: (deepening, sideways) in degrees at t_s, None while the leg slips."""
        leaves = point is None and not self._away
        self._away = point is None
        seen = self._at_the_end(t_s) if leaves else []
        if self._half is None or t_s - self._half[0] > 1.5 * STEP_S:
            self._half = (t_s, point)
            return seen
        before, self._half = self._half[1], None
        middle = None
        if before is not None and point is not None:
            middle = (0.5 * (before[0] + point[0]), 0.5 * (before[1] + point[1]))
        return seen + self._beat(t_s - 0.5 * STEP_S, middle)

    def finish(self, end_s: float) -> list[BreathSeen]:
        """What is still to be said when the leg has left at end_s."""
        seen = [] if self._away else self._at_the_end(end_s)
        while self._moved and self._time(len(self._moved) - 1) > end_s - _LEAVING_S:
            self._moved.pop()
        return seen + self._telling.tell(self._look_back(end_s))

    def count(self) -> int:
        """Whole breaths of the hold, once it is finished.

        May differ from the breaths told: most of those were told before all was seen.
        """
        return self._whole.count

    def rate_bpm(self) -> float | None:
        """Breaths a minute, or None when the breaths do not tell a rate, once it is finished."""
        return self._whole.rate_bpm()

    def exhale_inhale_ratio(self) -> float | None:
        """How long an exhale takes against an inhale, once it is finished."""
        return self._whole.exhale_inhale_ratio()

    def gain_deg(self) -> float | None:
        """How much deeper the end is than the start, without the breath, once it is finished."""
        return self._whole.gain_deg()

    def sway_deg(self) -> float | None:
        """Root mean square of the movement that is neither breath nor deepening."""
        return None if self._bank is None else self._bank.noise_deg(self._best)

    # On the way: one beat after the other.

    def _beat(self, t_s: float, point: Point | None) -> list[BreathSeen]:
        bank = self._reach(t_s, point)
        self._moved.append(_UNKNOWN if point is None else point)
        if bank is None or point is None:
            return []
        bank.look(point)
        sine = self._along(bank.sin(self._best))
        if self._sine > 0.0 >= sine and self._along(bank.cos(self._best)) < 0.0:
            self._turning_s = t_s - BEAT_S * sine / (sine - self._sine)
        if bank.beats % 3 == 0:
            self._choose(bank)
        self._sine = self._along(bank.sin(self._best))
        if len(self._moved) >= _PART:
            self._look_back(t_s, later_s=_LATER_S)
        if self._turning_s is None or t_s - self._turning_s < _LOOK_S:
            return []
        turned_s, self._turning_s = self._turning_s, None
        return self._turned(turned_s, t_s)

    def _reach(self, t_s: float, point: Point | None) -> Oscillators | None:
        """Move the bank on to this beat, over beats that were not felt."""
        if self._moved and t_s - self._time(len(self._moved)) > _GAP_S:
            self._look_back(self._time(len(self._moved)))
            self._moved, self._bank = [], None
        if self._bank is None and point is not None:
            self._bank = Oscillators(point)
            self._moved.clear()
        if not self._moved:
            self._first_s = t_s
            return self._bank
        while self._bank is not None and self._time(len(self._moved)) < t_s - 0.5 * BEAT_S:
            self._moved.append(_UNKNOWN)
            self._bank.turn()
        if self._bank is not None:
            self._bank.turn()
        return self._bank

    def _choose(self, bank: Oscillators) -> None:
        costs = bank.costs()
        # A rhythm is not known from less than a cycle of it.
        elapsed_s = bank.beats * BEAT_S
        known = [i for i, period in enumerate(_PERIODS) if not i or period <= elapsed_s]
        least = min(known, key=costs.__getitem__)
        if costs[self._best] - costs[least] > _BETTER:
            self._best = least
        if self._one_way:
            return
        i = self._best
        c, s = bank.cos(i), bank.sin(i)
        turn = 0.5 * math.atan2(
            2.0 * (c[0] * c[1] + s[0] * s[1]), c[0] ** 2 + s[0] ** 2 - c[1] ** 2 - s[1] ** 2
        )
        x, y = math.cos(turn), math.sin(turn)
        # The deepening says which way is out; a new axis never flips the breath by itself.
        forward = x * self._axis[0] + y * self._axis[1] if self._begun else x
        self._axis = (x, y) if forward >= 0 else (-x, -y)

    def _along(self, point: Point) -> float:
        x, y = self._axis
        return x * point[0] + y * point[1]

    def _time(self, beat: int) -> float:
        return self._first_s + beat * BEAT_S

    # A turning point: has a breath ended?

    def _turned(self, turned_s: float, now_s: float) -> list[BreathSeen]:
        if turned_s - self._last_s < SAME * self.period_s:
            return []
        laid = self._row(len(self._moved))
        if laid is None:
            return []
        movement, row = laid
        end_s = min(row.onsets_s, key=lambda onset_s: abs(onset_s - turned_s))
        if abs(end_s - turned_s) > _NEAR * row.period_s:
            return []
        return self._tell(movement, row, end_s, (now_s - _PROMPT_S, now_s))

    def _at_the_end(self, t_s: float) -> list[BreathSeen]:
        """Who leaves the stretch with the end of an inhale has breathed a whole breath."""
        still = len(self._moved)
        while still and self._time(still - 1) > t_s - _LEAVING_S:
            still -= 1
        while still > 1 and not self._step_deg(still - 1) < _MOVE_DEG:
            still -= 1
        if not still:
            return []
        end_s = self._time(still - 1) + 0.5 * BEAT_S
        period = self.period_s
        if end_s - max(self._last_s, self._start_s) < _NEARLY * period:
            return []
        laid = self._row(still)
        if laid is None:
            return []
        movement, row = laid
        nearest_s = min(row.onsets_s, key=lambda onset_s: abs(onset_s - end_s))
        if abs(nearest_s - end_s) > _RATHER * row.period_s:
            return []
        end_s = max(end_s, t_s - _PROMPT_S)
        return self._tell(movement, row, nearest_s, (end_s, end_s), leaves=True)

    def _step_deg(self, beat: int) -> float:
        return math.dist(self._moved[beat], self._moved[beat - 1])

    def _row(self, until: int) -> tuple[Movement, Cycles] | None:
        """The last breaths before a beat, where they are plain."""
        span_s = max(_BREATHS * self.period_s, _LEAST_S)
        begin = max(until - math.ceil(span_s / BEAT_S), 0)
        movement = self._movement(begin, until)
        row = movement.cycles(self.period_s) if self._telling.seen else self._first_row(movement)
        most_against = _AGAINST if self._telling.seen else _FIRST_AGAINST
        if row is None or row.swing_deg < FLOOR_DEG or row.against > most_against:
            return None
        return movement, row

    def _first_row(self, movement: Movement) -> Cycles | None:
        """The row of the rhythm that alone explains the movement."""
        rows = [movement.cycles(period_s) for period_s in self._likely(_FIRST_RHYTHMS)]
        best = likeliest(rows)
        if best is None or best.margin(rows) < _AS_WELL:
            return None
        return best

    def _likely(self, most: int) -> list[float]:
        """The periods that explain the hold best, none longer than it is."""
        if self._bank is None:
            return []
        costs = self._bank.costs()
        elapsed_s = self._bank.beats * BEAT_S
        known = [i for i, period in enumerate(_PERIODS) if period <= 1.2 * elapsed_s]
        return [_PERIODS[i] for i in sorted(known, key=costs.__getitem__)[:most]]

    def _movement(self, begin: int, end: int) -> Movement:
        """Along the way of the breath, between two beats."""
        x, y = self._axis
        moved = np.array(self._moved[begin:end]).reshape(-1, 2)
        at_first = not begin and self._first_s - self._start_s < _GAP_S
        start_s = self._start_s if at_first else None
        return Movement(self._time(begin), x * moved[:, 0] + y * moved[:, 1], start_s)

    def _tell(
        self,
        movement: Movement,
        row: Cycles,
        onset_s: float,
        ends_s: Point,
        *,
        leaves: bool = False,
    ) -> list[BreathSeen]:
        """The breath that ends with this onset of the row, and those before it that are untold.

        ends_s: the earliest and the latest that its end may be told to have been.
        """
        last_s, self._last_s = self._last_s, _between(onset_s, ends_s)
        self._begun = True
        onsets_s = list(row.onsets_s[: row.onsets_s.index(onset_s) + 1])
        untold_s = self._telling.untold_s(row.period_s)
        looked = movement
        if onsets_s[0] - untold_s > _UNTOLD * row.period_s and movement.first_s > self._first_s:
            looked, earlier_s = self._before(row, untold_s)
            onsets_s = earlier_s + onsets_s
        onsets_s = [at_s for at_s in onsets_s[:-1] if at_s >= untold_s] + onsets_s[-1:]
        if not self._telling.seen and len(onsets_s) == 2:
            top = looked.top(onsets_s[0], self._last_s)
            early = not leaves and looked.turned(top.t_s) < _OUT_AGAIN
            if early or top.eased_deg < max(_EASED * row.swing_deg, _PLAIN_DEG):
                self._last_s, self._turning_s = last_s, onset_s if early else None
                return []
        self._dating.look(movement, row, len(onsets_s) - 1)
        late_s = self._dating.late() * row.usual_s
        begins_s = [at_s + late_s for at_s in onsets_s[:-1]]
        return self._telling.tell(looked.spans([*begins_s, _between(onset_s + late_s, ends_s)]))

    def _before(self, row: Cycles, untold_s: float) -> tuple[Movement, list[float]]:
        """Onsets before those of the row, and the movement that they lie in."""
        begin = math.floor((untold_s - self._first_s) / BEAT_S)
        begin = max(begin, len(self._moved) - _FURTHEST, 0)
        movement = self._movement(begin, len(self._moved))
        longer = movement.cycles(row.period_s)
        if longer is None:
            return movement, []
        met_s = min(longer.onsets_s, key=lambda at_s: abs(at_s - row.onsets_s[0]))
        return movement, [at_s for at_s in longer.onsets_s if at_s < met_s]

    # Looking back at the whole of it, or of a part.

    def _look_back(self, end_s: float, *, later_s: float = 0.0) -> list[Span]:
        """Count the breaths of the movement; those of the last `later_s` are left for later."""
        if len(self._moved) < _LEAST_BEATS:
            return []
        movement = self._movement(0, len(self._moved))
        until_s = end_s - later_s if later_s else end_s + AFTER_S
        counted = self._whole.look(movement, self._likely(_RHYTHMS), until_s)
        if later_s:
            done = max(round((until_s - later_s - self._first_s) / BEAT_S), 0)
            del self._moved[:done]
            self._first_s = self._time(done)
            self._whole.forget(self._first_s)
        return counted


def _between(at_s: float, least_most_s: Point) -> float:
    least_s, most_s = least_most_s
    return min(max(at_s, least_s), most_s)
