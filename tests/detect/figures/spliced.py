"""How are the poses of a real leg told when another breath turns it, and other moves lead to them?

`python -m tests.detect.figures.spliced` takes poses and standing as they were recorded on a leg
(yoga_raw) and the breath of chests (breath*), from the recordings here or from a folder of more.
Each pose is turned about a level axis as some seconds of one of the chests turned, and joined to
standing by computed moves; each row of the table does one thing otherwise.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.signal import butter, sosfiltfilt

from tests.detect.figures.score import Figures, add, table
from tests.detect.figures.sets import ANY, COMMITTED
from tracker.detect.motion.turning import GRAVITY
from tracker.detect.samples import Block, Floats
from tracker.detect.session import Session
from tracker.recordings import read

RATE_HZ = 104.0
# A recording of a pose begins and ends with a hand at the sensor.
TRIM = 50
# A move is over, or begins, where it is this fast: the definition of the bounds of a hold.
EDGE_DEG_S = 5.0
# Breath is what turns a chest in 1.7 to 20 s; its swing is this many standard deviations of that.
BREATH_HZ, SWING = (0.05, 0.6), 2.8


@dataclass(frozen=True, slots=True)
class Way:
    """How sessions are put together.

    poses:    so many in one session.
    lever_m:  how far from the joint the band feels itself swing.
    turned:   by how many degrees the band may sit turned about the leg; tilted by a quarter of it.
    """

    name: str
    breath_deg: tuple[float, float] = (1.0, 2.5)
    move_s: tuple[float, float] = (2.0, 2.0)
    stand_s: tuple[float, float] = (8.0, 8.0)
    hold_s: tuple[float, float] | None = None
    rate_hz: float = RATE_HZ
    poses: int = 1
    lever_m: float = 0.0
    turned_deg: float = 0.0


WAYS = (
    Way("moves of 2 s, breath of 1 to 2.5 degrees, 104 Hz"),
    Way("moves of 1 to 4 s", move_s=(1.0, 4.0)),
    Way("moves felt 0.35 m from the joint", lever_m=0.35),
    Way("moves felt 0.80 m from the joint", lever_m=0.80),
    Way("breath of 0.5 to 1 degree", breath_deg=(0.5, 1.0)),
    Way("breath of 2.5 to 4 degrees", breath_deg=(2.5, 4.0)),
    Way("26 Hz", rate_hz=26.0),
    Way("50 Hz", rate_hz=50.0),
    Way("the band turned by up to 30 degrees, tilted by 8", turned_deg=30.0),
    Way("poses of 20 to 55 s", hold_s=(20.0, 55.0)),
    Way("poses of 60 to 80 s", hold_s=(60.0, 80.0)),
    Way("five poses, standing for 5 to 14 s", poses=5, stand_s=(5.0, 14.0), move_s=(1.0, 4.0)),
)


@dataclass(frozen=True, slots=True)
class Chest:
    """How a chest turned, in degrees about its mean, how much of that was breath, and the marks."""

    t_s: Floats
    turned_deg: Floats
    breath_deg: Floats
    marks_s: Floats


@dataclass(frozen=True, slots=True)
class Real:
    """What was recorded of people."""

    poses: dict[str, Floats]
    standing: Floats
    chests: list[Chest]


def real(folder: Path) -> Real:
    """What is in a folder: yoga_raw/NAME.csv.gz; breath*.csv.gz or breath/*.csv.gz."""
    files = (folder / "yoga_raw").glob("*.csv.gz")
    poses = {file.name.removesuffix(".csv.gz"): _pose(file) for file in sorted(files)}
    standing = poses.pop("standing_still")
    poses.pop("standing_moving", None)
    chests = [*folder.glob("breath*.csv.gz"), *folder.glob("breath/*.csv.gz")]
    return Real(poses, standing, [_chest(file) for file in sorted(chests)])


def _pose(file: Path) -> Floats:
    """(n, 3) g in band axes of the same left leg: x was down, y outwards, z forwards."""
    x, y, z = np.loadtxt(file, delimiter=",", skiprows=1, usecols=(0, 1, 2))[TRIM:-TRIM].T / 1000.0
    return np.column_stack([-z, -x, y])


def _chest(file: Path) -> Chest:
    block = Block.join(list(read(file)))
    t_s = np.arange(block.t_s[0], block.t_s[-1], 1.0 / RATE_HZ)
    up = _slow(CubicSpline(block.t_s, block.acc_g)(t_s))
    turned = np.degrees(up - up.mean(axis=0))
    band = butter(2, BREATH_HZ, btype="band", fs=RATE_HZ, output="sos")
    breath = sosfiltfilt(band, turned, axis=0)
    along = np.linalg.svd(breath, full_matrices=False)[2][0]
    truth = json.loads(file.with_name(file.name.replace(".csv.gz", ".json")).read_text())
    marks_s = np.array([mark["exhale_s"] for mark in truth["holds"][0]["breaths"]])
    return Chest(t_s, turned @ along, breath @ along, marks_s)


def _slow(acc: Floats) -> Floats:
    slow = sosfiltfilt(butter(2, 1.5, fs=RATE_HZ, output="sos"), acc, axis=0)
    unit: Floats = slow / np.linalg.norm(slow, axis=1)[:, None]
    return unit


@dataclass
class Splice:
    """A session that is being put together."""

    rng: np.random.Generator
    way: Way
    acc: list[Floats] = field(default_factory=list)
    holds: list[dict[str, Any]] = field(default_factory=list)
    count: int = 0

    def put(self, acc: Floats) -> None:
        self.acc.append(acc)
        self.count += len(acc)

    def move(self, after: Floats) -> tuple[float, float]:
        """To what comes after, smoothly: from when to when it is faster than a hold is."""
        before = self.acc[-1]
        count = round(self.rng.uniform(*self.way.move_s) * RATE_HZ)
        start, end = _mean_up(before[-20:]), _mean_up(after[:20])
        axis = np.cross(start, end)
        angle = float(np.arctan2(np.linalg.norm(axis), start @ end))
        axis /= np.linalg.norm(axis)
        x = (np.arange(count) + 0.5) / count
        turned = angle * x**3 * (10.0 - 15.0 * x + 6.0 * x * x)
        share = x[:, None]
        shaking = (1.0 - share) * _shaking(before, count) + share * _shaking(after, count)
        up = _rotated(np.tile(start, (count, 1)), axis, turned)
        fast = np.flatnonzero(np.degrees(np.gradient(turned) * RATE_HZ) > EDGE_DEG_S)
        first_s, last_s = (self.count + fast[[0, -1]] + (0, 1)) / RATE_HZ
        self.put(up + self._swing(axis, turned) + shaking)
        return float(first_s), float(last_s)

    def _swing(self, axis: Floats, turned: Floats) -> Floats:
        """What the band feels of its own way, in g, as the leg turns about `axis` in band axes."""
        speed = -np.gradient(turned) * RATE_HZ
        from_joint = np.array([0.0, -self.way.lever_m, 0.0])
        tangential = np.gradient(speed)[:, None] * RATE_HZ * np.cross(axis, from_joint)
        inwards = (speed * speed)[:, None] * np.cross(axis, np.cross(axis, from_joint))
        swing: Floats = (tangential + inwards) / GRAVITY
        return swing


def spliced(people: Real, names: list[str], way: Way, seed: int) -> tuple[Block, dict[str, Any]]:
    """A session of these poses, from and to standing, and its truth."""
    made = Splice(np.random.default_rng([seed, *map(ord, names[0])]), way)
    made.put(_part(people.standing, made.rng.uniform(*way.stand_s), made.rng))
    for name in names:
        pose = people.poses[name]
        if way.hold_s is not None:
            pose = _longer(pose, round(made.rng.uniform(*way.hold_s) * RATE_HZ), made.rng)
        pose, marks_s = _breathing(pose, people.chests, way, made.rng)
        _, start_s = made.move(pose)
        marks_s = marks_s + made.count / RATE_HZ
        made.put(pose)
        standing = _part(people.standing, made.rng.uniform(*way.stand_s), made.rng)
        end_s, _ = made.move(standing)
        made.put(standing)
        breaths = [{"exhale_s": t_s} for t_s in marks_s.tolist() if start_s <= t_s <= end_s]
        made.holds.append({"start_s": start_s, "end_s": end_s, "breaths": breaths})
    return _measured(np.concatenate(made.acc), way, made.rng), {
        "duration_s": made.count / RATE_HZ,
        "holds": made.holds,
        "reps": [],
    }


def _part(acc: Floats, lasts_s: float, rng: np.random.Generator) -> Floats:
    count = round(lasts_s * RATE_HZ)
    begin = rng.integers(max(len(acc) - count, 1))
    return acc[begin : begin + count]


def _longer(acc: Floats, count: int, rng: np.random.Generator) -> Floats:
    """As it sways and shakes, for so many samples: the same spectra, other phases."""
    middle, line = acc.mean(axis=0), np.linspace(-1.0, 1.0, len(acc))[:, None]
    rest = acc - middle
    rest = rest - line * (rest * line).sum(axis=0) / (line * line).sum()
    spectrum = np.fft.rfft(rest, axis=0)
    nearest = np.rint(np.fft.rfftfreq(count) * len(acc)).astype(int)
    taken = spectrum[np.clip(nearest, 1, len(spectrum) - 1)] * np.sqrt(count / len(acc))
    taken *= np.exp(2j * np.pi * rng.random(len(taken)))[:, None]
    taken[0] = 0.0
    longer: Floats = middle + np.fft.irfft(taken, count, axis=0)
    return longer


def _breathing(
    pose: Floats, chests: list[Chest], way: Way, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """The pose, turned as a chest was; and the marks, in seconds from its beginning."""
    lasts_s = len(pose) / RATE_HZ
    fits = [chest for chest in chests if chest.marks_s[-1] - chest.marks_s[0] > lasts_s]
    chest = fits[rng.integers(len(fits))]
    begin_s = rng.uniform(chest.marks_s[0], chest.marks_s[-1] - lasts_s)
    begin = int(chest.t_s.searchsorted(begin_s))
    turned = chest.turned_deg[begin : begin + len(pose)]
    swing_deg = SWING * float(chest.breath_deg[begin : begin + len(pose)].std())
    size = rng.uniform(*way.breath_deg) * rng.choice([-1.0, 1.0])
    axis = np.cross(_mean_up(pose), rng.normal(size=3))
    axis /= np.linalg.norm(axis)
    angle = np.radians((turned - turned.mean()) * size / swing_deg)
    return _rotated(pose, axis, angle), chest.marks_s - begin_s


def _measured(acc: Floats, way: Way, rng: np.random.Generator) -> Block:
    turn, tilt = np.radians(way.turned_deg * rng.uniform(-1.0, 1.0, 2) * (1.0, 0.27))
    acc = _rotated(acc, np.array([0.0, 1.0, 0.0]), np.full(len(acc), turn))
    acc = _rotated(acc, np.array([1.0, 0.0, 0.0]), np.full(len(acc), tilt))
    t_s = np.arange(len(acc)) / RATE_HZ
    if way.rate_hz < RATE_HZ:
        slower = butter(4, 0.45 * way.rate_hz, fs=RATE_HZ, output="sos")
        spline = CubicSpline(t_s, sosfiltfilt(slower, acc, axis=0))
        t_s = np.arange(0.0, t_s[-1], 1.0 / way.rate_hz)
        acc = spline(t_s)
    return Block(t_s, np.round(acc, 3))


def _mean_up(acc: Floats) -> Floats:
    mean: Floats = acc.mean(axis=0)
    return mean / float(np.linalg.norm(mean))


def _shaking(acc: Floats, count: int) -> Floats:
    """What is quick of it, there and back as often as it takes."""
    some = acc[:count]
    quick = some - sosfiltfilt(butter(2, 1.5, fs=RATE_HZ, output="sos"), some, axis=0)
    repeated: Floats = np.resize(np.concatenate([quick, quick[::-1]]), (count, 3))
    return repeated


def _rotated(acc: Floats, axis: Floats, angle: Floats) -> Floats:
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    turned: Floats = acc * cos + np.cross(axis, acc) * sin
    turned += axis * (acc @ axis)[:, None] * (1.0 - cos)
    return turned


def sessions(people: Real, way: Way, seeds: int) -> Iterator[tuple[Block, dict[str, Any]]]:
    names = list(people.poses)
    for seed in range(seeds):
        order = np.random.default_rng(seed).permutation(names).tolist()
        for k in range(0, len(order) - way.poses + 1, way.poses):
            yield spliced(people, order[k : k + way.poses], way, seed)


def measure(people: Real, way: Way, seeds: int) -> Figures:
    figures = Figures()
    for block, truth in sessions(people, way, seeds):
        detector = Session("band", settings=ANY)
        add(figures, truth, detector.receive(block) + detector.close(), way.name)
    return figures


COLUMNS = (
    "poses",
    "holds",
    "found",
    "F1",
    "start s",
    "end s",
    "breaths",
    "more than one off",
    "rate /min",
    "coverage",
)


def _row(name: str, f: Figures) -> list[str]:
    errors = np.array(f.count)
    return [
        name,
        str(f.true),
        str(f.found),
        f"{f.f1:.3f}",
        _with_bias(f.start),
        _with_bias(f.end),
        _with_bias(f.count),
        f"{float(np.mean(np.abs(errors) > 1)):.2f}",
        f"{float(np.mean(np.abs(f.rate))):.2f}" if f.rate else "",
        f"{len(f.rate) / f.rated:.2f}" if f.rated else "",
    ]


def _with_bias(errors: list[float]) -> str:
    return f"{float(np.mean(np.abs(errors))):.2f} ({float(np.mean(errors)):+.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(description="Print how poses with other breaths are told.")
    parser.add_argument("folder", type=Path, nargs="?", default=COMMITTED)
    parser.add_argument("--seeds", type=int, default=8, help="copies of each pose in a row")
    chosen = parser.parse_args()
    people = real(chosen.folder)
    rows = (_row(way.name, measure(people, way, chosen.seeds)) for way in WAYS)
    print("\n".join(table(COLUMNS, rows)))  # noqa: T201 - a command that prints a table


if __name__ == "__main__":
    main()
