"""Sessions of wearers with other habits than the scripted one: how they rest, how far they get."""

from __future__ import annotations

from dataclasses import replace

import pytest

from firmware_sim import routine
from firmware_sim.motion import scripted
from firmware_sim.script import Pose
from firmware_sim.truth import Truth
from firmware_sim.wearer import Wearer, _Joint, _Way
from tracker.detect.events import Event, HoldEnded, Rep
from tracker.detect.samples import Block
from tracker.detect.session import Session

SEEDS = (1, 2, 3, 4, 5)


class KneesUp(Wearer):
    """Rests on the back with the knees up, the feet on the floor, and is never flat there."""

    def _lie_back(self) -> None:
        bent = self._about(90.0, 15.0)
        self._supine = Pose(
            hip_flexion=45.0 + (bent - 90.0) / 2.0,
            fall_out=0.0,
            knee=bent,
            rotation=self._about(3.0, 5.0),
            effort=0.02,
        )
        self._move(self._span(1.6, 2.6), replace(self._supine, pitch=90.0))

    def _inner_thigh(self) -> _Way:
        way = super()._inner_thigh()
        return replace(way, enter=replace(way.enter, knee=4.0))


class Tight(Wearer):
    """Gets the leg up by 30 degrees, or less."""

    def _hamstring(self) -> _Way:
        straight = self._about(8.0, 4.0)
        enter = Pose(hip_flexion=self._about(38.0, 3.0), knee=straight + 50.0, effort=0.25)
        lift = _Joint("knee", straight + 50.0, straight)
        return _Way("hamstring", replace(enter, tremor=2.0), lift, "hip_flexion", self._supine)


def told(
    wearer: type[Wearer], seed: int, monkeypatch: pytest.MonkeyPatch
) -> tuple[Truth, list[Event]]:
    monkeypatch.setattr(routine, "Wearer", wearer)
    motion = scripted(seed, (480.0, None)[seed % 2])
    samples = motion.read(float("inf"))
    session = Session("band1")
    events = session.receive(Block(samples.t_s, samples.acc_g))
    return motion.truth, events + session.close()


@pytest.mark.parametrize("wearer", [KneesUp, Tight])
@pytest.mark.parametrize("seed", SEEDS)
def test_every_hold_is_named_and_every_straightening_told_whatever_the_habit(
    wearer: type[Wearer], seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth, events = told(wearer, seed, monkeypatch)
    found = [event for event in events if isinstance(event, HoldEnded)]
    assert [(h.stretch, h.side) for h in found] == [(h.stretch, h.side) for h in truth.holds]
    for mine, theirs in zip(found, truth.holds, strict=True):
        assert mine.start_s == pytest.approx(theirs.start_s, abs=0.6)
        assert mine.end_s == pytest.approx(theirs.end_s, abs=0.6)
        assert mine.angle_deg == pytest.approx(theirs.angle_deg, abs=12.0)
    tops_s = [event.top_s for event in events if isinstance(event, Rep)]
    assert tops_s == pytest.approx([rep.top_s for rep in truth.reps], abs=1.0)
