"""What is measured worse has to be worse in the way that its row says."""

from __future__ import annotations

import numpy as np
import pytest

from tests.detect.figures.degraded import (
    WAYS,
    Way,
    each_mean_of,
    losing,
    measured,
    stamped_on_arrival,
    stamped_unsurely,
    told,
    truth_in,
    uncalibrated,
    warming_up,
)
from tests.detect.figures.sets import COMMITTED
from tests.detect.generated import Spoil
from tests.detect.leg import SESSION, samples
from tracker.detect.events import HoldEnded

BLOCK = samples(SESSION, breath_deg=1.5)
STEP_S = float(np.median(np.diff(BLOCK.t_s)))


def dice() -> np.random.Generator:
    return np.random.default_rng(4)


@pytest.mark.parametrize("held_up", [0.0, 0.05])
def test_stamps_of_arrival_rise_and_are_as_late_as_the_link(held_up: float) -> None:
    stamped = stamped_on_arrival(0.5, 0.02, held_up)(BLOCK, dice())
    late_s = stamped.t_s - BLOCK.t_s[: len(stamped)]
    assert (np.diff(stamped.t_s) > 0.0).all()
    assert late_s.min() >= 0.0
    assert 0.015 < late_s.mean() < 0.05
    assert late_s.max() > 0.25 if held_up else late_s.max() < 0.2


def test_unsure_stamps_are_in_order_and_off_by_as_much() -> None:
    unsure = stamped_unsurely(0.25)(BLOCK, dice())
    assert (np.diff(unsure.t_s) >= 0.0).all()
    off = np.sort(unsure.t_s) - BLOCK.t_s
    assert 0.15 * STEP_S < off.std() < 0.3 * STEP_S


def test_means_are_of_what_was_felt_around_their_time() -> None:
    means = each_mean_of(0.08)(BLOCK, dice())
    assert np.diff(means.t_s) == pytest.approx(0.08, abs=1e-6)
    there = (BLOCK.t_s >= means.t_s[50] - 0.04) & (BLOCK.t_s < means.t_s[50] + 0.04 - 1e-9)
    assert means.acc_g[50] == pytest.approx(BLOCK.acc_g[there].mean(axis=0))


@pytest.mark.parametrize(
    ("spoil", "off_g"), [(uncalibrated(0.0, 0.04), 0.04), (warming_up(0.05), 0.0475)]
)
def test_each_axis_is_off_by_what_its_row_says(spoil: Spoil, off_g: float) -> None:
    off = spoil(BLOCK, dice()).acc_g[-1] - BLOCK.acc_g[-1]
    assert np.abs(off) == pytest.approx(off_g, abs=1e-4)


def test_so_many_samples_on_end_are_lost() -> None:
    kept = losing(0.1, 10)(BLOCK, dice())
    assert len(kept) == pytest.approx(0.9 * len(BLOCK), rel=0.05)
    gaps = np.diff(kept.t_s)[np.diff(kept.t_s) > 1.5 * STEP_S] / STEP_S
    assert (np.rint(gaps).astype(int) % 10 == 1).all()


def test_the_truth_goes_by_the_clock_of_the_recording() -> None:
    truth = {"holds": [{"start_s": 10.0, "duration_s": 5.0, "amp_deg": 2.0}], "duration_s": 50.0}
    (hold,) = truth_in(Way("", clock=1.02, begins_s=100.0), truth)["holds"]
    assert hold == pytest.approx({"start_s": 110.2, "duration_s": 5.1, "amp_deg": 2.0})


def test_a_quick_clock_tells_the_same_holds_later() -> None:
    plain, quick = (
        [event for event in told(Way("", clock=clock), BLOCK, 0) if isinstance(event, HoldEnded)]
        for clock in (1.0, 1.02)
    )
    assert [hold.stretch for hold in plain] == [hold.stretch for hold in quick]
    late = [b.end_s - a.end_s * 1.02 for a, b in zip(plain, quick, strict=True)]
    assert late == pytest.approx([0.0] * len(plain), abs=0.1)


@pytest.mark.parametrize("way", [WAYS[3], WAYS[6], WAYS[8], WAYS[-1]], ids=lambda way: way.name)
def test_no_hold_of_a_clean_session_is_lost_or_misnamed_by_poor_measuring(way: Way) -> None:
    figures = measured(way, [COMMITTED / "clean-0.csv.gz"])
    assert figures.wrong == []
    assert figures.hit == figures.found == figures.named == figures.true > 0
    assert max(map(abs, figures.start + figures.end)) < 0.6
