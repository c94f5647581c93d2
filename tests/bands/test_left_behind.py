"""What reconnects leave behind in this process, through BlueZ and through Bumble: no object."""

from __future__ import annotations

import gc
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.bands.rig import SOON, Linked, linked, rig, soon, still_firmware
from tests.bands.test_system_radio import system_bus

RECONNECTS = 50
WARM = 10  # caches fill with the first ones
# A timer that was cancelled stays with the loop until it is due, or until half of a hundred are.
THE_LOOPS = {"TimerHandle", "Context"}
LIMITS = replace(SOON, first_pause_s=0.002)


def objects() -> Counter[str]:
    """All that are reachable, by type."""
    gc.collect()
    return Counter(type(one).__qualname__ for one in gc.get_objects())


async def reconnected(run: Linked, drop: Callable[[], Awaitable[None]], times: int) -> None:
    """Drop the link until it has been made anew so often in all."""
    await soon(lambda: run.link.state.connected)
    while run.link.state.reconnects < times:
        number = run.link.state.reconnects + 1
        await drop()
        await soon(
            lambda: run.link.state.connected and run.link.state.reconnects == number  # noqa: B023
        )
        run.states.clear()
        while not run.queue.empty():
            run.queue.get_nowait()


async def nothing_is_left(run: Linked, drop: Callable[[], Awaitable[None]]) -> None:
    await reconnected(run, drop, WARM)
    before = objects()
    await reconnected(run, drop, WARM + RECONNECTS)
    more = objects() - before
    kept = {kind: n for kind, n in more.items() if n >= RECONNECTS and kind not in THE_LOOPS}
    assert not kept, f"objects more after {RECONNECTS} reconnects"


@pytest.mark.skipif(sys.platform != "linux", reason="BlueZ and D-Bus are Linux's")
async def test_reconnects_through_bluez_leave_no_object_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.bands.bluez_with_a_band import bluez_with_a_band
    from tracker.bands.bluez_radio import BlueZRadio

    async with (
        system_bus(tmp_path, monkeypatch) as address,
        bluez_with_a_band(address) as bluez,
        linked(BlueZRadio(), limits=LIMITS) as run,
    ):
        await nothing_is_left(run, bluez.drop)


async def test_reconnects_through_bumble_leave_no_object_behind(tmp_path: Path) -> None:
    async with rig(tmp_path, still_firmware()) as r, linked(r.radio, limits=LIMITS) as run:

        async def drop() -> None:
            r.air.drop_links()

        await nothing_is_left(run, drop)
