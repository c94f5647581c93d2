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
from tracker.bands.stretchband import MIN_MTU

LEAST_MTU, MOST_MTU = 23, 517  # Bluetooth Core, Vol 3, Part F, 3.2.8 and 3.2.9


class UsageError(Exception):
    """One sentence for the person who called."""


@dataclass(frozen=True, slots=True)
class Options:
    """The command line, checked."""

    listen: str | None
    transport: str | None
    motions: tuple[Motion, ...]
    speed: float
    addresses: tuple[str, ...]
    name: str
    mtu: int
    flash: Path | None
    ring_frames: int
    boot_id: int
    start_on_connect: bool
    control: bool
    button: bool
    rate_hz: float

    def next_motion(self, seed: int, total_s: float | None) -> Motion:
        """A scripted session at the bands' rate. Raises ValueError for a time too short."""
        return scripted(seed, total_s, rate_hz=self.rate_hz)


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
    parser.add_argument(
        "--bands",
        type=int,
        default=1,
        metavar="N",
        help="so many on this air: addresses and seeds count up (default: %(default)s)",
    )
    parser.add_argument("--name", default=NAME, help="advertised, up to 8 bytes")
    parser.add_argument(
        "--mtu", type=int, default=MIN_MTU, help="the most it agrees to (default: %(default)s)"
    )
    parser.add_argument("--flash", type=Path, metavar="FILE", help="keeps ring and bond")
    parser.add_argument(
        "--ring-frames", type=int, metavar="N", help="capacity (default: two hours)"
    )
    parser.add_argument("--boot-id", type=int, default=1, help="where no flash says it")
    parser.add_argument(
        "--start-on-connect",
        action="store_true",
        help="the motion begins when frames are asked for",
    )
    parser.add_argument(
        "--control", action="store_true", help="obey lines of JSON on standard input"
    )
    parser.add_argument(
        "--button",
        action="store_true",
        help="its button is pressed now: for a minute another central may pair",
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
    if not LEAST_MTU <= given.mtu <= MOST_MTU:
        raise UsageError(f"--mtu {given.mtu}: {LEAST_MTU} to {MOST_MTU}")
    _check_bands(given)
    try:
        advertisement(given.name)
        motions = tuple(_motion(given, number) for number in range(given.bands))
    except ValueError as error:
        raise UsageError(str(error)) from error
    return Options(
        given.listen,
        given.transport,
        motions,
        given.speed,
        tuple(_counted_up(given.address, number) for number in range(given.bands)),
        given.name,
        given.mtu,
        given.flash,
        given.ring_frames or ring_frames(motions[0].rate_hz),
        given.boot_id,
        given.start_on_connect,
        given.control,
        given.button,
        given.rate_hz,
    )


def _check_bands(given: argparse.Namespace) -> None:
    room = 0x100 - int(given.address[-2:], 16)
    if not 1 <= given.bands <= room:
        raise UsageError(f"--bands {given.bands}: 1 to {room}, counting up from {given.address}")
    if given.bands > 1 and given.listen is None:
        raise UsageError("--bands needs an air of its own; a dongle is one band")
    if given.bands > 1 and given.flash is not None:
        raise UsageError("--flash is the memory of one band")


def _counted_up(address: str, number: int) -> str:
    return f"{address[:-2]}{int(address[-2:], 16) + number:02X}"


def _motion(given: argparse.Namespace, number: int) -> Motion:
    if given.recording is not None:
        return recording(given.recording)
    seed = 1 if given.seed is None else given.seed
    return scripted(seed + number, given.total_s, rate_hz=given.rate_hz)
