"""Holds of other limbs, other ways of moving and other sensors than the detector was made with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from statistics import mean
from typing import Any

import numpy as np
import pytest

from firmware_sim import body, script
from firmware_sim.motion import scripted
from tests.detect import generated
from tests.detect.figures.score import Figures, add
from tests.detect.generated import CONDITIONS, Condition
from tracker.detect.samples import Block, Floats
from tracker.detect.session import Session

SEED, TOTAL_S = 12, 240.0
Profile = Callable[[Floats], Floats]


def session() -> tuple[dict[str, Any], Block]:
    motion = scripted(SEED, TOTAL_S)
    samples = motion.read(float("inf"))
    return asdict(motion.truth), Block(samples.t_s, samples.acc_g)


def found_in(truth: dict[str, Any], block: Block) -> Figures:
    detector, figures = Session("band"), Figures()
    add(figures, truth, detector.receive(block) + detector.close(), "simulated")
    return figures


def assert_right(figures: Figures) -> None:
    assert figures.f1 == 1.0
    assert mean(map(abs, figures.start)) <= 0.2
    assert mean(map(abs, figures.end)) <= 0.2


def trapezoid(share: Floats) -> Floats:
    """A fifth of the time to speed up, a fifth to slow down."""
    ramp = 0.2
    up, down = share**2 / (2 * ramp), 1 - ramp - (1 - share) ** 2 / (2 * ramp)
    parts = np.where(share < ramp, up, np.where(share < 1 - ramp, share - ramp / 2, down))
    whole: Floats = parts / (1 - ramp)
    return whole


def harmonic(share: Floats) -> Floats:
    whole: Floats = 0.5 - 0.5 * np.cos(np.pi * share)
    return whole


def cubic(share: Floats) -> Floats:
    whole: Floats = share**2 * (3 - 2 * share)
    return whole


@pytest.mark.parametrize("profile", [trapezoid, harmonic, cubic])
def test_holds_are_found_however_the_leg_speeds_up_and_slows_down(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def at(track: script.Track, t_s: Floats) -> Floats:
        starts, spans = np.array(track._starts), np.array(track._spans)
        i = np.clip(np.searchsorted(starts, t_s, "right") - 1, 0, None)
        part = profile(np.clip((t_s - starts[i]) / spans[i], 0.0, 1.0))
        start, end = np.array(track._from)[i], np.array(track._to)[i]
        value: Floats = start + (end - start) * part
        return value

    monkeypatch.setattr(script.Track, "at", at)
    assert_right(found_in(*session()))


@pytest.mark.parametrize(("thigh_m", "shank_m"), [(0.33, 0.33), (0.48, 0.46)])
def test_holds_are_found_on_short_and_on_long_legs(
    thigh_m: float, shank_m: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body, "THIGH_M", thigh_m)
    monkeypatch.setattr(body, "SHANK_M", shank_m)
    assert_right(found_in(*session()))


# A step of 125 mg turns the direction by 7 degrees, more than a slip: holds break there.
TOO_COARSE = "8 bit, ±16 g"
FINE_ENOUGH = [condition for condition in CONDITIONS if condition.name != TOO_COARSE]


@pytest.mark.parametrize("condition", FINE_ENOUGH, ids=lambda condition: condition.name)
def test_holds_are_found_however_they_are_measured(condition: Condition) -> None:
    block, truth = generated.session(SEED, condition)
    assert_right(found_in(truth, block))
