"""Questions to the history that both the writer and its readers ask."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import date, timedelta, tzinfo

from sqlite_utils import Database

from tracker.clock import BandClock, ClockPoint, Setting
from tracker.detect.settings import Settings
from tracker.store.records import DayTotals, Hold, StretchTotal
from tracker.store.times import day_bounds, local_day, midnight

_COLUMNS = ", ".join(field.name for field in dataclasses.fields(Hold))
_SELECT_HOLDS = f"SELECT {_COLUMNS} FROM kept_holds "  # noqa: S608 - names of our own fields

# Command c is pain that was said in session s: from a moment before until the next could begin.
PAIN_IN_SESSION = f"""c.band_id = s.band_id AND c.boot_id = s.boot_id AND c.name = 'pain'
  AND c.t_s BETWEEN s.start_s - 10.0
    AND coalesce(s.last_s, s.start_s) + {Settings().session_gap_s}"""
_PAIN_IN_NO_HOLD = f"""SELECT count(*) FROM sessions AS s JOIN commands AS c ON {PAIN_IN_SESSION}
WHERE s.started_at >= :since AND s.started_at < :until AND s.band_id = coalesce(:band, s.band_id)
  AND NOT EXISTS (SELECT 1 FROM holds AS h WHERE h.session_id = s.session_id
    AND h.reason = 'pain' AND c.t_s BETWEEN h.start_s AND h.end_s + 5.0)"""  # noqa: S608 - our own


def totals(
    db: Database, band_id: str | None, first: date, last: date, zone: tzinfo | None
) -> tuple[StretchTotal, ...]:
    """Finished holds that began on the days first to last, by stretch and side, the longest first.

    band_id None: of all bands. zone None: this machine's. A hold without wall time is on no day.
    """
    since, until = day_bounds(first, last, zone)
    rows = db.execute(
        "SELECT stretch, side, count(*), total(duration_s) FROM kept_holds"
        " WHERE started_at >= :since AND started_at < :until AND end_s IS NOT NULL"
        " AND band_id = coalesce(:band, band_id)"
        " GROUP BY stretch, side ORDER BY total(duration_s) DESC, stretch, side",
        {"since": since, "until": until, "band": band_id},
    )
    return tuple(StretchTotal(*row) for row in rows)


def day_totals(db: Database, band_id: str | None, day: date, zone: tzinfo | None) -> DayTotals:
    """One day's totals and the streak it ends."""
    return DayTotals(day, totals(db, band_id, day, day, zone), streak(db, band_id, day, zone))


def streak(db: Database, band_id: str | None, day: date, zone: tzinfo | None) -> int:
    """Days in a row with a finished hold up to `day`; up to the day before while `day` has none."""
    expected, count = day, 0
    for found in days_backwards(db, band_id, day, zone):
        if count == 0 and found == day - timedelta(days=1):
            expected = found
        if found != expected:
            break
        count += 1
        expected = found - timedelta(days=1)
    return count


def days_backwards(
    db: Database, band_id: str | None, last: date | None, zone: tzinfo | None
) -> Iterator[date]:
    """Days with a finished hold, the latest first, each once; read lazily: a streak is short."""
    rows = db.execute(
        "SELECT started_at FROM kept_holds WHERE started_at < :until AND end_s IS NOT NULL"
        " AND band_id = coalesce(:band, band_id) ORDER BY started_at DESC",
        {
            "until": "9999" if last is None else midnight(last + timedelta(days=1), zone),
            "band": band_id,
        },
    )
    before: date | None = None
    for (started_at,) in rows:
        day = local_day(started_at, zone)
        if day != before:
            yield day
            before = day


def last_holds(db: Database, band_id: str | None, limit: int) -> list[Hold]:
    """The latest finished holds, the newest first."""
    rows = db.execute(
        _SELECT_HOLDS + "WHERE end_s IS NOT NULL AND band_id = coalesce(:band, band_id)"
        " ORDER BY started_at DESC, hold_id DESC LIMIT :limit",
        {"band": band_id, "limit": limit},
    )
    return [Hold(*row) for row in rows]


