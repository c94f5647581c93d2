"""What SQLite's errors mean for the person in front of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tracker.errors import StretchbandError


class StoreUnavailableError(StretchbandError):
    """Nothing was written, nothing is broken: the same call may succeed later (full, locked)."""


_FOR_A_WHILE = {
    sqlite3.SQLITE_BUSY: "is locked by another program; end that program or wait for it",
    sqlite3.SQLITE_LOCKED: "is locked by another program; end that program or wait for it",
    sqlite3.SQLITE_FULL: "cannot grow: the disk is full; free some space",
    sqlite3.SQLITE_IOERR: "cannot be read or written: the disk reports an error",
}
_FOR_GOOD = {
    sqlite3.SQLITE_READONLY: "is read-only; allow this user to write the file and its folder",
    sqlite3.SQLITE_PERM: "may not be opened by this user; allow it to read and write the file",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened; this user must be able to read and write it",
    sqlite3.SQLITE_CORRUPT: "is damaged; put it aside and restore a copy, or start a new one",
    sqlite3.SQLITE_NOTADB: "is not an SQLite database; choose another file",
}


@contextmanager
def in_plain_words(path: Path) -> Iterator[None]:
    """SQLite's errors about the file as StretchbandError; a programming mistake stays itself."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        kind = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the high bits only say it finer
        if kind in _FOR_A_WHILE:
            raise StoreUnavailableError(f"history {path} {_FOR_A_WHILE[kind]}") from error
        if kind in _FOR_GOOD:
            raise StretchbandError(f"history {path} {_FOR_GOOD[kind]}") from error
        raise
