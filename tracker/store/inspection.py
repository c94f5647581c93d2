"""How a history stands, without changing anything in it."""

from __future__ import annotations

import sqlite3
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from tracker.store import opening
from tracker.store.faults import in_plain_words
from tracker.store.lock import lock_file
from tracker.store.migrations import MIGRATIONS

if sys.platform != "win32":
    import fcntl

_STEPS = 10_000  # of SQLite's machine, between two looks at the time


@dataclass(frozen=True, slots=True)
class Inspection:
    """behind: an older version wrote it. damage: the first found. running: it has a writer.

    looked_at_all: the time was enough to look for damage everywhere.
    heard:         when the newest frame of each band came, unix time.
    """

    size_bytes: int
    behind: bool
    damage: str | None
    looked_at_all: bool
    running: bool
    holds: int
    heard: dict[str, float]


def inspect(path: Path, look_s: float) -> Inspection:
    """Look at the file at `path`, for damage no longer than `look_s`.

    Raises StretchbandError when it cannot be read, is not ours, or of a newer version.
    """
    db = opening.open_as_it_is(path)
    try:
        with in_plain_words(path):
            damage, looked_at_all = _damage(db, look_s)
            holds, heard = (0, {}) if damage is not None else _contents(db)
            return Inspection(
                size_bytes=sum(
                    file.stat().st_size for file in (path, Path(f"{path}-wal")) if file.exists()
                ),
                behind=bool(MIGRATIONS.pending(db)),
                damage=damage,
                looked_at_all=looked_at_all,
                running=has_writer(path),
                holds=holds,
                heard=heard,
            )
    finally:
        db.close()


def _damage(db: Database, look_s: float) -> tuple[str | None, bool]:
    until_s = time.monotonic() + look_s
    db.conn.set_progress_handler(lambda: time.monotonic() > until_s, _STEPS)
    try:
        (said,) = db.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        return None, False
    finally:
        db.conn.set_progress_handler(None, 0)
    return (None if said == "ok" else str(said).splitlines()[-1]), True


def _contents(db: Database) -> tuple[int, dict[str, float]]:
    (holds,) = db.execute("SELECT count(*) FROM holds WHERE end_s IS NOT NULL").fetchone()
    heard = db.execute(
        "SELECT band_id, (SELECT received_s FROM frames INDEXED BY frames_by_band"
        " WHERE frames.band_id = bands.band_id ORDER BY id DESC LIMIT 1) FROM bands"
    )
    return int(holds), {band: at_s for band, at_s in heard if at_s is not None}


def has_writer(path: Path) -> bool:
    """Whether somebody holds the lock beside it."""
    if sys.platform == "win32":
        return False
    try:
        with lock_file(path).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
