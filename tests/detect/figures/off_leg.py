"""What is told of a band that is on no leg?

`python -m tests.detect.figures.off_leg 0 60` simulates an hour for each of these seeds, the last
one excluded: a band that is put down, carried about and looked at, measured by a fine part and by
coarse ones in turn. It prints every hold that was told, and how long the band was told as worn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, sosfilt
from scipy.spatial.transform import Rotation, Slerp

from tests.detect.figures.hours import command, not_worn_s, simulated
from tracker.detect.events import HoldEnded
from tracker.detect.samples import Block, Floats
from tracker.detect.session import Session

RATE_HZ, HOUR_S = 50.0, 3600.0


@dataclass(frozen=True, slots=True)
class Part:
    """What measures; count_g: 0 for a part whose counts are finer than its noise."""

    name: str
    count_g: float
    noise_g: float


PARTS = (
    Part("fine", 0.0, 0.0015),
    Part("10 bit, ±4 g", 8.0 / 1024.0, 0.002),
    Part("8 bit, ±2 g", 4.0 / 256.0, 0.003),
    Part("10 bit, ±16 g", 32.0 / 1024.0, 0.004),
    Part("8 bit, ±16 g", 32.0 / 256.0, 0.004),
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a band may be.

    stays_s:   for how long, at least and at most.
    sways_deg: slowly, all the while.
    jolts_g:   shakes, up to 15 Hz.
    slips_s:   so long, in the mean, until it slides or is pushed by `slips_deg`.
    """

    name: str
    stays_s: tuple[float, float]
    sways_deg: float = 0.0
    jolts_g: float = 0.0
    slips_s: float = 1e9
    slips_deg: float = 0.0


PLACES = (
    Place("table", (20.0, 900.0), jolts_g=0.0003),
    Place("table where someone types", (20.0, 900.0), jolts_g=0.002, slips_s=90.0, slips_deg=0.3),
    Place("drawer", (20.0, 600.0), slips_s=60.0, slips_deg=15.0),
    Place("hook", (20.0, 400.0), sways_deg=0.7, jolts_g=0.001, slips_s=70.0, slips_deg=6.0),
    Place("basket that is carried", (10.0, 120.0), 2.0, 0.08, slips_s=15.0, slips_deg=12.0),
    Place("bag in a car", (30.0, 600.0), 0.8, 0.03, slips_s=60.0, slips_deg=15.0),
    Place("bag that stands", (20.0, 600.0), slips_s=60.0, slips_deg=15.0),
    Place("hand, looked at", (10.0, 30.0), 1.0, 0.008, slips_s=5.0, slips_deg=30.0),
    Place("hand, held still", (15.0, 60.0), 0.7, 0.006),
)


class _Carried:
    """Where the band has been, from one place to the next."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._turn = self._some()
        self.times_s, self.turns = [0.0], [self._turn]
        self.stays: list[tuple[float, float, Place]] = []

    def stay(self, place: Place) -> None:
        begin_s = self.times_s[-1]
        end_s = begin_s + float(np.exp(self._rng.uniform(*np.log(place.stays_s))))
        self.stays.append((begin_s, end_s, place))
        while (slips_s := self.times_s[-1] + self._rng.exponential(place.slips_s)) < end_s:
            self._go(slips_s - self.times_s[-1], self._turn)
            self._go(self._rng.uniform(0.3, 1.5), self._near(place.slips_deg))
        self._go(max(end_s - self.times_s[-1], 0.1), self._turn)

    def handle(self) -> None:
        """Taken up, turned this way and that, and put down any way up."""
        for _ in range(self._rng.integers(1, 8)):
            self._go(self._rng.uniform(0.3, 1.2), self._near(40.0))
        self._go(self._rng.uniform(0.5, 1.2), self._some())

    def _go(self, lasts_s: float, turn: Rotation) -> None:
        self._turn = turn
        self.times_s.append(self.times_s[-1] + lasts_s)
        self.turns.append(turn)

    def _near(self, deg: float) -> Rotation:
        return Rotation.from_rotvec(np.radians(deg) * self._rng.normal(size=3)) * self._turn

    def _some(self) -> Rotation:
        """On one of its faces, more or less."""
        face = Rotation.from_euler("yx", self._rng.choice([0.0, 90.0, 180.0, 270.0], 2), True)
        spun = Rotation.from_euler("z", self._rng.uniform(0.0, 360.0), degrees=True)
        return spun * Rotation.from_rotvec(np.radians(8.0) * self._rng.normal(size=3)) * face


def off_leg(seed: int) -> tuple[Block, Part]:
    """An hour of a band that nobody wears."""
    rng, part = np.random.default_rng([seed, 31]), PARTS[seed % len(PARTS)]
    carried = _Carried(rng)
    while carried.times_s[-1] < HOUR_S:
        carried.stay(PLACES[rng.integers(len(PLACES))])
        carried.handle()
    t_s = np.arange(0.0, HOUR_S, 1.0 / RATE_HZ)
    turns = Slerp(carried.times_s, Rotation.concatenate(carried.turns))(t_s)
    sways, jolts = np.zeros((len(t_s), 3)), np.zeros((len(t_s), 3))
    for begin_s, end_s, place in carried.stays:
        inside = (t_s >= begin_s) & (t_s < end_s)
        count = int(inside.sum())
        sways[inside] = np.radians(place.sways_deg) * _noise(rng, count, 0.1, 0.7)
        jolts[inside] = place.jolts_g * _noise(rng, count, 1.5, 15.0)
    turns = Rotation.from_rotvec(sways) * turns
    acc = turns.inv().apply(np.array([0.0, 0.0, 1.0]) + jolts)
    acc += rng.normal(0.0, 0.015, 3) + rng.normal(0.0, part.noise_g, acc.shape)
    if part.count_g:
        acc = part.count_g * np.rint(acc / part.count_g)
    return Block(t_s, acc), part


def _noise(rng: np.random.Generator, count: int, low_hz: float, high_hz: float) -> Floats:
    """Of one in the mean, on each axis."""
    band = butter(2, [low_hz, high_hz], "bandpass", fs=RATE_HZ, output="sos")
    noise: Floats = sosfilt(band, rng.normal(size=(count, 3)), axis=0)
    return noise / max(float(noise.std()), 1e-9) if count else noise


@dataclass(frozen=True, slots=True)
class Told:
    """Of one hour: the holds, and for how long it was known that the band is not worn."""

    part: str
    holds: tuple[str, ...]
    not_worn_s: float


def told(seed: int) -> Told:
    block, part = off_leg(seed)
    session = Session("band")
    events = session.receive(block) + session.close()
    holds = tuple(
        f"seed {seed}, {part.name}, at {event.start_s:.0f} s: {event.stretch}"
        for event in events
        if isinstance(event, HoldEnded)
    )
    return Told(part.name, holds, not_worn_s(events, HOUR_S))


def lines(seeds: range) -> Iterator[str]:
    hours = simulated(told, seeds)
    yield from (hold for hour in hours for hold in hour.holds)
    for part in PARTS:
        of_part = [hour for hour in hours if hour.part == part.name]
        if of_part:
            holds = sum(len(hour.holds) for hour in of_part)
            share = sum(hour.not_worn_s for hour in of_part) / HOUR_S / len(of_part)
            yield f"{part.name}: {holds} in {len(of_part)} hours, told as not worn {share:.0%}"


if __name__ == "__main__":
    command("Print what is told of a band on no leg.", lines)
