"""How many samples a second? `python -m tests.detect.speed` prints a table.

Stream: blocks of 25 samples, as a band sends them. Batch: the same samples as large blocks, without
reading a file. Sitting and walking are what a day is made of; the holds are where the work is.
"""

from __future__ import annotations

import time

import numpy as np

from firmware_sim.motion import scripted
from tracker.detect.samples import Block
from tracker.detect.session import Session

RATE_HZ = 50.0
STREAM, BATCH = 25, 200_000


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


def day(hours: float) -> Block:
    """Mostly at rest, an hour in twelve on foot, ten minutes of stretching."""
    motion = scripted(1).read(float("inf"))
    routine = Block(motion.t_s, motion.acc_g)
    parts = [walking(hours * 300.0), routine, resting(hours * 3300.0 - 600.0)]
    joined, at_s = [], 0.0
    for part in parts:
        joined.append(Block(part.t_s + at_s, part.acc_g))
        at_s = float(joined[-1].t_s[-1]) + 1.0 / RATE_HZ
    return Block.join(joined)


def samples_a_second(block: Block, size: int, at_least_s: float = 1.0) -> float:
    """The best of several runs of at least so long together."""
    blocks = [block.between(first, first + size) for first in range(0, len(block), size)]
    best, spent = 0.0, 0.0
    while spent < at_least_s:
        session = Session("band")
        began = time.process_time()
        for part in blocks:
            session.receive(part)
        took = time.process_time() - began
        best, spent = max(best, len(block) / took), spent + took
    return best


def main() -> None:
    motion = scripted(1).read(float("inf"))
    kinds = {
        "at rest": (resting(600.0), resting(7200.0)),
        "walking": (walking(600.0), walking(7200.0)),
        "stretching": (Block(motion.t_s, motion.acc_g),) * 2,
        "a day": (day(1.0), day(24.0)),
    }
    print("| | blocks of 25, samples/s | large blocks, samples/s |\n|---|---|---|")  # noqa: T201 - a command that prints a table
    for name, (short, long) in kinds.items():
        stream, batch = samples_a_second(short, STREAM), samples_a_second(long, BATCH)
        print(f"| {name} | {stream:,.0f} | {batch:,.0f} |", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
