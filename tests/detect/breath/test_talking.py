"""Who talks in a hold breathes in phrases, which have no rhythm: hardly any rate is told."""

from __future__ import annotations

import math

import pytest

from firmware_sim import routine, truth
from firmware_sim.script import Pose
from firmware_sim.wearer import Wearer, _Way
from tests.detect.breath.rates import rates_off_bpm


class Talking(Wearer):
    """Phrases of 3 to 12 s, deeper the longer they last, each after a quick inhale."""

    def _hold(self, way: _Way) -> tuple[float, list[truth.Breath], float]:
        hold_s, settle_s = self._span(30.0, 45.0, rush=0.15), self._span(0.6, 1.2)
        middle_s = self._t + hold_s / 2
        self._t += settle_s
        phrases_s: list[float] = []
        while sum(phrases_s) < hold_s - settle_s - 3.0:
            phrases_s.append(float(self._rng.uniform(3.0, 12.0)))
        scale = (hold_s - settle_s) / sum(phrases_s)
        depth, gain = self._rng.uniform(0.7, 1.4), self._rng.uniform(0.5, 4.0) / len(phrases_s)
        track = getattr(self.script, way.breathes)
        before = track.last
        breaths = [self._breath(way.breathes, s * scale, depth, gain) for s in phrases_s]
        return middle_s, breaths, track.last - before

    def _breath(self, joint: str, cycle_s: float, depth: float, gain: float) -> truth.Breath:
        start_s = self._t
        deep = depth * self._rng.uniform(0.8, 1.2) * math.sqrt(cycle_s / 6.0)
        inhale_s = self._rng.uniform(0.8, 1.3)
        from_deg: float = getattr(self.script, joint).last
        self._move(cycle_s - inhale_s, Pose(**{joint: from_deg + deep}))
        top_s = self._t
        self._move(inhale_s, Pose(**{joint: from_deg + min(gain, 0.5 * deep)}))
        self._t = start_s + cycle_s
        return truth.Breath(start_s, top_s, self._t, float(deep))


def test_of_the_holds_of_a_simulated_leg_whose_wearer_talks_few_have_a_wrong_rate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(routine, "Wearer", Talking)
    off_bpm = [off for seed in range(6) for off in rates_off_bpm(seed)]
    wrong = [off for off in off_bpm if off is not None and off > 0.5]
    assert len(off_bpm) > 40
    assert len(wrong) <= 0.3 * len(off_bpm)
