"""What is taken for a stretch of an evening without one?

`python -m tests.detect.figures.evenings 1000 1100` simulates an hour at home for each of these
seeds, the last one excluded, and prints every hold that was told in it, and how long the band was
told as not worn.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.detect.figures.hours import command, not_worn_s, simulated
from tests.detect.generated import evening
from tracker.detect.events import Event, HoldEnded
from tracker.detect.samples import Block
from tracker.detect.session import Session


def told(block: Block) -> list[HoldEnded]:
    return _holds(_stated(block))


def false_holds(seed: int) -> list[str]:
    return _looked_at(seed)[0]


def lines(seeds: range) -> Iterator[str]:
    evenings = simulated(_looked_at, seeds)
    found = [line for holds, _ in evenings for line in holds]
    yield from found
    share = sum(not_worn for _, not_worn in evenings) / len(evenings)
    yield f"{len(found)} in {len(seeds)} hours, told as not worn {share:.1%}"


def _looked_at(seed: int) -> tuple[list[str], float]:
    """The holds, and for what share of the time the band was told as not worn."""
    block = evening(seed)
    events, end_s = _stated(block), block.t_s.item(-1)
    holds = [
        f"seed {seed} at {hold.start_s:.0f} s: {hold.stretch} {hold.side}, {hold.duration_s:.0f} s"
        for hold in _holds(events)
    ]
    return holds, not_worn_s(events, end_s) / end_s


def _stated(block: Block) -> list[Event]:
    detector = Session("band")
    return detector.receive(block) + detector.close()


def _holds(events: list[Event]) -> list[HoldEnded]:
    return [event for event in events if isinstance(event, HoldEnded)]


if __name__ == "__main__":
    command("Print what is told of evenings without a stretch.", lines)
