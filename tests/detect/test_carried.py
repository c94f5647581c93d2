"""A band that is carried about, or put on after it lay on a table."""

from __future__ import annotations

import numpy as np

from tests.detect.leg import BACK, STANDING, Pose, raised, samples
from tracker.detect.events import Event, HoldDropped, HoldEnded, HoldStarted, Worn
from tracker.detect.motion.filters import butterworth, lfilter
from tracker.detect.samples import Block, Floats
from tracker.detect.session import Session

RATE_HZ = 50.0


def stated(block: Block) -> list[Event]:
    session = Session("band")
    return session.receive(block) + session.close()


def shaken(block: Block, from_s: float, to_s: float, shaking_g: float, below_hz: float) -> Block:
    """Between these times something shakes the band, more slowly than below_hz."""
    inside = (block.t_s > from_s) & (block.t_s < to_s)
    b, a = butterworth(below_hz, RATE_HZ)
    white = np.random.default_rng(2).normal(0.0, 1.0, block.acc_g.T.shape)
    low: Floats = lfilter(b, a, white, 1, np.zeros((3, 2)))[0].T
    return Block(block.t_s, block.acc_g + inside[:, None] * shaking_g * low / low.std())


def on_a_table_and_then(*poses: Pose) -> Block:
    """The table is flat, and lets the band lie for 60 s."""
    block = samples([Pose((0.0, 0.2, 0.98), 60.0), *poses], rate_hz=RATE_HZ, noise_g=0.0)
    lies = block.t_s < 60.0
    acc = np.where(lies[:, None], np.array([0.0, 0.2, 0.98]), block.acc_g)
    noise = np.random.default_rng(1).normal(0.0, 0.002, acc.shape)
    return Block(block.t_s, acc + noise)


LAID_AND_RAISED = (Pose(BACK, 12.0, 3.0), Pose(raised(70), 15.0, 2.0), Pose(BACK, 8.0, 2.0))


def test_who_puts_the_band_on_and_lies_down_holds_a_stretch() -> None:
    events = stated(on_a_table_and_then(*LAID_AND_RAISED))
    assert not next(event for event in events if isinstance(event, Worn)).worn
    assert [event.stretch for event in events if isinstance(event, HoldEnded)] == ["hamstring"]


def test_after_a_table_what_a_bag_shakes_is_no_rest_of_a_leg() -> None:
    block = shaken(on_a_table_and_then(*LAID_AND_RAISED), 60.0, 110.0, 0.05, 3.0)
    assert not [event for event in stated(block) if isinstance(event, HoldStarted)]


def test_what_sways_by_more_than_two_degrees_is_no_stretch() -> None:
    leg = samples([Pose(BACK, 12.0), Pose(raised(70), 25.0, 2.0), Pose(BACK, 8.0, 2.0)])
    (told,) = (event for event in stated(leg) if isinstance(event, HoldEnded))
    assert told.stretch == "hamstring"
    carried = shaken(leg, 12.0, 45.0, 0.055, 0.8)
    events = stated(carried)
    assert [event.reason for event in events if isinstance(event, HoldDropped)] == ["lifeless"]
    assert not [event for event in events if isinstance(event, HoldEnded)]


def test_after_a_table_what_sways_by_more_than_a_degree_is_in_a_hand() -> None:
    laid = on_a_table_and_then(*LAID_AND_RAISED)
    leg = samples([Pose(BACK, 12.0), *LAID_AND_RAISED[1:]])
    in_a_hand = shaken(laid, 76.0, 100.0, 0.025, 0.8)
    on_a_leg = shaken(leg, 13.0, 100.0, 0.025, 0.8)
    events = stated(in_a_hand)
    assert [event.reason for event in events if isinstance(event, HoldDropped)] == ["lifeless"]
    (told,) = (event for event in stated(on_a_leg) if isinstance(event, HoldEnded))
    assert told.steadiness_deg is not None
    assert told.steadiness_deg > 1.0


# Each face up in turn, three in a second.
HANDLED = [Pose((x, y, z), 0.03, 0.3) for x, y, z in (*np.eye(3), *-np.eye(3))] * 3


def test_what_was_turned_over_and_over_in_a_hand_holds_nothing_where_it_is_put_down() -> None:
    rest, _, *after = Pose(BACK, 12.0), *LAID_AND_RAISED
    assert [e for e in stated(samples([rest, *after])) if isinstance(e, HoldEnded)]
    put_down = stated(samples([rest, *HANDLED, *after]))
    assert not [e for e in put_down if isinstance(e, HoldStarted)]


def test_who_puts_the_band_on_rests_once_more_and_holds_a_stretch() -> None:
    block = samples([Pose(BACK, 12.0), *HANDLED, *LAID_AND_RAISED])
    ended = [event.stretch for event in stated(block) if isinstance(event, HoldEnded)]
    assert ended == ["hamstring"]


