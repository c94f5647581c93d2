"""A better detector over everything stored: the same history, found again.

    history --copy of one moment--> frames folded anew --> its copy rewritten --> a new file

The history itself is only read. The copy lies in a folder that goes however this ends, and gets
its name once it is whole.
"""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from tracker.config import BandConfig, Config
from tracker.detect.events import Event
from tracker.errors import StretchbandError
from tracker.recorder import Recorder
from tracker.store import History, Store, copy_history
from tracker.store.copying import Progress, expect_whole
from tracker.store.faults import in_plain_words
from tracker.store.history import Band
from tracker.store.opening import make_private_folders, open_as_it_is, open_for_writing
from tracker.store.rewriting import Changes, Found, rewrite
from tracker.store.transaction import transaction

NO_ADDRESS = "00:00:00:00:00:00"  # of a band that is heard no more


def reanalyze(
    path: Path, out: Path | None, config: Config, band_id: str | None, folded: Progress
) -> Changes:
    """Fold all stored frames through today's detector; `out` is the new history, None: none.

    band_id: only this band. folded: frames done and all.
    Raises StretchbandError: there is no history, or `out` is there already or cannot be written.
    """
    if out is not None:
        _expect_new(out)
        make_private_folders(out)
    folder = None if out is None else out.absolute().parent
    try:
        work = TemporaryDirectory(prefix=".stretchband-", dir=folder)
    except OSError as error:
        raise StretchbandError(f"{out or path} cannot be copied: {error.strerror}") from error
    with work as name:
        copy = Path(name) / "history.db"
        # As it is: opened otherwise, an older file would be brought up to date in its place.
        with History(open_as_it_is(path), path) as history:
            copy_history(history, copy, lambda *_: None)
        found = _fold(copy, config, band_id, folded)
        with closing(open_for_writing(copy)) as db, in_plain_words(copy):
            with transaction(db):
                changes = rewrite(db, found)
            db.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
            expect_whole(db.conn, copy)
        if out is not None:
            _deliver(copy, out)
    return changes


def _fold(copy: Path, config: Config, band_id: str | None, folded: Progress) -> list[Found]:
    open_for_writing(copy).close()  # an older version is brought up to date, in the copy
    with History.open(copy) as history:
        bands = history.bands() if band_id is None else [history.band(band_id)]
        frames = {
            band.band_id: history.count("SELECT id FROM frames WHERE band_id = ?", (band.band_id,))
            for band in bands
        }
    done, found = 0, []
    store = Store.open(copy, create=False)
    try:
        for band in bands:
            recorder = _recorder(store, band, config)
            events: list[Event] = []
            for number, new in recorder.refold():
                events += new
                done += number
                folded(done, sum(frames.values()))
            found.append(Found(band.band_id, events, recorder.resume))
    finally:
        store.close()
    return found


def _recorder(store: Store, band: Band, config: Config) -> Recorder:
    """As the daemon has it; a band that the config does not name, as it was worn."""
    worn = next((one for one in config.bands if one.id == band.band_id), None)
    if worn is None:
        worn = BandConfig(id=band.band_id, address=NO_ADDRESS, axes=band.axes)
    return Recorder(store, band.band_id, worn.turn(), config.settings(worn))


def _expect_new(out: Path) -> None:
    for name in (
        out,
        Path(f"{out}-wal"),
        Path(f"{out}-journal"),
    ):  # SQLite would take these for its
        if os.path.lexists(name):
            raise StretchbandError(f"{name} is there already; name a file that is not")


def _deliver(copy: Path, out: Path) -> None:
    """The file under its name, on the disk."""
    _expect_new(out)
    try:
        with copy.open("rb") as file:
            os.fsync(file.fileno())
        copy.rename(out)
    except OSError as error:
        raise StretchbandError(f"{out} cannot be written: {error.strerror}") from error
