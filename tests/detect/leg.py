"""A leg for tests: directions over time made into samples, with a sensor's noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tracker.detect.samples import Block, Floats

# Up in band axes (the contract's table), right leg.
STANDING = (0.0, 1.0, 0.0)
BACK = (0.95, 0.0, -0.3)
BELLY = (-0.98, 0.0, 0.1)


@dataclass(frozen=True)
class Pose:
    """Be at `up` for `keep_s` after a move of `move_s`."""

    up: tuple[float, float, float]
    keep_s: float
    move_s: float = 1.5


def raised(elevation_deg: float) -> tuple[float, float, float]:
    e = np.radians(elevation_deg)
    return (float(np.cos(e)), float(-np.sin(e)), 0.0)


def fallen_out(out_deg: float) -> tuple[float, float, float]:
    a = np.radians(out_deg)
    return (0.1, float(-np.cos(a)), float(-np.sin(a)))


def bent_standing(bend_deg: float) -> tuple[float, float, float]:
    k = np.radians(bend_deg)
    return (float(-np.sin(k)), float(np.cos(k)), 0.0)


def bent_prone(bend_deg: float) -> tuple[float, float, float]:
    k = np.radians(bend_deg)
    return (float(-np.cos(k)), float(-np.sin(k)), 0.0)


def samples(
    poses: Sequence[Pose],
    *,
    rate_hz: float = 50.0,
    noise_g: float = 0.002,
    breath_deg: float = 0.0,
    breath_s: float = 6.0,
    left: bool = False,
    turned_deg: float = 0.0,
    tilted_deg: float = 0.0,
    start_s: float = 0.0,
) -> Block:
    """The poses one after another. The breath moves `up` about z, deeper with the exhale."""
    knots_s, knots = [0.0], [np.array(poses[0].up)]
    for i, pose in enumerate(poses):
        if i:
            for share in np.linspace(0.0, 1.0, 40)[1:]:
                eased = share**3 * (10 - 15 * share + 6 * share**2)
                between = (1 - eased) * np.array(poses[i - 1].up) + eased * np.array(pose.up)
                knots.append(between)
                knots_s.append(knots_s[-1] + pose.move_s / 39)
        knots.append(np.array(pose.up))
        knots_s.append(knots_s[-1] + pose.keep_s)
    t_s = np.arange(0.0, knots_s[-1], 1.0 / rate_hz)
    up = np.column_stack([np.interp(t_s, knots_s, [k[i] for k in knots]) for i in range(3)])
    sway = np.radians(0.15) * np.sin(2 * np.pi * t_s / 3.7)[:, None] * np.array([0.3, 0.2, 1.0])
    up = up / np.linalg.norm(up, axis=1, keepdims=True) + sway
    angle = np.radians(breath_deg) / 2 * (1 - np.cos(2 * np.pi * t_s / breath_s))
    up = _about(up, 2, -angle)
    if left:
        up = up * np.array([-1.0, 1.0, 1.0])
    up = _about(_about(up, 1, np.radians(turned_deg)), 0, np.radians(tilted_deg))
    noise = np.random.default_rng(7).normal(0.0, noise_g, up.shape)
    return Block(t_s + start_s, up + noise)


def swung(
    knots_s: Sequence[float], elevation_deg: Sequence[float], until_s: float, lever_m: float = 0.8
) -> Block:
    """A leg that swings smoothly from one elevation to the next, its own acceleration in it."""
    t_s = np.arange(0.0, until_s, 0.02)
    at = np.clip(np.searchsorted(knots_s, t_s) - 1, 0, len(knots_s) - 2)
    from_s, to_s = np.array(knots_s)[at], np.array(knots_s)[at + 1]
    from_deg, to_deg = np.array(elevation_deg)[at], np.array(elevation_deg)[at + 1]
    share = np.clip((t_s - from_s) / (to_s - from_s), 0.0, 1.0)
    eased = share**3 * (10 - 15 * share + 6 * share**2)
    angle = np.radians(from_deg + eased * (to_deg - from_deg))
    rate = np.gradient(angle, 0.02)
    pull, inward = np.gradient(rate, 0.02) * lever_m / 9.81, rate**2 * lever_m / 9.81
    acc = np.column_stack([np.cos(angle) + pull, inward - np.sin(angle), 0.0 * angle])
    return Block(t_s, acc + np.random.default_rng(7).normal(0.0, 0.002, acc.shape))


def _about(up: Floats, axis: int, angle: Floats | float) -> Floats:
    i, j = [k for k in range(3) if k != axis]
    turned = up.copy()
    turned[:, i] = np.cos(angle) * up[:, i] - np.sin(angle) * up[:, j]
    turned[:, j] = np.sin(angle) * up[:, i] + np.cos(angle) * up[:, j]
    return turned


# The shank on its outer side, taken from standing: what no stretch that is known looks like.
PIGEON = (0.1, 0.1, -0.99)

SESSION = (
    Pose(STANDING, 6.0),
    Pose(BACK, 8.0, move_s=6.0),
    Pose(raised(70), 24.0),
    Pose(BACK, 6.0),
)


def write(file: Path, poses: Sequence[Pose]) -> Path:
    """The samples of the poses as a recording."""
    block = samples(poses)
    rows = np.column_stack([block.t_s, block.acc_g])
    np.savetxt(file, rows, "%.3f,%.5f,%.5f,%.5f", header="time_s,x_g,y_g,z_g", comments="")
    return file