def walk(seconds: float) -> list[Pose]:
    """The shank swings by 30 degrees either way, once a second."""
    swing = 0.5
    return [Pose((swing * (-1.0) ** i, 0.87, 0.0), 0.02, 0.48) for i in range(round(seconds / 0.5))]


SITTING, ON_A_STOOL = Pose(STANDING, 40.0, 1.5), Pose(BACK, 20.0, 2.0)


def test_a_band_that_was_walked_with_upside_down_holds_nothing_while_its_wearer_sits() -> None:
    evening = [Pose(STANDING, 5.0), *walk(20.0), ON_A_STOOL, SITTING, ON_A_STOOL]
    block = samples(evening, breath_deg=0.3)
    upside_down = Block(block.t_s, block.acc_g * np.array([-1.0, -1.0, 1.0]))
    assert not [event for event in stated(upside_down) if isinstance(event, HoldStarted)]
    without_a_walk = samples([Pose(STANDING, 5.0), *evening[-3:]], breath_deg=0.3)
    turned = Block(without_a_walk.t_s, without_a_walk.acc_g * np.array([-1.0, -1.0, 1.0]))
    assert [event for event in stated(turned) if isinstance(event, HoldEnded)]


def test_who_turns_the_band_the_right_way_up_holds_a_stretch_again() -> None:
    wrong = samples([Pose(STANDING, 5.0), *walk(20.0)], breath_deg=0.3)
    right = samples(
        [
            Pose(STANDING, 25.0),
            Pose(BACK, 12.0, 3.0),
            Pose(raised(70), 20.0, 2.0),
            Pose(BACK, 8.0, 2.0),
        ],
        breath_deg=0.3,
    )
    block = Block(
        np.concatenate([wrong.t_s, right.t_s + wrong.t_s[-1] + 0.02]),
        np.concatenate([wrong.acc_g * np.array([-1.0, -1.0, 1.0]), right.acc_g]),
    )
    assert [e.stretch for e in stated(block) if isinstance(e, HoldEnded)] == ["hamstring"]


def test_nobody_raises_a_straight_leg_to_the_floor_behind_the_head() -> None:
    back, flat = Pose(BACK, 12.0), Pose(BACK, 8.0, 2.0)
    for elevation_deg, stretches in ((135.0, ["hamstring"]), (155.0, [])):
        poses = [back, Pose(raised(50), 12.0, 2.0), flat, Pose(raised(elevation_deg), 15.0, 3.0)]
        told = stated(samples([*poses, flat], breath_deg=0.3))
        ended = [event.stretch for event in told if isinstance(event, HoldEnded)]
        assert ended == ["hamstring", *stretches]


def between_two_stretches(*meanwhile: Pose) -> Block:
    """A leg that is held up, does this, and lies then as still as a table for 100 s."""
    before = (Pose(BACK, 12.0), Pose(raised(70), 15.0, 2.0), *meanwhile)
    up = meanwhile[-1].up
    still_s = float(samples(before).t_s[-1])
    lies, *after = Pose(up, 100.0), Pose(raised(65), 15.0, 2.0), Pose(BACK, 8.0, 2.0)
    block = samples([*before, lies, *after], rate_hz=RATE_HZ, noise_g=0.0)
    lying = (block.t_s > still_s) & (block.t_s < still_s + 100.0)
    acc = np.where(lying[:, None], np.array(up), block.acc_g)
    return Block(block.t_s, acc + np.random.default_rng(1).normal(0.0, 0.002, acc.shape))


def test_a_leg_that_lies_as_still_as_a_table_after_its_stretch_has_the_band_on() -> None:
    events = stated(between_two_stretches(Pose(BACK, 3.0, 2.5)))
    assert [event.worn for event in events if isinstance(event, Worn)] == [True]
    assert [e.stretch for e in events if isinstance(e, HoldEnded)] == ["hamstring"] * 2


def test_a_band_that_is_taken_off_after_a_stretch_is_known_to_lie() -> None:
    hands = [Pose(up, 0.03, 0.5) for up in ((0.5, 0.8, 0.3), (0.0, 0.6, 0.8), (0.7, 0.1, 0.7))] * 5
    table = Pose((0.0, 0.2, 0.98), 3.0, 0.8)
    events = stated(between_two_stretches(Pose(BACK, 3.0, 2.5), *hands, table))
    assert [event.worn for event in events if isinstance(event, Worn)][:2] == [True, False]


def test_what_lies_for_longer_than_anybody_rests_is_off_the_leg_after_all() -> None:
    """As where it was no leg that was held up before."""
    block = between_two_stretches(Pose(BACK, 3.0, 2.5))
    lies = np.flatnonzero((block.t_s > 50.0) & (block.t_s < 130.0))
    acc = np.concatenate([block.acc_g[: lies[0]], *[block.acc_g[lies]] * 5])
    events = stated(Block(np.arange(len(acc)) / RATE_HZ, acc))
    (off,) = (event for event in events if isinstance(event, Worn) and not event.worn)
    assert 320.0 < off.t_s < 460.0
