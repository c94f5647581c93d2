"""What belongs to a month, and what it comes to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from tests.store.filling import BAND, Told, new_store
from tracker.detect.events import Event, Gap, HoldEnded
from tracker.errors import StretchbandError
from tracker.report import Month, month_of, page, parse_month
from tracker.store import History
from tracker.store.corrections import Correction, correct

BERLIN = ZoneInfo("Europe/Berlin")
NOVEMBER = date(2026, 11, 1)
LATER = date(2027, 3, 1)


def told_at(moment: str) -> Told:
    """Second 0 of the band is at this moment; another moment, another start of the band."""
    at = datetime.fromisoformat(moment)
    return Told(boot_id=int(at.timestamp()) & 0x7FFFFFFF, offset_s=at.timestamp())


def month(
    tmp_path: Path,
    events: Sequence[Event],
    first: date = NOVEMBER,
    zone: tzinfo = UTC,
    today: date = LATER,
    band: str | None = None,
) -> Month:
    store = new_store(tmp_path / "history.db", BAND, "band2")
    store.add(BAND, [], events, None)
    store.close()
    with History.open(store.path) as history:
        return month_of(history, band, first, today, zone)


def ended(events: list[Event], **changed: object) -> list[Event]:
    return [
        msgspec.structs.replace(e, **changed) if isinstance(e, HoldEnded) else e for e in events
    ]


@pytest.mark.parametrize(
    ("began", "zone", "first"),
    [
        ("2026-10-31T23:30:00Z", UTC, date(2026, 10, 1)),
        ("2026-10-31T23:30:00Z", BERLIN, date(2026, 11, 1)),
        ("2026-11-01T00:00:00Z", UTC, date(2026, 11, 1)),
        ("2026-12-01T02:59:00Z", ZoneInfo("America/Sao_Paulo"), date(2026, 11, 1)),
        ("2026-12-01T03:00:00Z", ZoneInfo("America/Sao_Paulo"), date(2026, 12, 1)),
        ("2026-12-31T10:00:00Z", ZoneInfo("Pacific/Kiritimati"), date(2027, 1, 1)),
        ("2028-02-29T23:59:59Z", UTC, date(2028, 2, 1)),
    ],
)
def test_a_hold_belongs_to_the_month_it_began_in_where_the_wearer_lives(
    tmp_path: Path, began: str, zone: tzinfo, first: date
) -> None:
    found = month(tmp_path, told_at(began).hold(0.0), first, zone)
    assert len(found.holds) == 1
    assert found.first <= found.holds[0].began.date() <= found.last
    with History.open(tmp_path / "history.db") as history:
        before = date(first.year - (first.month == 1), (first.month - 2) % 12 + 1, 1)
        after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
        for other in (before, after):
            assert month_of(history, None, other, LATER, zone).holds == ()


def test_a_month_in_which_the_clocks_change_says_both_names_of_its_time(tmp_path: Path) -> None:
    october = month(tmp_path, [], date(2026, 10, 1), BERLIN)
    assert (october.zones, october.last, len(october.days)) == (
        ("CEST", "CET"),
        date(2026, 10, 31),
        31,
    )
    assert month(tmp_path, [], NOVEMBER, BERLIN).zones == ("CET",)
    assert month(tmp_path, [], NOVEMBER, ZoneInfo("America/Sao_Paulo")).zones == ("UTC-03",)


def test_figures_are_by_stretch_and_leg_and_the_middle_of_what_is_known(tmp_path: Path) -> None:
    told, events = Told(), list[Event]()
    for n, (length_s, rate) in enumerate([(20.0, None), (40.0, 5.0), (90.0, 7.0)]):
        events += ended(told.hold(1000.0 * n, length_s), breath_rate_bpm=rate, angle_deg=60.0 + n)
    events += ended(told.hold(9000.0, 30.0, "hamstring", None), angle_deg=None)
    events += told.hold(9500.0, 200.0, "inner_thigh", "right")
    found = month(tmp_path, events)
    assert [(s.stretch, s.side, s.holds) for s in found.stretches] == [
        ("inner_thigh", "right", 1),
        ("hamstring", "left", 3),
        ("hamstring", None, 1),
    ]
    left, unknown = found.stretches[1:]
    assert (left.held_s, left.middle_s, left.longest_s) == (150.0, 40.0, 90.0)
    assert (left.angle_deg, left.rate_bpm, left.rate_known) == (61.0, 6.0, 2)
    assert (unknown.angle_deg, unknown.rate_known) == (None, 1)
    assert [found.side_s(side) for side in ("left", "right", None)] == [150.0, 200.0, 30.0]
    assert (found.practised, found.held_s()) == (1, 380.0)


def test_the_longest_calm_hold_was_not_strained_and_let_go_freely(tmp_path: Path) -> None:
    told = Told()
    events = [*told.hold(0.0, 40.0), *told.hold(1000.0, 60.0), told.strain(1000.0)]
    events += ended(told.hold(2000.0, 80.0), reason="pain")
    calm = month(tmp_path, events).longest_calm
    assert calm is not None
    assert calm.held_s == 40.0


def test_what_is_not_known_is_counted(tmp_path: Path) -> None:
    told = Told()
    gap = Gap(
        event_id="band1-0001-000600000-gap",
        band_id=BAND,
        t_s=600.0,
        at=told.at(600.0),
        from_s=120.0,
        to_s=600.0,
    )
    undated = Told(boot_id=9, offset_s=None).hold(0.0)
    found = month(tmp_path, [*told.hold(0.0), gap, *undated, told.hold_started(5000.0)])
    assert (len(found.holds), found.undated, found.missing_s) == (1, 1, 480.0)
    december = month(tmp_path, [], date(2026, 12, 1))
    assert (december.holds, december.undated, december.missing_s) == ((), 1, 0.0)


def test_corrected_holds_count_as_corrected_and_are_told(tmp_path: Path) -> None:
    told = Told()
    holds = [told.clocked(1000.0 * n) for n in range(4)]
    events = [event for n in range(4) for event in told.hold(1000.0 * n, 20.0 + n)]
    month(tmp_path, events)
    correct(tmp_path / "history.db", holds[0], Correction(side="right"))
    correct(tmp_path / "history.db", holds[1], Correction(deleted=True))
    correct(tmp_path / "history.db", holds[2], Correction(note="calm"))  # all as measured
    found = month(tmp_path, [])
    assert [found.side_s(side) for side in ("left", "right")] == [45.0, 20.0]
    assert (len(found.holds), found.renamed, found.no_holds) == (3, 1, 1)
    text = page(found, datetime(2026, 12, 3, tzinfo=UTC), "stretchband 0")
    assert "the wearer corrected 1 of them and took out 1 that was no hold." in text
    december = month(tmp_path, [], date(2026, 12, 1))
    assert (december.renamed, december.no_holds) == (0, 0)


def test_a_month_that_goes_on_is_told_up_to_today(tmp_path: Path) -> None:
    events = Told().hold(0.0)  # on 2 November
    assert month(tmp_path, events, today=date(2026, 11, 12)).until == date(2026, 11, 12)
    assert month(tmp_path, [], today=date(2026, 12, 1)).until == date(2026, 11, 30)
    # A machine whose clock was set back: the hold is there all the same.
    assert month(tmp_path, [], today=date(2026, 10, 1)).until == date(2026, 11, 2)


def test_only_one_band_is_told_of_when_asked(tmp_path: Path) -> None:
    found = month(tmp_path, Told().hold(0.0))
    assert found.bands == (BAND,)
    assert month(tmp_path, [], band="band2").holds == ()


@pytest.mark.parametrize(
    "text", ["november", "2026-13", "2026-00", "2026-1", "2026-11-01", "9999-12", "0001-01", ""]
)
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(StretchbandError, match="is no month: give one such as 2026-11"):
        parse_month(text, LATER)


def test_without_a_month_it_is_this_one() -> None:
    assert parse_month(None, date(2026, 11, 24)) == NOVEMBER
    assert parse_month("2026-11", LATER) == NOVEMBER
