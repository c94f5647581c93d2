"""What a better detector found in the same frames takes the place of what was found before.

    frames, commands, clocks    stay as they are
    sessions, holds, breaths    made anew
    events                      the same id keeps its place, what is new comes behind the cursor
    corrections                 go along with their holds

Only starts of a band that frames are kept of are touched: nothing can be found again elsewhere.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from sqlite_utils import Database

from tracker.detect.events import Event, from_json
from tracker.store.projections import boot_of, project
from tracker.store.records import Hold, Resume
from tracker.store.rows import add_new_events, event_row, put_resume
from tracker.store.same_holds import found_again

PUBLISHER = "mqtt"  # the consumer that is there even before its first acknowledgement
_COLUMNS = ", ".join(field.name for field in dataclasses.fields(Hold))
# Where and when a hold is written down, beside what was measured.
_NOT_MEASURED: Final[dict[str, Any]] = {"session_id": None, "started_at": None, "ended_at": None}


@dataclass(frozen=True, slots=True)
class Found:
    """All events of a band's frames, in order, and where its daemon goes on."""

    band_id: str
    events: Sequence[Event]
    resume: Resume | None


@dataclass(frozen=True, slots=True)
class Changes:
    """Holds and breaths before and after.

    same:    holds in which nothing measured is other than before.
    changed: (before, after) of holds that were found again.
    stayed, moved: corrections whose hold has the same id, or was found again under another.
    kept:    holds that are found no more and stay, because a correction says what they were.
    """

    holds: tuple[int, int]
    breaths: tuple[int, int]
    same: int
    changed: tuple[tuple[Hold, Hold], ...]
    new: tuple[Hold, ...]
    gone: tuple[Hold, ...]
    stayed: int
    moved: int
    kept: tuple[Hold, ...]


@dataclass(frozen=True, slots=True)
class _Spoken:
    """A correction's row, and its hold's as they were, the breaths with it."""

    hold_id: str
    correction: tuple[Any, ...]
    hold: tuple[Any, ...]
    breaths: tuple[tuple[Any, ...], ...]


def rewrite(db: Database, found: Iterable[Found]) -> Changes:
    """Put what was found in place of what was there; inside the caller's transaction."""
    found = [one for one in found if _boots(db, one.band_id)]
    bands = {one.band_id: _boots(db, one.band_id) for one in found}
    before, breaths = _holds(db, bands), _count_breaths(db)
    spoken = _spoken(db, bands)
    known = {event.event_id: event for event in _events(db, bands)}
    dated = [_as_it_was_dated(event, known) for one in found for event in one.events]
    _clear(db, bands)
    for event in dated:
        project(db, event)
    pairs = found_again(before, _holds(db, bands))
    kept = _keep_corrections(db, spoken, pairs)
    _write_log(db, known, dated, kept)
    for one in found:
        if one.resume is not None:
            put_resume(db, one.band_id, one.resume)
    after = _holds(db, bands)
    stayed = sum(pairs.get(one.hold_id) == one.hold_id for one in spoken)
    return _changes(
        (before, after),
        (breaths, _count_breaths(db)),
        pairs,
        (stayed, len(spoken) - stayed - len(kept)),
        kept,
    )


def _changes(
    holds: tuple[dict[str, Hold], dict[str, Hold]],
    breaths: tuple[int, int],
    pairs: dict[str, str],
    corrections: tuple[int, int],
    kept: set[str],
) -> Changes:
    before, after = holds
    both = [(before[old], after[new]) for old, new in pairs.items()]
    changed = tuple(pair for pair in both if _measured(pair[0]) != _measured(pair[1]))
    again = set(pairs.values()) | kept
    return Changes(
        holds=(len(before), len(after)),
        breaths=breaths,
        same=len(both) - len(changed),
        changed=changed,
        new=tuple(hold for name, hold in after.items() if name not in again),
        gone=tuple(hold for name, hold in before.items() if name not in {*pairs, *kept}),
        stayed=corrections[0],
        moved=corrections[1],
        kept=tuple(after[name] for name in after if name in kept),
    )


def _boots(db: Database, band_id: str) -> set[int]:
    """The starts of a band that frames are kept of."""
    rows = db.execute("SELECT DISTINCT boot_id FROM frames WHERE band_id = ?", (band_id,))
    return {boot_id for (boot_id,) in rows}


def _holds(db: Database, bands: dict[str, set[int]]) -> dict[str, Hold]:
    sql = f"SELECT {_COLUMNS} FROM holds ORDER BY started_at, hold_id"  # noqa: S608 - our own names
    holds = (Hold(*row) for row in db.execute(sql))
    return {hold.hold_id: hold for hold in holds if hold.boot_id in bands.get(hold.band_id, ())}


def _count_breaths(db: Database) -> int:
    return int(db["breaths"].count)


def _events(db: Database, bands: dict[str, set[int]]) -> list[Event]:
    events = (from_json(text) for (text,) in db.execute("SELECT json FROM events"))
    return [event for event in events if boot_of(event) in bands.get(event.band_id, ())]


