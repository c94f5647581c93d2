"""How many samples a second, and for how much memory? `make bench` prints the tables of the docs.

Stream: blocks of 25 samples, as a band sends them. Batch: the same samples as large blocks, without
reading a file. Sitting and walking are what a day is made of; the holds are where the work is.

All times are processor time, the best of several runs, since other work on the machine only adds.
"""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import numpy as np

from firmware_sim.motion import scripted
from tests.detect.figures.beside import beside
from tests.detect.figures.score import table
from tests.detect.leg import BACK, Pose, raised, samples
from tracker.detect.samples import Block
from tracker.detect.session import Session
from tracker.recordings import read

RATE_HZ = 50.0
STREAM, BATCH = 25, 200_000
HOURS = (1, 6, 24)


def resting(duration_s: float) -> Block:
    """A leg that stands, with a sensor's noise."""
    t_s = np.arange(0.0, duration_s, 1.0 / RATE_HZ)
    acc = np.random.default_rng(1).normal([0.0, 1.0, 0.0], 0.003, (len(t_s), 3))
    return Block(t_s, acc)


def walking(duration_s: float) -> Block:
    """A shank that swings 25 degrees either way once a second, with heel strikes."""
    still = resting(duration_s)
    swing = 0.44 * np.sin(2.0 * np.pi * still.t_s)
    strike = 0.5 * np.maximum(np.sin(2.0 * np.pi * still.t_s), 0.0) ** 20
    turned = np.column_stack([np.sin(swing), np.cos(swing) + strike, 0.0 * swing])
    return Block(still.t_s, still.acc_g - [0.0, 1.0, 0.0] + turned)


def stretching() -> Block:
    """A whole routine: straightenings and eight holds."""
    motion = scripted(1).read(float("inf"))
    return Block(motion.t_s, motion.acc_g)


def day(hours: float) -> Block:
    """Mostly at rest, an hour in twelve on foot, ten minutes of stretching."""
    routine = stretching()
    parts = [walking(hours * 300.0), routine, resting(hours * 3300.0 - 600.0)]
    return after_one_another(parts)


def after_one_another(parts: list[Block]) -> Block:
    joined, at_s = [], 0.0
    for part in parts:
        joined.append(Block(part.t_s + at_s, part.acc_g))
        at_s = float(joined[-1].t_s[-1]) + 1.0 / RATE_HZ
    return Block.join(joined)


def cut(block: Block, size: int) -> list[Block]:
    return [block.between(first, first + size) for first in range(0, len(block), size)]


def samples_a_second(block: Block, size: int, at_least_s: float = 2.0) -> float:
    """The best of several runs of at least so long together."""
    blocks = cut(block, size)
    best, spent = 0.0, 0.0
    while spent < at_least_s:
        session = Session("band")
        began = time.process_time()
        for part in blocks:
            session.receive(part)
        took = time.process_time() - began
        best, spent = max(best, len(block) / took), spent + took
    return best


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
    recordings = Path(__file__).parents[1] / "recordings"
    evening = Block.join(list(read(recordings / "evening-0.csv.gz")))
    kinds = {
        "at rest": (resting(600.0), resting(7200.0)),
        "walking": (walking(600.0), walking(7200.0)),
        "stretching, a whole routine": (stretching(),) * 2,
        "an evening (recording)": (evening,) * 2,
        "a day with an hour in twelve on foot and one routine": (day(1.0), day(24.0)),
    }
    tell(*table(("", "blocks of 25", "large blocks"), map(_speeds, kinds, kinds.values())))

    hold = samples((Pose(BACK, 10.0), Pose(raised(70), 3600.0)), breath_deg=1.0)
    session = after_one_another([stretching()] * 6)
    sixths = ("µs a sample, by sixths", "1st", "2nd", "3rd", "4th", "5th", "6th")
    long = {"a hold of an hour": hold, "a session of six routines": session}
    costs = ([name, *(f"{us:.1f}" for us in us_a_sample(long[name], 6))] for name in long)
    tell("", *table(sixths, costs))

    most = [f"{most_bytes(hours) / 1e6:.1f} MB" for hours in HOURS]
    tell("", *table(("", *(f"{n} h" for n in HOURS)), [["most memory of the detector", *most]]))

    tell("", *beside(day(1.0), hold.between(0, 600 * round(RATE_HZ))))


def _speeds(name: str, blocks: tuple[Block, Block]) -> list[str]:
    speeds = (samples_a_second(blocks[0], STREAM), samples_a_second(blocks[1], BATCH))
    return [name, *(f"{round(speed, 2 - len(str(int(speed))) + 1):,.0f}" for speed in speeds)]


if __name__ == "__main__":
    main()
