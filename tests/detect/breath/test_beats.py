"""Two steps make a beat."""

import pytest

from tracker.detect.breath.beats import BEAT_S, Beats
from tracker.detect.motion.orientation import STEP_S


def test_a_beat_is_the_middle_of_two_steps() -> None:
    beats = Beats()
    assert beats.step(7.0, (1.0, -2.0)) is None
    beat = beats.step(7.0 + STEP_S, (3.0, 0.0))
    assert beat is not None
    assert beat.t_s == pytest.approx(7.0 + 0.25 * BEAT_S)
    assert beat.point == (2.0, -1.0)
    assert beats.step(7.0 + 2 * STEP_S, (5.0, 5.0)) is None


def test_after_a_step_that_was_missed_a_new_beat_begins() -> None:
    beats = Beats()
    beats.step(7.0, (1.0, 1.0))
    assert beats.step(7.6, (2.0, 2.0)) is None
    beat = beats.step(7.8, (4.0, 4.0))
    assert beat is not None
    assert beat.point == (3.0, 3.0)


@pytest.mark.parametrize("slips", [0, 1])
def test_a_slip_in_either_step_leaves_the_beat_unknown(slips: int) -> None:
    beats, points = Beats(), [(1.0, 1.0), (2.0, 2.0)]
    felt = [None if step == slips else points[step] for step in (0, 1)]
    assert beats.step(7.0, felt[0]) is None
    beat = beats.step(7.2, felt[1])
    assert beat is not None
    assert beat.point is None
