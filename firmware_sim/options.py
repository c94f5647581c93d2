"""The simulated band's command line, checked before a radio is touched."""

from __future__ import annotations

import argparse
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from firmware_sim.firmware import ring_frames
from firmware_sim.gatt import ADDRESS, NAME, advertisement
from firmware_sim.motion import Motion, recording, scripted


class UsageError(Exception):
    """One sentence for the person who called."""


@dataclass(frozen=True, slots=True)
class Options:
    """The command line, checked."""

    listen: str | None
    transport: str | None
    motion: Motion
    speed: float
    address: str
    name: str
    flash: Path | None
    ring_frames: int
    boot_id: int
    start_on_connect: bool


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m firmware_sim",
        description="A simulated stretchband: plays a motion and serves it as the real band does.",
        allow_abbrev=False,
    )
    radio = parser.add_mutually_exclusive_group(required=True)
    radio.add_argument("--listen", metavar="unix:PATH|tcp:127.0.0.1:PORT", help="a virtual air")
    radio.add_argument("--transport", metavar="NAME", help="a real dongle, e.g. usb:0")
    what = parser.add_mutually_exclusive_group()
    # No defaults beside an exclusive group: argparse lets a value pass that equals its default.
    what.add_argument("--seed", type=int, help="a scripted session (default: 1)")
    what.add_argument("--recording", type=Path, metavar="FILE", help="time_s,x_g,y_g,z_g")
    parser.add_argument("--total-s", type=float, metavar="S", help="length of the scripted session")
    parser.add_argument("--rate-hz", type=float, default=50.0, help="of it (default: %(default)s)")
    parser.add_argument("--speed", type=float, default=1.0, help="times real time")
    parser.add_argument("--address", type=str.upper, default=ADDRESS, help="(default: %(default)s)")
    parser.add_argument("--name", default=NAME, help="advertised, up to 8 bytes")
    parser.add_argument("--flash", type=Path, metavar="FILE", help="keeps the ring over restarts")
    parser.add_argument(
        "--ring-frames", type=int, metavar="N", help="capacity (default: two hours)"
    )
    parser.add_argument("--boot-id", type=int, default=1, help="where no flash says it")
    parser.add_argument(
        "--start-on-connect",
        action="store_true",
        help="the motion begins when frames are asked for",
    )
    return parser


def read_options(arguments: list[str]) -> Options:
    """Check everything that can be checked before a radio is touched. Raises UsageError."""
    given = _parser().parse_args(arguments)
    if not (math.isfinite(given.speed) and 0 < given.speed <= 1000):
        raise UsageError(f"--speed {given.speed:g}: more than 0, up to 1000")
    if given.ring_frames is not None and given.ring_frames < 1:
        raise UsageError(f"--ring-frames {given.ring_frames}: at least 1")
    if not 1 <= given.boot_id <= 0xFFFF:
        raise UsageError(f"--boot-id {given.boot_id}: 1 to 65535")
    if re.fullmatch(r"[0-9A-F]{2}(:[0-9A-F]{2}){5}", given.address) is None:
        raise UsageError(f'--address "{given.address}": six bytes as in {ADDRESS}')
    if given.recording is not None and given.total_s is not None:
        raise UsageError("--total-s is for a scripted session; a recording has its own length")
    try:
        advertisement(given.name)
        motion = _motion(given)
    except ValueError as error:
        raise UsageError(str(error)) from error
    return Options(
        given.listen,
        given.transport,
        motion,
        given.speed,
        given.address,
        given.name,
        given.flash,
        given.ring_frames or ring_frames(motion.rate_hz),
        given.boot_id,
        given.start_on_connect,
    )


def _motion(given: argparse.Namespace) -> Motion:
    if given.recording is not None:
        return recording(given.recording)
    seed = 1 if given.seed is None else given.seed
    return scripted(seed, given.total_s, rate_hz=given.rate_hz)
