"""The one writer of the history: what the daemon stores, and where every consumer goes on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, tzinfo
from pathlib import Path

from sqlite_utils import Database

from tracker.bands.reader import Cursor
from tracker.bands.stretchband import decode_frame
from tracker.clock import BandClock, ClockNews
from tracker.detect.events import Event, from_json
from tracker.store import queries, rows
from tracker.store.faults import in_plain_words
from tracker.store.lock import WriterLock
from tracker.store.opening import expect_file, make_private, open_for_writing
from tracker.store.projections import project
from tracker.store.records import (
    DayTotals,
    Hold,
    OutboxEntry,
    Resume,
    StoredCommand,
    StoredFrame,
)
from tracker.store.times import unix
from tracker.store.transaction import transaction

FRAMES_AT_ONCE = 512  # about 4 minutes of samples, 100 kB


class Store:
    """One open database; plain calls from one thread at a time (any thread).

    Every call raises StoreUnavailableError when nothing was written but the same call may succeed
    later (disk full, locked), and StretchbandError when the file is read-only or damaged.
    """

    def __init__(self, db: Database, path: Path, lock: WriterLock) -> None:
        """Use `Store.open`."""
        self._db = db
        self._lock = lock
        self.path = path

    @classmethod
    def open(cls, path: Path, *, create: bool = True) -> Store:
        """Open the history at `path`, its tables brought up to date (file 0600, folders 0700).

        Raises StretchbandError when it cannot be used, also while another Store has it open.
        """
        if create:
            make_private(path)
        expect_file(path)
        lock = WriterLock(path)
        try:
            return cls(open_for_writing(path), path, lock)
        except BaseException:
            lock.release()
            raise

    def close(self) -> None:
        """Close the file; the write-ahead log goes into it when no reader is left."""
        try:
            self._db.close()
        finally:
            self._lock.release()

    def register_band(
        self, band_id: str, address: str | None, name: str | None, axes: str = "+x,+y,+z"
    ) -> None:
        """Make a band known, or what is known of it new; before anything of it is stored.

        axes: which sensor axis gives band x, y and z; exported samples are turned by it.
        """
        with self._writing():
            self._db.execute(
                "INSERT INTO bands (band_id, address, name, axes) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (band_id) DO UPDATE SET"
                " address = excluded.address, name = excluded.name, axes = excluded.axes",
                (band_id, address, name, axes),
            )

    def cursor(self, band_id: str) -> Cursor | None:
        """The last frame that is safely stored; None before the first."""
        with in_plain_words(self.path):
            row = self._db.execute(
                "SELECT boot_id, seq FROM frames WHERE band_id = ? ORDER BY id DESC LIMIT 1",
                (band_id,),
            ).fetchone()
        return None if row is None else Cursor(*row)

    def add(
        self,
        band_id: str,
        frames: Sequence[StoredFrame],
        events: Sequence[Event],
        resume: Resume | None,
        *,
        commands: Sequence[StoredCommand] = (),
        clocks: Sequence[tuple[int, ClockNews]] = (),
    ) -> list[int]:
        """Store frames, what they gave and where to fold again from: all of it or nothing.

        What is there already (the frame's boot and seq, the event's id) is passed over. Returns the
        positions of the new events. resume None leaves the resume point where it is.
        commands: what the wearer asked for, because it changes what the samples mean.
        clocks:   what was learnt of the clock of a boot; the last word on a minute counts.
        """
        with self._writing():
            rows.add_frames(self._db, band_id, frames)
            rows.add_commands(self._db, band_id, commands)
            for boot_id, news in clocks:
                rows.add_clock_news(self._db, band_id, boot_id, news)
            positions = [self._add_event(event) for event in events]
            if resume is not None:
                rows.put_resume(self._db, band_id, resume)
        return [position for position in positions if position is not None]

    def resume(self, band_id: str) -> Resume | None:
        """Where the last `add` said to fold again from."""
        with in_plain_words(self.path):
            row = self._db.execute(
                "SELECT boot_id, seq, t_s FROM resume_points WHERE band_id = ?", (band_id,)
            ).fetchone()
        return None if row is None else Resume(*row)

    def frames(self, band_id: str, since: Resume | None) -> Iterator[StoredFrame]:
        """The frames of a band in the order of arrival, those of `since` and later; None: all.

        Read in pieces, so that it may be consumed slowly between writes.
        """
        last_id = self._last_frame_before(band_id, since)
        while some := self._some_frames(band_id, last_id):
            for _, t_first_s, received_s, data in some:
                yield StoredFrame(decode_frame(data), t_first_s, received_s)
            last_id = some[-1][0]

    def outbox(self, consumer: str, limit: int, after: int = 0) -> list[OutboxEntry]:
        """The oldest events that `consumer` has not acknowledged, at most `limit`.

        after: only later ones; it knows of an acknowledgement that is not stored yet.
        """
        with in_plain_words(self.path):
            rows = self._db.execute(
                "SELECT position, band_id, json, at FROM events WHERE position > ?"
                " ORDER BY position LIMIT ?",
                (max(self._acknowledged(consumer), after), limit),
            ).fetchall()
        return [
            OutboxEntry(position, band_id, from_json(text), None if at is None else unix(at))
            for position, band_id, text, at in rows
        ]

    def acknowledge(self, consumer: str, position: int) -> None:
        """`consumer` has everything up to and with `position`; it never goes back."""
        with self._writing():
            self._db.execute(
                "INSERT INTO outbox_cursors (consumer, position) VALUES (?, ?)"
                " ON CONFLICT (consumer) DO UPDATE SET"
                " position = max(position, excluded.position)",
                (consumer, position),
            )

    def outbox_depth(self, consumer: str, after: int = 0) -> int:
        """How many events `consumer` has not acknowledged, of those later than `after`."""
        with in_plain_words(self.path):
            row = self._db.execute(
                "SELECT count(*) FROM events WHERE position > ?",
                (max(self._acknowledged(consumer), after),),
            ).fetchone()
        return int(row[0])

    def day_totals(self, band_id: str, day: date, tz: tzinfo | None) -> DayTotals:
        """Seconds by stretch and side of a day in `tz` (None: this machine's), and the streak."""
        with in_plain_words(self.path):
            return queries.day_totals(self._db, band_id, day, tz)

    def days_with_holds(self, band_id: str, tz: tzinfo | None = None) -> list[date]:
        """The days in `tz` (None: this machine's) on which a finished hold began, latest first."""
        with in_plain_words(self.path):
            return list(queries.days_backwards(self._db, band_id, None, tz))

    def last_hold(self, band_id: str) -> Hold | None:
        """The latest finished hold."""
        with in_plain_words(self.path):
            return next(iter(queries.last_holds(self._db, band_id, 1)), None)

    def announced(self) -> dict[str, bytes]:
        """The payloads that were announced before, by topic; empty ones are taken back."""
        with in_plain_words(self.path):
            rows = self._db.execute("SELECT topic, payload FROM announcements ORDER BY topic")
            return dict(rows.fetchall())

    def announce(self, payloads: Iterable[tuple[str, bytes]]) -> None:
        """Remember what is about to be announced: (topic, payload)."""
        with self._writing():
            for topic, payload in payloads:
                self._db.execute(
                    "INSERT OR REPLACE INTO announcements (topic, payload) VALUES (?, ?)",
                    (topic, payload),
                )

    def clock(self, band_id: str, boot_id: int) -> BandClock:
        """What is known of one clock of a band."""
        with in_plain_words(self.path):
            return queries.clock(self._db, band_id, boot_id)

    def commands(self, band_id: str, since: Resume | None) -> list[StoredCommand]:
        """The commands to replay with `frames(band_id, since)`, in the order they were given."""
        last_id = self._last_frame_before(band_id, since)
        with in_plain_words(self.path):
            rows = self._db.execute(
                "SELECT boot_id, t_s, name, payload FROM commands WHERE band_id = :band"
                " AND (boot_id = :boot AND t_s >= :t_s OR boot_id IS NOT :boot AND boot_id NOT IN"
                " (SELECT boot_id FROM frames WHERE band_id = :band AND id <= :last)) ORDER BY id",
                {
                    "band": band_id,
                    "boot": since.boot_id if since is not None else None,
                    "t_s": since.t_s if since is not None else None,
                    "last": last_id,
                },
            ).fetchall()
        return [StoredCommand(*row) for row in rows]

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with in_plain_words(self.path), transaction(self._db):
            yield

    def _add_event(self, event: Event) -> int | None:
        position = rows.add_event(self._db, event)
        if position is not None:
            project(self._db, event)
        return position

    def _acknowledged(self, consumer: str) -> int:
        row = self._db.execute(
            "SELECT position FROM outbox_cursors WHERE consumer = ?", (consumer,)
        ).fetchone()
        return 0 if row is None else int(row[0])

    def _last_frame_before(self, band_id: str, since: Resume | None) -> int:
        """The id that the frames to fold again come after; 0: all of them.

        Before the resume point is what arrived before its frame, or, while that frame is still to
        come, up to the last one of its boot. Of a boot without a frame nothing is known: all.
        """
        if since is None:
            return 0
        with in_plain_words(self.path):
            row = self._db.execute(
                "SELECT coalesce("
                "(SELECT id - 1 FROM frames WHERE band_id = :band AND boot_id = :boot"
                " AND seq >= :seq ORDER BY seq LIMIT 1),"
                "(SELECT id FROM frames WHERE band_id = :band AND boot_id = :boot"
                " ORDER BY seq DESC LIMIT 1), 0)",
                {"band": band_id, "boot": since.boot_id, "seq": since.seq},
            ).fetchone()
        return int(row[0])

    def _some_frames(self, band_id: str, after_id: int) -> list[tuple[int, float, float, bytes]]:
        with in_plain_words(self.path):
            return self._db.execute(
                "SELECT id, t_first_s, received_s, data FROM frames INDEXED BY frames_by_band"
                " WHERE band_id = ? AND id > ? ORDER BY id LIMIT ?",
                (band_id, after_id, FRAMES_AT_ONCE),
            ).fetchall()
