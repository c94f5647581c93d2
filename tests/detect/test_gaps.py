"""What a gap in the samples may cost, and what it may not."""

from __future__ import annotations

from itertools import chain, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.detect.leg import BACK, STANDING, Pose, raised, samples
from tests.detect.test_trace import Heard
from tracker.detect.events import Breath, Event, Gap, HoldEnded, HoldStarted, Rep, to_json
from tracker.detect.samples import Block
from tracker.detect.session import Session, Settings

TWICE = chain.from_iterable((Pose(raised(70), 0.2, 3.0), Pose(raised(15), 0.2, 2.6)) for _ in "ab")
ROUTINE = (
    Pose(STANDING, 6.0),
    Pose(BACK, 8.0, move_s=4.0),
    Pose(raised(15), 0.3, move_s=2.0),
    *TWICE,
    Pose(raised(70), 20.0, move_s=3.0),
    Pose(BACK, 8.0),
)
BLOCK = samples(ROUTINE, breath_deg=1.2)
DEFAULT = Settings()


def lost(*gaps_s: tuple[float, float], block: Block = BLOCK) -> Block:
    """The samples after the first and before the second of each are missing."""
    kept = np.ones(len(block), bool)
    for from_s, to_s in gaps_s:
        kept &= (block.t_s <= from_s) | (block.t_s >= to_s)
    return Block(block.t_s[kept], block.acc_g[kept])


def stated(block: Block, choice: Settings = DEFAULT) -> list[Event]:
    session = Session("band", settings=choice)
    return session.receive(block) + session.close()


def only_hold(events: list[Event]) -> HoldEnded:
    (hold,) = (event for event in events if isinstance(event, HoldEnded))
    return hold


def reps(events: list[Event]) -> list[Rep]:
    return [event for event in events if isinstance(event, Rep)]


WHOLE = stated(BLOCK)
HOLD, REPS = only_hold(WHOLE), reps(WHOLE)


def test_the_routine_is_what_the_tests_take_it_for() -> None:
    assert (HOLD.stretch, len(REPS), HOLD.reason) == ("hamstring", 2, "released")
    assert HOLD.duration_s > 18.0


@pytest.mark.parametrize("long_s", [0.6, 1.0, 1.5])
def test_a_straightening_across_a_gap_is_counted_wherever_the_gap_is(long_s: float) -> None:
    for from_s in np.arange(REPS[0].start_s - 2.0, REPS[1].end_s + 1.0, 0.7).tolist():
        events = stated(lost((from_s, from_s + long_s)))
        assert len(reps(events)) == 2, from_s
        assert only_hold(events).stretch == "hamstring"
        off = [seen.top_s - rep.top_s for seen, rep in zip(reps(events), REPS, strict=True)]
        assert np.abs(off).max() <= long_s, from_s


@pytest.mark.parametrize("long_s", [0.6, 1.0, 1.5])
def test_no_gap_cuts_a_hold_or_takes_its_name(long_s: float) -> None:
    for from_s in np.arange(HOLD.start_s - 8.0, HOLD.end_s + 2.0, 0.9).tolist():
        hold = only_hold(stated(lost((from_s, from_s + long_s))))
        assert (hold.stretch, hold.side) == (HOLD.stretch, HOLD.side), from_s
        assert abs(hold.start_s - HOLD.start_s) < 0.75 * long_s, from_s
        assert abs(hold.end_s - HOLD.end_s) < 0.75 * long_s, from_s
        assert abs(hold.breaths - HOLD.breaths) <= 1, from_s


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_a_bound_that_was_not_seen_is_dated_by_how_the_leg_moves_beside_it(share: float) -> None:
    for long_s in (0.6, 1.0):
        for bound_s in (HOLD.start_s, HOLD.end_s):
            from_s = bound_s - share * long_s
            hold = only_hold(stated(lost((from_s, from_s + long_s))))
            assert abs(hold.start_s - HOLD.start_s) <= 0.3
            assert abs(hold.end_s - HOLD.end_s) <= 0.3


def test_a_leg_let_go_just_before_sight_is_lost_has_left_then() -> None:
    for after_s, long_s in ((0.6, 1.0), (1.2, 5.0)):
        from_s = HOLD.end_s + after_s
        hold = only_hold(stated(lost((from_s, from_s + long_s))))
        assert hold.end_s == pytest.approx(HOLD.end_s, abs=0.25)


