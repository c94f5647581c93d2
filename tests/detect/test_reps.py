from __future__ import annotations

from itertools import chain

import numpy as np
import pytest

from tests.detect.leg import (
    BACK,
    BELLY,
    STANDING,
    Pose,
    bent_prone,
    bent_standing,
    fallen_out,
    raised,
    samples,
    swung,
)
from tracker.detect.events import Event, Rep
from tracker.detect.samples import Block
from tracker.detect.session import Session, Settings

Up = tuple[float, float, float]
STAND, LIE = Pose(STANDING, 6.0), Pose(BACK, 8.0, move_s=6.0)
ROLLED = (Pose((0.0, 0.05, -1.0), 0.1), Pose(BELLY, 8.0, move_s=0.8))
KNEE_UP = (0.7, 0.7, 0.0)


def session(before: tuple[Pose, ...], low: Up, top: Up, after: Up, times: int) -> list[Event]:
    """So often up and down, each in 6 s, and then held."""
    row = chain.from_iterable((Pose(top, 0.2, 3.0), Pose(low, 0.2, 2.6)) for _ in range(times))
    poses = (*before, Pose(low, 0.3, 2.0), *row, Pose(top, 12.0, 3.0), Pose(after, 6.0))
    detector = Session("band")
    return detector.receive(samples(poses)) + detector.close()


@pytest.mark.parametrize(
    ("before", "low", "top"),
    [
        ((STAND, LIE), raised(20), raised(75)),
        ((STAND, LIE), raised(2), raised(95)),
        ((STAND, LIE), KNEE_UP, raised(45)),
        ((STAND, LIE, Pose(raised(80), 0.3)), fallen_out(20), fallen_out(60)),
        ((STAND, LIE, *ROLLED), bent_prone(70), bent_prone(125)),
        ((STAND,), bent_standing(95), bent_standing(130)),
    ],
    ids=["hamstring", "past the vertical", "from a bent knee", "inner thigh", "prone", "standing"],
)
@pytest.mark.parametrize("times", [1, 3])
def test_a_straightening_is_counted_once_on_its_way_through_the_vertical(
    before: tuple[Pose, ...], low: Up, top: Up, times: int
) -> None:
    events = session(before, low, top, before[-1].up if len(before) != 3 else BACK, times)
    reps = [event for event in events if isinstance(event, Rep)]
    assert len(reps) == times
    for rep in reps:
        assert rep.start_s < rep.top_s < rep.end_s
        assert 2.0 < rep.top_s - rep.start_s < 4.5
        assert 1.8 < rep.end_s - rep.top_s < 4.0


def test_shifting_about_is_no_straightening() -> None:
    sway = chain.from_iterable((Pose(raised(14), 0.2, 3.0), Pose(BACK, 0.2, 3.0)) for _ in range(3))
    detector = Session("band")
    events = detector.receive(samples((STAND, LIE, *sway, Pose(BACK, 5.0))))
    assert not any(isinstance(event, Rep) for event in events)


def test_going_back_to_rest_between_straightenings_changes_no_count() -> None:
    row = chain.from_iterable((Pose(raised(70), 0.2, 3.0), Pose(BACK, 5.0, 3.0)) for _ in range(3))
    detector = Session("band")
    events = detector.receive(samples((STAND, LIE, *row)))
    assert sum(isinstance(event, Rep) for event in events) == 3


@pytest.mark.parametrize(("shaken_g", "count"), [(0.15, 3), (0.45, 0)])
def test_what_is_shaken_as_a_band_in_hands_is_no_straightening(shaken_g: float, count: int) -> None:
    """Muscles at work shake a leg by a tenth of a g, hands that strap a band on by a third."""
    row = chain.from_iterable((Pose(raised(70), 0.2, 3.0), Pose(BACK, 0.2, 3.0)) for _ in range(3))
    block = samples((STAND, LIE, *row, Pose(BACK, 5.0)))
    shaking = shaken_g * np.sin(6.0 * np.pi * block.t_s) * (np.abs(block.t_s - 29.0) < 9.5)
    detector = Session("band")
    events = detector.receive(Block(block.t_s, block.acc_g * (1.0 + shaking[:, None])))
    assert sum(isinstance(event, Rep) for event in events) == count


def test_with_any_posture_a_leg_that_never_rests_is_on_foot_and_straightens_nothing() -> None:
    swinging = (Pose(raised(10), 0.1, 1.2), Pose(raised(50), 0.1, 2.0)) * 6
    on_foot = (Pose(raised(50), 0.1), *swinging)
    from_rest = (Pose(raised(10), 4.0), *swinging)
    told: dict[str, int] = {}
    for name, poses in {"on foot": on_foot, "from rest": from_rest}.items():
        detector = Session("band", settings=Settings(any_posture=True))
        events = detector.receive(samples(poses)) + detector.close()
        told[name] = sum(isinstance(event, Rep) for event in events)
    assert told["on foot"] == 0
    assert told["from rest"] >= 5


@pytest.mark.parametrize(("jolt_g", "counted"), [(0.15, True), (0.9, False)])
def test_with_any_posture_a_leg_that_is_jolted_by_its_steps_straightens_nothing(
    jolt_g: float, counted: bool
) -> None:
    """From a rest the leg swings slowly to and fro, pushed up and let down twice a second."""
    swinging = (Pose(raised(10), 0.1, 1.2), Pose(raised(50), 0.1, 2.0)) * 6
    block = samples((Pose(raised(10), 4.0), *swinging))
    jolts = jolt_g * np.sin(4.0 * np.pi * block.t_s) * (block.t_s > 4.0)
    acc = block.acc_g * (1.0 + jolts[:, None])
    detector = Session("band", settings=Settings(any_posture=True))
    events = detector.receive(Block(block.t_s, acc)) + detector.close()
    assert any(isinstance(event, Rep) for event in events) is counted


def test_the_last_of_a_row_counts_where_the_knee_is_drawn_up_at_once() -> None:
    row = chain.from_iterable((Pose(raised(70), 0.2, 3.0), Pose(BACK, 0.2, 2.6)) for _ in range(3))
    belt = (Pose(KNEE_UP, 3.0), Pose(raised(75), 12.0, 3.0), Pose(BACK, 5.0))
    detector = Session("band")
    events = detector.receive(samples((STAND, LIE, *row, *belt)))
    reps = [event for event in events if isinstance(event, Rep)]
    assert len(reps) == 3
    assert 1.8 < reps[-1].end_s - reps[-1].top_s < 3.0


@pytest.mark.parametrize("up_s", [1.4, 1.5, 1.7])
def test_a_leg_that_is_raised_fast_counts_though_its_band_feels_it_stop(up_s: float) -> None:
    """Slowing down feels like 10 degrees more; at the top the leg stays for three seconds."""
    knots_s, elevation_deg = [0.0, 9.0], [0.0, 0.0]
    for _ in range(3):
        begins = knots_s[-1]
        knots_s += [begins + up_s, begins + up_s + 3.0, begins + up_s + 6.0, begins + up_s + 6.8]
        elevation_deg += [65.0, 65.0, 0.0, 0.0]
    detector = Session("band")
    knots_s, elevation_deg = [*knots_s, knots_s[-1] + 5.0], [*elevation_deg, 0.0]
    events = detector.receive(swung(knots_s, elevation_deg, knots_s[-1]))
    reps = [event for event in events + detector.close() if isinstance(event, Rep)]
    assert len(reps) == 3
