"""What the wearer says of a hold afterwards; the measured value stays beside it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from tracker.clock import rfc3339
from tracker.detect.events import Side
from tracker.detect.posture.taught import NAME
from tracker.errors import StretchbandError
from tracker.store.faults import in_plain_words
from tracker.store.opening import expect_file, open_for_writing
from tracker.store.transaction import transaction

MAX_NOTE = 500


class Correction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is other than measured; None: as measured. The last word on a hold counts.

    One that says nothing takes back what was said.

    deleted: it was no hold.
    """

    stretch: Annotated[str, Meta(pattern=rf"^{NAME}\Z")] | None = None
    side: Side | None = None
    deleted: bool = False
    note: str | None = None


def correct(path: Path, hold_id: str, correction: Correction) -> None:
    """Write the word beside the hold; its own short transaction, also while the daemon writes.

    Raises StretchbandError for a hold that there is not, a note that is too long, or a history
    that cannot be written.
    """
    if correction.note is not None and len(correction.note) > MAX_NOTE:
        raise StretchbandError(f"a note has at most {MAX_NOTE} characters")
    expect_file(path)
    db = open_for_writing(path)
    try:
        with in_plain_words(path), transaction(db):
            found = db.execute(
                "SELECT 1 FROM holds WHERE hold_id = ? AND end_s IS NOT NULL", (hold_id,)
            ).fetchone()
            if found is None:
                raise StretchbandError(f"there is no finished hold {hold_id[:60]!r}")
            c = correction
            if c == Correction():
                db.execute("DELETE FROM corrections WHERE hold_id = ?", (hold_id,))
                return
            db.execute(
                "INSERT OR REPLACE INTO corrections (hold_id, stretch, side, deleted, note, at)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (hold_id, c.stretch, c.side, c.deleted, c.note, rfc3339(time.time())),
            )
    finally:
        db.close()
