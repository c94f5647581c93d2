"""The deepening of a hold is told from the breath and the sway that it comes with."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from tracker.detect.breath.beats import BEAT_S
from tracker.detect.breath.cycles import Cycles
from tracker.detect.breath.deepening import Deepening
from tracker.detect.breath.habit import Habit
from tracker.detect.breath.movement import Movement
from tracker.detect.samples import Floats

START_S = 100.0


def beats(duration_s: float) -> Floats:
    """Since the start of the hold, as far as a hold of so long is felt."""
    return np.arange(0.8, duration_s - 0.5, BEAT_S)


def swaying(count: int, seed: int) -> Floats:
    """0.4 degrees that remember 2.5 s."""
    from scipy.signal import lfilter  # a second that each worker would take

    kept = np.exp(-BEAT_S / 2.5)
    fresh = np.random.default_rng(seed).normal(0.0, 0.4 * np.sqrt(1.0 - kept**2), count + 100)
    return np.asarray(lfilter([1.0], [1.0, -kept], fresh)[100:], np.float64)


def gain_deg(
    *parts: tuple[Floats, Floats], rows: Sequence[Cycles] = (), known: bool = True
) -> float:
    deepening = Deepening(START_S, way_known=known)
    for t_s, moved_deg in parts:
        deepening.look(Movement(START_S + float(t_s[0]), moved_deg, START_S, Habit()), rows)
    gain = deepening.gain_deg()
    assert gain is not None
    return gain


@pytest.mark.parametrize("creep", [0.0, 2.5], ids=["steadily", "slowing down"])
def test_what_the_leg_gives_way_is_the_gain(creep: float) -> None:
    t_s = beats(40.0)
    share = t_s / 40.0
    way = share if not creep else np.expm1(-creep * share) / np.expm1(-creep)
    assert gain_deg((t_s, 4.0 * way)) == pytest.approx(4.0, abs=0.25)


def test_a_breath_that_was_told_is_no_gain() -> None:
    # Released at the end of an exhale, 1.5 degrees deeper for the moment.
    t_s = beats(13.0)
    row = Cycles((START_S, START_S + 7.0, START_S + 14.0), 7.0, 1.5, -20.0, 0.0)
    moved = 1.5 * row.depth(START_S + t_s) + 2.0 * t_s / 13.0
    assert moved[-1] > 2.8
    assert gain_deg((t_s, moved), rows=[row]) == pytest.approx(2.0, abs=0.25)


def test_what_several_rows_leave_counts_as_far_as_they_are_likely() -> None:
    # Released at the end of an exhale, or at the end of the inhale after a bend of the leg.
    t_s = beats(13.0)
    out = Cycles((START_S, START_S + 7.0, START_S + 14.0), 7.0, 1.5, -20.0, 0.0)
    back = replace(out, onsets_s=tuple(t + 3.5 for t in (START_S - 7.0, START_S, START_S + 7.0)))
    moved = 0.8 * out.depth(START_S + t_s) + 2.0 * t_s / 13.0
    with_out, with_back = (gain_deg((t_s, moved), rows=[row]) for row in (out, back))
    assert with_back > with_out + 0.5
    both = gain_deg((t_s, moved), rows=[out, back])
    assert both == pytest.approx(0.5 * (with_out + with_back), abs=1e-9)
    doubtful = gain_deg((t_s, moved), rows=[out, replace(back, against=-16.0)])
    # By 4 of twice a log likelihood, of which the fourth root counts.
    share = math.exp(-4.0 / 2.0 / 4.0)
    assert doubtful == pytest.approx((with_out + share * with_back) / (1.0 + share), abs=1e-9)
    unlikely = gain_deg((t_s, moved), rows=[out, replace(back, against=12.0)])
    assert unlikely == pytest.approx(with_out, abs=1e-9)


def test_what_sways_in_a_short_hold_is_mostly_no_gain() -> None:
    t_s = beats(10.0)
    plain, told = [], []
    for seed in range(60):
        moved = 3.0 * t_s / 10.0 + swaying(len(t_s), seed)
        plain.append(abs(moved[-3:].mean() - moved[:3].mean() - 3.0))
        told.append(abs(gain_deg((t_s, moved)) - 3.0))
    assert np.mean(told) < 0.75 * np.mean(plain)
    assert np.mean(told) < 0.5


def test_beats_that_are_unknown_are_left_out() -> None:
    t_s = beats(30.0)
    moved = 3.0 * t_s / 30.0
    moved[20:40] = np.nan
    assert gain_deg((t_s, moved)) == pytest.approx(3.0, abs=0.25)


def test_the_parts_of_a_long_hold_make_one_gain() -> None:
    t_s = beats(600.0)
    moved = 5.0 * t_s / 600.0
    assert gain_deg((t_s[:760], moved[:760]), (t_s[700:], moved[700:])) == pytest.approx(
        5.0, abs=0.2
    )


def test_which_way_is_deeper_is_not_guessed() -> None:
    t_s = beats(12.0)
    sway = swaying(len(t_s), 5)
    assert gain_deg((t_s, sway), known=False) == pytest.approx(
        -gain_deg((t_s, -sway), known=False), abs=1e-6
    )


def test_the_end_of_a_way_in_that_was_crept_is_no_gain() -> None:
    # Six degrees more in the first three seconds, from 4 degrees a second on ever slower.
    t_s = beats(16.0)
    crept = 6.0 * (1.0 - np.maximum(1.0 - t_s / 3.0, 0.0) ** 2)
    told = []
    for seed in range(20):
        moved = crept + 1.0 * t_s / 16.0 + 0.5 * swaying(len(t_s), seed)
        assert moved[-3:].mean() - moved[0] > 3.0
        told.append(abs(gain_deg((t_s, moved)) - 1.0))
    assert np.mean(told) < 0.5


def test_a_stretch_that_gives_way_soon_is_a_gain() -> None:
    # Half a degree a second at first, which no way in ends with.
    t_s = beats(60.0)
    moved = 5.0 * -np.expm1(-t_s / 15.0)
    assert gain_deg((t_s, moved)) == pytest.approx(4.9, abs=0.6)


def test_of_a_movement_that_is_not_known_no_gain_is_told() -> None:
    t_s = beats(12.0)
    deepening = Deepening(START_S, way_known=True)
    deepening.look(Movement(START_S, np.full(len(t_s), np.nan), START_S, Habit()), [])
    assert deepening.gain_deg() is None
