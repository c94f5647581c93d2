"""A whole history as another file, and back, by SQLite's own backup: nothing is told anew."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import zip_longest
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from tracker.errors import StretchbandError
from tracker.store import queries
from tracker.store.faults import in_plain_words
from tracker.store.history import History
from tracker.store.migrations import MIGRATIONS
from tracker.store.opening import make_private, open_for_writing
from tracker.words import count

PAGES_AT_ONCE = 1024  # 4 MB, then the bar moves
# What a daemon writes before it has seen a band, and what says how a file came to be as it is.
_BEFORE_USE = {"announcements", "bands", "_sqlite_migrations"}

Progress = Callable[[int, int], None]  # done and all


def copy_history(history: History, copy: Path, progress: Progress) -> None:
    """The history of one moment as the new file `copy`, while the daemon goes on writing.

    Raises StretchbandError when it cannot be written or what was copied is not sound.
    """
    make_private(copy)
    with in_plain_words(copy), closing(sqlite3.connect(copy, isolation_level=None)) as target:
        history.backup(target, PAGES_AT_ONCE, progress)
        target.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
        expect_whole(target, history.path)


def restore_history(copy: Path, path: Path) -> bool:
    """Make the history at `path` what `copy` is, all of it or nothing; False: it is that already.

    The caller holds the writer's lock of `path`. An older copy is brought up to date first, in its
    file. Raises StretchbandError when it is no sound history or something else is at `path`.
    """
    with closing(open_for_writing(copy)) as source:
        with in_plain_words(copy):
            expect_whole(source.conn, copy)
            _expect_ours(source, copy)
        make_private(path)
        with closing(open_for_writing(path)) as target, in_plain_words(path):
            there = {name: rows for name, rows in queries.row_counts(target).items() if rows}
            if there.keys() <= _BEFORE_USE:
                announced = target.execute("SELECT topic, payload FROM announcements").fetchall()
                source.conn.backup(target.conn)
                # What this house was told already is still to be taken back.
                target.conn.executemany(
                    "INSERT OR IGNORE INTO announcements (topic, payload) VALUES (?, ?)", announced
                )
                return True
            if _same(source, target):
                return False
    found = ", ".join(
        count(there[name], name.removesuffix("s")) for name in sorted(there.keys() - _BEFORE_USE)
    )
    raise StretchbandError(
        f"history {path} has something else in it already ({found});"
        " put that file aside or name another with --db"
    )


def _expect_ours(db: Database, path: Path) -> None:
    """A history that somebody else packed has our tables and views as we make them.

    More of them harms nobody. A trigger, or a view of ours that is another, would do its maker's
    will whenever this program writes or reads.
    """
    sql = "SELECT type, name, sql FROM sqlite_master"
    with Database(memory=True, execute_plugins=False) as empty:
        MIGRATIONS.apply(empty)
        ours = {name: (kind, said) for kind, name, said in empty.execute(sql)}
    for kind, name, said in db.execute(sql):
        if kind == "trigger" or ours.get(name, (kind, said)) != (kind, said):
            raise StretchbandError(f"history {path} was altered by somebody: {kind} {name!r}")


def _same(one: Database, other: Database) -> bool:
    if queries.tables(one) != queries.tables(other):
        return False
    return all(
        mine == theirs
        for name in set(queries.tables(one)) - _BEFORE_USE
        for mine, theirs in zip_longest(_rows(one, name), _rows(other, name))
    )


def _rows(db: Database, name: str) -> Iterator[Any]:
    """In the order in which they are stored, which a backup keeps."""
    return iter(db.execute(f'SELECT * FROM "{name}"'))  # noqa: S608 - our own tables


def expect_whole(conn: sqlite3.Connection, path: Path) -> None:
    """Raises StretchbandError when the file is damaged or a row of it belongs to nothing."""
    (verdict,) = conn.execute("PRAGMA integrity_check(1)").fetchone()
    orphan = conn.execute("PRAGMA foreign_key_check").fetchone()
    if verdict != "ok" or orphan is not None:
        fault = verdict if orphan is None else f"a row of {orphan[0]} belongs to nothing"
        raise StretchbandError(f"history {path} is damaged: {fault}")
