"""The band's memory without power: frames, boots and bonds, in a file that survives a kill.

    magic `SBFLASH1`, then entries: kind u8 | length u16 | content
    kind `B`: boot_id u16        kind `F`: a frame as it goes on air
    kind `K`: bonds and their keys, all there are, as JSON; the last entry holds

An entry is one write at the end of the file, so a kill leaves at most one torn entry, at the end;
it is dropped at the next start. When the file holds twice the ring, the ring alone is written to a
new file that takes its place in one step.
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from firmware_sim.bonds import Bonded
from tracker.bands.stretchband import FrameError, decode_frame

_MAGIC: Final = b"SBFLASH1"
_ENTRY: Final = struct.Struct("<cH")
_BOOT: Final = struct.Struct("<H")
_LONGEST: Final = _ENTRY.size + 239
_LAST_BOOT: Final = 0xFFFF


class FlashError(Exception):
    """One sentence: which file cannot serve as flash, and why."""


class Flash:
    """A flash file in use by this process alone.

    frames:  those it held when it was opened, in order, at most `capacity`.
    boot_id: this start's, one more than the last; 1 in a new file; never 0.
    bonded:  who may read it.
    """

    def __init__(self, path: Path, capacity: int) -> None:
        """Open or create. Raises FlashError for a file that is none of ours, or is in use."""
        self._path = path
        self._capacity = capacity
        self._fd = _open_alone(path)
        try:
            entries, sound_bytes = _read(path)
            if sound_bytes:
                os.ftruncate(self._fd, sound_bytes)
            else:
                os.ftruncate(self._fd, 0)
                os.write(self._fd, _MAGIC)
            frames = [content for kind, content in entries if kind == b"F"]
            self._entries = len(entries)
            self.frames: Sequence[bytes] = frames[-capacity:]
            boots = [_BOOT.unpack(content)[0] for kind, content in entries if kind == b"B"]
            self.boot_id = boots[-1] % _LAST_BOOT + 1 if boots else 1
            keys = [content for kind, content in entries if kind == b"K"]
            self.bonded = msgspec.json.decode(keys[-1], type=Bonded) if keys else Bonded()
            self._append(b"B", _BOOT.pack(self.boot_id))
        except BaseException:
            self.close()
            raise

    def append(self, frame: bytes) -> None:
        """Keep one more frame."""
        self._append(b"F", frame)

    def keep(self, bonded: Bonded) -> None:
        """Keep these bonds in place of the earlier ones."""
        self._append(b"K", msgspec.json.encode(bonded))
        self.bonded = bonded

    def is_full(self) -> bool:
        """Whether it is time for `rewrite`."""
        return self._entries > 2 * self._capacity + 16

    def rewrite(self, frames: Sequence[bytes]) -> None:
        """Keep these frames alone, and the bonds."""
        fresh = self._path.with_name(self._path.name + ".new")
        fresh.unlink(missing_ok=True)
        fd = _open_alone(fresh)
        try:
            entries = [(b"F", frame) for frame in frames]
            entries.append((b"K", msgspec.json.encode(self.bonded)))
            entries.append((b"B", _BOOT.pack(self.boot_id)))
            os.write(fd, _MAGIC + b"".join(_entry(kind, content) for kind, content in entries))
            fresh.replace(self._path)
        except BaseException:
            os.close(fd)
            raise
        os.close(self._fd)
        self._fd, self._entries = fd, len(entries)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)

    def _append(self, kind: bytes, content: bytes) -> None:
        os.write(self._fd, _entry(kind, content))
        self._entries += 1


def _entry(kind: bytes, content: bytes) -> bytes:
    return _ENTRY.pack(kind, len(content)) + content


def _open_alone(path: Path) -> int:
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        raise FlashError(f"{path}: {error.strerror}") from error
    try:
        os.fchmod(fd, 0o600)  # there are keys in it
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(fd)
        raise FlashError(f"{path}: another band uses this flash file") from error
    return fd


def _read(path: Path) -> tuple[list[tuple[bytes, bytes]], int]:
    """The sound entries, and how many bytes from the start they fill."""
    data = path.read_bytes()
    if not data.startswith(_MAGIC[: len(data)]):
        raise FlashError(f"{path}: not a band's flash file")
    entries = list(_sound_entries(data))
    sound_bytes = len(_MAGIC) if len(data) >= len(_MAGIC) else 0
    sound_bytes += sum(_ENTRY.size + len(content) for _, content in entries)
    if len(data) - sound_bytes > _LONGEST:
        raise FlashError(f"{path}: damaged at byte {sound_bytes}; move it away to begin anew")
    return entries, sound_bytes


def _sound_entries(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_MAGIC)
    while at + _ENTRY.size <= len(data):
        kind, length = _ENTRY.unpack_from(data, at)
        content = data[at + _ENTRY.size : at + _ENTRY.size + length]
        if len(content) != length or not _is_sound(kind, content):
            return
        yield kind, content
        at += _ENTRY.size + length


def _is_sound(kind: bytes, content: bytes) -> bool:
    if kind == b"B":
        return len(content) == _BOOT.size
    if kind == b"K":
        return _holds_bonds(content)
    try:
        decode_frame(content)
    except FrameError:
        return False
    return kind == b"F"


def _holds_bonds(content: bytes) -> bool:
    try:
        msgspec.json.decode(content, type=Bonded)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return False
    return True
