"""What time it is here: by the wall clock, which people set, beside one that nobody sets."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from pathlib import Path

_TRIES = 5
_AT_ONCE_S = 0.001  # read within so long, the two clocks were read at the same moment


@dataclass(frozen=True, slots=True)
class HostTime:
    """One moment.

    wall_s:  seconds since 1970, as the host has it: it may be set forth or back at any time.
    ahead_s: how far that is ahead of the steady clock, which counts on evenly, also while the host
             sleeps, until it is started again. It changes only when the wall clock is set.
    """

    wall_s: float
    ahead_s: float


def host_time() -> HostTime:
    """Now. Read until nothing came between the two clocks."""
    for _ in range(_TRIES):
        before_s = _steady_s()
        wall_s = time.time()
        took_s = _steady_s() - before_s
        if took_s < _AT_ONCE_S:
            break
    return HostTime(wall_s, wall_s - (before_s + took_s / 2))


def _steady_s() -> float:
    # Linux stops CLOCK_MONOTONIC while it sleeps, macOS stops what time.monotonic reads.
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    if hasattr(time, "clock_gettime"):
        return time.clock_gettime(time.CLOCK_MONOTONIC)
    return time.monotonic()


def _run_of_host() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return uuid.uuid4().hex  # nobody can say that two processes have the same steady clock


HOST_RUN = _run_of_host()
"""Names the steady clock: another after the host was started again."""