def test_a_slip_that_began_out_of_sight_is_given_as_long_as_one_that_was_seen() -> None:
    slip = (Pose(raised(60), 1.3, 0.4), Pose(raised(70), 12.0, 0.4))
    block = samples((*ROUTINE[:-1], *slip, ROUTINE[-1]), breath_deg=1.2)
    slipped_s = only_hold(stated(block)).end_s - 12.0 - 2.1
    for before_s in (0.0, 0.1, 0.2, 0.4):
        from_s = slipped_s - before_s
        assert only_hold(stated(lost((from_s, from_s + 0.6), block=block))).reason == "released"


def test_what_was_not_seen_is_not_stillness() -> None:
    row = (Pose(raised(80), 0.0, 1.5), Pose(raised(40), 0.0, 1.5))
    moving = samples((*ROUTINE[:2], Pose(raised(40), 0.0, 1.5), *row * 4, Pose(BACK, 8.0)))
    low_s = 19.5 + np.arange(4) * 3.0
    events = stated(lost(*((s - 0.95, s + 0.95) for s in low_s.tolist()), block=moving))
    assert sum(isinstance(event, Gap) for event in events) == 4
    assert not any(isinstance(event, HoldStarted) for event in events)


def test_a_glimpse_between_two_gaps_does_not_make_them_short() -> None:
    middle_s = 0.5 * (HOLD.start_s + HOLD.end_s)
    events = stated(lost((middle_s - 1.2, middle_s), (middle_s + 0.005, middle_s + 1.2)))
    first, _ = (event for event in events if isinstance(event, HoldEnded))
    assert first.reason == "gap"
    assert first.end_s == pytest.approx(middle_s - 1.2, abs=0.03)


def test_what_was_not_seen_is_not_shown() -> None:
    from_s = HOLD.start_s + 6.0
    heard = Heard()
    session = Session("band", trace=heard)
    session.receive(lost((from_s, from_s + 1.6)))
    seen_s = [0.2 * (steps.first + i) for steps in heard.steps for i in range(len(steps.rate))]
    shown_s = [point.t_s for point in session.take_live()]
    for times_s in (seen_s, shown_s):
        (jump,) = ((a, b) for a, b in pairwise(times_s) if b - a > 0.5)
        assert jump == pytest.approx((from_s, from_s + 1.6), abs=0.4)


@pytest.mark.parametrize("long_s", [0.6, 1.0, 1.8])
def test_what_a_gap_delays_is_told_when_the_leg_is_seen_again(long_s: float) -> None:
    breaths = 0
    for from_s in np.arange(HOLD.start_s + 5.0, HOLD.end_s - 3.0, 0.3).tolist():
        to_s = from_s + long_s
        events = stated(lost((from_s, to_s)))
        told_s = [event.t_s for event in events]
        assert told_s == sorted(told_s), from_s
        assert not any(from_s + 0.005 < t_s < to_s for t_s in told_s), from_s
        breaths += sum(isinstance(e, Breath) and to_s <= e.t_s < to_s + 0.25 for e in events)
    assert breaths > 5


LOSSES = st.lists(st.tuples(st.integers(0, 65), st.floats(0.2, 2.4)), max_size=12)


@settings(max_examples=25)
@given(
    losses=LOSSES,
    cuts=st.lists(st.integers(0, len(BLOCK)), max_size=40),
    choice=st.sampled_from(
        [
            DEFAULT,
            Settings(session_gap_s=3.0),
            Settings(any_posture=True, min_hold_s=1.5, session_gap_s=3.0),
            Settings(as_hold=True),
        ]
    ),
)
def test_whatever_is_lost_any_cutting_gives_the_same_events(
    losses: list[tuple[int, float]], cuts: list[int], choice: Settings
) -> None:
    block = lost(*((float(at), at + long_s) for at, long_s in losses))
    whole, cut = Session("band", settings=choice), Session("band", settings=choice)
    told = whole.receive(block) + whole.close()
    edges = [0, *sorted(min(k, len(block)) for k in cuts), len(block)]
    pieces = [cut.receive(block.between(a, b)) for a, b in pairwise(edges)]
    assert list(map(to_json, [*chain(*pieces), *cut.close()])) == list(map(to_json, told))
    assert whole.resume_s == cut.resume_s