def _spoken(db: Database, bands: dict[str, set[int]]) -> list[_Spoken]:
    """What the wearer said of holds that are made anew, the last word first."""
    holds = _holds(db, bands)
    rows = db.execute("SELECT * FROM corrections ORDER BY at DESC, hold_id").fetchall()
    return [
        _Spoken(
            row[0],
            row[1:],
            dataclasses.astuple(holds[row[0]]),
            tuple(db.execute("SELECT * FROM breaths WHERE hold_id = ?", (row[0],)).fetchall()),
        )
        for row in rows
        if row[0] in holds
    ]


def _as_it_was_dated(event: Event, known: dict[str, Event]) -> Event:
    """An event that was told already keeps the wall time that it was told with."""
    told = known.get(event.event_id)
    if told is None or told.at is None:
        return event
    return msgspec.structs.replace(event, at=told.at)


def _clear(db: Database, bands: dict[str, set[int]]) -> None:
    for band_id in bands:
        of_frames = (
            "band_id = :band AND boot_id IN (SELECT boot_id FROM frames WHERE band_id = :band)"
        )
        its_holds = f"hold_id IN (SELECT hold_id FROM holds WHERE {of_frames})"  # noqa: S608 - above
        for rows in (
            f"corrections WHERE {its_holds}",
            f"breaths WHERE {its_holds}",
            f"holds WHERE {of_frames}",
            f"sessions WHERE {of_frames}",
        ):
            db.execute(f"DELETE FROM {rows}", {"band": band_id})  # noqa: S608 - the four above


def _keep_corrections(db: Database, spoken: Sequence[_Spoken], pairs: dict[str, str]) -> set[str]:
    """Each word beside its hold. A hold that is found no more stays when there is a word on it."""
    kept = set()
    for one in spoken:
        hold_id = pairs.get(one.hold_id)
        if hold_id is None:
            hold_id = one.hold_id
            kept.add(hold_id)
            _put_back(db, one)
        db.execute("INSERT INTO corrections VALUES (?, ?, ?, ?, ?, ?)", (hold_id, *one.correction))
    return kept


def _put_back(db: Database, one: _Spoken) -> None:
    marks = ", ".join("?" * len(one.hold))
    db.execute(
        f"INSERT INTO holds ({_COLUMNS}) VALUES ({marks})",  # noqa: S608 - our own names
        [None if name == "session_id" else value for name, value in _named(one.hold)],
    )
    db.conn.executemany("INSERT INTO breaths VALUES (?, ?, ?, ?, ?, ?, ?)", one.breaths)
    db.execute(
        "UPDATE holds SET session_id = (SELECT session_id FROM sessions AS s"
        " WHERE (s.band_id, s.boot_id) = (holds.band_id, holds.boot_id)"
        " AND s.start_s <= holds.start_s AND holds.start_s <= coalesce(s.end_s, holds.start_s)"
        " ORDER BY s.start_s DESC LIMIT 1) WHERE hold_id = ?",
        (one.hold_id,),
    )


def _named(hold: tuple[Any, ...]) -> list[tuple[str, Any]]:
    return list(zip((field.name for field in dataclasses.fields(Hold)), hold, strict=True))


def _write_log(db: Database, known: dict[str, Event], now: Sequence[Event], kept: set[str]) -> None:
    """The log as of now. What no consumer had yet is still to be told, what is new is not."""
    wanted = {event.event_id for event in now}
    for name, event in known.items():
        if name not in wanted and getattr(event, "hold_id", None) not in kept:
            db.execute("DELETE FROM events WHERE event_id = ?", (name,))
    for event in now:
        if event.event_id in known and event != known[event.event_id]:
            db.execute(
                "UPDATE events SET at = ?, hold_id = ?, json = ? WHERE event_id = ?",
                (*event_row(event)[4:], event.event_id),
            )
    _insert_as_told(db, [event for event in now if event.event_id not in known])


def _insert_as_told(db: Database, new: Sequence[Event]) -> None:
    """Events that no consumer is to hear of: those that it has not heard yet go behind them."""
    if not new:
        return
    db.execute("INSERT OR IGNORE INTO outbox_cursors VALUES (?, 0)", (PUBLISHER,))
    (heard,) = db.execute("SELECT min(position) FROM outbox_cursors").fetchone()
    (last,) = db.execute("SELECT coalesce(max(position), 0) FROM events").fetchone()
    add_new_events(db, new)
    (newest,) = db.execute("SELECT max(position) FROM events").fetchone()
    on = newest - heard  # a place that was never used: no two events ever have the same
    db.execute(
        "UPDATE events SET position = position + ? WHERE position > ? AND position <= ?",
        (on, heard, last),
    )
    db.execute("UPDATE outbox_cursors SET position = position + ?", (on,))
    db.execute("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'events'", (last + on,))


def _measured(hold: Hold) -> Hold:
    return dataclasses.replace(hold, hold_id="", **_NOT_MEASURED)
