from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.detect.leg import BACK, SESSION, STANDING, Pose, raised, samples
from tracker.detect.events import (
    Breath,
    Event,
    Gap,
    HoldDropped,
    HoldEnded,
    HoldStarted,
    SessionEnded,
    SessionStarted,
    TargetReached,
    event_name,
    to_json,
)
from tracker.detect.routine import Routine
from tracker.detect.samples import Block
from tracker.detect.session import Session, Settings
from tracker.recordings import read

RECORDINGS = Path(__file__).parent / "recordings"
DEFAULT = Settings()
BREATHING = samples(SESSION, breath_deg=1.5)


def without(block: Block, first: int, end: int) -> Block:
    """The samples from `first` on are missing, up to `end`."""
    kept = np.r_[0:first, end : len(block)]
    return Block(block.t_s[kept], block.acc_g[kept])


WITH_GAP = without(BREATHING, 1400, 1500)
WITH_SHORT_GAP = without(BREATHING, 1400, 1470)


def fold(session: Session, block: Block, cuts: list[int]) -> bytes:
    edges = [0, *sorted(cuts), len(block)]
    events = [event for a, b in pairwise(edges) for event in session.receive(block.between(a, b))]
    return b"\n".join(map(to_json, events + session.close()))


def stated(block: Block, choice: Settings = DEFAULT) -> list[Event]:
    session = Session("band", 1, choice)
    return session.receive(block) + session.close()


def only_hold(events: list[Event]) -> HoldEnded:
    (hold,) = (event for event in events if isinstance(event, HoldEnded))
    return hold


@settings(max_examples=40)
@given(
    block=st.sampled_from([WITH_GAP, WITH_SHORT_GAP]),
    cuts=st.lists(st.integers(0, len(WITH_GAP)), max_size=60),
    single=st.integers(0, len(WITH_GAP) - 60),
    any_posture=st.booleans(),
)
def test_any_cutting_gives_the_same_events_to_the_byte(
    block: Block, cuts: list[int], single: int, any_posture: bool
) -> None:
    choice = Settings(any_posture=any_posture, session_gap_s=10.0)
    whole = fold(Session("band", 1, choice), block, [])
    cuts += range(single, single + 60)
    assert fold(Session("band", 1, choice), block, cuts) == whole
    assert b"hold_ended" in whole
    assert b"gap" in whole


