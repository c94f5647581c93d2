from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from tests.detect.leg import BACK, SESSION, Pose, raised, samples
from tracker.detect.events import HoldDropped, HoldEnded, HoldStarted
from tracker.detect.motion.orientation import STEP_S, Steps
from tracker.detect.samples import Block
from tracker.detect.session import Session, Settings
from tracker.detect.trace import Departed, Discarded, Holding, Note, Stopped, Strayed


@dataclass
class Heard:
    """A trace that keeps everything."""

    steps: list[Steps] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def saw(self, steps: Steps) -> None:
        self.steps.append(steps)

    def told(self, note: Note) -> None:
        self.notes.append(note)


SLIP = (*SESSION[:2], Pose(raised(70), 12.0), Pose(raised(62), 0.3, move_s=0.5))
SLIPPING = (*SLIP, Pose(raised(70), 15.0, move_s=0.5), Pose(BACK, 6.0))
DEFAULT = Settings()


def fold(block: Block, size: int, choice: Settings = DEFAULT) -> tuple[Heard, list[object]]:
    heard = Heard()
    session = Session("band", settings=choice, trace=heard)
    events: list[object] = []
    for first in range(0, len(block), size):
        events += session.receive(block.between(first, first + size))
    return heard, events + list(session.close())


def test_being_watched_changes_no_event() -> None:
    block = samples(SLIPPING, breath_deg=1.5)
    session = Session("band")
    assert fold(block, 500)[1] == session.receive(block) + session.close()


@pytest.mark.parametrize("size", [7, 10_000])
def test_every_step_is_seen_once_also_over_a_fresh_start(size: int) -> None:
    block = samples([*SESSION, Pose(BACK, 30.0)], breath_deg=1.5)
    heard, _ = fold(block, size, Settings(session_gap_s=5.0))
    numbers = [s.first + i for s in heard.steps for i in range(len(s.rate))]
    assert numbers == sorted(set(numbers))
    missed = set(range(numbers[0], numbers[-1])) - set(numbers)
    assert len(missed) <= 3  # what the fresh start needs to fill its first step
    assert numbers[-1] * STEP_S == pytest.approx(block.t_s[-1], abs=0.2)
    assert all(s.up.shape == (3, len(s.rate)) for s in heard.steps)


def test_each_bound_of_a_hold_has_its_reason() -> None:
    heard, events = fold(samples(SESSION, breath_deg=1.5), 100)
    (started,) = (event for event in events if isinstance(event, HoldStarted))
    (ended,) = (event for event in events if isinstance(event, HoldEnded))
    names = [n.stretch.name if n.stretch else None for n in heard.notes if isinstance(n, Stopped)]
    assert names == [None, None, "hamstring", None]
    (holding,) = (note for note in heard.notes if isinstance(note, Holding))
    assert holding.held.hold_id == started.hold_id
    left = [note for note in heard.notes if isinstance(note, Departed)]
    assert ended.end_s in [pytest.approx(note.end_s, abs=0.001) for note in left]


def test_a_slip_that_returns_is_told_from_its_first_step_to_its_last() -> None:
    heard, events = fold(samples(SLIPPING, breath_deg=1.5), 100)
    (ended,) = (event for event in events if isinstance(event, HoldEnded))
    away = [n.t_s for n in heard.notes if isinstance(n, Strayed) and n.away]
    slipped = [t_s for t_s in away if t_s < ended.end_s - 1.0]
    assert 0.2 <= slipped[-1] - slipped[0] <= 2.0


def test_a_dropped_hold_says_why() -> None:
    short = samples([*SESSION[:2], Pose(raised(70), 3.5), Pose(BACK, 6.0)], breath_deg=1.5)
    lifeless = samples([*SESSION[:2], Pose(raised(70), 20.0), Pose(BACK, 6.0)], noise_g=0.0)
    up = lifeless.acc_g / np.linalg.norm(lifeless.acc_g, axis=1, keepdims=True)
    inside = (lifeless.t_s > 23.2) & (lifeless.t_s < 42.0)
    up[inside] = np.array(raised(70))
    still = Block(lifeless.t_s, up + np.random.default_rng(1).normal(0.0, 0.002, up.shape))
    for block, why in ((short, "short"), (still, "lifeless")):
        heard, events = fold(block, 100)
        dropped = [event for event in events if isinstance(event, HoldDropped)]
        assert dropped
        told = {n.hold_id: n.why for n in heard.notes if isinstance(n, Discarded)}
        assert told[dropped[0].hold_id] == dropped[0].reason == why
