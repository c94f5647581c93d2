"""How does the breath move the leg inside a hold?

The exhale deepens the stretch, the inhale eases it: one micro-movement of 0.2 to 3 degrees every 3
to 15 s, on a leg that slowly deepens and sways. Oscillators.py says which rhythm there is and when
its cycles turn; the turning is then dated halfway between the phase of the rhythm (steady, but it
knows no asymmetry) and the deepest point of the movement itself (true to the shape, but noisy).
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from statistics import mean, median, pstdev

import numpy as np

from tracker.detect.orientation import STEP_S
from tracker.detect.oscillators import PERIODS_S, Oscillators
from tracker.detect.turnings import Turnings

_PERIODS: list[float] = PERIODS_S.tolist()
# The body sways 0.1 to 0.4 degrees; a breath that moves the leg less than this is not claimed.
FLOOR_DEG = 0.12
# A rhythm is believed when it has been seen for one cycle and a half.
_CYCLES = 1.5
# Some time after a turning point the phase is looked at once more, now with the new direction.
_LOOK_S = 0.4
# Breaths of one hold differ; outside of this share of the period there is no second turning point.
_REFRACTORY = 0.5
# An interval longer than this share of the period hides a breath that was not seen.
_MISSED = 1.7
# Another filter must be better by this (twice the log likelihood) to take over: no flicker.
_BETTER = 2.0
# The last breath is whole when so much of it has passed and its phase is so near the turning.
_NEARLY, _RATHER = 0.75, 0.15
# A rate is stated from three breaths on, when their lengths agree with each other and the rhythm.
_FOR_RATE = 2
_UNEVEN, _DISAGREE = 0.35, 0.3
_TRACK_S = 40.0
# So much of a breath has to follow a turning before its shape can be looked at.
_SEEN = 0.3
# The first 30 s are looked at again from their end to see where the stretch began; the first 0.8 s
# of a hold ring.
_EARLY, _RUNG_S, _LEAST_POINTS = round(30.0 / STEP_S), 0.8, 10
# More breaths of a hold than this are forgotten, the oldest first.
_MOST = 1000


@dataclass(frozen=True, slots=True)
class BreathSeen:
    """One exhale and the inhale after it, seconds and degrees."""

    number: int
    exhale_start_s: float
    exhale_end_s: float
    end_s: float
    depth_deg: float


@dataclass(frozen=True, slots=True)
class _Turning:
    """An exhale begins at t_s; the rhythm's swing, peak to peak, was swing_deg then."""

    t_s: float
    swing_deg: float


