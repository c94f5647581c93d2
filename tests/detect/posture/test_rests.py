"""Any posture: which of the postures that were kept is the rest?"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.detect.figures.sets import ANY, SHORT
from tests.detect.leg import BACK, STANDING, Pose, bent_standing, raised, samples, swung
from tracker.detect.events import Event, HoldDropped, HoldEnded, HoldStarted
from tracker.detect.motion.orientation import Steps
from tracker.detect.posture.rests import Rests
from tracker.detect.samples import Block
from tracker.detect.session import Session, Settings
from tracker.detect.trace import Discarded, Note
from tracker.recordings import read

RECORDINGS = Path(__file__).parents[1] / "recordings"


def holds(block: Block, choice: Settings) -> list[HoldEnded]:
    detector = Session("band", settings=choice)
    return [e for e in detector.receive(block) + detector.close() if isinstance(e, HoldEnded)]


def times(*poses: Pose, count: int) -> list[Pose]:
    return [pose for _ in range(count) for pose in poses]


def test_a_band_that_is_put_on_in_the_midst_of_a_hold_finds_the_rest() -> None:
    up, down = Pose(raised(60), 4.0, move_s=0.8), Pose(BACK, 1.2, move_s=0.8)
    told = holds(samples(times(up, down, count=6)), SHORT)
    assert [round(hold.angle_deg or 0.0, -1) for hold in told[-4:]] == [60.0] * 4
    assert all(abs(hold.duration_s - 4.0) < 0.6 for hold in told[-4:])


class Heard:
    def __init__(self) -> None:
        self.notes: list[Note] = []

    def saw(self, steps: Steps) -> None:
        pass

    def told(self, note: Note) -> None:
        self.notes.append(note)


def test_what_turns_out_to_be_the_rest_is_dropped_and_says_so() -> None:
    up, down = Pose(raised(60), 4.0, move_s=0.8), Pose(BACK, 1.2, move_s=0.8)
    heard = Heard()
    detector = Session("band", settings=SHORT, trace=heard)
    events: list[Event] = detector.receive(samples(times(up, down, count=4)))
    why = {note.hold_id: note.why for note in heard.notes if isinstance(note, Discarded)}
    dropped = {event.hold_id: event.reason for event in events if isinstance(event, HoldDropped)}
    assert dropped == why
    assert "rest" in dropped.values()


@pytest.mark.parametrize("first_deg", [0.0, 60.0])
def test_of_two_postures_kept_alike_the_leg_rests_where_it_is_lowered_to(first_deg: float) -> None:
    # Seven times 2.5 s up and 2.5 s down, or down and up: one move of 0.8 s every 3.3 s.
    at_s = [2.5 + 3.3 * k + moved for k in range(14) for moved in (0.0, 0.8)]
    elevation_deg = [(first_deg, 60.0 - first_deg)[(k + 1) // 2 % 2] for k in range(28)]
    block = swung(at_s, elevation_deg, until_s=at_s[-1] + 2.5)
    told = holds(block, SHORT)
    assert len(told) >= 6
    for hold in told:
        assert block.acc_g[block.t_s.searchsorted(hold.start_s + 1.0), 1] < -0.8


@pytest.mark.parametrize(("way_deg", "held"), [((60.0, 18.0), [60, 60]), ((18.0, 0.0), [18, 18])])
def test_a_leg_put_down_near_where_it_lay_rests_and_one_raised_as_far_is_held(
    way_deg: tuple[float, float], held: list[int]
) -> None:
    at_s = [3.0 + 3.3 * k + moved for k in range(4) for moved in (0.0, 0.8)]
    ends_deg = [0.0, *way_deg, *way_deg]
    block = swung(at_s, [deg for pair in pairwise(ends_deg) for deg in pair], at_s[-1] + 2.5)
    middles = [0.5 * (hold.start_s + hold.end_s) for hold in holds(block, SHORT)]
    ys = [block.acc_g[block.t_s.searchsorted(middle_s), 1] for middle_s in middles]
    assert [round(float(np.degrees(np.arcsin(-y)))) for y in ys] == pytest.approx(held, abs=2)


def test_a_leg_found_raised_that_does_not_stop_where_it_rests_is_held_at_an_unknown_angle() -> None:
    # Up for 3 s, down and up again in 1.6 s.
    at_s = [3.0 + 4.6 * k + moved for k in range(3) for moved in (0.0, 0.8, 1.6)]
    block = swung(at_s, [60.0, 0.0, 60.0] * 3, until_s=at_s[-1] + 3.0 + 1.6)
    detector = Session("band", settings=SHORT)
    told = detector.receive(block) + detector.close()
    assert [e.angle_deg for e in told if isinstance(e, HoldStarted)] == [None] * 3
    assert [e.angle_deg for e in told if isinstance(e, HoldEnded)] == [None] * 3


def test_a_rest_that_only_was_found_first_is_doubted_until_a_stay_speaks_for_it() -> None:
    rests = Rests(raised(60), 1.5)
    rests.kept(raised(60), 4.0, raised_m=0.6)
    assert rests.doubted
    rests.kept(raised(60), 1.0, raised_m=0.0)
    assert not rests.doubted


def test_a_rest_found_first_is_not_doubted_where_more_speaks_against_the_other_posture() -> None:
    rests = Rests(BACK, 1.5)
    rests.kept(BACK, 2.0, raised_m=0.2)
    assert rests.doubted
    rests.kept(raised(60), 4.0, raised_m=0.6)
    assert not rests.doubted


def test_where_neither_of_two_postures_is_told_from_the_other_the_first_is_the_rest() -> None:
    poses = times(Pose(raised(60), 2.5, move_s=0.8), Pose(BACK, 2.5, move_s=0.8), count=7)
    block = samples(poses)
    # From its end on: 3.3 s a stay, the last one of 2.5 s on the back.
    told, end_s = holds(block, SHORT), float(block.t_s[-1])
    assert [round((end_s - hold.end_s) / 3.3) for hold in told[-3:]] == [4, 2, 0]


@pytest.mark.parametrize(("hold_s", "pause_s"), [(8.0, 3.0), (20.0, 6.0), (60.0, 8.0), (9.0, 30.0)])
@pytest.mark.parametrize("ups", [(60,), (60, 75, 90)])
def test_where_poses_are_held_the_stance_between_them_stays_the_rest(
    hold_s: float, pause_s: float, ups: tuple[int, ...]
) -> None:
    stand = Pose(STANDING, pause_s)
    poses = [stand]
    for k in range(6):
        poses += [Pose(bent_standing(ups[k % len(ups)]), hold_s), stand]
    told = holds(samples(poses, breath_deg=1.2), ANY)
    assert [round(hold.duration_s - hold_s) for hold in told] == [0] * 6


def test_one_stay_proves_nothing() -> None:
    rests = Rests(BACK, 5.0)
    rests.kept(raised(60), 2.0, raised_m=0.0)
    assert rests.up == pytest.approx(BACK, abs=0.02)


def test_one_stay_that_the_leg_was_lowered_to_is_enough_where_it_was_found_raised() -> None:
    rests = Rests(raised(60), 1.5)
    rests.kept(raised(60), 4.0, raised_m=0.6)
    assert rests.up == pytest.approx(raised(60), abs=0.02)
    rests.kept(BACK, 2.5, raised_m=-0.6)
    assert rests.up == pytest.approx(BACK, abs=0.02)


def test_only_the_last_stays_count() -> None:
    rests = Rests(BACK, 1.5)
    for _ in range(40):
        rests.kept(BACK, 1.0, raised_m=0.0)
    for _ in range(40):
        rests.kept(STANDING, 1.0, raised_m=0.0)
        rests.kept(raised(60), 4.0, raised_m=0.0)
    assert rests.up == pytest.approx(STANDING, abs=0.02)


def test_who_gets_up_for_the_next_exercise_rests_standing_once_the_leg_has_come_back_there() -> (
    None
):
    lying = times(Pose(raised(50), 4.0, move_s=0.8), Pose(BACK, 2.5, move_s=0.8), count=8)
    standing = times(Pose(STANDING, 3.0), Pose(bent_standing(40), 4.0), count=6)
    told = holds(samples([Pose(BACK, 3.0), *lying, *standing]), SHORT)
    since_s = 3.0 + 8 * (4.8 + 3.3) + 1.5
    lasted_s = [round(hold.duration_s) for hold in told if hold.start_s > since_s - 0.5]
    # The first stand is held away from lying; whether the second is, shows when it is left.
    assert lasted_s == [3, 4, 4, 4, 4, 4, 4]


def lying_for_long() -> Rests:
    rests = Rests(BACK, 1.5)
    for _ in range(10):
        rests.kept(BACK, 1.0, raised_m=-0.4)
        rests.kept(raised(60), 4.0, raised_m=0.4)
    rests.kept(BACK, 1.0, raised_m=-0.4)
    assert rests.up == pytest.approx(BACK, abs=0.02)
    return rests


def test_a_rest_that_the_leg_comes_by_without_stopping_stays_the_rest() -> None:
    stand, bend = (STANDING, 3.0), (bent_standing(40), 4.0)
    by, away = lying_for_long(), lying_for_long()
    for up, lasted_s in (stand, bend, stand, bend):
        by.kept(up, lasted_s, raised_m=0.0, came_by_rest=True)
        away.kept(up, lasted_s, raised_m=0.0)
    assert by.up == pytest.approx(BACK, abs=0.02)
    assert away.up == pytest.approx(STANDING, abs=0.02)


def test_what_the_leg_was_always_plainly_raised_to_is_no_rest_however_often_it_comes_back() -> None:
    rests = lying_for_long()
    for up in (bent_standing(40), bent_standing(60)) * 5:
        rests.kept(up, 4.0, raised_m=0.3)
    assert rests.up == pytest.approx(BACK, abs=0.02)


@pytest.mark.parametrize("path", sorted(RECORDINGS.glob("*-0.csv.gz")), ids=lambda path: path.name)
def test_no_hold_begins_before_the_one_before_it_has_ended(path: Path) -> None:
    told = holds(Block.join(list(read(path))), SHORT)
    assert all(later.start_s >= hold.end_s for hold, later in pairwise(told))


def test_a_short_hold_lasts_while_the_leg_sinks_slower_than_it_may_shake() -> None:
    # From 6 s on at 7.5 degrees a second, from 6.6 s on at 60.
    at_s, elevation_deg = [0.0, 2.0, 2.8, 6.0, 6.6, 7.5, 12.0], [0, 0, 60, 60, 55.5, 1.5, 0]
    t_s = np.arange(0.0, 12.0, 0.02)
    elevation = np.radians(np.interp(t_s, at_s, elevation_deg))
    up = np.column_stack([np.cos(elevation), -np.sin(elevation), 0.0 * elevation])
    noise = np.random.default_rng(3).normal(0.0, 0.002, up.shape)
    (hold,) = holds(Block(t_s, up + noise), SHORT)
    assert 6.2 < hold.end_s < 6.6
