"""The power of the host is cut: what the disk holds then, while a process writes its database.

The process is stopped, the files copied, the process let go: one moment of the file system. Under
`synchronous = NORMAL` SQLite asks the disk to keep the log only before a checkpoint, so a real cut
may also lose what the system had not written yet: any end of the log after the last checkpoint.
Which frames may be lost is in the shared-memory file (WalIndexHdr and WalCkptInfo, `wal.c` of
SQLite, "WAL-Index Format" of its documentation); that file itself is lost in every cut.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_WAL_HEAD = 32
_FRAME_HEAD = 24
_MAX_FRAME = 16  # offset in the shared memory of mxFrame, the frames that are valid
_BACKFILL_ATTEMPTED = 128  # frames that were synced, because a checkpoint began to write them


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """The process does nothing meanwhile."""
    os.kill(pid, signal.SIGSTOP)
    try:
        while _state(pid) not in "TtXZ":
            time.sleep(0.0005)
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _state(pid: int) -> str:
    stat = Path(f"/proc/{pid}/stat")
    if sys.platform != "linux":
        time.sleep(0.05)  # nothing tells; a signal takes microseconds
        return "T"
    return stat.read_text().rpartition(")")[2].split()[0]


def cut(pid: int, db: Path, to: Path) -> Path:
    """The database as it would be found after a cut now, with all that was written."""
    to.mkdir()
    with stopped(pid):
        for file in files(db):
            if file.exists():
                shutil.copy(file, to / file.name)
    return to / db.name


def files(db: Path) -> tuple[Path, Path, Path]:
    """The database, its log, and the shared memory about the log."""
    return db, Path(f"{db}-wal"), Path(f"{db}-shm")


def lose_unsynced(db: Path, dice: random.Random) -> int:
    """Cut off a part of the log that was never synced, torn in a frame; how many bytes."""
    _, wal, shm = files(db)
    if not wal.exists() or not shm.exists():
        return 0
    size = wal.stat().st_size
    index = shm.read_bytes()
    valid, synced = _number(index, _MAX_FRAME), _number(index, _BACKFILL_ATTEMPTED)
    if valid == 0 or size <= _WAL_HEAD:
        return 0
    page = int.from_bytes(wal.read_bytes()[8:12], "big")
    frame = page + _FRAME_HEAD
    kept = _WAL_HEAD + dice.randint(synced, valid) * frame + dice.randrange(frame)
    with wal.open("r+b") as file:
        file.truncate(min(kept, size))
    return max(0, size - kept)


def forget_memory(db: Path) -> None:
    """Shared memory is in no disk's memory."""
    files(db)[2].unlink(missing_ok=True)


def _number(index: bytes, at: int) -> int:
    return int.from_bytes(index[at : at + 4], sys.byteorder)
