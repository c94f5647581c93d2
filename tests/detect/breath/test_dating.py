"""Exhales are dated by how the breaths run, not by the one shape that finds them."""

import numpy as np
import pytest

from tests.detect.breath.test_deepening import swaying
from tracker.detect.breath.beats import BEAT_S
from tracker.detect.breath.cycles import Cycles
from tracker.detect.breath.dating import Dating
from tracker.detect.breath.habit import Habit
from tracker.detect.breath.movement import Movement
from tracker.detect.breath.shapes import shapes, waves
from tracker.detect.samples import Floats

PERIOD_S = 10.0


def breathing(t_s: Floats, out: float, held: float, back: float) -> Floats:
    """1.5 degrees, each part at an even pace but for its ends; an exhale begins at 0."""
    phase = np.mod(t_s, PERIOD_S) / PERIOD_S
    gone = np.clip(phase / out, 0.0, 1.0) - np.clip((phase - out - held) / back, 0.0, 1.0)
    return np.asarray(1.5 * (0.5 - 0.5 * np.cos(np.pi * gone)), np.float64)


def found(moved: Floats) -> tuple[Movement, Cycles]:
    movement = Movement(0.0, moved, None, Habit())
    row = movement.cycles(PERIOD_S)
    assert row is not None
    return movement, row


def off_s(row: Cycles, late_s: float = 0.0) -> float:
    """How far the exhales of a row, but for its first and last, are from those at 0, 10, 20 s."""
    at_s = np.array(row.onsets_s[1:-1]) + late_s
    return float(np.mean(at_s - PERIOD_S * np.round(at_s / PERIOD_S)))


def late_s(movement: Movement, row: Cycles, habit: Habit | None = None) -> float:
    dating = Dating(Habit() if habit is None else habit)
    dating.look(movement, row, len(row.onsets_s))
    late = dating.late() * row.usual_s
    dating.remember()
    return late


@pytest.mark.parametrize(
    ("out", "held", "back"),
    [(0.36, 0.14, 0.30), (0.25, 0.25, 0.40)],
    ids=["rests after the inhale", "breathes out quickly and rests then"],
)
def test_who_breathes_otherwise_is_dated_nearer_to_the_exhale(
    out: float, held: float, back: float
) -> None:
    t_s = np.arange(0.0, 70.0, BEAT_S)
    moved = breathing(t_s, out, held, back)
    early, dated = [], []
    for seed in range(12):
        movement, row = found(moved + 0.5 * swaying(len(t_s), seed))
        early.append(off_s(row))
        dated.append(off_s(row, late_s(movement, row)))
    assert np.mean(early) < -1.0
    assert np.mean(np.abs(dated)) < 0.7 * np.mean(np.abs(early))


def let_go(t_s: Floats) -> Floats:
    """1.5 degrees: a chest that falls back by itself, a pause, and an inhale that is meant."""
    phase = np.mod(t_s, PERIOD_S) / PERIOD_S
    left = 1.0 - np.clip(phase / 0.48, 0.0, 1.0)
    back = np.clip((phase - 0.58) / 0.40, 0.0, 1.0)
    gone = (
        1.0 - left**4 * (1.0 + 4.0 * (1.0 - left)) - back**3 * (10.0 - 15.0 * back + 6.0 * back**2)
    )
    return np.asarray(1.5 * gone, np.float64)


def test_who_lets_the_breath_go_is_dated_nearer_to_the_exhale() -> None:
    t_s = np.arange(0.0, 70.0, BEAT_S)
    early, dated = [], []
    for seed in range(12):
        movement, row = found(let_go(t_s) + 0.5 * swaying(len(t_s), seed))
        early.append(off_s(row))
        dated.append(off_s(row, late_s(movement, row)))
    assert np.mean(early) < -0.4
    assert np.mean(np.abs(dated)) < 0.75 * np.mean(np.abs(early))


def test_a_few_breaths_are_dated_by_how_the_wearer_breathed_in_the_holds_before() -> None:
    t_s = np.arange(0.0, 34.0, BEAT_S)
    moved = breathing(t_s, out=0.25, held=0.25, back=0.40)
    habit, alone, by_habit = Habit(), [], []
    for seed in range(24):
        movement, row = found(moved + 0.7 * swaying(len(t_s), seed))
        alone.append(off_s(row, late_s(movement, row)))
        by_habit.append(off_s(row, late_s(movement, row, habit)))
    later = slice(4, None)
    assert np.mean(np.abs(by_habit[later])) < 0.85 * np.mean(np.abs(alone[later]))


def test_a_usual_breath_is_left_where_it_was_found() -> None:
    t_s = np.arange(0.0, 70.0, BEAT_S)
    moved = breathing(t_s, out=0.50, held=0.15, back=0.32) + 0.5 * swaying(len(t_s), 1)
    movement, row = found(moved)
    assert abs(off_s(row, late_s(movement, row))) < 0.3


def test_where_sway_hides_the_breath_little_is_shifted() -> None:
    t_s = np.arange(0.0, 30.0, BEAT_S)
    moved = 0.1 * breathing(t_s, out=0.28, held=0.17, back=0.25)
    shifts = []
    for seed in range(20):
        movement, row = found(moved + 2.0 * swaying(len(t_s), seed))
        shifts.append(abs(late_s(movement, row)))
    assert np.mean(shifts) < 0.03 * PERIOD_S


def test_each_breath_is_looked_at_once_however_many_rows_it_is_in() -> None:
    t_s = np.arange(0.0, 70.0, BEAT_S)
    movement, row = found(breathing(t_s, out=0.28, held=0.17, back=0.25) + swaying(len(t_s), 2))
    breaths = len(row.onsets_s) - 1
    by_and_by = Dating(Habit())
    for _ in range(breaths):
        by_and_by.look(movement, row, 1)
    assert by_and_by.late() * row.usual_s == pytest.approx(late_s(movement, row), abs=1e-9)


def test_a_wave_of_a_breath_is_the_shape_that_is_laid_over_it() -> None:
    """What a thousand shapes are, a few waves of theirs are."""
    known, phases = shapes(), np.arange(0.0, 1.0, 0.05)
    usual = int(np.argmax(known.usual))
    moved = known.sizes[:, usual] @ waves(phases)
    assert moved == pytest.approx(breathing(PERIOD_S * phases, 0.48, 0.10, 0.42) / 1.5, abs=0.06)


def test_before_any_breath_nothing_is_known() -> None:
    assert Dating(Habit()).late() == pytest.approx(0.0, abs=1e-12)
