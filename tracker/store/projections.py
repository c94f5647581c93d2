"""Event -> rows of sessions, holds and breaths: the history as people read it.

Only an event that is new in the log is projected, so writing it twice changes nothing. The event
log is the truth; these tables could be made from it again.
"""

from __future__ import annotations

from sqlite_utils import Database

from tracker.detect.events import (
    Breath,
    Event,
    HoldDropped,
    HoldEnded,
    HoldStarted,
    Rep,
    SessionEnded,
    SessionStarted,
    Strain,
    TargetReached,
)
from tracker.store.times import moment_of


def project(db: Database, event: Event) -> None:
    """Write what one event adds to the history; inside the caller's transaction."""
    match event:
        case SessionStarted():
            _begin_session(db, event)
        case SessionEnded():
            _end_session(db, event)
        case Rep():
            _prolong_session(db, event, event.end_s, reps=1)
        case HoldStarted():
            _begin_hold(db, event)
        case HoldEnded():
            _end_hold(db, event)
            _prolong_session(db, event, event.end_s)
        case HoldDropped():
            _drop_hold(db, event)
        case Breath():
            _add_breath(db, event)
        case TargetReached():
            db.execute(
                "UPDATE holds SET target_s = ? WHERE hold_id = ?", (event.target_s, event.hold_id)
            )
        case Strain():
            db.execute("UPDATE holds SET strains = strains + 1 WHERE hold_id = ?", (event.hold_id,))
        case _:
            pass  # gap and worn are in the event log only


def boot_of(event: Event) -> int:
    """Which start of the band the event's clock belongs to: its id is <band>-<boot in hex>-..."""
    return int(event.event_id.removeprefix(f"{event.band_id}-").partition("-")[0], 16)


def _begin_session(db: Database, event: SessionStarted) -> None:
    start_s = int(event.session_id.rpartition("-")[2]) / 1000  # the id ends in milliseconds
    db.execute(
        "INSERT INTO sessions (session_id, band_id, boot_id, start_s, started_at)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            event.session_id,
            event.band_id,
            boot_of(event),
            start_s,
            moment_of(event.at, event.t_s, start_s),
        ),
    )


def _end_session(db: Database, event: SessionEnded) -> None:
    """A session is over when its last rep or hold was, not when the detector gave up waiting.

    Both times anew from the last event, as of a hold: the wall clock may have been set in between.
    """
    row = db.execute(
        "SELECT start_s, coalesce(last_s, start_s) FROM sessions WHERE session_id = ?",
        (event.session_id,),
    ).fetchone()
    start_s, end_s = (event.t_s, event.t_s) if row is None else row
    db.execute(
        "UPDATE sessions SET end_s = ?, started_at = coalesce(?, started_at), ended_at = ?,"
        " holds = ?, hold_s = ? WHERE session_id = ?",
        (
            end_s,
            moment_of(event.at, event.t_s, start_s),
            moment_of(event.at, event.t_s, end_s),
            event.holds,
            event.hold_s,
            event.session_id,
        ),
    )


def _prolong_session(
    db: Database, event: Rep | HoldEnded, until_s: float, *, reps: int = 0
) -> None:
    db.execute(
        "UPDATE sessions SET last_s = max(coalesce(last_s, start_s), ?), reps = reps + ?"
        " WHERE session_id = ?",
        (until_s, reps, _open_session(db, event)),
    )


def _open_session(db: Database, event: Event) -> str | None:
    row = db.execute(
        "SELECT session_id FROM sessions WHERE band_id = ? AND boot_id = ? AND end_s IS NULL"
        " ORDER BY start_s DESC LIMIT 1",
        (event.band_id, boot_of(event)),
    ).fetchone()
    return None if row is None else str(row[0])


def _begin_hold(db: Database, event: HoldStarted | HoldEnded) -> None:
    db.execute(
        "INSERT INTO holds (hold_id, band_id, session_id, boot_id, stretch, side, start_s,"
        " started_at, angle_deg) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            event.hold_id,
            event.band_id,
            _open_session(db, event),
            boot_of(event),
            event.stretch,
            event.side,
            event.start_s,
            moment_of(event.at, event.t_s, event.start_s),
            event.angle_deg,
        ),
    )


def _end_hold(db: Database, event: HoldEnded) -> None:
    """Both times anew from the last event: their difference is then the duration."""
    _begin_hold(db, event)
    db.execute(
        "UPDATE holds SET stretch = ?, side = ?, start_s = ?, end_s = ?,"
        " started_at = coalesce(?, started_at), ended_at = ?, duration_s = ?, angle_deg = ?,"
        " depth_gain_deg = ?, breaths = ?, breath_rate_bpm = ?, exhale_inhale_ratio = ?,"
        " steadiness_deg = ?, twist_deg = ?, reason = ? WHERE hold_id = ?",
        (
            event.stretch,
            event.side,
            event.start_s,
            event.end_s,
            moment_of(event.at, event.t_s, event.start_s),
            moment_of(event.at, event.t_s, event.end_s),
            event.duration_s,
            event.angle_deg,
            event.depth_gain_deg,
            event.breaths,
            event.breath_rate_bpm,
            event.exhale_inhale_ratio,
            event.steadiness_deg,
            event.twist_deg,
            event.reason,
            event.hold_id,
        ),
    )


def _drop_hold(db: Database, event: HoldDropped) -> None:
    """It was too short to count: what it had is in the event log only."""
    db.execute("DELETE FROM breaths WHERE hold_id = ?", (event.hold_id,))
    db.execute("DELETE FROM holds WHERE hold_id = ?", (event.hold_id,))


def _add_breath(db: Database, event: Breath) -> None:
    """A breath of a hold that is not known stays in the event log only."""
    db.execute(
        "INSERT INTO breaths SELECT ?, ?, ?, ?, ?, ?, ?"
        " WHERE EXISTS (SELECT 1 FROM holds WHERE hold_id = ?) ON CONFLICT DO NOTHING",
        (
            event.hold_id,
            event.number,
            event.exhale_start_s,
            event.exhale_end_s,
            event.end_s,
            moment_of(event.at, event.t_s, event.exhale_start_s),
            event.depth_deg,
            event.hold_id,
        ),
    )
