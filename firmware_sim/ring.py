"""The band's log: the newest frames under numbers that run on, the oldest given up."""

from __future__ import annotations

import struct
from collections import deque
from typing import Final, Protocol

_BOOT_AND_SEQ: Final = struct.Struct("<HI")


class Memory(Protocol):
    """What keeps a ring over a restart; see `flash.Flash`."""

    def append(self, frame: bytes) -> None: ...
    def is_full(self) -> bool: ...
    def rewrite(self, frames: list[bytes]) -> None: ...


class Ring:
    """At most `capacity` encoded frames, numbered without a hole.

    oldest_seq: the oldest frame still here; head_seq: the one that comes next.
    """

    def __init__(
        self, capacity: int, frames: list[bytes] | None = None, memory: Memory | None = None
    ) -> None:
        self._frames: deque[bytes] = deque(frames or [], maxlen=capacity)
        self._memory = memory
        self.head_seq = _boot_and_seq(self._frames[-1])[1] + 1 if self._frames else 0

    @property
    def oldest_seq(self) -> int:
        return self.head_seq - len(self._frames)

    def append(self, frame: bytes) -> None:
        """Take the frame numbered head_seq."""
        self._frames.append(frame)
        self.head_seq += 1
        if self._memory is not None:
            self._memory.append(frame)
            if self._memory.is_full():
                self._memory.rewrite(list(self._frames))

    def get(self, seq: int) -> bytes:
        """The frame of that number; KeyError when it is not here."""
        if not self.oldest_seq <= seq < self.head_seq:
            raise KeyError(seq)
        return self._frames[seq - self.oldest_seq]

    def after(self, boot_id: int, seq: int) -> int:
        """Where a reader goes on who wants `seq` and had the frame before it from `boot_id`.

        The oldest frame when the one before is gone or was of another boot: then the numbers are
        the same, the frames are not.
        """
        if not self.oldest_seq < seq <= self.head_seq:
            return self.oldest_seq
        return seq if _boot_and_seq(self.get(seq - 1))[0] == boot_id else self.oldest_seq


def _boot_and_seq(frame: bytes) -> tuple[int, int]:
    boot_id, seq = _BOOT_AND_SEQ.unpack_from(frame, 1)
    return boot_id, seq