def holds_of_days(
    db: Database, band_id: str | None, first: date, last: date, zone: tzinfo | None
) -> list[Hold]:
    """Finished holds that began on the days first to last, the oldest first."""
    since, until = day_bounds(first, last, zone)
    rows = db.execute(
        _SELECT_HOLDS + "WHERE started_at >= :since AND started_at < :until AND end_s IS NOT NULL"
        " AND band_id = coalesce(:band, band_id) ORDER BY started_at, hold_id",
        {"since": since, "until": until, "band": band_id},
    )
    return [Hold(*row) for row in rows]


def corrected_holds(
    db: Database, band_id: str | None, first: date, last: date, zone: tzinfo | None
) -> tuple[int, int]:
    """Of how many of these days' finished holds the wearer named another stretch or leg.

    And how many were none, as the wearer says.
    """
    since, until = day_bounds(first, last, zone)
    renamed, none = db.execute(
        "SELECT count(*) FILTER (WHERE NOT c.deleted AND (coalesce(c.stretch, h.stretch),"
        " coalesce(c.side, h.side)) IS NOT (h.stretch, h.side)),"
        " count(*) FILTER (WHERE c.deleted) FROM corrections AS c JOIN holds AS h USING (hold_id)"
        " WHERE h.started_at >= :since AND h.started_at < :until AND h.end_s IS NOT NULL"
        " AND h.band_id = coalesce(:band, h.band_id)",
        {"since": since, "until": until, "band": band_id},
    ).fetchone()
    return int(renamed), int(none)


def undated_holds(db: Database, band_id: str | None) -> int:
    """How many finished holds have no wall time, and so are on no day."""
    (number,) = db.execute(
        "SELECT count(*) FROM kept_holds WHERE started_at IS NULL AND end_s IS NOT NULL"
        " AND band_id = coalesce(:band, band_id)",
        {"band": band_id},
    ).fetchone()
    return int(number)


def missing_s(
    db: Database, band_id: str | None, first: date, last: date, zone: tzinfo | None
) -> float:
    """Seconds of samples that a band no longer had, told of on the days first to last."""
    since, until = day_bounds(first, last, zone)
    (seconds,) = db.execute(
        "SELECT total(json ->> 'to_s' - (json ->> 'from_s')) FROM events WHERE event = 'gap'"
        " AND at >= :since AND at < :until AND band_id = coalesce(:band, band_id)",
        {"since": since, "until": until, "band": band_id},
    ).fetchone()
    return float(seconds)


def pain_in_no_hold(
    db: Database, band_id: str | None, first: date, last: date, zone: tzinfo | None
) -> int:
    """How often it hurt where no hold was counted, in the sessions of the days first to last."""
    since, until = day_bounds(first, last, zone)
    (times,) = db.execute(
        _PAIN_IN_NO_HOLD, {"since": since, "until": until, "band": band_id}
    ).fetchone()
    return int(times)


def longest_calm_hold(
    db: Database, band_id: str | None, first: date, last: date, zone: tzinfo | None
) -> Hold | None:
    """The longest hold of these days that was never strained and was let go freely."""
    since, until = day_bounds(first, last, zone)
    row = db.execute(
        _SELECT_HOLDS + "WHERE started_at >= :since AND started_at < :until"
        " AND strains = 0 AND reason = 'released' AND band_id = coalesce(:band, band_id)"
        " ORDER BY duration_s DESC LIMIT 1",
        {"since": since, "until": until, "band": band_id},
    ).fetchone()
    return None if row is None else Hold(*row)


def clock(db: Database, band_id: str, boot_id: int) -> BandClock:
    """What is known of one clock of a band."""
    settings = db.execute(
        "SELECT from_s, ahead_s, run, host FROM clock_settings"
        " WHERE band_id = ? AND boot_id = ? ORDER BY from_s",
        (band_id, boot_id),
    )
    points = db.execute(
        "SELECT t_s, offset_s, run FROM clock_points"
        " WHERE band_id = ? AND boot_id = ? ORDER BY run, minute",
        (band_id, boot_id),
    )
    return BandClock([*(Setting(*row) for row in settings), *(ClockPoint(*row) for row in points)])


def tables(db: Database) -> list[str]:
    """The names of all tables but SQLite's own."""
    rows = db.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%'"
        " ESCAPE '\\' ORDER BY name"
    )
    return [name for (name,) in rows]


def row_counts(db: Database) -> dict[str, int]:
    """How many rows each table has."""
    return {name: db[name].count for name in tables(db)}
