"""A whole history for another machine: a zip with the database, its check sum and what it is.

The database itself travels, not its rows told anew: every id, position and cursor stays as it is,
and an older one is brought up to date by the same migrations as at home. The zip adds what SQLite
lacks, a check sum of everything, and opens everywhere.
"""

from __future__ import annotations

import hashlib
import lzma
import os
import shutil
import sqlite3
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, cast

import msgspec

from tracker.errors import StretchbandError
from tracker.export.pieces import Pieces
from tracker.store import History, WriterLock, copy_history, restore_history
from tracker.store.copying import Progress
from tracker.store.opening import make_private_folders

VERSION = 1
DATABASE, MANIFEST, README = "history.db", "manifest.json", "README.txt"
BYTES_AT_ONCE = 1 << 20
MANIFEST_BYTES = 1 << 16
_README = """A whole history of stretchband. On another machine:

    stretchband import THIS_FILE

history.db is an SQLite database that any SQLite program opens. manifest.json says what it holds.
"""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What is in an archive.

    version: of this layout. program: the stretchband that made it. rows: of each table.
    sha256:  of history.db, whose length is `size` bytes.
    """

    version: int
    program: str
    made_at: str
    rows: dict[str, int]
    size: int
    sha256: str


def pack(
    history: History, program: str, made_at: str, work: Path | None, progress: Progress
) -> Iterator[bytes]:
    """The archive in pieces; the copy is made in the folder `work` (None: the system's own).

    progress: of the bytes of the database. Raises StretchbandError when it cannot be copied.
    """
    with TemporaryDirectory(prefix=".stretchband-", dir=work) as folder:
        copy = Path(folder) / DATABASE
        copy_history(history, copy, lambda *_: None)
        with History.open(copy) as copied:
            rows = copied.row_counts()
        size, sha256 = copy.stat().st_size, _digest(copy)
        manifest = Manifest(
            version=VERSION, program=program, made_at=made_at, rows=rows, size=size, sha256=sha256
        )
        pieces = Pieces()
        with zipfile.ZipFile(cast(BinaryIO, pieces), "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(README, _README)
            archive.writestr(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
            with archive.open(DATABASE, "w", force_zip64=True) as entry, copy.open("rb") as file:
                while piece := file.read(BYTES_AT_ONCE):
                    entry.write(piece)
                    yield pieces.take()
                    progress(file.tell(), size)
        yield pieces.take()


def unpack(archive: Path, path: Path, progress: Progress) -> tuple[Manifest, bool]:
    """Restore the history at `path` from an archive, all of it or nothing.

    Done again, or after it was interrupted, it does the same. Returns what was in it, and False
    when all of it was there already. Raises StretchbandError: damaged, newer, in use, not empty.
    """
    with closing(_open(archive)) as packed:
        manifest = _manifest(archive, packed)
        make_private_folders(path)
        lock = WriterLock(path)
        try:
            half = path.with_name(f".{path.name}.import")  # always the same: the lock is held
            try:
                _extract(archive, packed, manifest, half, progress)
                return manifest, _restore(archive, half, path)
            finally:
                for name in (half.name, f"{half.name}-wal", f"{half.name}-shm"):
                    half.with_name(name).unlink(missing_ok=True)
        finally:
            lock.release()


def _restore(archive: Path, half: Path, path: Path) -> bool:
    try:
        return restore_history(half, path)
    except StretchbandError as error:
        raise StretchbandError(str(error).replace(str(half), str(archive))) from error
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # its words quote the file
        raise _damaged(archive) from error


def _open(archive: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(archive)
    except OSError as error:
        raise StretchbandError(f"{archive} cannot be read: {error.strerror or error}") from error
    except _BROKEN as fault:
        raise _damaged(archive) from fault


def _manifest(archive: Path, packed: zipfile.ZipFile) -> Manifest:
    try:
        with packed.open(MANIFEST) as entry:
            text = entry.read(MANIFEST_BYTES)  # a longer one is cut, and so damaged
        version = msgspec.json.decode(text, type=dict[str, object]).get("version")
        if isinstance(version, int) and version > VERSION:
            raise StretchbandError(f"{archive} was made by a newer stretchband; update this one")
        return msgspec.json.decode(text, type=Manifest)
    except (*_BROKEN, OSError, msgspec.DecodeError) as fault:
        raise _damaged(archive) from fault


# What zipfile raises on a broken entry: BadZipFile for its check sum, others from its parts (of
# which RecursionError and NotImplementedError are RuntimeErrors, and bad text is a ValueError).
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    KeyError,
    OverflowError,
    RuntimeError,
    ValueError,
)


def _extract(
    archive: Path, packed: zipfile.ZipFile, manifest: Manifest, half: Path, progress: Progress
) -> None:
    """The database as the file `half`; it is what the manifest says to the last bit."""
    digest, size = hashlib.sha256(), 0
    with suppress(FileNotFoundError):
        half.unlink()
    _expect_room(manifest.size, half.parent)
    try:
        with packed.open(DATABASE) as entry, _private(half) as file:
            while size <= manifest.size and (piece := entry.read(BYTES_AT_ONCE)):
                file.write(piece)
                digest.update(piece)
                size += len(piece)
                progress(size, manifest.size)
    except _BROKEN as fault:
        raise _damaged(archive) from fault
    except OSError as error:
        raise StretchbandError(f"{half} cannot be written: {error.strerror}") from error
    if size != manifest.size or digest.hexdigest() != manifest.sha256:
        raise _damaged(archive)


def _expect_room(size: int, folder: Path) -> None:
    """A small zip may unpack to more than any disk holds; whoever made it said how much."""
    free = shutil.disk_usage(folder).free
    if size > free:
        raise StretchbandError(
            f"the history takes {size / 10**6:,.0f} MB, and {folder} has {free / 10**6:,.0f} free"
        )


def _damaged(archive: Path) -> StretchbandError:
    return StretchbandError(
        f"{archive} is damaged, or was not made by stretchband export --all: make it anew"
    )


def _private(half: Path) -> BinaryIO:
    return os.fdopen(os.open(half, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb")


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
