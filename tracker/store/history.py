"""A reader of the history: read-only, beside the daemon that writes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, tzinfo
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlite_utils import Database

from tracker.clock import BandClock
from tracker.detect.posture.taught import FORGET, TAUGHT, Taught, heard
from tracker.errors import StretchbandError
from tracker.store import queries
from tracker.store.faults import in_plain_words
from tracker.store.opening import open_for_reading
from tracker.store.records import DayTotals, Hold, StretchTotal

Cell = str | int | float | bytes | None
Parameters = Sequence[Cell] | dict[str, Cell]


@dataclass(frozen=True, slots=True)
class Band:
    """A band the history knows; `axes` says which of its sensor's axes are x, y and z."""

    band_id: str
    address: str | None
    name: str | None
    axes: str


class History:
    """One read-only connection. Closed by `with` or close()."""

    def __init__(self, db: Database, path: Path) -> None:
        """Use `History.open`."""
        self._db = db
        self.path = path

    @classmethod
    def open(cls, path: Path) -> History:
        """Open the file at `path`. Raises StretchbandError when there is none or it is not ours."""
        return cls(open_for_reading(path), path)

    def close(self) -> None:
        """Let the file go."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def bands(self) -> list[Band]:
        """All bands, in the order of their ids."""
        rows = self.rows("SELECT band_id, address, name, axes FROM bands ORDER BY band_id", ())
        return [Band(*row) for row in rows]

    def band(self, band_id: str) -> Band:
        """One band. Raises StretchbandError, which names the others, when it is not known."""
        known = {band.band_id: band for band in self.bands()}
        if band_id not in known:
            raise StretchbandError(
                f'no band "{band_id}" in {self.path}; there: {", ".join(known) or "none yet"}'
            )
        return known[band_id]

    def totals(
        self, band_id: str | None, first: date, last: date, tz: tzinfo | None = None
    ) -> tuple[StretchTotal, ...]:
        """Finished holds of the days first to last by stretch and side; band_id None: all bands."""
        with in_plain_words(self.path):
            return queries.totals(self._db, band_id, first, last, tz)

    def day_totals(self, band_id: str | None, day: date, tz: tzinfo | None = None) -> DayTotals:
        """Seconds by stretch and side of a day in `tz` (None: this machine's), and the streak."""
        with in_plain_words(self.path):
            return queries.day_totals(self._db, band_id, day, tz)

    def last_holds(self, band_id: str | None, limit: int) -> list[Hold]:
        """The latest finished holds, the newest first."""
        with in_plain_words(self.path):
            return queries.last_holds(self._db, band_id, limit)

    def holds_of_days(
        self, band_id: str | None, first: date, last: date, tz: tzinfo | None = None
    ) -> list[Hold]:
        """Finished holds that began on these days, the oldest first; band_id None: all bands."""
        with in_plain_words(self.path):
            return queries.holds_of_days(self._db, band_id, first, last, tz)

    def corrected_holds(
        self, band_id: str | None, first: date, last: date, tz: tzinfo | None = None
    ) -> tuple[int, int]:
        """How many of these days' holds the wearer renamed, and how many were none."""
        with in_plain_words(self.path):
            return queries.corrected_holds(self._db, band_id, first, last, tz)

    def undated_holds(self, band_id: str | None) -> int:
        """How many finished holds have no wall time, and so are on no day."""
        with in_plain_words(self.path):
            return queries.undated_holds(self._db, band_id)

    def missing_s(
        self, band_id: str | None, first: date, last: date, tz: tzinfo | None = None
    ) -> float:
        """Seconds of samples that a band no longer had, told of on these days."""
        with in_plain_words(self.path):
            return queries.missing_s(self._db, band_id, first, last, tz)

    def pain_in_no_hold(
        self, band_id: str | None, first: date, last: date, tz: tzinfo | None = None
    ) -> int:
        """How often it hurt on these days where no hold was counted."""
        with in_plain_words(self.path):
            return queries.pain_in_no_hold(self._db, band_id, first, last, tz)

    def longest_calm_hold(
        self, band_id: str | None, first: date, last: date, tz: tzinfo | None = None
    ) -> Hold | None:
        """The longest hold of these days that was never strained and was let go freely."""
        with in_plain_words(self.path):
            return queries.longest_calm_hold(self._db, band_id, first, last, tz)

    def clock(self, band_id: str, boot_id: int) -> BandClock:
        """What is known of one clock of a band."""
        with in_plain_words(self.path):
            return queries.clock(self._db, band_id, boot_id)

    def taught(self, band_id: str) -> tuple[Taught, ...]:
        """The postures that a band's wearer has taught and not forgotten."""
        taught: tuple[Taught, ...] = ()
        for name, payload in self.rows(
            "SELECT name, payload FROM commands WHERE band_id = ? AND name IN (?, ?) ORDER BY id",
            (band_id, TAUGHT, FORGET),
        ):
            taught = heard(taught, name, payload)
        return taught

    def rows(self, sql: str, parameters: Parameters) -> Iterator[tuple[Any, ...]]:
        """The rows of any query, as they are read from the file."""
        with in_plain_words(self.path):
            # Not `yield from`: left early, that closes the cursor, perhaps after the connection.
            for row in self._db.execute(sql, parameters):  # noqa: UP028
                yield row

    def columns(self, sql: str, parameters: Parameters) -> tuple[str, ...]:
        """The names of a query's columns."""
        with in_plain_words(self.path):
            return tuple(name for name, *_ in self._db.execute(sql, parameters).description)

    def count(self, sql: str, parameters: Parameters) -> int:
        """How many rows a query has."""
        counting = f"SELECT count(*) FROM ({sql})"  # noqa: S608 - the query that `rows` takes
        with in_plain_words(self.path):
            (number,) = self._db.execute(counting, parameters).fetchone()
        return int(number)

    def row_counts(self) -> dict[str, int]:
        """How many rows each table has."""
        with in_plain_words(self.path):
            return queries.row_counts(self._db)

    def backup(
        self, target: sqlite3.Connection, pages: int, progress: Callable[[int, int], None]
    ) -> None:
        """Copy one moment of everything, so many pages at once; progress(done, all) after each."""
        with self.snapshot():
            self._db.execute("SELECT 1 FROM sqlite_master").fetchone()  # the moment is now
            self._db.conn.backup(
                target, pages=pages, progress=lambda _, left, all_: progress(all_ - left, all_)
            )

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """All reading inside sees one moment of the history, whatever is written meanwhile."""
        with in_plain_words(self.path):
            self._db.execute("BEGIN")
            try:
                yield
            finally:
                self._db.rollback()
