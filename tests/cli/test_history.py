"""`stretchband history`: a picture for 80 columns, plain when it is piped."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console

from tests.store.filling import BAND, Told, new_store, weeks_of_sessions
from tracker.cli.bars import bar, share_bar
from tracker.cli.history import history, page
from tracker.errors import StretchbandError
from tracker.store import History, Store

ROOT = Path(__file__).parents[2]
SUNDAY = date(2026, 11, 8)
DAY_S = 86400.0


@pytest.fixture(autouse=True)
def _in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = new_store(tmp_path / "history.db")
    yield opened
    opened.close()


def shown(path: Path, today: date, days: int = 7, *, plain: bool = False) -> list[str]:
    file = io.StringIO()
    console = Console(file=file, width=80, highlight=False)
    with History.open(path) as past:
        console.print(page(past, None, today, days, plain=plain))
    return [line.rstrip() for line in file.getvalue().splitlines()]


def test_a_week_is_shown_as_bars_balance_and_the_last_holds(store: Store) -> None:
    told = Told()
    events = [
        *told.hold(5 * DAY_S, 60.0, "hamstring", "left"),
        *told.hold(6 * DAY_S, 90.0, "hamstring", "left"),
        *told.hold(6 * DAY_S + 200, 30.0, "hamstring", "right"),
        *told.hold(6 * DAY_S + 400, 20.0, "inner_thigh", None),
    ]
    store.add(BAND, [], events, None)
    assert shown(store.path, SUNDAY) == [
        "Mon 02 Nov to Sun 08 Nov   2 days in a row",
        "Mon 02 Nov",
        "Tue 03 Nov",
        "Wed 04 Nov",
        "Thu 05 Nov",
        "Fri 06 Nov",
        "Sat 07 Nov  █████████████████▏                          1:00     1 hold",
        "Sun 08 Nov  ████████████████████████████████████████    2:20    3 holds",
        "",
        "stretch            left   right  left               right",
        "hamstring          2:30    0:30  ████████████████████░░░░  left 83%",
        "inner thigh           -       -                            0:20, leg not known",
        "together           2:30    0:30  ████████████████████░░░░  left 83%",
        "Longest calm hold: 1:30, hamstring left, Sun 08 Nov 17:00",
        "",
        "last holds        stretch      leg    held  angle  deeper  breaths  a minute",
        "Sun 08 Nov 17:06  inner thigh  -      0:20    64°   +3.8°        2       6.1",
        "Sun 08 Nov 17:03  hamstring    right  0:30    64°   +3.8°        3       6.1",
        "Sun 08 Nov 17:00  hamstring    left   1:30    64°   +3.8°        9       6.1",
        "Sat 07 Nov 17:00  hamstring    left   1:00    64°   +3.8°        6       6.1",
    ]


def test_it_fits_a_terminal_of_80_by_24(store: Store) -> None:
    store.add(BAND, [], list(weeks_of_sessions(30)), None)
    lines = shown(store.path, date(2026, 12, 1))
    assert len(lines) <= 23
    assert max(map(len, lines)) <= 80


def test_many_days_are_shown_week_by_week(store: Store) -> None:
    store.add(BAND, [], list(weeks_of_sessions(60)), None)
    lines = shown(store.path, date(2026, 12, 6), 35)
    assert [line.split("  ")[0] for line in lines[1:6]] == [
        "from Mon 02 Nov",
        "from Mon 09 Nov",
        "from Mon 16 Nov",
        "from Mon 23 Nov",
        "from Mon 30 Nov",
    ]


def test_days_without_a_hold_still_show_the_last_ones(store: Store) -> None:
    store.add(BAND, [], Told().hold(0.0), None)
    lines = shown(store.path, date(2026, 12, 1))
    assert "Nothing was held on these days." in lines
    assert "No calm hold on these days." in lines
    assert lines[-1].startswith("Mon 02 Nov 17:00")


def test_a_new_history_says_what_to_do(store: Store) -> None:
    assert shown(store.path, SUNDAY) == ["No hold yet. Put the band on, lie down, and raise a leg."]


def test_in_a_terminal_that_knows_ascii_only_nothing_else_is_written(store: Store) -> None:
    store.add(BAND, [], list(weeks_of_sessions(7)), None)
    assert "".join(shown(store.path, SUNDAY, plain=True)).isascii()


def test_piped_it_is_plain_text(store: Store) -> None:
    store.add(BAND, [], Told().hold(0.0), None)
    command = [sys.executable, "-c", "from tracker.cli import main; main()", "history"]
    done = subprocess.run(
        [*command, "--db", str(store.path), "--days", "366"],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "COLUMNS": "80"},
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert b"\x1b" not in done.stdout
    assert b"hamstring" in done.stdout


def test_a_band_that_is_not_known_is_refused(store: Store) -> None:
    with pytest.raises(StretchbandError, match=r'no band "b9" in .*; there: band1'):
        history(db=store.path, band="b9")


def test_a_bar_is_as_long_as_its_share_and_the_least_still_shows() -> None:
    bars = [bar(share, 4) for share in (0.0, 0.001, 0.5, 0.53, 1.0)]
    assert bars == ["", "▏", "██", "██▏", "████"]
    assert [bar(share, 4, plain=True) for share in (0.0, 0.001, 1.0)] == ["", "#", "####"]


def test_neither_leg_vanishes_unless_it_has_nothing() -> None:
    assert [share_bar(share, 4) for share in (0.0, 0.01, 0.5, 0.99, 1.0)] == [
        ("", "░░░░"),
        ("█", "░░░"),
        ("██", "░░"),
        ("███", "░"),
        ("████", ""),
    ]
