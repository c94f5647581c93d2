"""What happens to bluetoothd, the adapter and the daemon, while the band goes on."""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable
from functools import partial

import pytest

from tests.bluez.home import Home, Play

pytestmark = [pytest.mark.deep, pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.core
async def test_a_killed_daemon_leaves_a_connection_and_the_next_one_ends_it(home: Home) -> None:
    play = Play()
    async with home.band_on_air(*play.options):
        first = await home.start_daemon()
        await home.until_event("hold_started", 2)
        await first.send(signal.SIGKILL)
        assert await first.wait() == -signal.SIGKILL
        assert "Connected: yes" in await home.known_to_bluez()
        async with home.daemon():
            await home.until_event("session_ended")
            await home.all_there(play)
        assert "Connected: no" in await home.known_to_bluez()


@pytest.mark.core
async def test_a_restarted_bluetoothd_is_waited_for(home: Home) -> None:
    machine = home.machine
    said = "the Bluetooth service (bluetoothd) is not running"
    await waited_for(home, machine.stop_bluetoothd, said, machine.start_bluetoothd)


async def test_an_adapter_that_is_switched_off_and_on_is_waited_for(home: Home) -> None:
    machine = home.machine
    off, on = (partial(machine.sh, f"bluetoothctl power {to}") for to in ("off", "on"))
    await waited_for(home, off, "the Bluetooth adapter is switched off", on)


async def test_an_adapter_that_is_pulled_out_and_put_in_is_waited_for(home: Home) -> None:
    machine = home.machine
    await waited_for(home, machine.pull_out, "no Bluetooth adapter was found", machine.plug_in)


async def waited_for(
    home: Home,
    leaves: Callable[[], Awaitable[object]],
    said: str,
    returns: Callable[[], Awaitable[object]],
) -> None:
    """It leaves in a hold, which is said, and returns; the session is whole."""
    play = Play()
    async with home.band_on_air(*play.options), home.daemon() as running:
        await home.until_event("hold_started", 2)
        await leaves()
        await running.until_said(said)
        await returns()
        await home.until_event("session_ended")
        await home.all_there(play)
