"""Does this machine know the time, and is there room for what comes?"""

from __future__ import annotations

import ctypes
import shutil
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from tracker.doctor.finding import Finding, ok, warning, wrong

BYTES_AN_HOUR = 1_900_000  # of samples at 50 Hz, as docs/history.md says
LITTLE_BYTES = 200 * 10**6  # about a hundred hours
NOTHING_BYTES = 20 * 10**6
RELEASED = datetime(2026, 1, 1, tzinfo=UTC)  # before that nobody had this program
_SET_CLOCK = "sudo timedatectl set-ntp true, and see that the network lets NTP through"


def look_at_clock(newest_s: float | None) -> Finding:
    """newest_s: when the newest sample of the history came, unix time; None without any."""
    now = datetime.now().astimezone()
    shown = f"{now:%Y-%m-%d %H:%M} {now.tzname()}"
    if now < RELEASED:
        return wrong("clock", f"it is certainly not {shown}", _SET_CLOCK)
    if newest_s is not None and newest_s > time.time() + 60:
        newest = datetime.fromtimestamp(newest_s).astimezone()
        says = f"it shows {shown}, but the newest sample came at {newest:%Y-%m-%d %H:%M}"
        return wrong("clock", says, _SET_CLOCK)
    match _is_synchronised():
        case False:
            return warning("clock", f"{shown}, kept right by nobody", _SET_CLOCK)
        case None:
            return ok("clock", shown)
        case _:
            return ok("clock", f"{shown}, synchronised")


def _is_synchronised() -> bool | None:
    """What the kernel says of its clock (adjtimex); None where it cannot be asked."""
    if sys.platform != "linux":
        return None
    room = ctypes.create_string_buffer(1024)  # struct timex, all zero: only asks; it has 208 bytes
    state = ctypes.CDLL(None).adjtimex(room)
    return None if state < 0 else state != _TIME_ERROR


_TIME_ERROR = 5


def look_at_disk(path: Path) -> Finding:
    """Where the history is, or will be."""
    folder = next(one for one in path.absolute().parents if one.exists())
    free = shutil.disk_usage(folder).free
    hours = free // BYTES_AN_HOUR
    says = f"{free / 10**6:,.0f} MB free at {folder}, room for {hours:,} hours of a worn band"
    step = f"free some space at {folder}, or name another [store] path"
    if free < NOTHING_BYTES:
        return wrong("disk", says, step)
    return warning("disk", says, step) if free < LITTLE_BYTES else ok("disk", says)
