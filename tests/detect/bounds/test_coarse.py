from __future__ import annotations

import numpy as np
import pytest

from tests.detect.figures.score import Figures, add
from tests.detect.generated import CONDITIONS, session
from tests.detect.leg import BACK, SESSION, STANDING, Pose, raised, samples
from tests.detect.test_session import fold, only_hold, stated
from tracker.detect.events import Breath, HoldDropped, HoldEnded, Strain
from tracker.detect.samples import Block
from tracker.detect.session import Session

# 8 bits over 16 g either way: one count turns the direction by 7 degrees.
COUNT_G = 0.125


def counted(block: Block, count_g: float = COUNT_G) -> Block:
    return Block(block.t_s, count_g * np.rint(block.acc_g / count_g))


# 8 bits over 2 g: 0.9 degrees.
FINER_G = 0.0156

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


@pytest.mark.parametrize("tilted", [-6.0, -3.0, 0.0, 3.0, 6.0])
def test_a_short_gap_in_a_hold_does_not_make_a_coarse_sensor_a_fine_one(tilted: float) -> None:
    block = counted(samples(SESSION, breath_deg=2.0, noise_g=0.01, tilted_deg=tilted))
    seen = (block.t_s < 30.0) | (block.t_s > 31.0)
    only_hold(stated(Block(block.t_s[seen], block.acc_g[seen])))


def test_any_cutting_of_coarse_samples_gives_the_same_events_to_the_byte() -> None:
    whole = fold(Session("band", 1), SHAKY, [])
    assert fold(Session("band", 1), SHAKY, list(range(7, len(SHAKY), 25))) == whole
    assert b"hold_ended" in whole


def test_a_clock_that_starts_below_zero_is_one_too() -> None:
    early = Block(SHAKY.t_s - 600.0, SHAKY.acc_g)
    assert only_hold(stated(early)).start_s == only_hold(stated(SHAKY)).start_s - 600.0


@pytest.mark.parametrize("seed", [0, 3])
def test_no_hold_is_dropped_as_lifeless_because_counts_hide_the_sway(seed: int) -> None:
    (coarse,) = (condition for condition in CONDITIONS if condition.name == "8 bit, ±16 g")
    block, truth = session(seed, coarse)
    figures = Figures()
    add(figures, truth, stated(block), coarse.name)
    assert figures.hit == figures.true == 8


def laid_down(noise_g: float, rate_hz: float, lies_s: float = 40.0) -> Block:
    """From a rest of a leg a band is laid down as a raised leg would have it."""
    poses = (Pose(STANDING, 6.0), Pose(BACK, 8.0, 6.0), Pose(raised(70), lies_s), Pose(BACK, 6.0))
    block = samples(poses, rate_hz=rate_hz, noise_g=0.0)
    lies = (block.t_s > 23.0) & (block.t_s < 21.5 + lies_s)
    noise = np.random.default_rng(13).normal(0.0, noise_g, block.acc_g.shape)
    acc = np.where(lies[:, None], np.array(raised(70)), block.acc_g)
    return counted(Block(block.t_s, acc + noise), FINER_G)


@pytest.mark.parametrize("rate_hz", [12.5, 26.0, 50.0, 200.0])
def test_where_noise_dithers_the_counts_a_band_on_a_table_holds_no_stretch(rate_hz: float) -> None:
    events = stated(laid_down(0.0045, rate_hz, lies_s=90.0))
    assert [e.reason for e in events if isinstance(e, HoldDropped)] == ["lifeless"]
    assert not [e for e in events if isinstance(e, HoldEnded)]


@pytest.mark.parametrize("rate_hz", [12.5, 50.0])
def test_counts_that_no_noise_dithers_tell_of_a_table_when_they_stand_for_long(
    rate_hz: float,
) -> None:
    events = stated(laid_down(0.0002, rate_hz, lies_s=40.0))
    assert [e.reason for e in events if isinstance(e, HoldDropped)] == ["lifeless"]
    only_hold(stated(laid_down(0.0002, rate_hz, lies_s=10.0)))


@pytest.mark.parametrize("rate_hz", [12.5, 26.0, 50.0, 200.0])
@pytest.mark.parametrize("noise_g", [0.002, 0.005])
def test_dithered_counts_show_a_leg_that_breathes_a_little(rate_hz: float, noise_g: float) -> None:
    leg = samples(SESSION, breath_deg=0.4, noise_g=noise_g, rate_hz=rate_hz)
    only_hold(stated(counted(leg, FINER_G)))
