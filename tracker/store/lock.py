"""One writer at a time: the right to write a history, held as long as its Store is open."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tracker.errors import StretchbandError

if sys.platform != "win32":
    import fcntl


class InUseError(StretchbandError):
    """Another process writes this history."""


class WriterLock:
    """An exclusive flock on a file beside the database.

    The kernel lets go of it however the process ends, so the file may stay and means nothing by
    itself. It is never removed: who holds a removed file's lock would not see who holds the new
    one's. SQLite's own locks last for one transaction only, and are lost when any file of the
    process on the same database is closed. Where there is no flock (Windows) nothing is locked.
    """

    def __init__(self, database: Path) -> None:
        """Take it for `database`, which is there. Raises StretchbandError when it is taken."""
        self._file: int | None = None
        if sys.platform == "win32":
            return
        try:
            file = os.open(lock_file(database), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except PermissionError as error:
            raise StretchbandError(
                f"history {database} is read-only; allow this user to write the file and its folder"
            ) from error
        except OSError as error:
            raise _no_lock(database, error) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(file)
            raise InUseError(f"history {database} is in use by another stretchband run") from error
        except OSError as error:
            os.close(file)
            raise _no_lock(database, error) from error
        self._file = file

    def release(self) -> None:
        """Let the next writer in; again does nothing."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def lock_file(database: Path) -> Path:
    """The file beside it; two names of one file are one history."""
    return Path(f"{os.path.realpath(database)}.lock")


def _no_lock(database: Path, error: OSError) -> StretchbandError:
    return StretchbandError(f"history {database} cannot be locked: {error.strerror}")
