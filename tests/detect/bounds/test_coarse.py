from __future__ import annotations

import numpy as np
import pytest

from tests.detect.figures.score import Figures, add
from tests.detect.generated import CONDITIONS, session
from tests.detect.leg import SESSION, samples
from tests.detect.test_session import fold, only_hold, stated
from tracker.detect.events import Breath, Strain
from tracker.detect.samples import Block
from tracker.detect.session import Session

# 8 bits over 16 g either way: one count turns the direction by 7 degrees.
COUNT_G = 0.125


def counted(block: Block, count_g: float = COUNT_G) -> Block:
    return Block(block.t_s, count_g * np.rint(block.acc_g / count_g))


SHAKY = counted(samples(SESSION, breath_deg=2.0, noise_g=0.03))


@pytest.mark.parametrize("tilted", [-6.0, -3.0, 0.0, 3.0, 6.0])
@pytest.mark.parametrize("count_g", [0.125, 0.0625])
def test_a_hold_is_one_hold_however_the_counts_of_a_coarse_sensor_fall(
    tilted: float, count_g: float
) -> None:
    fine = samples(SESSION, breath_deg=2.0, noise_g=0.01, tilted_deg=tilted)
    true, hold = only_hold(stated(fine)), only_hold(stated(counted(fine, count_g)))
    assert (hold.stretch, hold.side) == (true.stretch, true.side)
    assert abs(hold.start_s - true.start_s) < 0.5
    assert abs(hold.end_s - true.end_s) < 0.5


def test_a_coarse_sensor_tells_the_hold_and_nothing_that_it_cannot_see() -> None:
    events = stated(SHAKY)
    hold = only_hold(events)
    unknown = ("depth_gain_deg", "breath_rate_bpm", "exhale_inhale_ratio", "steadiness_deg")
    assert {getattr(hold, name) for name in (*unknown, "twist_deg")} == {None}
    assert not [event for event in events if isinstance(event, Breath | Strain)]
    assert hold.angle_deg == pytest.approx(70.0, abs=4.0)


def test_any_cutting_of_coarse_samples_gives_the_same_events_to_the_byte() -> None:
    whole = fold(Session("band", 1), SHAKY, [])
    assert fold(Session("band", 1), SHAKY, list(range(7, len(SHAKY), 25))) == whole
    assert b"hold_ended" in whole


@pytest.mark.parametrize("seed", [0, 3])
def test_no_hold_is_dropped_as_lifeless_because_counts_hide_the_sway(seed: int) -> None:
    (coarse,) = (condition for condition in CONDITIONS if condition.name == "8 bit, ±16 g")
    block, truth = session(seed, coarse)
    figures = Figures()
    add(figures, truth, stated(block), coarse.name)
    assert figures.hit == figures.true == 8
