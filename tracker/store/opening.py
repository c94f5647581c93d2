"""Opening the database: made if wanted, ours, whole, and brought up to this program's version."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from urllib.parse import quote

from sqlite_utils import Database

from tracker.errors import StretchbandError
from tracker.store.faults import in_plain_words
from tracker.store.migrations import MIGRATIONS
from tracker.store.transaction import transaction

APPLICATION_ID = 0x53425244  # "SBRD" in the file's header tells our databases from others
BUSY_S = 1.0  # how long a writer waits for another before it gives up; the daemon tries again
CACHE_KIB = 512  # it appends and looks up by index; SQLite's 2 MB only filled over weeks
WAL_LIMIT_BYTES = 16 * 2**20  # the log of a long reader is cut back to this


def open_for_writing(path: Path) -> Database:
    """The database at `path`, migrated. Raises StretchbandError when it cannot be used."""
    with in_plain_words(path):
        db = _connect(f"file:{quote(str(path.absolute()))}?mode=rw")
        try:
            _claim(db, path)
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            db.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
            db.execute(f"PRAGMA journal_size_limit = {WAL_LIMIT_BYTES}")
            with transaction(db):
                _refuse_newer(db, path)
                MIGRATIONS.apply(db)
        except BaseException:
            db.close()
            raise
    return db


def open_for_reading(path: Path) -> Database:
    """The same file beside the writer, read-only; an older version is migrated first."""
    db = open_as_it_is(path)
    with in_plain_words(path):
        if MIGRATIONS.pending(db):
            db.close()
            open_for_writing(path).close()
            db = _connect_reader(path)
    return db


def open_as_it_is(path: Path) -> Database:
    """The file read-only, of this version or an older one."""
    expect_file(path)
    with in_plain_words(path):
        db = _connect_reader(path)
        try:
            if _is_empty(db):
                raise _nothing_there(path)
            _refuse_foreign(db, path)
            _refuse_newer(db, path)
        except BaseException:
            db.close()
            raise
    return db


def _connect(uri: str) -> Database:
    # One worker thread uses it, but not always the one that opened it.
    conn = sqlite3.connect(
        uri, uri=True, timeout=BUSY_S, isolation_level=None, check_same_thread=False
    )
    conn.execute("PRAGMA foreign_keys = ON")
    # A file may come from anybody: what stands in its schema calls no function that could do harm.
    conn.execute("PRAGMA trusted_schema = OFF")
    conn.execute("PRAGMA cell_size_check = ON")
    return Database(conn, execute_plugins=False)


def _connect_reader(path: Path) -> Database:
    """Read-only; where the shared-memory file cannot be made, as a file that nobody writes."""
    uri = f"file:{quote(str(path.absolute()))}?mode=ro"
    db = _connect(uri)
    try:
        db.execute("SELECT 1 FROM sqlite_master")
    except sqlite3.OperationalError:
        db.close()
        if os.access(path.absolute().parent, os.W_OK) or Path(f"{path}-wal").exists():
            raise
        db = _connect(f"{uri}&immutable=1")
    return db


def make_private(path: Path) -> None:
    """An empty file for this user only, and the folders to it; what is there stays as it is.

    Raises StretchbandError when it cannot be made.
    """
    make_private_folders(path)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        raise StretchbandError(f"history {path} cannot be made: {error.strerror}") from None


def make_private_folders(path: Path) -> None:
    """The folders to `path`, those that are not there for this user only.

    Raises StretchbandError when they cannot be made.
    """
    try:
        for folder in reversed(path.absolute().parents):
            if not folder.exists():
                folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StretchbandError(f"history {path} cannot be made: {error.strerror}") from None


def expect_file(path: Path) -> None:
    """Raises StretchbandError when there is no file at `path`."""
    if path.is_dir():
        raise StretchbandError(f"history {path} is a folder; name a file in it")
    try:
        found = path.exists()
    except OSError as error:
        raise StretchbandError(f"history {path} cannot be opened: {error.strerror}") from None
    if not found:
        raise _nothing_there(path)


def _claim(db: Database, path: Path) -> None:
    """Mark an empty file as ours, before anything else is in it; refuse what others made."""
    with transaction(db):
        if _is_empty(db):
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    _refuse_foreign(db, path)


def _refuse_foreign(db: Database, path: Path) -> None:
    if _application_id(db) != APPLICATION_ID:
        raise StretchbandError(f"history {path} is another program's database; choose another file")


def _refuse_newer(db: Database, path: Path) -> None:
    with Database(memory=True, execute_plugins=False) as empty:
        known = {step.name for step in MIGRATIONS.pending(empty)}
    unknown = [step.name for step in MIGRATIONS.applied(db) if step.name not in known]
    if unknown:
        raise StretchbandError(
            f"history {path} was written by a newer stretchband ({unknown[-1]}); update this one"
        )


def _application_id(db: Database) -> int:
    (number,) = db.execute("PRAGMA application_id").fetchone()
    return int(number)


def _is_empty(db: Database) -> bool:
    """Whether nobody has written to it yet: a file that was made, and no more."""
    (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return int(tables) == 0 and _application_id(db) == 0


def _nothing_there(path: Path) -> StretchbandError:
    return StretchbandError(
        f"there is no history at {path}; name another file with --db, or wear the band first"
    )
