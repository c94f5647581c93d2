"""The keys of the bands that this computer knows, where it drives the radio by itself.

BlueZ, CoreBluetooth and WinRT keep theirs; with a controller that Bumble drives they are here: one
small file beside the history, for its owner's eyes alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from tracker.errors import NOT_JSON, StretchbandError

if sys.platform != "win32":
    import fcntl

VERSION = 1
KEY_BYTES: Final = 16  # Bluetooth Core, Vol 3, Part H, 2.4.2


class BondsError(StretchbandError):
    """The file of the keys cannot be used."""

    exit_status = 1


class Bond(msgspec.Struct, frozen=True):
    """What is shared with one band.

    proven: the band has taken it for good: frames were asked for with it.
    """

    ltk: Annotated[bytes, Meta(min_length=KEY_BYTES, max_length=KEY_BYTES)]
    proven: bool = False


class _Content(msgspec.Struct, frozen=True):
    version: int
    address: Annotated[str, Meta(pattern=r"^([0-9A-F]{2}:){5}[0-9A-F]{2}\Z")]
    bonds: dict[str, Bond] = {}


class Bonds:
    """The bonds in a file, or in memory alone when there is none.

    The file is read each time: `stretchband pair` may have written it meanwhile. All methods raise
    BondsError.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._memory: _Content | None = None

    @property
    def address(self) -> str:
        """Who this computer is on the air: a static random address, chosen once.

        The band keeps its key under it.
        """
        with self._locked():
            return self._known().address

    def get(self, band: str) -> Bond | None:
        """The bond with the band at this address."""
        with self._locked():
            content = self._read()
            return None if content is None else content.bonds.get(band.upper())

    def keep(self, band: str, bond: Bond) -> None:
        """On disk when this returns."""
        with self._locked():
            content = self._known()
            self._write(_with(content, {**content.bonds, band.upper(): bond}))

    def prove(self, band: str) -> None:
        """The band has taken the bond for good."""
        bond = self.get(band)
        if bond is not None and not bond.proven:
            self.keep(band, msgspec.structs.replace(bond, proven=True))

    def forget(self, band: str) -> None:
        """Nothing is left of it; nor need there have been anything."""
        with self._locked():
            content = self._read()
            if content is not None and band.upper() in content.bonds:
                others = {b: bond for b, bond in content.bonds.items() if b != band.upper()}
                self._write(_with(content, others))

    def _read(self) -> _Content | None:
        return self._memory if self._file is None else _load(self._file)

    def _known(self) -> _Content:
        """What there is; begun when there is nothing."""
        content = self._read()
        if content is None:
            content = _Content(VERSION, _static_address())
            self._write(content)
        return content

    def _write(self, content: _Content) -> None:
        if self._file is None:
            self._memory = content
        else:
            _save(self._file, content)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Read, change and write as one step, among the processes that use this file."""
        if self._file is None or sys.platform == "win32":
            yield
            return
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder = os.open(self._file.parent, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise _unusable(self._file, error) from error
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)


def bonds_beside(database: Path) -> Path:
    """The file of this history; two names of one history have one."""
    return Path(f"{os.path.realpath(database)}.bonds")


def _with(content: _Content, bonds: dict[str, Bond]) -> _Content:
    return _Content(content.version, content.address, bonds)


def _load(file: Path) -> _Content | None:
    try:
        content = msgspec.json.decode(file.read_bytes(), type=_Content)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable(file, error) from error
    except NOT_JSON as error:
        raise BondsError(
            f"{file} does not hold the keys of bands: put it aside, press the button of each band "
            "and run `stretchband pair`"
        ) from error
    if content.version != VERSION:
        raise BondsError(f"{file} is of version {content.version}, of a later stretchband")
    return content


def _save(file: Path, content: _Content) -> None:
    """In one step: after a kill at any moment it is the old one or the new one."""
    fresh = file.with_name(f"{file.name}.new")
    try:
        fresh.unlink(missing_ok=True)  # of a killed process
        fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as sink:
            sink.write(msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n")
            sink.flush()
            os.fsync(sink.fileno())
        fresh.replace(file)
    except OSError as error:
        raise _unusable(file, error) from error


def _unusable(file: Path, error: OSError) -> BondsError:
    return BondsError(f"the keys of the bands, {file}, cannot be used: {error.strerror}")


def _static_address() -> str:
    """Random with the two uppermost bits set (Bluetooth Core, Vol 6, Part B, 1.3.2.1)."""
    first, *others = os.urandom(6)
    return ":".join(f"{byte:02X}" for byte in (first | 0xC0, *others))
