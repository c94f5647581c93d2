"""What do a poor clock, a poor link and a part that is not calibrated cost?

`python -m tests.detect.figures.degraded [FOLDER...]` prints a table: the recordings in the
repository that show stretching, or those of the folders, measured again in one worse way a row.
The truth is told on the clock of the recording: where that is wrong, so are the times of the truth.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.detect.figures.score import COLUMNS, Figures, add, row, table, truth_of
from tests.detect.figures.sets import COMMITTED
from tests.detect.generated import Spoil, worn_badly
from tracker.detect.events import Event
from tracker.detect.samples import Block
from tracker.detect.session import Session
from tracker.recordings import read

_STRETCHING = ("clean-*", "short-*", "rough-*")


@dataclass(frozen=True, slots=True)
class Way:
    """What is done to the samples.

    clock, begins_s: how many seconds the clock tells for one, and when it began.
    """

    name: str
    spoil: tuple[Spoil, ...] = ()
    clock: float = 1.0
    begins_s: float = 0.0


def stamped_on_arrival(block_s: float, late_s: float, held_up: float = 0.0) -> Spoil:
    """Blocks get the time when they came; their samples are spread evenly since the one before.

    late_s: so late in the mean; of `held_up` of them a tenth to four tenths of a second more.
    """

    def spoil(block: Block, rng: np.random.Generator) -> Block:
        size = max(round(block_s / _step_s(block)), 1)
        taken_s = block.t_s[size - 1 :: size]
        late = rng.exponential(late_s, len(taken_s))
        late += (rng.random(len(taken_s)) < held_up) * rng.uniform(0.1, 0.4, len(taken_s))
        # What waited comes a millisecond after what held it up.
        waits_s = 1e-3 * np.arange(len(taken_s))
        came_s = np.maximum.accumulate(taken_s + late - waits_s) + waits_s
        place = np.arange(len(taken_s) * size) / size
        before_s = np.concatenate([[came_s[0] - block_s], came_s])
        t_s = np.interp(place + 1.0 / size, np.arange(len(before_s)), before_s)
        return Block(t_s, block.acc_g[: len(t_s)])

    return spoil


def stamped_unsurely(share: float) -> Spoil:
    """Stamps off by so much of a step (standard deviation), then put in order."""

    def spoil(block: Block, rng: np.random.Generator) -> Block:
        t_s = block.t_s + rng.normal(0.0, share * _step_s(block), len(block))
        order = np.argsort(t_s, kind="stable")
        return Block(t_s[order], block.acc_g[order])

    return spoil


def each_mean_of(step_s: float) -> Spoil:
    """As a part gives them that takes the mean of each step."""

    def spoil(block: Block, rng: np.random.Generator) -> Block:
        number = ((block.t_s - block.t_s[0]) / step_s).astype(int)
        count = np.bincount(number)
        seen = np.flatnonzero(count)
        means = [np.bincount(number, axis)[seen] / count[seen] for axis in block.acc_g.T]
        return Block(block.t_s[0] + (seen + 0.5) * step_s, np.column_stack(means))

    return spoil


def uncalibrated(gain: float, bias_g: float) -> Spoil:
    """Each axis off by so much, either way."""

    def spoil(block: Block, rng: np.random.Generator) -> Block:
        gains, biases = 1.0 + gain * rng.choice([-1.0, 1.0], 3), bias_g * rng.choice([-1.0, 1.0], 3)
        return Block(block.t_s, block.acc_g * gains + biases)

    return spoil


def warming_up(drift_g: float) -> Spoil:
    """Each axis drifts by so much, either way, quickly at first."""

    def spoil(block: Block, rng: np.random.Generator) -> Block:
        along = (block.t_s - block.t_s[0]) / (block.t_s[-1] - block.t_s[0])
        drift = (1.0 - np.exp(-3.0 * along))[:, None] * drift_g * rng.choice([-1.0, 1.0], 3)
        return Block(block.t_s, block.acc_g + drift)

    return spoil


def counted(step_g: float, noise_g: float = 0.0, *, cut: bool = False) -> Spoil:
    """In whole counts of a noisy part, rounded, or cut off towards below."""

    def spoil(block: Block, rng: np.random.Generator) -> Block:
        acc = (block.acc_g + rng.normal(0.0, noise_g, block.acc_g.shape)) / step_g
        return Block(block.t_s, step_g * (np.floor(acc) if cut else np.rint(acc)))

    return spoil


def clipped(most_g: float) -> Spoil:
    """No axis shows more."""

    def spoil(block: Block, rng: np.random.Generator) -> Block:
        return Block(block.t_s, block.acc_g.clip(-most_g, most_g))

    return spoil


def losing(share: float, samples: int = 1) -> Spoil:
    """So many samples on end are lost, so often."""

    def spoil(block: Block, rng: np.random.Generator) -> Block:
        number = np.arange(len(block)) // samples
        kept = rng.random(number[-1] + 1) >= share
        kept[0] = True
        return Block(block.t_s[kept[number]], block.acc_g[kept[number]])

    return spoil


WAYS = (
    Way("as they are"),
    Way("clock 2 % fast", clock=1.02),
    Way("clock 2 % slow", clock=0.98),
    Way("times from 1.7e9 s on", begins_s=1.7e9),
    Way("stamps off by a quarter of a step", (stamped_unsurely(0.25),)),
    Way("by half a step", (stamped_unsurely(0.5),)),
    Way("by half a step of 80 ms", (each_mean_of(0.08), stamped_unsurely(0.5))),
    Way("stamped on arrival, blocks of 0.5 s, 20 ms late", (stamped_on_arrival(0.5, 0.02),)),
    Way("one of 20 held up by 0.1 to 0.4 s", (stamped_on_arrival(0.5, 0.02, 0.05),)),
    Way("gains off by 3 %", (uncalibrated(0.03, 0.0),)),
    Way("axes off by 40 mg", (uncalibrated(0.0, 0.04),)),
    Way("axes off by 80 mg", (uncalibrated(0.0, 0.08),)),
    Way("drifting by 50 mg", (warming_up(0.05),)),
    Way("clipped at 1.2 g", (clipped(1.2),)),
    Way("noise of 5 mg a sample", (counted(1.0 / 4096.0, 0.005),)),
    Way("noise of 20 mg a sample", (counted(1.0 / 4096.0, 0.020),)),
    Way("8 bit, ±4 g", (counted(8.0 / 256.0),)),
    Way("10 bit, ±8 g, cut off instead of rounded", (counted(16.0 / 1024.0, cut=True),)),
    Way("one sample in three lost", (losing(0.3),)),
    Way("one in ten of 10 on end", (losing(0.1, 10),)),
    Way(
        "25 Hz, stamped on arrival, gains off by 3 %, axes by 40 mg, turned 15° more",
        (each_mean_of(0.04), stamped_on_arrival(0.5, 0.02), uncalibrated(0.03, 0.04), worn_badly),
    ),
)


def told(way: Way, block: Block, seed: int) -> list[Event]:
    """What is stated of the samples when they are measured in this way."""
    rng = np.random.default_rng([seed, 31])
    for spoil in way.spoil:
        block = spoil(block, rng)
    session = Session("band")
    return (
        session.receive(Block(block.t_s * way.clock + way.begins_s, block.acc_g)) + session.close()
    )


def truth_in(way: Way, truth: dict[str, Any]) -> dict[str, Any]:
    """The truth on the clock of the spoiled recording."""

    def moved(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: moved(part, key) for key, part in value.items()}
        if isinstance(value, list):
            return [moved(part, name) for part in value]
        if name == "duration_s":
            return value * way.clock
        return value * way.clock + way.begins_s if name.endswith("_s") else value

    changed: dict[str, Any] = moved(truth)
    return changed


def measured(way: Way, files: Iterable[Path]) -> Figures:
    """What is stated of the recordings in this way, beside their truth."""
    figures = Figures()
    for seed, file in enumerate(files):
        block = Block.join(list(read(file)))
        truth = truth_in(way, truth_of(file))
        add(figures, truth, told(way, block, seed), file.name.removesuffix(".csv.gz"))
    return figures


def _step_s(block: Block) -> float:
    return float(np.median(np.diff(block.t_s)))


def main() -> None:
    parser = argparse.ArgumentParser(description="Print what poor measuring costs as a table.")
    parser.add_argument("folders", nargs="*", type=Path)
    folders = parser.parse_args().folders
    if folders:
        files = [file for folder in folders for file in sorted(folder.glob("*.csv.gz"))]
    else:
        files = [file for pattern in _STRETCHING for file in COMMITTED.glob(f"{pattern}.csv.gz")]
    rows = (row(way.name, measured(way, files)) for way in WAYS)
    print("\n".join(table(COLUMNS, rows)))  # noqa: T201 - a command that prints a table


if __name__ == "__main__":
    main()
