"""The stretchband's own protocol, bytes to records and back (docs/band-protocol.md).

Little endian throughout. This file does no I/O; firmware_sim speaks the same bytes from the other
end.
"""

from __future__ import annotations

import struct
from binascii import crc_hqx
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

PROTOCOL_VERSION: Final = 1

SERVICE_UUID: Final = "53420000-a1d7-4b8e-9c56-62616e640001"
MOTION_UUID: Final = "53420001-a1d7-4b8e-9c56-62616e640001"
CONTROL_UUID: Final = "53420002-a1d7-4b8e-9c56-62616e640001"
STATUS_UUID: Final = "53420003-a1d7-4b8e-9c56-62616e640001"
HAPTIC_UUID: Final = "53420004-a1d7-4b8e-9c56-62616e640001"

BATTERY_LEVEL_UUID: Final = "00002a19-0000-1000-8000-00805f9b34fb"
ALERT_LEVEL_UUID: Final = "00002a06-0000-1000-8000-00805f9b34fb"
FIRMWARE_REVISION_UUID: Final = "00002a26-0000-1000-8000-00805f9b34fb"

# ATT application errors the band answers a control write with.
ERROR_UNKNOWN_COMMAND: Final = 0x80
ERROR_WRONG_LENGTH: Final = 0x81
ERROR_MTU_TOO_SMALL: Final = 0x82

RANGES_G: Final = (2, 4, 8, 16)
MAX_SAMPLES: Final = 37  # 15 + 37 * 6 + 2 = 239 bytes; a notification at MTU 247 carries 244
MIN_MTU: Final = 247
MIN_STEP: Final = 80  # 1/16 ms: 200 Hz
MAX_STEP: Final = 1280  # 12.5 Hz

_HEAD = struct.Struct("<BHIIHBB")
_CRC = struct.Struct("<H")
_STATUS = struct.Struct("<BHIIIHB")
_READ_FROM = struct.Struct("<BHI")
_HAPTIC = struct.Struct("<BBB")

FULL: Final = 100  # percent of a battery

READ_FROM: Final = 0x01
STOP: Final = 0x02
ASLEEP: Final = 0x01  # in the status flags; the other bits are reserved and sent as 0


class FrameError(Exception):
    """Bytes that are no frame; `fault` is the name it is counted under."""

    def __init__(self, fault: str, detail: str) -> None:
        super().__init__(detail)
        self.fault = fault


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One entry of the band's ring: up to 37 samples at an even step.

    boot_id:    names the clock that the times belong to; a new one at each start of the band.
    seq:        the ring's own offset in frames; runs on over reboots.
    t_first_ms: milliseconds of that clock at the first sample, modulo 2**32.
    step:       1/16 ms from sample to sample.
    range_g:    full scale; a count is range_g / 32768 g.
    counts:     int16, shape (n, 3), sensor axes x, y, z.
    """

    boot_id: int
    seq: int
    t_first_ms: int
    step: int
    range_g: int
    counts: NDArray[np.int16]

    @property
    def acc_g(self) -> NDArray[np.float64]:
        """Shape (n, 3), in g, sensor axes."""
        return self.counts.astype(np.float64) * (self.range_g / 32768)

    @property
    def offsets_s(self) -> NDArray[np.float64]:
        """Shape (n,), seconds of each sample after the first."""
        return np.arange(len(self.counts), dtype=np.float64) * (self.step / 16000)

    @property
    def duration_s(self) -> float:
        """From the first sample to the one that would follow the last."""
        return len(self.counts) * self.step / 16000


def encode_frame(frame: Frame) -> bytes:
    """Write a frame. Raises ValueError for what the fields cannot carry."""
    n = len(frame.counts)
    if not 1 <= n <= MAX_SAMPLES:
        raise ValueError(f"{n} samples in a frame: 1 to {MAX_SAMPLES}")
    if not MIN_STEP <= frame.step <= MAX_STEP:
        raise ValueError(f"step {frame.step}: {MIN_STEP} to {MAX_STEP} sixteenths of a millisecond")
    if frame.range_g not in RANGES_G:
        raise ValueError(f"range {frame.range_g} g: one of {RANGES_G}")
    head = _HEAD.pack(
        PROTOCOL_VERSION,
        frame.boot_id,
        frame.seq,
        frame.t_first_ms % 2**32,
        frame.step,
        n,
        frame.range_g,
    )
    body = head + frame.counts.astype("<i2", copy=False).tobytes()
    return body + _CRC.pack(crc_hqx(body, 0xFFFF))


def decode_frame(data: bytes) -> Frame:
    """Read a frame. Raises FrameError named `short`, `version` or `damaged`."""
    if len(data) < _HEAD.size + 6 + _CRC.size:
        raise FrameError("short", f"{len(data)} bytes are no whole frame")
    version, boot_id, seq, t_first_ms, step, n, range_g = _HEAD.unpack_from(data)
    if version != PROTOCOL_VERSION:
        raise FrameError("version", f"frame version {version}, this reads {PROTOCOL_VERSION}")
    size = _HEAD.size + 6 * n + _CRC.size
    if len(data) < size:
        raise FrameError("short", f"{len(data)} bytes of a frame of {size}")
    (crc,) = _CRC.unpack_from(data, len(data) - _CRC.size)
    if len(data) > size or crc != crc_hqx(data[: -_CRC.size], 0xFFFF):
        raise FrameError("damaged", f"frame {seq}: check sum or length is wrong")
    if not (1 <= n <= MAX_SAMPLES and MIN_STEP <= step <= MAX_STEP and range_g in RANGES_G):
        raise FrameError("damaged", f"frame {seq}: {n} samples, step {step}, range {range_g} g")
    counts = (
        np.frombuffer(data, "<i2", 3 * n, _HEAD.size).reshape(n, 3).astype(np.int16, copy=False)
    )
    return Frame(boot_id, seq, t_first_ms, step, range_g, counts)


@dataclass(frozen=True, slots=True)
class Status:
    """What the band says of itself.

    boot_id:    the clock that runs now.
    now_ms:     its time in milliseconds, modulo 2**32.
    oldest_seq: the oldest frame still in the ring.
    head_seq:   the frame that will be written next; equal to oldest_seq when the ring is empty.
    rate_hz:    samples a second.
    asleep:     it lies still off the leg and takes no samples until it is moved.
    """

    boot_id: int
    now_ms: int
    oldest_seq: int
    head_seq: int
    rate_hz: float
    asleep: bool = False


def encode_status(status: Status) -> bytes:
    """Write the status characteristic's 18 bytes."""
    return _STATUS.pack(
        PROTOCOL_VERSION,
        status.boot_id,
        status.now_ms % 2**32,
        status.oldest_seq,
        status.head_seq,
        round(status.rate_hz * 16),
        ASLEEP if status.asleep else 0,
    )


