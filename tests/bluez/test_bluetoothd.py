"""What happens to bluetoothd, the adapter and the daemon, while the band goes on."""

from __future__ import annotations

import signal

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
    play = Play()
    async with home.band_on_air(*play.options), home.daemon() as running:
        await home.until_event("hold_started", 2)
        await home.machine.stop_bluetoothd()
        await running.until_said("The Bluetooth service (bluetoothd) is not running")
        await home.machine.start_bluetoothd()
        await home.until_event("session_ended")
        await home.all_there(play)


async def test_an_adapter_that_is_switched_off_and_on_is_waited_for(home: Home) -> None:
    play = Play()
    async with home.band_on_air(*play.options), home.daemon() as running:
        await home.until_event("hold_started", 2)
        await home.machine.sh("bluetoothctl power off")
        await running.until_said("The Bluetooth adapter is switched off")
        await home.machine.sh("bluetoothctl power on")
        await home.until_event("session_ended")
        await home.all_there(play)


async def test_an_adapter_that_is_pulled_out_and_put_in_is_waited_for(home: Home) -> None:
    play = Play()
    async with home.band_on_air(*play.options), home.daemon() as running:
        await home.until_event("hold_started", 2)
        await home.machine.pull_out()
        await running.until_said("No Bluetooth adapter was found")
        await home.machine.plug_in()
        await home.until_event("session_ended")
        await home.all_there(play)
