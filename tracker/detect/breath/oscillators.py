"""Which steady rhythm explains a slowly drifting signal best, and where in its cycle is it?

A bank of Kalman filters, one a period. Each models what a held leg shows as a drifting line (level
and slope: the stretch deepens) plus one rotating vector (the breath), in two directions at once.
The gains of a Kalman filter do not depend on the data, so they are computed once, and a step is a
few short array operations for the whole bank. The period is that of the filter whose prediction
errors are the least likely to be worse: the maximum of the likelihood with the scale of the noise
left free. After Harvey, "Forecasting, Structural Time Series Models and the Kalman Filter" (1989),
chapter 2.3 (stochastic cycle) and 3.4 (likelihood from prediction errors).
"""

from __future__ import annotations

import math
from functools import cache
from typing import NamedTuple

import numpy as np

from tracker.detect.breath.beats import BEAT_S, Point
from tracker.detect.samples import Floats

# 2.4 to 15.8 s, 25 to 3.8 breaths a minute; neighbours 17 % apart, within reach of the phase noise.
PERIODS_S: Floats = 2.4 * np.power(1.17, np.arange(13.0))
# The wander of one breath's length against the next, as a share of the length.
_JITTER = 0.08
# Only ratios matter: half a degree of breath against sway of 0.2 degrees that has a memory of a
# second (2.5 beats), so that independent noise of the same effect is 2.5 times its variance.
_AMPLITUDE_DEG, _NOISE_DEG2 = 0.5, 0.1
# The line: level wanders little, the slope loses its value within tens of seconds.
_LEVEL_DEG2_S, _SLOPE_DEG2_S3 = 4e-4, 2.5e-5
_START_LEVEL_DEG2, _START_SLOPE = 9.0, 0.3**2
# The gains have settled long before.
_GAINS = 300
# A jerk must not throw the phase: after two seconds an error counts up to four times the usual one
# and half a degree.
_SCALE_KNOWN, _LIMIT, _LEAST_LIMIT_DEG = 5.0, 4.0, 0.5
# The likelihood of 40 s counts.
_FORGET = math.exp(-BEAT_S / 40.0)
_FORGOTTEN = np.array(_FORGET)


class Gains(NamedTuple):
    """By step: gains of the state (4, 2 n), and each filter's predicted error variance (n,)."""

    state: list[Floats]
    inverse: list[Floats]
    log: list[Floats]


@cache
def _gains() -> Gains:
    turn = 2.0 * np.pi / PERIODS_S * BEAT_S
    n = len(PERIODS_S)
    move = np.zeros((n, 4, 4))
    move[:, 0, 0] = move[:, 1, 1] = 1.0
    move[:, 0, 1] = BEAT_S
    move[:, 2, 2] = move[:, 3, 3] = np.cos(turn)
    move[:, 2, 3], move[:, 3, 2] = -np.sin(turn), np.sin(turn)
    wander = _AMPLITUDE_DEG**2 * (_JITTER * 2.0 * np.pi) ** 2 * BEAT_S / PERIODS_S / 2.0
    drift = np.zeros((n, 4, 4))
    drift[:, 0, 0], drift[:, 1, 1] = _LEVEL_DEG2_S * BEAT_S, _SLOPE_DEG2_S3 * BEAT_S
    drift[:, 2, 2] = drift[:, 3, 3] = wander
    sees = np.array([1.0, 0.0, 1.0, 0.0])
    spread = np.zeros((n, 4, 4))
    spread[:] = np.diag([_START_LEVEL_DEG2, _START_SLOPE, _AMPLITUDE_DEG**2, _AMPLITUDE_DEG**2])
    gains, variances = np.zeros((_GAINS, n, 4)), np.zeros((_GAINS, n))
    for k in range(_GAINS):
        if k:
            spread = move @ spread @ move.transpose(0, 2, 1) + drift
        seen = spread @ sees
        variances[k] = seen @ sees + _NOISE_DEG2
        gains[k] = seen / variances[k][:, None]
        spread = spread - gains[k][:, :, None] * seen[:, None, :]
    both_ways = np.concatenate([gains, gains], axis=1).transpose(0, 2, 1)
    return Gains(
        list(np.ascontiguousarray(both_ways)), list(1.0 / variances), list(np.log(variances))
    )


@cache
def _motion() -> tuple[Floats, Floats]:
    """What a step makes of each row of the state, by itself and by its partner: (4, 2 n) each."""
    turn = np.tile(2.0 * np.pi / PERIODS_S * BEAT_S, 2)
    one, none = np.ones(len(turn)), np.zeros(len(turn))
    own = np.array([one, one, np.cos(turn), np.cos(turn)])
    partner = np.array([BEAT_S * one, none, -np.sin(turn), np.sin(turn)])
    return own, partner


class Oscillators:
    """Follows a point (deepening, sideways) in degrees, one beat (0.4 s) at a time."""

    def __init__(self, first: Point) -> None:
        n = len(PERIODS_S)
        self._gains, self._motion = _gains(), _motion()
        # Rows level, slope, cos, sin; columns the filters for one direction, then for the other.
        # Two of them are a pair. One array, since a step costs as many calls as it has parts.
        self._state: Floats = np.zeros((4, 2 * n))
        self._state[0] = np.repeat(first, n)
        self._partners = np.array([1, 0, 3, 2])
        self.beats = 0
        self._seen = 0
        self._weight = 0.0
        # Of each filter: squared errors in units of their variance, and its logarithm.
        self._scores: Floats = np.repeat([[1e-9], [0.0]], n, axis=1)
        self._errors, self._logs = self._scores

    def cos(self, i: int) -> Point:
        """Filter i's breath, both ways."""
        return self._both_ways(2, i)

    def sin(self, i: int) -> Point:
        """A quarter of a breath before."""
        return self._both_ways(3, i)

    def _both_ways(self, row: int, i: int) -> Point:
        return self._state.item(row, i), self._state.item(row, len(PERIODS_S) + i)

    def turn(self) -> None:
        """One beat on, without looking."""
        self.beats += 1
        own, partner = self._motion
        partners: Floats = self._state.take(self._partners, 0)
        partners *= partner
        self._state *= own
        self._state += partners

    def look(self, point: Point) -> None:
        """Correct all filters by the point and score their predictions."""
        gains, k, n = self._gains, min(self._seen, _GAINS - 1), len(self._errors)
        self._seen += 1
        error = np.array(point).repeat(n)
        error -= self._state[0]
        error -= self._state[2]
        if self._weight > _SCALE_KNOWN:
            noise_deg = self.noise_deg(int(self._errors.argmin()))
            most = np.array(_LEAST_LIMIT_DEG + _LIMIT * noise_deg)
            np.minimum(error, most, out=error)
            np.maximum(error, -most, out=error)
        self._state += gains.state[k] * error
        error *= error
        squares = error[:n]
        squares += error[n:]
        squares *= gains.inverse[k]
        self._weight = _FORGET * self._weight + 1.0
        self._scores *= _FORGOTTEN
        self._errors += squares
        self._logs += gains.log[k]

    def costs(self) -> list[float]:
        """Minus twice the log likelihood of each filter, up to a constant."""
        logs: list[float] = self._logs.tolist()
        return [
            self._weight * math.log(errors) + log
            for errors, log in zip(self._errors.tolist(), logs, strict=True)
        ]

    def noise_deg(self, i: int) -> float:
        """Root mean square of what filter i did not expect."""
        if self._weight == 0.0:
            return 0.0
        return math.sqrt(self._errors.item(i) * _NOISE_DEG2 / self._weight)