def decode_status(data: bytes) -> Status:
    """Read the status characteristic. Raises FrameError named `short`, `version` or `damaged`."""
    if len(data) != _STATUS.size:
        raise FrameError("short", f"{len(data)} bytes of a status of {_STATUS.size}")
    version, boot_id, now_ms, oldest_seq, head_seq, rate, flags = _STATUS.unpack(data)
    if version != PROTOCOL_VERSION:
        raise FrameError("version", f"band speaks version {version}, this reads {PROTOCOL_VERSION}")
    if head_seq < oldest_seq:
        raise FrameError("damaged", f"ring from {oldest_seq} to {head_seq}")
    return Status(boot_id, now_ms, oldest_seq, head_seq, rate / 16, bool(flags & ASLEEP))


@dataclass(frozen=True, slots=True)
class ReadFrom:
    """Control: send every frame from `seq` on, in order, then go on live.

    The band answers from its oldest frame when the frame before `seq` was not of `boot_id`,
    or is no longer in the ring; `boot_id` 0 with `seq` 0 asks for everything.
    """

    boot_id: int
    seq: int


@dataclass(frozen=True, slots=True)
class Stop:
    """Control: send no more frames."""


def encode_control(command: ReadFrom | Stop) -> bytes:
    """Write a control command."""
    match command:
        case ReadFrom(boot_id, seq):
            return _READ_FROM.pack(READ_FROM, boot_id, seq)
        case Stop():
            return bytes([STOP])


def decode_control(data: bytes) -> ReadFrom | Stop:
    """Read a control command. Raises FrameError named `unknown` or `short`."""
    if data[:1] == bytes([READ_FROM]):
        if len(data) != _READ_FROM.size:
            raise FrameError("short", f"{len(data)} bytes of a read command of {_READ_FROM.size}")
        _, boot_id, seq = _READ_FROM.unpack(data)
        return ReadFrom(boot_id, seq)
    if data[:1] == bytes([STOP]):
        if len(data) != 1:
            raise FrameError("short", f"{len(data)} bytes of a stop command of 1")
        return Stop()
    raise FrameError("unknown", f"control command {data[:1].hex() or 'without a byte'}")


@dataclass(frozen=True, slots=True)
class Haptic:
    """A buzz pattern: `pulses` of `on_s`, `off_s` apart, in steps of 10 ms up to 2.55 s.

    One pulse and two are told apart by touch, an exhale and an inhale by one pulse each are not.
    """

    pulses: int
    on_s: float
    off_s: float


def encode_haptic(haptic: Haptic) -> bytes:
    """Write a buzz pattern. Raises ValueError for what three bytes cannot carry."""
    try:
        return _HAPTIC.pack(haptic.pulses, round(haptic.on_s * 100), round(haptic.off_s * 100))
    except struct.error as error:
        raise ValueError(f"{haptic}: up to 255 pulses, 0 to 2.55 s on and off") from error


def decode_haptic(data: bytes) -> Haptic:
    """Read a buzz pattern. Raises FrameError named `short`."""
    if len(data) != _HAPTIC.size:
        raise FrameError("short", f"{len(data)} bytes of a buzz pattern of {_HAPTIC.size}")
    pulses, on, off = _HAPTIC.unpack(data)
    return Haptic(pulses, on / 100, off / 100)


def decode_battery(data: bytes) -> int:
    """Read a battery level in percent. Raises FrameError named `battery`.

    One byte, 0 to 100; what is above is reserved (Battery Service 1.1, 3.1.1).
    """
    if len(data) != 1:
        raise FrameError("battery", f"a battery level of {len(data)} bytes")
    if data[0] > FULL:
        raise FrameError("battery", f"a battery level of {data[0]}")
    return data[0]
