"""What the band's own processor does: samples into frames, a ring, a reader's place, buzzes, power.

Sans I/O: the band's clock is passed in, bytes come and go.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np

from firmware_sim.framing import (
    FRAME_S,
    LONGEST_STEP_S,
    Grid,
    fit,
    samples_per_frame,
    usual_step,
)
from firmware_sim.motion import Motion, Samples
from firmware_sim.ring import Ring
from tracker.bands.stretchband import (
    ERROR_MTU_TOO_SMALL,
    ERROR_UNKNOWN_COMMAND,
    ERROR_WRONG_LENGTH,
    MIN_MTU,
    Frame,
    FrameError,
    Haptic,
    ReadFrom,
    Status,
    Stop,
    decode_control,
    decode_haptic,
    encode_frame,
    encode_status,
)

VERSION: Final = "1.0.0"
RING_S: Final = 7200.0  # a 2 MB flash holds about two hours
FULL_PERCENT: Final = 96.0
PERCENT_PER_HOUR: Final = 2.0  # 2 mA while streaming, out of a cell of 100 mAh
_BUZZES_KEPT: Final = 1000


class RefusedError(Exception):
    """A write that the band answers with an ATT application error, `code`."""

    def __init__(self, code: int) -> None:
        super().__init__(f"error {code:#04x}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Buzz:
    """The motor ran: an alert level (0 ends a buzz, 1 mild, 2 strong) or a pattern."""

    t_s: float
    what: int | Haptic


def ring_frames(rate_hz: float) -> int:
    """How many frames two hours of samples make."""
    return round(RING_S * rate_hz / samples_per_frame(rate_hz))


class Firmware:
    """One start of a band: its clock begins at 0 with the motion.

    frames_made: since the start. buzzes: the newest, oldest first.
    """

    def __init__(self, motion: Motion, ring: Ring, boot_id: int = 1) -> None:
        self._motion = motion
        self._ring = ring
        self._boot_id = boot_id
        self._n = samples_per_frame(motion.rate_hz)
        self._usual_step = usual_step(motion.rate_hz)
        self._pending = Samples(np.empty(0), np.empty((0, 3)))
        self._began_s = 0.0
        self.now_s = 0.0
        self.frames_made = 0
        self.buzzes: deque[Buzz] = deque(maxlen=_BUZZES_KEPT)

    @property
    def ended(self) -> bool:
        """The motion has been played and all of it is in the ring."""
        return self._motion.ended and len(self._pending.t_s) == 0

    @property
    def next_frame_s(self) -> float:
        """When the next frame should be whole, on the band's clock; a guess at best."""
        if len(self._pending.t_s) == 0:
            return self.now_s + FRAME_S
        return float(self._pending.t_s[0]) + self._n * self._usual_step / 16000

    def wake(self, at_s: float, motion: Motion) -> None:
        """The sleeping band is put on again at `at_s` of its clock, to the whole millisecond.

        Raises ValueError while it is awake, or for a motion of another rate.
        """
        if not self.ended:
            raise ValueError("the band is awake")
        if motion.rate_hz != self._motion.rate_hz:
            raise ValueError(f"{motion.rate_hz:g} Hz: a band keeps its rate")
        self.now_s = max(self.now_s, at_s)
        self._began_s = round(self.now_s, 3)
        self._motion = motion

    def advance(self, to_s: float) -> int:
        """Let the clock run to `to_s`; returns how many frames went into the ring.

        The frames are the same however the way there is cut into steps.
        """
        self.now_s = max(self.now_s, to_s)
        fresh = self._motion.read(self.now_s - self._began_s)
        self._pending = Samples(
            np.concatenate([self._pending.t_s, fresh.t_s + self._began_s]),
            np.concatenate([self._pending.acc_g, fresh.acc_g]),
        )
        made_before = self.frames_made
        while self._is_due():
            grid = fit(self._pending.t_s, self._n, self._usual_step)
            self._write(grid)
            self._pending = Samples(self._pending.t_s[grid.n :], self._pending.acc_g[grid.n :])
        return self.frames_made - made_before

    def _is_due(self) -> bool:
        """A frame is full, or nothing that is still to come can share it."""
        t_s = self._pending.t_s
        if len(t_s) == 0:
            return False
        is_last = self._motion.ended or float(t_s[-1]) + LONGEST_STEP_S < self.now_s
        return len(t_s) >= self._n or is_last

    def _write(self, grid: Grid) -> None:
        range_g = self._motion.range_g
        counts = np.rint(self._pending.acc_g[: grid.n] * (32768 / range_g))
        frame = Frame(
            boot_id=self._boot_id,
            seq=self._ring.head_seq,
            t_first_ms=grid.t_first_ms,
            step=grid.step,
            range_g=range_g,
            counts=np.clip(counts, -32768, 32767).astype(np.int16),
        )
        self._ring.append(encode_frame(frame))
        self.frames_made += 1

    def status(self) -> bytes:
        """What the status characteristic reads now."""
        return encode_status(
            Status(
                boot_id=self._boot_id,
                now_ms=round(self.now_s * 1000),
                oldest_seq=self._ring.oldest_seq,
                head_seq=self._ring.head_seq,
                rate_hz=self._motion.rate_hz,
                asleep=self.ended,  # with its motion over, the band lies on the shelf
            )
        )

    @property
    def battery_percent(self) -> int:
        """Falls slowly with the hours of this start."""
        return max(1, round(FULL_PERCENT - PERCENT_PER_HOUR * self.now_s / 3600))

    def alert(self, data: bytes) -> Buzz | None:
        """Immediate Alert was written; None for a level there is not (it has no answer)."""
        return self._buzz(data[0]) if len(data) == 1 and data[0] <= 2 else None

    def haptic(self, data: bytes) -> Buzz:
        """A pattern was written. Raises RefusedError when it is none."""
        try:
            return self._buzz(decode_haptic(data))
        except FrameError as error:
            raise RefusedError(ERROR_WRONG_LENGTH) from error

    def _buzz(self, what: int | Haptic) -> Buzz:
        buzz = Buzz(self.now_s, what)
        self.buzzes.append(buzz)
        return buzz

    def reader(self) -> RingReader:
        """A new connection's place in the ring."""
        return RingReader(self._ring)


class RingReader:
    """One connection's place: frames in order until it has caught up, then each as it is made."""

    def __init__(self, ring: Ring) -> None:
        self._ring = ring
        self._next_seq: int | None = None

    @property
    def asked(self) -> bool:
        """Whether frames are wanted."""
        return self._next_seq is not None

    def control(self, data: bytes, mtu: int) -> None:
        """The control characteristic was written. Raises RefusedError for what cannot be done."""
        try:
            command = decode_control(data)
        except FrameError as error:
            is_unknown = error.fault == "unknown"
            raise RefusedError(
                ERROR_UNKNOWN_COMMAND if is_unknown else ERROR_WRONG_LENGTH
            ) from error
        match command:
            case ReadFrom(boot_id, seq):
                if mtu < MIN_MTU:
                    raise RefusedError(ERROR_MTU_TOO_SMALL)
                self._next_seq = self._ring.after(boot_id, seq)
            case Stop():
                self._next_seq = None

    def next_frame(self) -> bytes | None:
        """The next frame, None when there is none yet. Overrun readers go on at the oldest."""
        if self._next_seq is None:
            return None
        seq = max(self._next_seq, self._ring.oldest_seq)
        if seq >= self._ring.head_seq:
            return None
        self._next_seq = seq + 1
        return self._ring.get(seq)
