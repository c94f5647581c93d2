"""What three hundred reconnects leave behind on D-Bus and in memory: nothing."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

import pytest

from tests.bluez.home import Home, Play, health_of
from tests.bluez.machine import Machine, Running

pytestmark = [pytest.mark.deep, pytest.mark.asyncio(loop_scope="session")]

RECONNECTS = int(os.environ.get("STRETCHBAND_RECONNECTS", "300"))
WARM = 10  # caches fill with the first ones
MEMORY_MB = 2.0


@dataclass(frozen=True, slots=True)
class Held:
    """What the daemon, and bluetoothd, have in hand."""

    bus_names: int
    files: int
    memory_mb: float
    bluetoothd_files: int


async def held(machine: Machine, daemon: Running) -> Held:
    told = await machine.sh(
        "dbus-send --system --print-reply --dest=org.freedesktop.DBus / "
        "org.freedesktop.DBus.ListNames | grep -c '\":';"
        f"ls /proc/{daemon.pid}/fd | wc -l;"
        f"sed -n 's/^VmRSS:[^0-9]*\\([0-9]*\\) kB/\\1/p' /proc/{daemon.pid}/status;"
        f"ls /proc/{machine.bluetoothd.pid}/fd | wc -l"
    )
    names, files, kilobytes, theirs = map(int, told.split())
    return Held(names, files, kilobytes / 1024, theirs)


async def test_reconnects_leave_nothing_behind(home: Home) -> None:
    """The band has played a session and sleeps: what motion takes is not counted."""
    async with home.band_on_air(*Play().options), home.daemon() as daemon:
        await home.until_event("session_ended")
        await reconnected(home, WARM)
        before = await held(home.machine, daemon)
        began_s = time.monotonic()
        await reconnected(home, WARM + RECONNECTS)
        home.measured("seconds for a reconnect", (time.monotonic() - began_s) / RECONNECTS)
        after = await held(home.machine, daemon)
        home.measured(f"MB more after {RECONNECTS} reconnects", after.memory_mb - before.memory_mb)
        assert (after.bus_names, after.files) == (before.bus_names, before.files)
        assert after.bluetoothd_files == before.bluetoothd_files
        assert after.memory_mb < before.memory_mb + MEMORY_MB


async def reconnected(home: Home, times: int) -> None:
    """Drop the link until it has been made anew so often."""
    for number in range(health_of(home)["reconnects"] + 1, times + 1):
        home.air.drop_links()
        await home.until(lambda: home.is_connected() and health_of(home)["reconnects"] == number)  # noqa: B023
