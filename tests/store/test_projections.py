"""Events become sessions, holds and breaths as people read them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from tests.store.filling import BAND, START, Told, new_store
from tracker.clock import rfc3339
from tracker.detect.events import Event, HoldDropped
from tracker.store import History, Store, StretchTotal

DAY = date(2026, 11, 2)
DAY_S = 86400.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = new_store(tmp_path / "history.db")
    yield opened
    opened.close()


def rows(store: Store, sql: str) -> list[dict[str, Any]]:
    with History.open(store.path) as history:
        names = history.columns(sql, ())
        return [dict(zip(names, row, strict=True)) for row in history.rows(sql, ())]


def at(t_s: float) -> str:
    return rfc3339(START + t_s)


def test_a_hold_stands_there_as_soon_as_it_began(store: Store) -> None:
    told = Told()
    store.add(BAND, [], [told.session_started(90.0), told.hold_started(100.0)], None)
    (hold,) = rows(store, "SELECT * FROM holds")
    assert hold["started_at"] == at(100.0)
    assert hold["angle_deg"] == 61.25
    assert hold["session_id"] == told.clocked(90.0)
    assert [hold[name] for name in ("end_s", "ended_at", "duration_s", "reason", "breaths")] == [
        None
    ] * 5
    assert store.last_hold(BAND) is None


def test_a_hold_is_completed_when_it_ends(store: Store) -> None:
    store.add(BAND, [], Told().hold(100.0, 45.5, "prone_quad", "right"), None)
    hold = store.last_hold(BAND)
    assert hold is not None
    assert (hold.stretch, hold.side, hold.reason) == ("prone_quad", "right", "released")
    assert (hold.start_s, hold.end_s, hold.duration_s) == (100.0, 145.5, 45.5)
    assert (hold.started_at, hold.ended_at) == (at(100.0), at(145.5))
    assert (hold.angle_deg, hold.depth_gain_deg, hold.breaths) == (63.5, 3.75, 4)
    assert (hold.breath_rate_bpm, hold.exhale_inhale_ratio) == (6.1, 1.4)
    assert (hold.steadiness_deg, hold.twist_deg) == (0.42, None)
    assert (hold.target_s, hold.strains, hold.boot_id) == (30.0, 0, 1)


def test_a_hold_whose_end_never_came_stays_open(store: Store) -> None:
    told = Told()
    store.add(BAND, [], [told.hold_started(100.0), *told.hold(500.0)], None)
    ends = rows(store, "SELECT end_s FROM holds ORDER BY start_s")
    assert [row["end_s"] for row in ends] == [None, 545.0]
    assert store.day_totals(BAND, DAY, UTC).holds == 1


def test_a_dropped_hold_is_in_the_event_log_only(store: Store) -> None:
    told = Told()
    started = told.hold_started(100.0)
    dropped = HoldDropped(
        event_id=f"{BAND}-0001-000104000-hold_dropped",
        band_id=BAND,
        t_s=104.0,
        hold_id=told.clocked(100.0),
    )
    store.add(BAND, [], [told.session_started(90.0), started, dropped], None)
    assert rows(store, "SELECT * FROM holds") == []
    assert [entry.event for entry in store.outbox("test", 10)][-1] == dropped


def test_the_end_of_a_hold_may_name_the_stretch_anew(store: Store) -> None:
    told = Told()
    events: list[Event] = [
        told.hold_started(100.0, "other", None),
        told.hold_ended(100.0, 40.0, "inner_thigh", "right"),
    ]
    store.add(BAND, [], events, None)
    hold = store.last_hold(BAND)
    assert hold is not None
    assert (hold.stretch, hold.side) == ("inner_thigh", "right")


def test_breaths_hang_on_their_hold(store: Store) -> None:
    store.add(BAND, [], Told().hold(100.0, 45.0), None)
    breaths = rows(store, "SELECT * FROM breaths ORDER BY number")
    assert [row["number"] for row in breaths] == [1, 2, 3, 4]
    assert breaths[1] == {
        "hold_id": Told().clocked(100.0),
        "number": 2,
        "exhale_start_s": 111.0,
        "exhale_end_s": 116.5,
        "end_s": 120.25,
        "started_at": at(111.0),
        "depth_deg": 1.12,
    }


def test_a_breath_of_an_unknown_hold_is_in_the_log_only(store: Store) -> None:
    assert len(store.add(BAND, [], [Told().breath(100.0, 1)], None)) == 1
    assert rows(store, "SELECT * FROM breaths") == []


def test_strains_are_counted_once(store: Store) -> None:
    told = Told()
    events: list[Event] = [told.hold_started(100.0), told.strain(100.0)]
    store.add(BAND, [], events, None)
    store.add(BAND, [], [*events, told.hold_ended(100.0, 40.0)], None)
    hold = store.last_hold(BAND)
    assert hold is not None
    assert hold.strains == 1


def test_a_session_ends_with_its_last_hold_not_when_waiting_was_over(store: Store) -> None:
    store.add(BAND, [], Told().session(100.0), None)
    (session,) = rows(store, "SELECT * FROM sessions")
    assert (session["start_s"], session["end_s"]) == (100.0, 240.5)
    assert (session["started_at"], session["ended_at"]) == (at(100.0), at(240.5))
    assert (session["reps"], session["holds"], session["hold_s"]) == (2, 2, 95.5)
    of_session = rows(store, "SELECT session_id FROM holds")
    assert [row["session_id"] for row in of_session] == [session["session_id"]] * 2


def test_a_session_is_open_until_it_ends(store: Store) -> None:
    store.add(BAND, [], Told().session(100.0)[:-1], None)
    (session,) = rows(store, "SELECT * FROM sessions")
    assert [session[name] for name in ("end_s", "ended_at", "holds", "hold_s")] == [None] * 4
    assert session["last_s"] == 240.5


def test_a_hold_after_a_reboot_is_not_in_the_session_before(store: Store) -> None:
    before, after = Told(), Told(boot_id=2)
    store.add(BAND, [], [before.session_started(100.0), *after.hold(5.0)], None)
    assert [row["session_id"] for row in rows(store, "SELECT session_id FROM holds")] == [None]


def test_without_a_wall_clock_times_are_not_guessed(store: Store) -> None:
    store.add(BAND, [], Told(offset_s=None).session(100.0), None)
    for table in ("holds", "sessions"):
        found = rows(store, f"SELECT started_at, ended_at FROM {table}")  # noqa: S608 - the two above
        assert all(row == {"started_at": None, "ended_at": None} for row in found)
    assert store.day_totals(BAND, DAY, UTC).holds == 0
    assert store.last_hold(BAND) is not None


def test_a_day_is_summed_by_stretch_and_side(store: Store) -> None:
    told = Told()
    events = [
        *told.hold(0.0, 40.0, "hamstring", "left"),
        *told.hold(100.0, 30.0, "hamstring", "right"),
        *told.hold(200.0, 50.0, "hamstring", "left"),
        *told.hold(300.0, 20.0, "other", None),
    ]
    store.add(BAND, [], events, None)
    totals = store.day_totals(BAND, DAY, UTC)
    assert totals.stretches == (
        StretchTotal("hamstring", "left", 2, 90.0),
        StretchTotal("hamstring", "right", 1, 30.0),
        StretchTotal("other", None, 1, 20.0),
    )
    assert (totals.left_s, totals.right_s, totals.hold_s) == (90.0, 30.0, 140.0)
    assert totals.balance == 0.75
    assert store.day_totals("band9", DAY, UTC).balance is None


def test_a_hold_belongs_to_the_day_it_began_on_where_the_wearer_is(store: Store) -> None:
    store.add(BAND, [], Told().hold(6.9 * 3600), None)  # 23:54 UTC
    east = timezone(timedelta(hours=1))
    assert store.day_totals(BAND, DAY, UTC).holds == 1
    assert store.day_totals(BAND, DAY, east).holds == 0
    assert store.day_totals(BAND, DAY + timedelta(days=1), east).holds == 1
    assert store.days_with_holds(BAND, UTC) == [DAY]
    assert store.days_with_holds(BAND, east) == [DAY + timedelta(days=1)]


def test_a_streak_counts_days_in_a_row_and_today_may_still_come(store: Store) -> None:
    for day in (0, 2, 3, 4):
        store.add(BAND, [], Told().hold(day * DAY_S) + Told().hold(day * DAY_S + 100), None)

    def streak(day: int) -> int:
        return store.day_totals(BAND, DAY + timedelta(days=day), UTC).streak_days

    assert [streak(day) for day in range(-1, 8)] == [0, 1, 1, 1, 2, 3, 3, 0, 0]


def test_the_longest_calm_hold_was_not_strained(store: Store) -> None:
    told = Told()
    events: list[Event] = [
        *told.hold(0.0, 40.0),
        told.hold_started(100.0),
        told.strain(100.0),
        told.hold_ended(100.0, 90.0),
        told.hold_ended(300.0, 80.0, reason="pain"),
    ]
    store.add(BAND, [], events, None)
    with History.open(store.path) as history:
        hold = history.longest_calm_hold(BAND, DAY, DAY, UTC)
    assert hold is not None
    assert hold.duration_s == 40.0


def test_the_views_say_it_in_plain_columns(store: Store) -> None:
    told = Told()
    store.add(BAND, [], told.session(100.0) + told.hold(7 * DAY_S, 30.0, side=None), None)
    newest = rows(store, "SELECT * FROM v_holds LIMIT 1")[0]
    assert newest["started_at"] == at(7 * DAY_S)
    assert (newest["band"], newest["duration_s"], newest["target_reached"]) == (BAND, 30.0, 1)
    daily = rows(store, "SELECT day, stretch, side, holds, hold_s, longest_s FROM v_daily")
    assert daily == [
        dict(zip(daily[0], values, strict=True))
        for values in (
            ("2026-11-09", "hamstring", None, 1, 30.0, 30.0),
            ("2026-11-02", "hamstring", "left", 1, 45.0, 45.0),
            ("2026-11-02", "hamstring", "right", 1, 50.5, 50.5),
        )
    ]
    assert rows(store, "SELECT * FROM v_balance") == [
        {
            "week_from": "2026-11-02",
            "band": BAND,
            "stretch": "hamstring",
            "left_s": 45.0,
            "right_s": 50.5,
            "left_share": 0.471,
        }
    ]


def test_a_day_is_the_wearers_also_when_daylight_saving_ends_in_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        night = datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp()  # 2:30, for the first time
        for hours in (-3.0, 0.0, 1.0, 22.0, 23.0):  # 23:30 before, 2:30 twice, 23:30, 0:30 after
            told = Told(offset_s=night + hours * 3600, boot_id=int(hours) + 5)
            store.add(BAND, [], told.hold(0.0, 60.0), None)
        days = [date(2026, 10, day) for day in (24, 25, 26)]
        assert [store.day_totals(BAND, day, None).holds for day in days] == [1, 3, 1]
        first, second = (
            row["started_at"]
            for row in rows(store, "SELECT started_at FROM holds ORDER BY started_at")[1:3]
        )
        assert (first, second) == ("2026-10-25T00:30:00.000Z", "2026-10-25T01:30:00.000Z")
    finally:
        monkeypatch.undo()
        time.tzset()
