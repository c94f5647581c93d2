"""What the wearer says of a hold afterwards counts; what was measured stays beside it."""

from __future__ import annotations

from datetime import UTC, date
from pathlib import Path

import pytest

from tests.store.filling import BAND, Told, new_store
from tracker.errors import StretchbandError
from tracker.store import History, Store
from tracker.store.corrections import MAX_NOTE, Correction, correct

FIRST, LAST = date(2026, 1, 1), date(2027, 1, 1)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = new_store(tmp_path / "history.db")
    told = Told()
    events = told.hold(100.0, 40.0, "hamstring", "left") + told.hold(200.0, 20.0, "other", None)
    store.add(BAND, [], events, None)
    return store


def totals(store: Store) -> list[tuple[str, str | None, int, float]]:
    with History.open(store.path) as history:
        found = history.totals(BAND, FIRST, LAST, UTC)
    return [(t.stretch, t.side, t.holds, t.hold_s) for t in found]


def hold_ids(store: Store) -> list[str]:
    with History.open(store.path) as history:
        return [
            str(row[0]) for row in history.rows("SELECT hold_id FROM holds ORDER BY start_s", ())
        ]


def test_a_correction_counts_while_the_daemon_has_the_history_open(store: Store) -> None:
    measured = totals(store)
    _, unnamed = hold_ids(store)
    correct(store.path, unnamed, Correction("splits", "right", note="by the window"))
    assert totals(store) == [measured[0], ("splits", "right", *measured[1][2:])]
    with History.open(store.path) as history:
        rows = history.rows(
            "SELECT stretch, side, measured_stretch, measured_side, note FROM kept_holds"
            " WHERE hold_id = ?",
            (unnamed,),
        )
        assert list(rows) == [("splits", "right", "other", None, "by the window")]
    correct(store.path, unnamed, Correction())
    assert totals(store) == measured


def test_what_was_no_hold_is_left_out_and_comes_back(store: Store) -> None:
    measured = totals(store)
    first, _ = hold_ids(store)
    correct(store.path, first, Correction(deleted=True))
    assert totals(store) == measured[1:]
    with History.open(store.path) as history:
        assert [hold.stretch for hold in history.last_holds(BAND, 5)] == ["other"]
        assert history.row_counts()["holds"] == 2
    correct(store.path, first, Correction())
    assert totals(store) == measured


def test_a_hold_that_is_not_there_or_a_long_note_is_refused(store: Store) -> None:
    with pytest.raises(StretchbandError, match="there is no finished hold 'nowhere'"):
        correct(store.path, "nowhere", Correction())
    store.add(BAND, [], [Told().hold_started(900.0, "hamstring", "left")], None)
    with pytest.raises(StretchbandError, match="no finished hold"):
        correct(store.path, hold_ids(store)[-1], Correction())
    with pytest.raises(StretchbandError, match="at most 500 characters"):
        correct(store.path, hold_ids(store)[0], Correction(note="x" * (MAX_NOTE + 1)))
