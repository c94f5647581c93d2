"""Which samples is the detector's speed measured on?

Sitting and walking are what a day is made of; the holds are where the work is.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from firmware_sim.motion import scripted
from tracker.detect.samples import Block
from tracker.recordings import read

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


def stretching() -> Block:
    """A whole routine: straightenings and eight holds."""
    motion = scripted(1).read(float("inf"))
    return Block(motion.t_s, motion.acc_g)


def evening() -> Block:
    recordings = Path(__file__).parents[1] / "recordings"
    return Block.join(list(read(recordings / "evening-0.csv.gz")))


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


# By name: the samples in blocks of STREAM, as a band sends them, and in those of BATCH.
CASES: dict[str, dict[int, Callable[[], Block]]] = {
    "at rest": {STREAM: lambda: resting(600.0), BATCH: lambda: resting(7200.0)},
    "walking": {STREAM: lambda: walking(600.0), BATCH: lambda: walking(7200.0)},
    "stretching, a whole routine": {STREAM: stretching, BATCH: stretching},
    "an evening (recording)": {STREAM: evening, BATCH: evening},
    "a day with an hour in twelve on foot and one routine": {
        STREAM: lambda: day(1.0),
        BATCH: lambda: day(24.0),
    },
}