@pytest.mark.parametrize("path", sorted(RECORDINGS.glob("*.csv.gz")), ids=lambda path: path.name)
@pytest.mark.parametrize("any_posture", [False, True])
def test_a_stream_a_file_and_every_single_step_give_the_same_events(
    path: Path, any_posture: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    block = Block.join(list(read(path)))
    choice = Settings(any_posture=any_posture, session_gap_s=60.0)
    stream, file = Session("band", 1, choice), Session("band", 1, choice)
    cuts = list(range(25, len(block), 25))
    told = fold(file, block, [])
    assert fold(stream, block, cuts) == told
    assert (stream.resume_s, stream.worn) == (file.resume_s, file.worn)
    # What is passed over for speed is what nothing would be decided on, step by step.
    monkeypatch.setattr(Routine, "at_ease", False)
    assert fold(Session("band", 1, choice), block, []) == told


TWO_SESSIONS = samples(
    (*SESSION, Pose(STANDING, 30.0, move_s=6.0), *SESSION, Pose(STANDING, 5.0)),
    breath_deg=1.2,
    rate_hz=26.0,
)


@settings(max_examples=15)
@given(cuts=st.lists(st.integers(0, len(TWO_SESSIONS)), max_size=40), boot=st.integers(0, 9))
def test_beginning_afresh_between_sessions_falls_on_the_same_sample(
    cuts: list[int], boot: int
) -> None:
    choice = Settings(session_gap_s=15.0)
    whole, cut = Session("band", boot, choice), Session("band", boot, choice)
    assert fold(whole, TWO_SESSIONS, []) == fold(cut, TWO_SESSIONS, cuts)
    assert whole.resume_s == cut.resume_s
    assert whole.resume_s is not None
    assert whole.resume_s > 60.0


def test_the_events_of_a_hold_come_in_their_order() -> None:
    kinds = [event_name(event) for event in stated(BREATHING)]
    assert [kind for kind in kinds if kind not in {"breath", "worn"}] == [
        "session_started",
        "hold_started",
        "hold_ended",
        "session_ended",
    ]
    assert kinds.count("breath") == 3


def test_a_hold_is_dated_to_the_motion_and_told_in_time() -> None:
    events = stated(BREATHING)
    hold = only_hold(events)
    # The leg moves until 21.5 and from 45.5 s on. It has no inertia, which the detector allows for,
    # so that the bounds lie a little inside; test_edges.py and the recordings have legs with mass.
    assert abs(hold.start_s - 21.5) < 0.4
    assert abs(hold.end_s - 45.5) < 0.4
    (started,) = (event for event in events if isinstance(event, HoldStarted))
    assert started.t_s - started.start_s <= 2.0
    assert hold.t_s - hold.end_s <= 2.5


def test_breaths_are_counted_and_their_rate_is_told() -> None:
    events = stated(BREATHING)
    hold = only_hold(events)
    assert hold.breath_rate_bpm is not None
    assert abs(hold.breath_rate_bpm - 10.0) < 0.4
    assert all(e.t_s - e.end_s < 8.0 for e in events if isinstance(e, Breath))
    assert all(abs(e.depth_deg - 1.5) < 0.5 for e in events if isinstance(e, Breath))


def test_without_a_breath_there_is_no_rate() -> None:
    hold = only_hold(stated(samples(SESSION, breath_deg=0.0)))
    assert hold.breath_rate_bpm is None or hold.breath_rate_bpm > 14  # the sway, never slower


def test_the_target_is_told_once_while_the_hold_goes_on() -> None:
    events = stated(BREATHING, Settings(target_s=10.0))
    (reached,) = (event for event in events if isinstance(event, TargetReached))
    hold = only_hold(events)
    assert 10.0 <= reached.t_s - hold.start_s < 10.4


def test_a_short_stop_is_no_hold() -> None:
    poses = (Pose(BACK, 8.0), Pose(raised(70), 3.5), Pose(BACK, 6.0))
    events = stated(samples(poses))
    assert not any(isinstance(event, HoldEnded) for event in events)
    started = [event.hold_id for event in events if isinstance(event, HoldStarted)]
    assert len(started) == 1
    assert [event.hold_id for event in events if isinstance(event, HoldDropped)] == started


def test_a_hold_does_not_begin_before_the_stop_on_the_way_to_it_was_left() -> None:
    """A step further of nine degrees that hardly passes 5 degrees a second, after three seconds."""
    stop, further = Pose(raised(60), 3.0), Pose(raised(69), 12.0, move_s=3.0)
    events = stated(samples((Pose(BACK, 8.0), stop, further, Pose(BACK, 5.0))))
    began_s, again_s = (event.start_s for event in events if isinstance(event, HoldStarted))
    assert again_s - began_s > 3.0


def test_a_slip_that_returns_does_not_split_a_hold() -> None:
    poses = (
        Pose(BACK, 8.0),
        Pose(raised(70), 8.0),
        Pose(raised(58), 0.2, move_s=0.6),
        Pose(raised(70), 8.0, move_s=0.6),
        Pose(BACK, 6.0),
    )
    hold = only_hold(stated(samples(poses)))
    assert abs(hold.duration_s - 17.4) < 0.5


def test_a_new_posture_ends_the_hold() -> None:
    poses = (Pose(BACK, 8.0), Pose(raised(50), 8.0), Pose(raised(75), 8.0), Pose(BACK, 6.0))
    holds = [event for event in stated(samples(poses)) if isinstance(event, HoldEnded)]
    assert [round(hold.angle_deg or 0, -1) for hold in holds] == [50, 70]


SHORT = Settings(any_posture=True, min_hold_s=1.5)


def test_with_any_posture_a_display_shows_the_angle_away_from_where_the_leg_was_first() -> None:
    detector = Session("band", settings=SHORT)
    detector.take_live()
    detector.receive(samples((Pose(BACK, 3.0), Pose(raised(60), 1.0))))
    angles = [point.angle_deg for point in detector.take_live()]
    assert angles[0] == pytest.approx(0.0, abs=2.0)
    assert angles[-1] == pytest.approx(60.0, abs=5.0)


@pytest.mark.parametrize("creep_s", [10.0, 13.0])
def test_a_leg_that_creeps_on_to_another_hold_is_never_in_two_at_once(creep_s: float) -> None:
    """Raised by 25 degrees more so slowly that it is hardly in motion."""
    crept = (Pose(raised(55), 6.0, 2.0), Pose(raised(80), 6.0, creep_s))
    detector = Session("band")
    events = detector.receive(samples((*SESSION[:2], *crept, Pose(BACK, 6.0)))) + detector.close()
    first, second = (event for event in events if isinstance(event, HoldEnded))
    assert first.start_s < first.end_s <= second.start_s < second.end_s


def test_how_a_leg_is_put_down_between_two_holds_is_not_the_rest() -> None:
    poses = [
        Pose(BACK, 6.0),
        Pose(raised(60), 4.0),
        Pose((0.95, 0.0, -0.1), 1.3, move_s=0.8),
        Pose(raised(60), 4.0, move_s=0.8),
        Pose((0.95, 0.0, 0.1), 1.3, move_s=0.8),
        Pose(raised(60), 4.0, move_s=0.8),
        Pose(BACK, 9.0),
        Pose(raised(60), 4.0),
        Pose(BACK, 4.0),
    ]
    holds = [e for e in stated(samples(poses), SHORT) if isinstance(e, HoldEnded)]
    assert [round(e.angle_deg or 0.0, -1) for e in holds] == [60.0] * 4


def swinging(block: Block, lever_m: float = 0.8) -> Block:
    """What the ankle of a right leg feels of its own way about the hip as well."""
    x, y, _ = block.acc_g.T
    turned = np.gradient(np.unwrap(np.arctan2(-y, x)), block.t_s)
    felt = block.acc_g.copy()
    felt[:, 0] += lever_m / 9.81 * np.gradient(turned, block.t_s)
    felt[:, 1] += lever_m / 9.81 * turned**2
    return Block(block.t_s, felt)


@pytest.mark.parametrize(("away_s", "holds"), [(0.3, 1), (0.5, 1), (0.7, 1), (2.2, 2)])
@pytest.mark.parametrize("rate_hz", [25.0, 50.0])
def test_a_slip_of_nearly_two_seconds_does_not_end_a_hold(
    away_s: float, holds: int, rate_hz: float
) -> None:
    slip = (Pose(raised(61), away_s, move_s=0.45), Pose(raised(75), 12.0, move_s=0.5))
    poses = (Pose(BACK, 8.0), Pose(raised(75), 15.0), *slip, Pose(BACK, 6.0))
    block = samples(poses, rate_hz=rate_hz, breath_deg=1.0, noise_g=0.0)
    events = stated(swinging(block))
    assert sum(isinstance(event, HoldEnded) for event in events) == holds


@pytest.mark.parametrize("sinks_s", [3.8, 5.0])
def test_a_leg_that_sinks_deeper_slower_than_it_would_leave_is_held_on(sinks_s: float) -> None:
    """Twice pushed against the belt, relaxed, and let down deeper, as therapists teach it."""
    sinks = (Pose(raised(68), 8.0, sinks_s), Pose(raised(76), 8.0, sinks_s))
    poses = (Pose(BACK, 8.0), Pose(raised(60), 10.0), *sinks, Pose(BACK, 6.0))
    hold = only_hold(stated(swinging(samples(poses, breath_deg=1.0, noise_g=0.0))))
    assert hold.duration_s == pytest.approx(26.2 + 2.0 * sinks_s, abs=0.4)


def test_a_leg_that_sinks_on_and_on_has_left_where_it_was_held() -> None:
    """Slower than 5 degrees a second all the way, but further than anybody sinks in a hold."""
    poses = (Pose(BACK, 8.0), Pose(raised(75), 15.0), Pose(raised(35), 8.0, move_s=16.0))
    holds = [event for event in stated(samples(poses)) if isinstance(event, HoldEnded)]
    assert 22.0 < holds[0].end_s < 32.0


TWICE_S = [(0.3, 0.3, 0.35), (0.5, 0.1, 0.35), (0.5, 0.3, 0.35), (0.9, 0.1, 0.35), (0.9, 0.3, 0.35)]


@pytest.mark.parametrize(("away_s", "back_s", "move_s"), TWICE_S)
def test_two_deep_slips_within_a_second_of_each_other_do_not_split_a_hold(
    away_s: float, back_s: float, move_s: float
) -> None:
    """The leg returns between them for a moment that the low-passed direction does not show."""
    away = Pose(raised(61), away_s - 0.1, move_s=move_s)
    back, kept = Pose(raised(75), back_s, move_s=move_s), Pose(raised(75), 12.0, move_s=move_s)
    poses = (Pose(BACK, 8.0), Pose(raised(75), 15.0), away, back, away, kept, Pose(BACK, 6.0))
    block = samples(poses, breath_deg=1.0, noise_g=0.0)
    only_hold(stated(swinging(block)))


@pytest.mark.parametrize("back_s", [0.1, 0.3])
def test_a_leg_that_returns_for_a_moment_and_is_let_go_left_only_then(back_s: float) -> None:
    slip = (Pose(raised(61), 0.8, move_s=0.35), Pose(raised(75), back_s, move_s=0.35))
    poses = (Pose(BACK, 8.0), Pose(raised(75), 15.0), *slip, Pose(BACK, 6.0, move_s=1.5))
    hold = only_hold(stated(swinging(samples(poses, breath_deg=1.0, noise_g=0.0))))
    let_go_s = 8.0 + 1.5 + 15.0 + 0.35 + 0.8 + 0.35 + back_s
    assert hold.end_s == pytest.approx(let_go_s, abs=0.3)


def test_a_gap_is_stated_and_ends_the_hold_where_sight_was_lost() -> None:
    events = stated(WITH_GAP)
    (gap,) = (event for event in events if isinstance(event, Gap))
    assert (gap.from_s, gap.to_s) == (27.98, 30.0)
    first = next(event for event in events if isinstance(event, HoldEnded))
    assert (first.reason, first.end_s) == ("gap", 27.98)


def test_a_gap_shorter_than_a_slip_does_not_end_a_hold() -> None:
    events = stated(WITH_SHORT_GAP)
    (gap,) = (event for event in events if isinstance(event, Gap))
    assert (gap.from_s, gap.to_s) == (27.98, 29.4)
    hold, unbroken = only_hold(events), only_hold(stated(BREATHING))
    assert (hold.start_s, hold.end_s, hold.reason) == (
        unbroken.start_s,
        unbroken.end_s,
        "released",
    )
    assert hold.breaths == unbroken.breaths


def test_a_leg_that_is_elsewhere_after_a_short_gap_was_let_go_in_it() -> None:
    block = without(BREATHING, 2245, 2320)
    assert only_hold(stated(BREATHING)).end_s == pytest.approx(45.5, abs=0.3)
    hold = only_hold(stated(block))
    assert hold.reason == "gap"
    assert 44.88 <= hold.end_s <= 45.6


def test_the_wearer_ends_a_hold_by_command() -> None:
    session = Session("band")
    session.receive(BREATHING.between(0, 2000))
    assert session.holding is not None
    (ended,) = session.end_hold("pain")
    assert isinstance(ended, HoldEnded)
    assert (ended.reason, session.end_hold("pain")) == ("pain", [])


def test_closing_ends_the_hold_and_the_session() -> None:
    session = Session("band")
    session.receive(BREATHING.between(0, 2000))
    kinds = [type(event) for event in session.close()]
    assert kinds[-2:] == [HoldEnded, SessionEnded]
    assert session.close() == []


def test_a_session_ends_when_nothing_was_held_for_long() -> None:
    poses = (*SESSION, Pose(STANDING, 40.0, move_s=6.0))
    events = stated(samples(poses), Settings(session_gap_s=20.0))
    (ended,) = (event for event in events if isinstance(event, SessionEnded))
    hold = only_hold(events)
    assert ended.holds == 1
    assert 20.0 < ended.t_s - hold.end_s < 23.0


def test_a_fresh_session_from_resume_states_the_same_further_events() -> None:
    choice = Settings(session_gap_s=15.0)
    block = TWO_SESSIONS
    session = Session("band", 3, choice)
    events = session.receive(block)
    assert session.resume_s is not None
    assert session.resume_s > 60.0
    later = block.between(int(np.searchsorted(block.t_s, session.resume_s)))
    again = Session("band", 3, choice)
    repeated = [to_json(event) for event in again.receive(later) + again.close()]
    events += session.close()
    assert repeated == [to_json(event) for event in events[-len(repeated) :]]
    assert sum(isinstance(event, SessionStarted) for event in events) == 2
    assert b"session_started" in b"".join(repeated)


def test_long_idleness_moves_the_place_to_resume_from() -> None:
    t_s = np.arange(0.0, 7000.0, 0.08)
    acc = np.random.default_rng(3).normal([0.0, 1.0, 0.0], 0.002, (len(t_s), 3))
    acc[:, 0] += 0.01 * np.sin(0.9 * t_s)
    session = Session("band")
    session.receive(Block(t_s, acc))
    assert session.resume_s is not None
    assert session.resume_s > 3000.0
    assert t_s[-1] - session.resume_s < 3600.0


def carried_from_a_table(carried_s: float, until_s: float) -> Block:
    """A band that lies, is carried from then on for 2000 s, and is on a leg after."""
    t_s = np.arange(0.0, until_s, 0.08)
    acc = np.random.default_rng(3).normal([0.0, 1.0, 0.0], 0.002, (len(t_s), 3))
    since_s = (t_s - carried_s)[:, None]
    swings = 0.2 * np.array([np.sin(2.1 * t_s), 0.0 * t_s, np.sin(3.0 * t_s)]).T
    sway = 0.01 * np.array([np.sin(0.9 * t_s), 0.0 * t_s, 0.0 * t_s]).T
    acc += np.where(since_s < 0.0, 0.0, np.where(since_s < 2000.0, swings, sway))
    return Block(t_s, acc)


def test_that_a_band_is_off_the_leg_is_known_for_longer_than_an_hour_of_idleness() -> None:
    """A fresh session would not find it out again while the band is carried."""
    session = Session("band")
    session.receive(carried_from_a_table(2900.0, 4900.0))
    assert session.worn is False
    assert session.resume_s == 0.0


def test_nothing_is_forgotten_where_a_band_that_lay_for_an_hour_is_put_on() -> None:
    session = Session("band")
    session.receive(carried_from_a_table(2900.0, 5200.0))
    assert session.worn is True
    assert session.resume_s == 0.0


def test_off_the_leg_too_the_place_to_resume_from_moves_at_last() -> None:
    session = Session("band")
    session.receive(carried_from_a_table(13000.0, 12100.0))
    assert session.resume_s == pytest.approx(12000.0, abs=1.0)


def test_events_are_named_by_band_boot_and_time() -> None:
    hold = only_hold(stated(BREATHING))
    assert hold.event_id == f"band-0001-{round(hold.t_s * 1000):09d}-hold_ended"
    assert hold.hold_id == f"band-0001-{round(hold.start_s * 1000):09d}"


def test_the_whole_recording_is_one_hold_when_asked() -> None:
    hold = only_hold(stated(WITH_GAP, Settings(as_hold=True)))
    assert hold.start_s < 0.3
    assert hold.end_s == BREATHING.t_s[-1].round(3)


def test_live_points_show_the_angle_and_are_bounded() -> None:
    session = Session("band")
    session.receive(BREATHING.between(0, 1500))
    points = session.take_live()
    steps = [b.t_s - a.t_s for a, b in pairwise(points)]
    assert all(abs(step - 0.1) < 0.002 for step in steps)
    assert 250 < len(points) <= 600
    assert points[-1].angle_deg is not None
    assert abs(points[-1].angle_deg - 70.0) < 4.0
    shown = [deg for p in points for deg in (p.angle_deg, p.breath_deg) if deg is not None]
    assert all(deg == round(deg, 2) for deg in shown)  # what a page can show, and not more bytes
    assert session.take_live() == []


def test_the_side_can_be_told() -> None:
    session = Session("band")
    session.set_side("left")
    assert session.receive(BREATHING) != []


def test_samples_that_are_given_twice_change_nothing() -> None:
    session = Session("band", 1)
    events = session.receive(BREATHING.between(0, 1500))
    events += session.receive(BREATHING.between(1400))
    assert [to_json(e) for e in events + session.close()] == [to_json(e) for e in stated(BREATHING)]


@given(
    level=st.sampled_from([0.0, 1e-300, 1e-9, 0.05, 0.29, 1.0, 15.9]),
    axis=st.integers(0, 2),
    live_s=st.sampled_from([0.0, 0.02, 30.0]),
)
@example(level=0.0, axis=0, live_s=30.0)
@settings(max_examples=25)
def test_a_dead_or_stuck_sensor_is_no_hold_and_no_crash(
    level: float, axis: int, live_s: float
) -> None:
    alive = BREATHING.between(0, round(live_s * 50))
    t_s = live_s + np.arange(3000) / 50.0
    stuck = np.zeros((3000, 3))
    stuck[:, axis] = level
    session = Session("band")
    events = session.receive(alive) + session.receive(Block(t_s, stuck)) + session.close()
    holds = [event for event in events if isinstance(event, HoldEnded)]
    assert all(hold.start_s < live_s for hold in holds)


def test_how_the_wearer_breathed_in_one_hold_dates_the_exhales_of_the_next() -> None:
    rested, held = Pose(BACK, 24.0), Pose(raised(70), 24.0)
    exhales_s = []
    for before in (rested, held):
        poses = (*SESSION[:2], before, Pose(BACK, 6.0), held, Pose(BACK, 6.0))
        events = stated(samples(poses, breath_deg=1.5))
        last = [event for event in events if isinstance(event, HoldEnded)][-1]
        breaths = [event for event in events if isinstance(event, Breath)]
        exhales_s.append([b.exhale_start_s for b in breaths if b.hold_id == last.hold_id])
    alone, after_another = exhales_s
    assert len(alone) == len(after_another) >= 2
    assert all(0.0 < abs(a - b) < 0.3 for a, b in zip(alone, after_another, strict=True))


def test_whole_numbers_are_written_as_the_same_numbers_are() -> None:
    told = b"".join(map(to_json, stated(BREATHING, Settings(target_s=10))))
    assert b'"target_s":10.0' in told
    whole = Block(np.array([0, 1]), BREATHING.acc_g[:2])
    assert b'"t_s":1.0' in b"".join(map(to_json, stated(whole)))
