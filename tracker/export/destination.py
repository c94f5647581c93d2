"""Where an export goes: a file that is there whole or not at all, or standard output."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from tracker.errors import StretchbandError


def deliver(pieces: Iterable[bytes], out: Path | None, *, private: bool = False) -> None:
    """Write all pieces to `out`, None is standard output; private: for this user only.

    A file gets its name only once it is whole and on the disk; what stood there before stays until
    then. Raises StretchbandError when it cannot be written.
    """
    if out is None:
        _pour(pieces, sys.stdout.buffer)
        return
    try:
        if out.exists() and not out.is_file():  # a device or a pipe has no half file to fear
            with out.open("wb") as file:
                _pour(pieces, file)
        else:
            _replace(
                pieces, out.resolve(), 0o600 if private else 0o666
            )  # through a link: the file it points to
    except OSError as error:
        raise StretchbandError(f"{out} cannot be written: {error.strerror}") from error


def _replace(pieces: Iterable[bytes], out: Path, mode: int) -> None:
    half = out.with_name(f".{out.name}.{secrets.token_hex(4)}.part")
    try:
        with os.fdopen(os.open(half, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode), "wb") as file:
            _pour(pieces, file)
            os.fsync(file.fileno())
        half.replace(out)
    except BaseException:
        half.unlink(missing_ok=True)
        raise


def _pour(pieces: Iterable[bytes], file: BinaryIO) -> None:
    file.writelines(pieces)
    file.flush()
