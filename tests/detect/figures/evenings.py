"""What is taken for a stretch of an evening without one?

`python -m tests.detect.figures.evenings 1000 1100` simulates an hour at home for each of these
seeds, the last one excluded, and prints every hold that was told in it.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

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
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        found = [line for part in pool.map(false_holds, seeds) for line in part]
    yield from found
    yield f"{len(found)} in {len(seeds)} hours"


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Print what is told of evenings without a stretch."
    )
    parser.add_argument("first", type=int, help="the first seed")
    parser.add_argument("end", type=int, help="one more than the last seed")
    asked = parser.parse_args()
    for line in lines(range(asked.first, asked.end)):
        print(line, flush=True)  # noqa: T201 - a command that prints


if __name__ == "__main__":
    main()
