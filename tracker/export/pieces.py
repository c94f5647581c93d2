"""A file for libraries that want one to write to, emptied piece by piece into a stream."""

from __future__ import annotations

import io


class Pieces(io.RawIOBase):
    """Takes what is written and gives it away; it cannot go back."""

    def __init__(self) -> None:
        """Begin empty."""
        self._written: list[bytes] = []
        self._length = 0

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, data: object, /) -> int:
        """Take a copy of any bytes."""
        piece = bytes(memoryview(data))  # type: ignore[arg-type] # bytes, whatever holds them
        self._written.append(piece)
        self._length += len(piece)
        return len(piece)

    def tell(self) -> int:
        """How much was written so far, taken or not."""
        return self._length

    def take(self) -> bytes:
        """What was written since the last time."""
        taken = b"".join(self._written)
        self._written.clear()
        return taken
