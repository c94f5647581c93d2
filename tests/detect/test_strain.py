from __future__ import annotations

import math

from tracker.detect.motion.orientation import STEP_S
from tracker.detect.strain import Strains, StrainSeen


def strained(depth: list[float], unrest: list[float] | None = None) -> list[StrainSeen]:
    strains = Strains()
    quiet = unrest or [0.01] * len(depth)
    seen = (
        strains.step(i * STEP_S, d, u) for i, (d, u) in enumerate(zip(depth, quiet, strict=True))
    )
    return [strain for strain in seen if strain is not None]


def wave(deg: float, period_s: float, length_s: float = 12.0) -> list[float]:
    steps = round(length_s / STEP_S)
    return [deg / 2 * math.sin(2 * math.pi * i * STEP_S / period_s) for i in range(steps)]


def test_bouncing_is_told_with_its_swing() -> None:
    first, *_ = strained(wave(3.0, 1.2))
    assert first.kind == "bounce"
    assert abs(first.size - 3.0) < 0.5


def test_swings_of_the_release_are_no_bouncing() -> None:
    assert strained([0.0] * 60 + wave(3.0, 1.2, 2.4)) == []  # and then the hold has ended


def test_the_deepest_breath_is_no_strain() -> None:
    assert strained(wave(3.0, 4.0, 60.0)) == []


def test_pushing_is_told_in_degrees_a_second() -> None:
    (force,) = strained([0.0] * 20 + [0.2 * 4.5 * i for i in range(8)] + [6.3] * 30)
    assert force.kind == "force"
    assert abs(force.size - 4.5) < 0.1


def test_trembling_is_told_in_mg_and_not_again_at_once() -> None:
    (tremble,) = strained([0.0] * 60, [0.01] * 10 + [0.09] * 40 + [0.01] * 10)
    assert tremble.kind == "tremble"
    assert abs(tremble.size - 90.0) < 5.0


def test_holding_muscles_do_not_tremble() -> None:
    assert strained([0.0] * 100, [0.035] * 100) == []


def test_settling_and_letting_go_are_not_forcing() -> None:
    push = [0.2 * 4.5 * i for i in range(8)]
    settling = strained([*push, *[6.3] * 60])
    letting_go = strained([0.0] * 60 + push)  # and then the hold has ended
    assert settling == letting_go == []


def test_a_slip_that_returns_is_not_forcing() -> None:
    strains = Strains()
    before = [strains.step(i * STEP_S, 0.0, 0.01) for i in range(40)]
    rising = [strains.step((40 + i) * STEP_S, 0.9 * i, 0.01) for i in range(6)]
    after = [strains.step((52 + i) * STEP_S, 0.5, 0.01) for i in range(40)]  # 1.2 s were away
    assert not any([*before, *rising, *after])
