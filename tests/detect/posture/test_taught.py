from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.detect.leg import BACK, PIGEON, STANDING, Pose, bent_standing, raised, samples
from tracker.detect.events import HoldEnded
from tracker.detect.posture.taught import (
    FORGET,
    TAUGHT,
    Lesson,
    Taught,
    TeachingError,
    check_name,
    heard,
    nearest,
    to_json,
)
from tracker.detect.samples import Block
from tracker.detect.session import Session, Settings

DEFAULT = Settings()
STAND, LIE = Pose(STANDING, 6.0), Pose(BACK, 8.0, move_s=6.0)
PIGEON_HELD = (STAND, Pose(PIGEON, 16.0, move_s=3.0), STAND)


def told(block: Block, taught: tuple[Taught, ...] = (), choice: Settings = DEFAULT) -> list[str]:
    session = Session("band", settings=choice)
    session.set_taught(taught)
    events = session.receive(block) + session.close()
    return [f"{e.stretch} {e.side}" for e in events if isinstance(e, HoldEnded)]


def lesson_on(block: Block, lesson: Lesson) -> Taught | None:
    session = Session("band")
    for first in range(0, len(block), 25):
        part = slice(first, first + 25)
        session.receive(Block(block.t_s[part], block.acc_g[part]))
        taught = lesson.look(session.posed, float(block.t_s[part][-1]))
        if taught is not None:
            return taught
    return None


def learnt(name: str = "pigeon") -> Taught:
    taught = lesson_on(samples(PIGEON_HELD), Lesson(name, "right"))
    assert taught is not None
    return taught


def test_a_posture_held_for_ten_seconds_is_known_from_then_on() -> None:
    again = samples((*PIGEON_HELD, *PIGEON_HELD))
    assert told(again) == []
    assert told(again, (learnt(),)) == ["pigeon right", "pigeon right"]


@pytest.mark.parametrize(("turned", "tilted"), [(-15.0, 0.0), (10.0, 8.0), (0.0, -8.0)])
def test_it_is_known_again_however_the_band_sits_this_time(turned: float, tilted: float) -> None:
    again = samples(PIGEON_HELD, turned_deg=turned, tilted_deg=tilted)
    assert told(again, (learnt(),)) == ["pigeon right"]


def test_it_is_not_taken_for_another_one_nor_from_another_rest() -> None:
    tilted = (0.1, 0.55, -0.83)  # 28 degrees away
    assert told(samples((STAND, Pose(tilted, 16.0, 3.0), STAND)), (learnt(),)) == []
    assert told(samples((LIE, Pose(PIGEON, 16.0, 3.0), LIE)), (learnt(),)) == []


def test_the_other_leg_is_ruled_out_where_the_leg_is_known() -> None:
    again = samples(PIGEON_HELD)
    assert told(again, (learnt(),), Settings(side="left")) == []
    assert told(again, (learnt(),), Settings(side="right")) == ["pigeon right"]


def test_a_known_stretch_keeps_its_name_unless_the_leg_is_clearly_in_the_taught_posture() -> None:
    held = lesson_on(samples((STAND, LIE, Pose(raised(60), 16.0), LIE)), Lesson("strap", None))
    assert held is not None

    def raised_to(elevation_deg: float) -> list[str]:
        return told(samples((STAND, LIE, Pose(raised(elevation_deg), 12.0), LIE)), (held,))

    assert raised_to(62) == ["strap None"]
    assert raised_to(75) == raised_to(45) == ["hamstring right"]


def test_the_nearest_of_two_is_meant() -> None:
    one = Taught("one", None, bent_standing(60), STANDING)
    two = Taught("two", None, bent_standing(80), STANDING)
    found = nearest((one, two), bent_standing(72), STANDING, None, 20.0)
    assert found is two


def test_a_lesson_waits_for_a_posture_that_was_taken_after_it_began() -> None:
    poses = (STAND, Pose(PIGEON, 20.0, 3.0), STAND, Pose((0.3, 0.3, 0.9), 16.0, 3.0), STAND)
    block = samples(poses)
    session, lesson = Session("band"), Lesson("straddle", None)
    taught = None
    for first in range(0, len(block), 25):
        part = slice(first, first + 25)
        session.receive(Block(block.t_s[part], block.acc_g[part]))
        if block.t_s[part][-1] > 15.0:  # in the middle of the pigeon
            taught = taught or lesson.look(session.posed, float(block.t_s[part][-1]))
    assert taught is not None
    assert taught.up[2] > 0.5


@pytest.mark.parametrize(
    ("up", "why"),
    [
        ((0.05, 0.98, 0.19), "within 20 degrees of the rest before"),
        ((0.98, 0.0, -0.2), "a leg that lies flat"),
        (None, "no posture was held for 10 s after a rest"),
    ],
)
def test_what_cannot_be_told_from_resting_is_not_learnt_and_the_reason_said(
    up: tuple[float, float, float] | None, why: str
) -> None:
    pose = Pose(up, 125.0, 3.0) if up else Pose(STANDING, 125.0)
    with pytest.raises(TeachingError, match=why):
        lesson_on(samples((STAND, pose)), Lesson("splits", None))


@pytest.mark.parametrize("name", ["", "Splits", "a/b", "a+", "9", "x" * 33, "hamstring", "other"])
def test_a_name_that_cannot_stand_in_an_event_is_refused(name: str) -> None:
    with pytest.raises(TeachingError):
        check_name(name)


def test_what_is_taught_again_is_replaced_on_its_leg_and_forgotten_on_both() -> None:
    left = Taught("pigeon", "left", (0.0, 0.0, -1.0), STANDING)
    moved = Taught("pigeon", "left", (0.0, 0.6, -0.8), STANDING)
    right = Taught("pigeon", "right", (0.0, 0.0, -1.0), STANDING)
    both = heard(heard((), TAUGHT, to_json(left)), TAUGHT, to_json(right))
    assert both == (left, right)
    assert set(heard(both, TAUGHT, to_json(moved))) == {moved, right}
    assert heard(both, FORGET, "pigeon") == ()
    assert heard(both, "note", "pigeon") == both


@given(st.integers(1, 400))
@settings(max_examples=20)
def test_packets_do_not_change_what_is_told_of_a_taught_posture(size: int) -> None:
    block = samples(PIGEON_HELD)
    session = Session("band", settings=Settings(taught=(learnt(),)))
    parts = (slice(i, i + size) for i in itertools.count(0, size))
    events = []
    for part in itertools.takewhile(lambda part: part.start < len(block), parts):
        events += session.receive(Block(block.t_s[part], block.acc_g[part]))
    whole = Session("band", settings=Settings(taught=(learnt(),)))
    assert events == whole.receive(block)
