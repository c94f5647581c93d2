"""Samples that can make nothing sure wait for the next ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.detect.leg import SESSION, STANDING, Pose, samples
from tracker.detect.events import Breath, Event, HoldEnded, HoldStarted, TargetReached
from tracker.detect.samples import Block
from tracker.detect.session import Session, Settings
from tracker.recordings import read

AT_ONCE = (HoldStarted, HoldEnded, Breath, TargetReached)
BREATHING = samples((*SESSION, Pose(STANDING, 8.0)), breath_deg=1.5)
RECORDINGS = sorted((Path(__file__).parent / "recordings").glob("*.csv.gz"))
CHOICE = Settings(target_s=10.0)


def pieces(block: Block, size: int = 25) -> Iterator[Block]:
    return (block.between(first, first + size) for first in range(0, len(block), size))


def watched() -> Session:
    """One that folds each sample at once, since a display looks at it."""
    session = Session("band", 1, CHOICE)
    session.take_live()
    return session


def told_by(session: Session, block: Block, size: int) -> list[list[Event]]:
    """What is told with each piece, and at the end."""
    return [*(session.receive(piece) for piece in pieces(block, size)), session.close()]


@pytest.mark.parametrize("size", [7, 25])
@pytest.mark.parametrize("block", [BREATHING, *(Block.join(list(read(f))) for f in RECORDINGS)])
def test_what_waits_delays_no_hold_and_no_breath(block: Block, size: int) -> None:
    waiting, at_once = Session("band", 1, CHOICE), watched()
    told, soonest = told_by(waiting, block, size), told_by(at_once, block, size)
    assert [e for some in told for e in some] == [e for some in soonest for e in some]
    for some, same in zip(told, soonest, strict=True):
        assert [e for e in some if isinstance(e, AT_ONCE)] == [
            e for e in same if isinstance(e, AT_ONCE)
        ]


@pytest.mark.inside
def test_what_waits_is_folded_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    folded: list[Session] = []
    fold = Session._run

    def counted(self: Session, block: Block, events: list[Event]) -> int:
        folded.append(self)
        return fold(self, block, events)

    monkeypatch.setattr(Session, "_run", counted)
    waiting, at_once = Session("band", 1, CHOICE), watched()
    for piece in pieces(BREATHING):
        waiting.receive(piece)
        at_once.receive(piece)
    assert folded.count(at_once) == -(-len(BREATHING) // 25)
    assert folded.count(waiting) < 0.6 * folded.count(at_once)


@pytest.mark.parametrize("count", range(20, 100, 9))
def test_the_wearer_is_obeyed_at_the_last_sample_that_came(count: int) -> None:
    before, after = BREATHING.between(0, 25 * count), BREATHING.between(25 * count)
    waiting, at_once = Session("band", 1, CHOICE), Session("band", 1, CHOICE)
    told = [event for piece in pieces(before) for event in waiting.receive(piece)]
    told += waiting.end_hold("pain")
    same = at_once.receive(before) + at_once.end_hold("pain")
    assert told == same
    waiting.set_side("left")
    at_once.set_side("left")
    told += [event for piece in pieces(after) for event in waiting.receive(piece)]
    assert told + waiting.close() == same + at_once.receive(after) + at_once.close()
