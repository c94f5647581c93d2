"""How a frame, a word, a clock and an event are written down, each in its own rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlite_utils import Database

from tracker.bands.stretchband import encode_frame
from tracker.clock import BUCKET_S, ClockNews, ClockPoint, Setting, rfc3339
from tracker.detect.events import Event, event_name, to_json
from tracker.store.records import Resume, StoredCommand, StoredFrame
from tracker.store.times import unix

_INTO_EVENTS = (
    "INSERT INTO events (event_id, band_id, event, t_s, at, hold_id, json)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)


def add_frames(db: Database, band_id: str, frames: Sequence[StoredFrame]) -> None:
    """Frames that are not there yet."""
    db.conn.executemany(
        "INSERT INTO frames (band_id, boot_id, seq, t_first_s, received_s, data)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            (
                band_id,
                stored.frame.boot_id,
                stored.frame.seq,
                stored.t_first_s,
                stored.received_s,
                encode_frame(stored.frame),
            )
            for stored in frames
        ),
    )


def add_commands(db: Database, band_id: str, commands: Sequence[StoredCommand]) -> None:
    """Words, each as often as it is said."""
    db.conn.executemany(
        "INSERT INTO commands (band_id, boot_id, t_s, name, payload) VALUES (?, ?, ?, ?, ?)",
        ((band_id, c.boot_id, c.t_s, c.name, c.payload) for c in commands),
    )


def add_clock_news(db: Database, band_id: str, boot_id: int, news: ClockNews) -> None:
    """What was learnt of a clock; the last word on a minute counts."""
    match news:
        case ClockPoint(band_s, offset_s, run):
            db.execute(
                "INSERT OR REPLACE INTO clock_points"
                " (band_id, boot_id, run, minute, t_s, offset_s) VALUES (?, ?, ?, ?, ?, ?)",
                (band_id, boot_id, run, band_s // BUCKET_S, band_s, offset_s),
            )
        case Setting(from_s, ahead_s, run, host):
            db.execute(
                "INSERT OR REPLACE INTO clock_settings"
                " (band_id, boot_id, from_s, ahead_s, run, host) VALUES (?, ?, ?, ?, ?, ?)",
                (band_id, boot_id, from_s, ahead_s, run, host),
            )


def put_resume(db: Database, band_id: str, resume: Resume) -> None:
    """Where a band's frames are to be folded again from."""
    db.execute(
        "INSERT OR REPLACE INTO resume_points (band_id, boot_id, seq, t_s) VALUES (?, ?, ?, ?)",
        (band_id, resume.boot_id, resume.seq, resume.t_s),
    )


def add_event(db: Database, event: Event) -> int | None:
    """An event at the end of the log; its position, None when it is there already."""
    row = db.execute(
        f"{_INTO_EVENTS} ON CONFLICT DO NOTHING RETURNING position", event_row(event)
    ).fetchone()
    return None if row is None else int(row[0])


def add_new_events(db: Database, events: Iterable[Event]) -> None:
    """Events of which none is there yet, at the end of the log."""
    db.conn.executemany(_INTO_EVENTS, map(event_row, events))


def event_row(event: Event) -> tuple[str, str, str, float, str | None, str | None, str]:
    """An event as a row of the log: event_id, band_id, event, t_s, at, hold_id, json."""
    return (
        event.event_id,
        event.band_id,
        event_name(event),
        event.t_s,
        None if event.at is None else rfc3339(unix(event.at)),
        getattr(event, "hold_id", None),
        to_json(event).decode(),
    )
