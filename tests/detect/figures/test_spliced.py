"""Poses of a real leg with other breaths: is their truth right, and is each told as one hold?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.detect.figures.sets import COMMITTED
from tests.detect.figures.spliced import (
    EDGE_DEG_S,
    RATE_HZ,
    WAYS,
    Chest,
    Real,
    Way,
    measure,
    real,
    spliced,
)
from tracker.detect.motion.cells import angle_deg
from tracker.detect.motion.turning import GRAVITY, length
from tracker.detect.samples import Floats

PERIOD_S = 5.0
STILL = replace(WAYS[0], breath_deg=(0.0, 0.0))


def kept(*up: float) -> Floats:
    return np.tile(np.array(up), (round(12.0 * RATE_HZ), 1))


def people() -> Real:
    """A leg that neither shakes nor sways, and a chest that breathes as a sine does."""
    t_s = np.arange(0.0, 200.0, 1.0 / RATE_HZ)
    breath = np.sin(2.0 * np.pi * t_s / PERIOD_S)
    chest = Chest(t_s, breath, breath, np.arange(0.0, 200.0, PERIOD_S))
    return Real({"level": kept(0.0, 0.0, 1.0)}, kept(0.0, 1.0, 0.0), [chest])


def turning_deg_s(acc: Floats) -> Floats:
    up = acc / length(acc)[:, None]
    return np.degrees(length(np.gradient(up, axis=0))) * RATE_HZ


@pytest.mark.parametrize("move_s", [1.0, 2.0, 4.0])
def test_a_hold_lasts_from_when_the_leg_turns_slower_than_the_edge_until_it_is_faster(
    move_s: float,
) -> None:
    block, truth = spliced(people(), ["level"], replace(STILL, move_s=(move_s, move_s)), 0)
    fast_s = block.t_s[turning_deg_s(block.acc_g) > EDGE_DEG_S]
    (hold,) = truth["holds"]
    before, after = fast_s[fast_s < 14.0], fast_s[fast_s > 14.0]
    assert hold["start_s"] == pytest.approx(before[-1], abs=0.06)
    assert hold["end_s"] == pytest.approx(after[0], abs=0.06)


def test_marks_are_where_the_chest_had_them() -> None:
    way = replace(WAYS[0], breath_deg=(2.0, 2.0))
    block, truth = spliced(people(), ["level"], way, 1)
    (hold,) = truth["holds"]
    marks_s = [breath["exhale_s"] for breath in hold["breaths"]]
    inside = [t_s for t_s in marks_s if hold["start_s"] + 2.0 < t_s < hold["end_s"] - 2.0]
    assert len(inside) >= 2
    for t_s in inside:
        # The sine passes its middle at a mark: from a quarter before to a quarter after, all of it.
        quarters = block.t_s.searchsorted([t_s - 0.25 * PERIOD_S, t_s + 0.25 * PERIOD_S])
        assert angle_deg(*map(tuple, block.acc_g[quarters])) == pytest.approx(2.0, abs=0.15)


def test_a_band_feels_its_own_swing() -> None:
    lever_m, move_s = 0.35, 2.0
    block, _ = spliced(people(), ["level"], replace(STILL, lever_m=lever_m), 0)
    bare, _ = spliced(people(), ["level"], STILL, 0)
    first = round(8.0 * RATE_HZ)
    moving = slice(first, first + round(move_s * RATE_HZ))
    x = (block.t_s[moving] - 8.0 + 0.5 / RATE_HZ) / move_s
    angle = 0.5 * np.pi
    speed = angle / move_s * 30.0 * x**2 * (1.0 - x) ** 2
    rise = angle / move_s**2 * 60.0 * x * (1.0 - x) * (1.0 - 2.0 * x)
    due = lever_m / GRAVITY * np.column_stack([0.0 * x, speed**2, rise])
    felt = block.acc_g[moving] - bare.acc_g[moving]
    assert felt == pytest.approx(due, abs=0.004)
    assert np.abs(due).max() > 0.07


@pytest.mark.parametrize("way", [WAYS[0], WAYS[1], WAYS[3], WAYS[6]], ids=lambda way: way.name)
def test_every_pose_of_a_real_leg_is_one_hold_whose_breaths_are_counted(way: Way) -> None:
    figures = measure(real(COMMITTED), way, 1)
    assert (figures.true, figures.found, figures.hit) == (12, 12, 12)
    assert np.mean(np.abs(figures.start)) <= 0.35
    assert np.mean(np.abs(figures.end)) <= 0.35
    assert np.mean(np.abs(figures.count)) <= 1.0
