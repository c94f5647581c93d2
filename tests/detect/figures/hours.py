"""What is common to the commands that simulate hours in which no stretch is held."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

from tracker.detect.events import Event, Worn

Hour = TypeVar("Hour")


def simulated(hour: Callable[[int], Hour], seeds: range) -> list[Hour]:
    """One for each seed, on all processors."""
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        return list(pool.map(hour, seeds))


def not_worn_s(events: Iterable[Event], end_s: float) -> float:
    """For how long it was known that the band is not worn."""
    told_s, since_s = 0.0, end_s
    for event in events:
        if isinstance(event, Worn):
            # It is found out anew when nothing went on for long, and told once more.
            told_s += max(event.t_s - since_s, 0.0)
            since_s = end_s if event.worn else event.t_s
    return told_s + end_s - since_s


def command(says: str, lines: Callable[[range], Iterable[str]]) -> None:
    """Print the lines for the seeds that the command line asks for."""
    parser = argparse.ArgumentParser(description=says)
    parser.add_argument("first", type=int, help="the first seed")
    parser.add_argument("end", type=int, help="one more than the last seed")
    asked = parser.parse_args()
    for line in lines(range(asked.first, asked.end)):
        print(line, flush=True)  # noqa: T201 - a command that prints
