"""What is taken for a stretch of an evening without one?

`python -m tests.detect.figures.evenings 1000 1100` simulates an hour at home for each of these
seeds, the last one excluded, and prints every hold that was told in it.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.detect.figures.hours import command, simulated
from tests.detect.generated import evening
from tracker.detect.events import HoldEnded
from tracker.detect.samples import Block
from tracker.detect.session import Session


def told(block: Block) -> list[HoldEnded]:
    detector = Session("band")
    events = detector.receive(block) + detector.close()
    return [event for event in events if isinstance(event, HoldEnded)]


def false_holds(seed: int) -> list[str]:
    return [
        f"seed {seed} at {hold.start_s:.0f} s: {hold.stretch} {hold.side}, {hold.duration_s:.0f} s"
        for hold in told(evening(seed))
    ]


def lines(seeds: range) -> Iterator[str]:
    found = [line for hour in simulated(false_holds, seeds) for line in hour]
    yield from found
    yield f"{len(found)} in {len(seeds)} hours"


if __name__ == "__main__":
    command("Print what is told of evenings without a stretch.", lines)
