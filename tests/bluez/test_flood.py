"""Half an hour of ring through bluetoothd, as fast as they come."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterator

import pytest

from tests.bluez.home import Home, Play, health_of

pytestmark = [pytest.mark.deep, pytest.mark.asyncio(loop_scope="session")]

PLAY = Play(seed=5, total_s=1800.0, speed=1000.0)
# A link as it usually is: four packets each 30 ms, 133 frames a second.
INTERVAL_S, PACKETS = 0.03, 4
# The kernel keeps about 270 notifications for a bluetoothd that does not fetch them.
FROZEN_S = 5.0


@pytest.fixture(autouse=True)
def link_of_a_dongle(home: Home) -> Iterator[None]:
    """The virtual one carries thousands of frames a second, of which the machine drops most."""
    home.air.interval_s, home.air.packets_per_interval = INTERVAL_S, PACKETS
    yield
    home.air.packets_per_interval = 0


async def test_what_bluez_drops_is_seen_by_its_numbers_and_read_again(home: Home) -> None:
    async with home.band_on_air(*PLAY.options[:-1]) as band:
        frames = (await band.told("ended"))["frames"]
        async with home.daemon():
            await home.until(home.is_connected)
            began_s = time.monotonic()
            await home.machine.bluetoothd.send(signal.SIGSTOP)
            await asyncio.sleep(FROZEN_S)
            await home.machine.bluetoothd.send(signal.SIGCONT)
            await home.until_event("session_ended", limit_s=600.0)
            home.measured(
                f"frames a second, a ring read on with bluetoothd frozen for {FROZEN_S:g} s",
                frames / (time.monotonic() - began_s),
            )
            await home.all_there(PLAY)
            await home.until_health()
    assert health_of(home)["faults"].get("out_of_order", 0) >= 1
    assert health_of(home)["reconnects"] == 0


async def test_a_ring_is_read_as_fast_as_the_link_carries_it(home: Home) -> None:
    async with home.band_on_air(*PLAY.options[:-1]) as band:
        frames = (await band.told("ended"))["frames"]
        async with home.daemon():
            await home.until(home.is_connected)
            began_s = time.monotonic()
            await home.until_event("session_ended", limit_s=600.0)
            home.measured("frames a second, a ring read on", frames / (time.monotonic() - began_s))
            await home.all_there(PLAY)
            await home.until_health()
    home.measured("  holes on the way", health_of(home)["faults"].get("out_of_order", 0))
