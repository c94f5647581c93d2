"""What the simulated band is moved by: a scripted session or a recording, read in samples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from firmware_sim.imu import RANGES_G, Imu, Samples
from firmware_sim.recording import read
from firmware_sim.routine import Routine
from firmware_sim.truth import Truth

__all__ = ["Motion", "Played", "Samples", "Scripted", "recording", "scripted"]

_BLOCK: Final = 1024  # samples made at a time; fixed, so that reading in any steps gives the same


class Motion(Protocol):
    """What the accelerometer gives, pulled by the band's firmware."""

    @property
    def rate_hz(self) -> float:
        """Samples a second."""

    @property
    def range_g(self) -> int:
        """Full scale that holds every sample: 2, 4, 8 or 16."""

    @property
    def duration_s(self) -> float:
        """When the band's clock has passed the last sample."""

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""

    def read(self, until_s: float) -> Samples:
        """The next samples with t_s < until_s on the band's clock, in order; none twice."""


class _Cursor:
    """Hands out samples up to a time, from blocks that are made as they are needed."""

    def __init__(self, blocks: Iterator[Samples]) -> None:
        self._blocks = blocks
        self._block: Samples | None = next(blocks, None)
        self._at = 0

    @property
    def ended(self) -> bool:
        return self._block is None

    def read(self, until_s: float) -> Samples:
        times, values = [np.empty(0)], [np.empty((0, 3))]
        while self._block is not None:
            end = int(np.searchsorted(self._block.t_s, until_s, "left"))
            times.append(self._block.t_s[self._at : end])
            values.append(self._block.acc_g[self._at : end])
            self._at = max(end, self._at)
            if self._at < len(self._block):
                break
            self._block, self._at = next(self._blocks, None), 0
        return Samples(np.concatenate(times), np.concatenate(values))


class Scripted:
    """A session of the four stretches on both legs, with its truth on the band's clock."""

    def __init__(self, routine: Routine, imu: Imu, seed: int) -> None:
        self._routine, self._imu, self._seed = routine, imu, seed
        self._n = int(imu.band_time(routine.duration_s) * imu.rate_hz)
        self._cursor = _Cursor(self._blocks())

    @property
    def rate_hz(self) -> float:
        return self._imu.rate_hz

    @property
    def range_g(self) -> int:
        return self._imu.range_g

    @property
    def duration_s(self) -> float:
        return self._n / self._imu.rate_hz

    @property
    def ended(self) -> bool:
        return self._cursor.ended

    @cached_property
    def truth(self) -> Truth:
        """What the wearer did, from the noiseless motion."""
        return self._routine.truth_on(self._imu.band_time, self._imu.rate_hz)

    def read(self, until_s: float) -> Samples:
        return self._cursor.read(until_s)

    def _blocks(self) -> Iterator[Samples]:
        noise = np.random.default_rng([self._seed, 3])
        for first in range(0, self._n, _BLOCK):
            t_s = np.arange(first, min(first + _BLOCK, self._n)) / self._imu.rate_hz
            force = self._routine.body.specific_force(self._imu.leg_time(t_s))
            yield Samples(t_s, self._imu.measure(t_s, force, noise))


@dataclass(frozen=True, slots=True)
class _Facts:
    rate_hz: float
    range_g: int
    duration_s: float
    clipped: int


class Played:
    """A recording as it is: its own times, rate and values."""

    def __init__(self, samples: Samples) -> None:
        step_s = float(np.median(np.diff(samples.t_s)))
        largest_g = float(np.abs(samples.acc_g).max())
        range_g = next((r for r in RANGES_G if largest_g <= r), RANGES_G[-1])
        clipped = int((np.abs(samples.acc_g) > range_g).any(axis=1).sum())
        end_s = float(samples.t_s[-1]) + step_s
        self._facts = _Facts(1.0 / step_s, range_g, end_s, clipped)
        held = Samples(samples.t_s, np.clip(samples.acc_g, -range_g, range_g))
        self._cursor = _Cursor(iter([held]))

    @property
    def rate_hz(self) -> float:
        return self._facts.rate_hz

    @property
    def range_g(self) -> int:
        return self._facts.range_g

    @property
    def duration_s(self) -> float:
        return self._facts.duration_s

    @property
    def clipped(self) -> int:
        """Samples beyond 16 g, held at 16 g."""
        return self._facts.clipped

    @property
    def ended(self) -> bool:
        return self._cursor.ended

    def read(self, until_s: float) -> Samples:
        return self._cursor.read(until_s)


def scripted(
    seed: int, total_s: float | None = None, *, rate_hz: float = 50.0, imu: Imu | None = None
) -> Scripted:
    """A session from a seed, fitted to `total_s` of the leg's time; at ease when that is None.

    The part is one off the reel unless `imu` names it. Raises ValueError for a time too short.
    """
    from firmware_sim.routine import Routine  # a recording does without

    part = Imu.part(seed, rate_hz) if imu is None else imu
    return Scripted(Routine.fitted(seed, total_s), part, seed)


def recording(path: Path) -> Played:
    """Play a recording file. Raises ValueError with one sentence when it cannot be read."""
    return Played(read(path))
