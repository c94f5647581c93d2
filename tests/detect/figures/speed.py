"""How many samples a second, and for how much memory? `make bench` prints the tables of the docs.

Stream: blocks of 25 samples, as a band sends them. Batch: the same samples as large blocks, without
reading a file. The first table has the compiled detector too, where `--compiled` says which folder
it is installed in; all others are of the one in Python.

All times are processor time, the best of several runs, since other work on the machine only adds.
"""

from __future__ import annotations

import argparse
import time
import tracemalloc
from pathlib import Path

from tests.detect.figures.beside import beside
from tests.detect.figures.by_turns import Folding, speeds
from tests.detect.figures.cases import (
    BATCH,
    CASES,
    RATE_HZ,
    STREAM,
    after_one_another,
    cut,
    day,
    stretching,
)
from tests.detect.figures.score import table
from tests.detect.leg import BACK, Pose, raised, samples
from tracker.detect.samples import Block
from tracker.detect.session import Session

HOURS = (1, 6, 24)
BLOCKS = {STREAM: "blocks of 25", BATCH: "large blocks"}


def shown_a_second(case: str, runs: int = 3) -> float:
    """Samples a second as a stream whose points a display takes after each block."""
    blocks = cut(CASES[case][STREAM](), STREAM)
    best_s = float("inf")
    for _ in range(runs):
        session = Session("band")
        began = time.process_time()
        for block in blocks:
            session.receive(block)
            session.take_live()
        best_s = min(best_s, time.process_time() - began)
    return sum(map(len, blocks)) / best_s


def us_a_sample(block: Block, parts: int, runs: int = 3) -> list[float]:
    """What a sample costs as a stream in each of equal parts of one session, microseconds."""
    blocks = cut(block, STREAM)
    each = len(blocks) // parts
    best = [float("inf")] * parts
    for _ in range(runs):
        session = Session("band")
        for k in range(parts):
            began = time.process_time()
            for part in blocks[k * each : (k + 1) * each]:
                session.receive(part)
            took = time.process_time() - began
            best[k] = min(best[k], took / (each * STREAM) * 1e6)
    return best


def most_bytes(hours: int) -> int:
    """The most memory that the detector holds while it is given so many hours, one at a time."""
    hour, session, most = day(1.0), Session("band"), 0
    session.receive(hour)
    for k in range(1, hours + 1):
        later = Block(hour.t_s + k * (float(hour.t_s[-1]) + 1.0), hour.acc_g)
        tracemalloc.start()
        session.receive(later)
        most = max(most, tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    return most


def tell(*lines: str) -> None:
    print(*lines, sep="\n", flush=True)  # noqa: T201 - a command that prints tables


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--compiled", type=Path, help="where the compiled detector is installed")
    compiled = options.parse_args().compiled
    foldings = [Folding(), *([] if compiled is None else [Folding(compiled)])]
    tell(*table(_head(foldings), (_speeds(foldings, case) for case in CASES)))
    for folding in foldings:
        folding.end()

    shown = ([case, _digits(shown_a_second(case))] for case in CASES)
    tell("", *table(("a display takes points after each block", "blocks of 25, Python"), shown))

    hold = samples((Pose(BACK, 10.0), Pose(raised(70), 3600.0)), breath_deg=1.0)
    session = after_one_another([stretching()] * 6)
    sixths = ("µs a sample, by sixths", "1st", "2nd", "3rd", "4th", "5th", "6th")
    long = {"a hold of an hour": hold, "a session of six routines": session}
    costs = ([name, *(f"{us:.1f}" for us in us_a_sample(long[name], 6))] for name in long)
    tell("", *table(sixths, costs))

    most = [f"{most_bytes(hours) / 1e6:.1f} MB" for hours in HOURS]
    tell("", *table(("", *(f"{n} h" for n in HOURS)), [["most memory of the detector", *most]]))

    tell("", *beside(day(1.0), hold.between(0, 600 * round(RATE_HZ))))


def _head(foldings: list[Folding]) -> list[str]:
    """What the columns of `_speeds` are."""
    many = len(foldings) > 1
    names = [*(folding.name for folding in foldings), *(["ratio"] if many else [])]
    return ["", *(f"{blocks}, {name}" for blocks in BLOCKS.values() for name in names)]


def _speeds(foldings: list[Folding], case: str) -> list[str]:
    row = [case]
    for size in BLOCKS:
        best, ratio = speeds(foldings, case, size)
        row += [_digits(speed) for speed in best]
        row += [f"{ratio:.2f}"] if len(foldings) > 1 else []
    return row


def _digits(speed: float) -> str:
    """Three of them are what a run of a minute can tell."""
    return f"{round(speed, 2 - len(str(int(speed))) + 1):,.0f}"


if __name__ == "__main__":
    main()
