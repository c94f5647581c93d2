"""All or nothing: one transaction that has the right to write from its first statement."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlite_utils import Database


@contextmanager
def transaction(db: Database) -> Iterator[None]:
    """BEGIN IMMEDIATE to COMMIT, or back to where it was.

    Immediate: a transaction that reads before it writes could not be upgraded once another program
    has written in between.
    """
    db.conn.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.conn.execute("COMMIT")
    except BaseException:
        db.rollback()
        raise
