"""What a session is: the four stretches on both legs in a given time, and the truth about it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final

import numpy as np

from firmware_sim import truth
from firmware_sim.body import Body
from firmware_sim.script import Floats, Pose, Script
from firmware_sim.truth import Side, Stretch
from firmware_sim.wearer import (
    EASY_HOLD_S,
    LEAST_HOLD_S,
    MOST_REPS,
    STRIDE_HZ,
    Planned,
    Tempo,
    Wearer,
)

EDGE_DEG_S: Final = 5.0  # the contract's bound of a hold: the tilt of gravity is faster than this
LEAST_SESSION_S: Final = 120.0  # four stretches on both legs in a rush, without reps
FULL_ROUND_S: Final = 900.0  # longer sessions go through both legs again
_REP_HOLD_S: Final = 9.0  # reps are left out before holds get shorter than this


class Routine:
    """One session that can be played: a body that follows it, and the truth about it."""

    def __init__(self, seed: int, tempo: Tempo, duration_s: float | None = None) -> None:
        wearer = Wearer(seed, tempo)
        wearer.session()
        self.duration_s = wearer.t_s if duration_s is None else duration_s
        self._log = wearer.log
        until_s = max(wearer.t_s, self.duration_s) + 1.0
        self.body = Body(wearer.script, seed, until_s, wearer.log.jolts, STRIDE_HZ)

    @classmethod
    def fitted(cls, seed: int, total_s: float | None = None) -> Routine:
        """A session that takes `total_s` in all; at ease, 30-45 s a hold, when that is None.

        Shorter sessions have shorter holds and rests, then no reps; longer ones go through both
        legs again. Raises ValueError below LEAST_SESSION_S.
        """
        if total_s is None:
            return cls(seed, Tempo(1.0, MOST_REPS))
        if not LEAST_SESSION_S <= total_s < float("inf"):
            raise ValueError(
                f"a session of {total_s:g} s: four stretches on both legs take at least "
                f"{LEAST_SESSION_S:g} s"
            )
        return cls(seed, _fit(seed, total_s), total_s)

    def truth_on(self, clock: Callable[[float], float], rate_hz: float) -> truth.Truth:
        """What happened, on a clock that is given as a function of the leg's time."""
        log = self._log
        return truth.Truth(
            holds=tuple(self._held(planned, clock) for planned in log.holds),
            reps=tuple(
                truth.Rep(clock(r.start_s), clock(r.top_s), clock(r.end_s)) for r in log.reps
            ),
            rests=tuple(_span_on(clock, span) for span in log.rests),
            off_leg=tuple(_span_on(clock, span) for span in log.off_leg),
            rate_hz=rate_hz,
            duration_s=clock(self.duration_s),
        )

    def _held(self, planned: Planned, clock: Callable[[float], float]) -> truth.Hold:
        start_s = self._fast_s(planned.rise_s, planned.middle_s)[-1]
        end_s = self._fast_s(planned.middle_s, planned.released_s)[0]
        up = self.body.leg_up(np.linspace(start_s + 0.5, end_s - 0.5, 100)).mean(axis=0)
        breaths = tuple(_breath_on(clock, breath) for breath in planned.breaths)
        return truth.Hold(
            start_s=clock(start_s),
            end_s=clock(end_s),
            duration_s=clock(end_s - start_s),
            stretch=planned.stretch,
            side=planned.side,
            breaths=breaths,
            rate_bpm=60.0 * len(breaths) / (breaths[-1].end_s - breaths[0].exhale_s),
            amp_deg=float(np.mean([breath.depth for breath in breaths])),
            gain_deg=planned.gain_deg,
            angle_deg=_angle_deg(planned.stretch, planned.side, up),
        )

    def _fast_s(self, from_s: float, to_s: float) -> tuple[float, float]:
        """The first and the last time between the two that the tilt is too fast for a hold."""
        coarse_s, fine_s = np.arange(from_s, to_s, 0.02), np.arange(-0.02, 0.02, 0.0005)
        fast_s = coarse_s[self._tilt_rate(coarse_s) > EDGE_DEG_S]
        first_s, last_s = fast_s[0] + fine_s, fast_s[-1] + fine_s
        first = first_s[self._tilt_rate(first_s) > EDGE_DEG_S][0]
        return float(first), float(last_s[self._tilt_rate(last_s) > EDGE_DEG_S][-1])

    def _tilt_rate(self, t_s: Floats) -> Floats:
        """Degrees a second that the vertical turns in the leg's axes."""
        up = self.body.leg_up(np.concatenate([t_s - 0.001, t_s + 0.001]))
        chord = np.linalg.norm(up[len(t_s) :] - up[: len(t_s)], axis=1)
        return np.asarray(np.degrees(chord) / 0.002, np.float64)


def _angle_deg(stretch: Stretch, side: Side, up: Floats) -> float:
    """How deep, from the direction of up in the leg's axes (the contract's table)."""
    x, y, z = up / np.linalg.norm(up)
    forward = x if side == "right" else -x
    match stretch:
        case "hamstring":
            return float(np.degrees(np.arcsin(-y)))
        case "inner_thigh":
            return float(np.degrees(np.arctan2(-z, np.hypot(x, y))))
        case "prone_quad":
            return float(np.degrees(np.arctan2(-y, -forward)))
        case "standing_quad":
            return float(np.degrees(np.arctan2(-forward, y)))


class _Unwritten(Script):
    """For who asks only how long a session is: no time in it depends on where the leg is."""

    def move(self, start_s: float, end_s: float, pose: Pose) -> None:
        """Leave it out."""


def _length_s(seed: int, tempo: Tempo) -> float:
    wearer = Wearer(seed, tempo)
    wearer.script = _Unwritten()
    wearer.session()
    return wearer.t_s


@cache
def _fit(seed: int, total_s: float) -> Tempo:
    """The tempo whose session takes just under `total_s`."""
    rounds = max(1, round(total_s / FULL_ROUND_S))
    for reps in range(MOST_REPS, -1, -1):
        least = (_REP_HOLD_S - LEAST_HOLD_S) / (EASY_HOLD_S - LEAST_HOLD_S) if reps else -1.0
        if _length_s(seed, Tempo(least, reps, rounds)) <= total_s:
            break
    slow, quick = 40.0, least
    for _ in range(40):
        middle = (slow + quick) / 2
        if _length_s(seed, Tempo(middle, reps, rounds)) <= total_s:
            quick = middle
        else:
            slow = middle
    return Tempo(quick, reps, rounds)


def _span_on(clock: Callable[[float], float], span: truth.Span) -> truth.Span:
    return truth.Span(span.label, clock(span.start_s), clock(span.end_s))


def _breath_on(clock: Callable[[float], float], breath: truth.Breath) -> truth.Breath:
    exhale_s, exhale_end_s = clock(breath.exhale_s), clock(breath.exhale_end_s)
    return truth.Breath(exhale_s, exhale_end_s, clock(breath.end_s), breath.depth)
