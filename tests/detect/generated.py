"""Sessions of the simulated leg, and what a sensor, a clock and a hand may do to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from firmware_sim.imu import Imu
from firmware_sim.motion import scripted
from tests.detect.leg import Pose, samples
from tracker.detect.motion.cells import Vector
from tracker.detect.samples import Block, Floats

Spoil = Callable[[Block, np.random.Generator], Block]

# A minute a stretch, a dense routine, and at ease.
TOTALS_S = (300.0, 480.0, None)


@dataclass(frozen=True, slots=True)
class Condition:
    """One way of measuring a session: the part, and what is done to its samples after.

    mean_of: so many readings make a sample, as in a part that filters out what is too quick for
    its rate; one that does not folds it down to slow movement.
    """

    name: str
    rate_hz: float = 50.0
    bits: int = 16
    range_g: int = 8
    noise_ug: float = 90.0
    mean_of: int = 1
    spoil: tuple[Spoil, ...] = ()


def session(seed: int, condition: Condition) -> tuple[Block, dict[str, Any]]:
    """Samples and truth."""
    part = replace(
        Imu.part(seed, condition.rate_hz * condition.mean_of),
        bits=condition.bits,
        range_g=condition.range_g,
        noise_ug=condition.noise_ug,
    )
    motion = scripted(seed, TOTALS_S[seed % len(TOTALS_S)], imu=part)
    read = motion.read(float("inf"))
    block, rng = Block(read.t_s, read.acc_g), np.random.default_rng([seed, 17])
    if condition.mean_of > 1:
        block = _averaged(block, condition.mean_of, part.step_g)
    for spoil in condition.spoil:
        block = spoil(block, rng)
    truth: dict[str, Any] = asdict(motion.truth)
    return block, truth


def _averaged(block: Block, count: int, step_g: float) -> Block:
    """So many samples made one, in whole steps."""
    whole = len(block) // count * count
    t_s, acc = block.t_s[:whole].reshape(-1, count), block.acc_g[:whole].reshape(-1, count, 3)
    return Block(t_s.mean(axis=1), step_g * np.rint(acc.mean(axis=1) / step_g))


# What people do of an evening that is no stretch: `up` in band axes of a right leg, and how far it
# varies; seconds that it is kept.
_EVENING = (
    ("sitting, foot flat", (0.0, 1.0, 0.0), 0.30, (60.0, 400.0)),
    ("sitting, foot drawn back", (-0.5, 0.85, 0.0), 0.20, (30.0, 200.0)),
    ("legs crossed", (0.5, 0.85, -0.1), 0.25, (30.0, 300.0)),
    ("ankle on the other knee", (0.1, 0.1, 0.95), 0.20, (30.0, 200.0)),
    ("feet on a stool", (0.95, 0.1, -0.25), 0.15, (60.0, 400.0)),
    ("legs on the armrest", (0.95, -0.2, -0.2), 0.12, (60.0, 400.0)),
    ("lying on the back", (0.95, 0.0, -0.3), 0.12, (60.0, 600.0)),
    ("on the back, knees up", (0.65, 0.75, 0.0), 0.20, (30.0, 200.0)),
    ("lying on the side", (0.2, 0.0, 0.95), 0.20, (60.0, 600.0)),
    ("on the other side", (0.2, 0.0, -0.95), 0.20, (60.0, 600.0)),
    ("lying on the belly", (-0.97, 0.0, 0.1), 0.12, (60.0, 400.0)),
    ("standing", (0.0, 1.0, 0.0), 0.10, (10.0, 120.0)),
)


def evening(seed: int, duration_s: float = 3600.0) -> Block:
    """Sitting, lying, legs crossed, up and about, now and then shifting, without any stretch."""
    rng = np.random.default_rng([seed, 23])
    poses, lasted_s = [Pose((0.0, 1.0, 0.0), 10.0)], 10.0
    while lasted_s < duration_s:
        _, up, varies, (least_s, most_s) = _EVENING[rng.integers(len(_EVENING))]
        settled = _near(up, varies, rng)
        keep_s = float(rng.uniform(least_s, most_s))
        while keep_s > 0.0:  # the same posture, shifted a little
            part_s = min(keep_s, float(rng.exponential(90.0)) + 3.0)
            poses.append(Pose(_near(settled, 0.06, rng), part_s, float(rng.uniform(0.6, 2.5))))
            keep_s -= part_s
            lasted_s += part_s + poses[-1].move_s
        if rng.random() < 0.4:
            poses += _steps(rng)
    return samples(poses, rate_hz=25.0, noise_g=0.003, breath_deg=0.3, left=bool(seed % 2))


def _near(up: tuple[float, float, float], varies: float, rng: np.random.Generator) -> Vector:
    x, y, z = np.array(up) + rng.normal(0.0, varies / 2.0, 3)
    length = float(np.sqrt(x * x + y * y + z * z))
    return (float(x) / length, float(y) / length, float(z) / length)


def _steps(rng: np.random.Generator) -> list[Pose]:
    """A walk: the shank swings by 30 degrees either way, twice a second."""
    swing = np.sin(np.radians(30.0))
    steps = [Pose((swing * (-1.0) ** i, 0.87, 0.0), 0.02, 0.5) for i in range(rng.integers(10, 80))]
    return [*steps, Pose((0.0, 1.0, 0.0), 2.0)]


def worn_badly(block: Block, rng: np.random.Generator) -> Block:
    """Turned about the leg by 15 degrees more, and tilted by 4 more, either way."""
    turn, tilt = np.radians(rng.choice([-1.0, 1.0], 2) * (15.0, 4.0))
    return Block(block.t_s, block.acc_g @ _about(1, turn) @ _about(0, tilt))


def jittering(block: Block, rng: np.random.Generator) -> Block:
    """Taken up to a third of a step early or late, and one in fifty lost."""
    step_s = float(np.median(np.diff(block.t_s)))
    t_s = block.t_s + rng.uniform(-1.0, 1.0, len(block)) * step_s / 3.0
    acc = np.column_stack([np.interp(t_s, block.t_s, axis) for axis in block.acc_g.T])
    kept = rng.random(len(block)) > 0.02
    return Block(t_s[kept], acc[kept])


def with_holes(block: Block, rng: np.random.Generator) -> Block:
    """0.3 s are missing once in ten seconds: less than what ends a hold."""
    begins = np.arange(block.t_s[0], block.t_s[-1], 10.0)
    begins = begins + rng.uniform(0.0, 9.0, len(begins))
    before = np.maximum(begins.searchsorted(block.t_s) - 1, 0)
    inside = (block.t_s - begins[before] > 0.0) & (block.t_s - begins[before] < 0.3)
    return Block(block.t_s[~inside], block.acc_g[~inside])


def losing_blocks(block: Block, rng: np.random.Generator) -> Block:
    """Of blocks of half a second, one in twenty is missing, now and then two or three on end."""
    number = ((block.t_s - block.t_s[0]) / 0.5).astype(int)
    kept = rng.random(number[-1] + 1) >= 0.05
    kept[0] = True
    return Block(block.t_s[kept[number]], block.acc_g[kept[number]])


def _about(axis: int, angle: float) -> Floats:
    turn = np.eye(3)
    i, j = [k for k in range(3) if k != axis]
    turn[i, i] = turn[j, j] = np.cos(angle)
    turn[i, j], turn[j, i] = -np.sin(angle), np.sin(angle)
    return turn


CONDITIONS = (
    Condition("50 Hz, 16 bit, ±8 g"),
    Condition("12.5 Hz", rate_hz=12.5),
    Condition("12.5 Hz, each the mean of 16", rate_hz=12.5, mean_of=16),
    Condition("25 Hz", rate_hz=25.0),
    Condition("104 Hz", rate_hz=104.0),
    Condition("200 Hz", rate_hz=200.0),
    Condition("12 bit, ±2 g", bits=12, range_g=2),
    Condition("10 bit, ±4 g", bits=10, range_g=4),
    Condition("8 bit, ±2 g", bits=8, range_g=2),
    Condition("12 bit, ±16 g", bits=12, range_g=16),
    Condition("10 bit, ±16 g", bits=10, range_g=16),
    Condition("8 bit, ±16 g", bits=8, range_g=16),
    Condition("noise 600 µg/√Hz", noise_ug=600.0),
    Condition("turned 15°, tilted 4° more", spoil=(worn_badly,)),
    Condition("jittering clock, 2 % lost", spoil=(jittering,)),
    Condition("holes of 0.3 s", spoil=(with_holes,)),
    Condition("one half second in twenty lost", spoil=(losing_blocks,)),
    Condition(
        "25 Hz, 10 bit, ±8 g, worn badly, jitter, holes",
        rate_hz=25.0,
        bits=10,
        noise_ug=200.0,
        spoil=(worn_badly, jittering, with_holes),
    ),
)