class Breaths:
    """Folds the points of one hold into breaths."""

    def __init__(self, start_s: float, *, one_way: bool) -> None:
        """one_way: the breath moves the leg along the deepening; otherwise find out along what."""
        self._start_s = self._now_s = start_s
        self._one_way = one_way
        self._bank: Oscillators | None = None
        self._track: deque[tuple[float, float, float]] = deque(maxlen=round(_TRACK_S / STEP_S))
        self._sin: list[float] = []
        self._turned: list[deque[_Turning]] = [deque(maxlen=_MOST) for _ in _PERIODS]
        self._pending: deque[tuple[float, int]] = deque()
        self._best = 0
        self._axis = (1.0, 0.0)
        self._turnings = Turnings()
        self._dates: dict[float, float] = {}
        self._last_s: float | None = None
        self._begun = False
        self.seen = 0
        self._ratios: deque[float] = deque(maxlen=_MOST)
        self._early: list[tuple[float, float]] = []

    @property
    def axis(self) -> tuple[float, float]:
        """Which way, (deepening, sideways), the exhale moves the leg."""
        return self._axis

    @property
    def period_s(self) -> float:
        """The length of a breath by the rhythm that explains the hold best."""
        return _PERIODS[self._best]

    @property
    def deepening(self) -> bool | None:
        """Is this an exhale? None while no rhythm is known."""
        if self._bank is None or not self._begun:
            return None
        return self._along(self._bank.sin, self._best) < 0

    def step(self, t_s: float, point: tuple[float, float] | None) -> list[BreathSeen]:
        """`point`: (deepening, sideways) in degrees at t_s, None while the leg slips."""
        self._now_s = t_s
        if self._bank is None:
            if point is None:
                return []
            self._bank = Oscillators(point)
        else:
            self._bank.turn()
        if point is None:
            self._sin = []
            return []
        self._bank.look(point)
        self._track.append((t_s, *point))
        if len(self._early) < _EARLY:
            self._early.append(point)
        if self._bank.steps % 5 == 0:
            self._choose(self._bank)
        self._notice(self._bank, t_s)
        return self._due(t_s)

    def finish(self, end_s: float) -> list[BreathSeen]:
        """What is still to be said when the leg has left at end_s."""
        seen: list[BreathSeen] = []
        # What was felt until it was clear that the leg leaves belongs to the move, not the hold.
        while len(self._track) > 1 and self._track[-1][0] > end_s - 0.2:
            self._track.pop()
        for at_s, i in self._pending:
            if i == self._best and at_s <= end_s:
                seen += self._turning(i, at_s, end_s)
        self._pending.clear()
        seen += self._last_turning(end_s)
        if self._last_s is not None and self._last_s < end_s - _SEEN * self.period_s:
            self._redated(self._last_s)
        return seen

    def _last_turning(self, end_s: float) -> list[BreathSeen]:
        """Who leaves the stretch with the end of an inhale has breathed a whole breath."""
        i, period = self._best, self.period_s
        turned = self._turned[i]
        if self._bank is None or not turned or end_s - turned[-1].t_s < _NEARLY * period:
            return []
        phase = math.atan2(self._along(self._bank.sin, i), self._along(self._bank.cos, i))
        phase -= 2.0 * math.pi * (self._now_s - end_s) / period
        if phase % (2.0 * math.pi) < math.pi * (1.0 - 2.0 * _RATHER):
            return []
        turned.append(_Turning(end_s, self._swing_deg(i)))
        return list(self._tell(end_s))

    def count(self) -> int:
        """Whole breaths of the hold, by the rhythm that explains all of it best.

        May differ from the breaths told on the way: those had to be told before all was seen.
        """
        return len(self._lengths())

    def rate_bpm(self) -> float | None:
        """Breaths a minute, or None when the breaths do not tell a rate."""
        lengths = [length for length in self._lengths() if length < _MISSED * self.period_s]
        if len(lengths) < _FOR_RATE or pstdev(lengths) > _UNEVEN * mean(lengths):
            return None
        if abs(math.log(mean(lengths) / self.period_s)) > _DISAGREE:
            return None
        return 60.0 / mean(lengths)

    def exhale_inhale_ratio(self) -> float | None:
        if len(self._ratios) < _FOR_RATE:
            return None
        return median(self._ratios)

    def _lengths(self) -> list[float]:
        """Seconds between one exhale and the next."""
        turned = self._turned[self._best]
        if not turned:
            return []
        starts = [turning.t_s for turning in turned if turning.swing_deg >= FLOOR_DEG]
        first_s = self._first(turned[0].t_s, self.period_s)
        if first_s is not None and starts and starts[0] == turned[0].t_s:
            starts.insert(0, self._dates.get(first_s, first_s))
        return [b - a for a, b in pairwise(starts)]

    def gain_deg(self, end_s: float) -> float | None:
        """How much deeper the end is than the start, both at the same point of a breath."""
        if self._bank is None or len(self._early) < _LEAST_POINTS:
            return None
        i = self._best
        backwards = Oscillators(self._early[-1])
        for point in self._early[::-1]:
            backwards.turn()
            backwards.look(point)
        first = self._along(backwards.level, i) + self._along(backwards.slope, i) * _RUNG_S
        last = self._along(self._bank.level, i)
        last -= self._along(self._bank.slope, i) * (self._now_s - end_s)
        return last - first

    def sway_deg(self) -> float | None:
        """Root mean square of the movement that is neither breath nor deepening."""
        return None if self._bank is None else self._bank.noise_deg(self._best)

    def _choose(self, bank: Oscillators) -> None:
        costs = bank.costs()
        # A rhythm is not known from less than a cycle of it.
        elapsed_s = bank.steps * STEP_S
        known = [i for i, period in enumerate(_PERIODS) if not i or period <= elapsed_s]
        least = min(known, key=costs.__getitem__)
        if costs[self._best] - costs[least] > _BETTER:
            self._best = least
        if self._one_way:
            return
        i = self._best
        c, s = bank.cos[:, i].tolist(), bank.sin[:, i].tolist()
        turn = 0.5 * math.atan2(
            2.0 * (c[0] * c[1] + s[0] * s[1]), c[0] ** 2 + s[0] ** 2 - c[1] ** 2 - s[1] ** 2
        )
        x, y = math.cos(turn), math.sin(turn)
        # The deepening says which way is out; a new axis never flips the breath by itself.
        forward = x * self._axis[0] + y * self._axis[1] if self._begun else x
        self._axis = (x, y) if forward >= 0 else (-x, -y)

    def _notice(self, bank: Oscillators, t_s: float) -> None:
        """The rhythm of a filter turns where its sine falls through zero with a negative cosine."""
        x, y = self._axis
        sin = (x * bank.sin[0] + y * bank.sin[1]).tolist()
        if self._sin:
            for i, (before, after) in enumerate(zip(self._sin, sin, strict=True)):
                if before > 0.0 >= after and self._along(bank.cos, i) < 0.0:
                    self._pending.append((t_s - STEP_S * after / (after - before), i))
        self._sin = sin

    def _along(self, values: object, i: int) -> float:
        x, y = self._axis
        return x * float(values[0, i]) + y * float(values[1, i])  # type: ignore[index]

    def _due(self, t_s: float) -> list[BreathSeen]:
        seen: list[BreathSeen] = []
        while self._pending and t_s - self._pending[0][0] >= _LOOK_S:
            at_s, i = self._pending.popleft()
            seen += self._turning(i, at_s, t_s)
        return seen

    def _turning(self, i: int, at_s: float, now_s: float) -> list[BreathSeen]:
        period, turned = _PERIODS[i], self._turned[i]
        if turned and at_s - turned[-1].t_s < _REFRACTORY * period:
            return []
        turned.append(_Turning(self._dated(i, at_s, now_s), self._swing_deg(i)))
        if i != self._best:
            return []
        return list(self._tell(now_s))

    def _tell(self, now_s: float) -> Iterator[BreathSeen]:
        period, turned = self.period_s, self._turned[self._best]
        if not self._begun:
            if now_s - self._start_s < _CYCLES * period:
                return
            self._begun = True
            self._last_s = self._first(turned[0].t_s, period)
        for end_s in [turning.t_s for turning in turned]:
            last_s = self._last_s
            if last_s is not None and end_s - last_s < _REFRACTORY * period:
                continue
            self._last_s = end_s
            if last_s is not None:
                yield from self._breath(self._redated(last_s), end_s)

    def _redated(self, start_s: float) -> float:
        """The start of an exhale once more, now that all of the breath has been seen."""
        x, y = self._axis
        t_s, deeper, sideways = np.array(self._track).T
        dated_s = self._turnings.date(t_s, x * deeper + y * sideways, start_s, self.period_s)
        self._dates[start_s] = dated_s
        turned = self._turned[self._best]
        for k, turning in enumerate(turned):
            if turning.t_s == start_s:
                turned[k] = _Turning(dated_s, turning.swing_deg)
        return dated_s

    def _first(self, second_s: float, period: float) -> float | None:
        """When the first exhale began, a breath before the second one, if in the hold at all."""
        first_s = second_s - period
        if first_s < self._start_s - 0.3 * period:
            return None
        low, high = first_s - 0.25 * period, first_s + 0.25 * period
        return self._lowest(max(low, self._start_s), max(high, self._start_s + 0.4))

    def _breath(self, start_s: float, end_s: float) -> Iterator[BreathSeen]:
        tilt = (self._value(end_s) - self._value(start_s)) / (end_s - start_s)
        quarter = 0.15 * (end_s - start_s)
        top_s = self._lowest(start_s + quarter, end_s - quarter, tilt=tilt, sign=-1.0)
        depth = self._value(top_s) - self._value(start_s)
        if depth - tilt * (top_s - start_s) < FLOOR_DEG:
            return
        self.seen += 1
        self._ratios.append((top_s - start_s) / (end_s - top_s))
        yield BreathSeen(self.seen, start_s, top_s, end_s, depth)

    def _swing_deg(self, i: int) -> float:
        bank = self._bank
        return 2.0 * math.hypot(self._along(bank.cos, i), self._along(bank.sin, i)) if bank else 0.0

    def _dated(self, i: int, at_s: float, now_s: float) -> float:
        bank, period = self._bank, _PERIODS[i]
        if bank is None:
            return at_s
        phase = math.atan2(self._along(bank.sin, i), self._along(bank.cos, i))
        beyond = phase - math.copysign(math.pi, phase)
        by_phase = now_s - beyond / (2.0 * math.pi) * period
        by_shape = self._lowest(
            at_s - 0.22 * period,
            min(at_s + 0.15 * period, now_s),
            tilt=self._along(bank.slope, i),
        )
        return 0.5 * (by_phase + by_shape)

    def _lowest(
        self, low_s: float, high_s: float, *, tilt: float = 0.0, sign: float = 1.0
    ) -> float:
        """When the smoothed movement less its tilt is least (or greatest, sign -1) in the span."""
        x, y = self._axis
        span = [(t, x * a + y * b) for t, a, b in self._track if low_s - 0.5 <= t <= high_s + 0.5]
        best_s, best = 0.5 * (low_s + high_s), math.inf
        for k, (t, _) in enumerate(span):
            if not low_s <= t <= high_s:
                continue
            near = span[max(k - 2, 0) : k + 3]
            value = sign * (sum(v for _, v in near) / len(near) - tilt * t)
            if value < best:
                best_s, best = t, value
        return best_s

    def _value(self, at_s: float) -> float:
        x, y = self._axis
        near = [x * a + y * b for t, a, b in self._track if abs(t - at_s) <= 0.45]
        if near:
            return sum(near) / len(near)
        _, a, b = min(self._track, key=lambda point: abs(point[0] - at_s))
        return x * a + y * b
