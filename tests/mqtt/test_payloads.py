"""Retained payloads: how an event changes the band's state, how a day is summed up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from tracker.detect.events import Breath, HoldDropped, HoldEnded, HoldStarted, Side, Worn
from tracker.detect.live import Phase
from tracker.mqtt.payloads import BandState
from tracker.mqtt.telling import after, live, moment, signal, stored, today

STARTED = HoldStarted(
    event_id="s",
    band_id="band1",
    t_s=102.5,
    at="2026-03-01T08:00:02.500Z",
    hold_id="h",
    stretch="hamstring",
    side="left",
    start_s=100.0,
    angle_deg=70.0,
)
ENDED = HoldEnded(
    event_id="e",
    band_id="band1",
    t_s=141.0,
    at="2026-03-01T08:00:41.000Z",
    hold_id="h",
    stretch="hamstring",
    side="left",
    start_s=100.0,
    end_s=140.25,
    duration_s=40.25,
    angle_deg=72.5,
    depth_gain_deg=2.5,
    breaths=6,
    breath_rate_bpm=9.1,
    exhale_inhale_ratio=1.5,
    steadiness_deg=0.4,
    twist_deg=None,
    reason="released",
)


def test_a_hold_says_when_it_began_and_its_target() -> None:
    state = after(BandState(connected=True, battery=80), STARTED, 30.0)
    assert state.to_json() == (
        b'{"holding":true,"stretch":"hamstring","side":"left",'
        b'"started_at":"2026-03-01T08:00:00.000Z","target_s":30.0,"last_hold":null,'
        b'"worn":null,"leg":"auto","connected":true,"battery":80,"rssi_dbm":null,"firmware":null}'
    )


def test_a_finished_hold_becomes_the_last_one() -> None:
    state = after(after(BandState(battery=80), STARTED, 30.0), ENDED, 30.0)
    assert (state.holding, state.stretch, state.started_at, state.target_s) == (
        False,
        None,
        None,
        None,
    )
    assert state.battery == 80
    assert state.last_hold is not None
    assert state.last_hold.started_at == "2026-03-01T08:00:00.000Z"
    assert state.last_hold.ended_at == "2026-03-01T08:00:40.250Z"
    assert state.last_hold.to_json() == (
        b'{"hold_id":"h","stretch":"hamstring","side":"left",'
        b'"started_at":"2026-03-01T08:00:00.000Z","ended_at":"2026-03-01T08:00:40.250Z",'
        b'"duration_s":40.25,"angle_deg":72.5,"depth_gain_deg":2.5,"breaths":6,'
        b'"breath_rate_bpm":9.1,"reason":"released"}'
    )
    assert stored(state.last_hold) == state.last_hold


def test_a_hold_that_was_too_short_leaves_no_trace() -> None:
    dropped = HoldDropped(event_id="d", band_id="band1", t_s=104.0, hold_id="h")
    state = BandState(battery=80, connected=True)
    assert after(after(state, STARTED, 30.0), dropped, 30.0) == state


def test_a_breath_changes_nothing_that_is_retained() -> None:
    breath = Breath(
        event_id="b",
        band_id="band1",
        t_s=110.0,
        hold_id="h",
        number=1,
        exhale_start_s=104.0,
        exhale_end_s=107.0,
        end_s=109.0,
        depth_deg=1.0,
    )
    state = after(BandState(), STARTED, 30.0)
    assert after(state, breath, 30.0) is state


def test_taking_the_band_off_is_seen() -> None:
    off = Worn(event_id="w", band_id="band1", t_s=1.0, worn=False)
    assert after(BandState(worn=True), off, 30.0).worn is False


def test_without_a_wall_clock_there_is_no_time() -> None:
    assert moment(Worn(event_id="w", band_id="band1", t_s=1.0, worn=True), 0.5) is None


def test_the_signal_moves_in_steps() -> None:
    assert [signal(dbm) for dbm in (None, -44, -46, -68)] == [None, -40, -50, -70]


@dataclass(frozen=True)
class Row:
    stretch: str
    side: Side | None
    holds: int
    hold_s: float


def test_a_day_is_summed_by_stretch_and_side() -> None:
    rows = [
        Row("hamstring", "left", 2, 60.04),
        Row("hamstring", "right", 1, 30.0),
        Row("hamstring", None, 1, 10.0),
        Row("other", "left", 1, 29.96),
    ]
    assert today(date(2026, 3, 1), rows, 4).to_json() == (
        b'{"date":"2026-03-01","holds":5,"hold_s":130.0,"left_s":90.0,"right_s":30.0,'
        b'"balance":0.75,"streak_days":4,"stretches":{'
        b'"hamstring":{"left":{"holds":2,"hold_s":60.0},"right":{"holds":1,"hold_s":30.0},'
        b'"unknown":{"holds":1,"hold_s":10.0}},'
        b'"other":{"left":{"holds":1,"hold_s":30.0},"right":{"holds":0,"hold_s":0.0},'
        b'"unknown":{"holds":0,"hold_s":0.0}}}}'
    )


def test_a_day_without_holds_has_no_balance() -> None:
    assert today(date(2026, 3, 1), [], 0).balance is None


@dataclass(frozen=True)
class Point:
    t_s: float
    angle_deg: float | None
    breath_deg: float | None
    phase: Phase


def test_live_points_are_short_arrays() -> None:
    points = [Point(1.0, 70.5, 0.25, "exhale"), Point(1.1, None, None, "rest")]
    assert live(points) == b'[[1.0,70.5,0.25,"exhale"],[1.1,null,null,"rest"]]'
