"""Which frame of a band's ring is the next one: a reader with a cursor, sans I/O."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tracker.bands.stretchband import Frame, FrameError, ReadFrom, Status, decode_frame


@dataclass(frozen=True, slots=True, order=True)
class Cursor:
    """The last frame that is safely stored."""

    boot_id: int
    seq: int


@dataclass(slots=True)
class LogReader:
    """Takes notifications as they come and gives each frame of the ring once, in order.

        status read -> begin() -> ReadFrom written -> receive() receive() ... hole seen
             ^                                                                   |
             +-------------------------------------------------------------------+

    A frame ahead of the cursor is a hole: a notification was lost on the way, or the ring was
    overrun. Nothing after it is taken until the status has been read and the band asked again,
    because only the ring's oldest frame tells the one from the other.

    faults: how often each of `short`, `version`, `damaged`, `repeated`, `out_of_order` was seen.
    hole:   the band must be asked again before anything more is taken.
    """

    cursor: Cursor | None = None
    faults: Counter[str] = field(default_factory=Counter)
    hole: bool = False
    _next_seq: int = 0
    _answered: bool = False
    _reading_boot: int | None = None

    def begin(self, status: Status) -> ReadFrom:
        """Where to read on, given what the ring holds now."""
        self.hole = self._answered = False
        self._reading_boot = None
        wanted = 0 if self.cursor is None else self.cursor.seq + 1
        if self.cursor is not None and status.oldest_seq <= wanted <= status.head_seq:
            self._next_seq = wanted
            self._reading_boot = self.cursor.boot_id
            return ReadFrom(self.cursor.boot_id, wanted)
        # A first meeting, an overrun (those frames are gone), or a ring that began anew.
        self._next_seq = status.oldest_seq
        return ReadFrom(0, 0)

    def receive(self, data: bytes) -> Frame | None:
        """The frame, when it is the next one; None for all else, which is counted."""
        try:
            frame = decode_frame(data)
        except FrameError as error:
            self.faults[error.fault] += 1
            return None
        if self.hole:
            return None
        if frame.seq > self._next_seq:
            self.faults["out_of_order"] += 1
            self.hole = True
            return None
        # A band that no longer knows the cursor answers from its oldest frame: what it sends first
        # is then not a repetition but a ring that began anew, on another clock, under the same
        # numbers.
        if frame.seq < self._next_seq and (self._answered or frame.boot_id == self._reading_boot):
            self.faults["repeated"] += 1
            return None
        self._answered = True
        self._next_seq = frame.seq + 1
        self.cursor = Cursor(frame.boot_id, frame.seq)
        return frame
