"""Pairing between the kernel, bluetoothd and the band: made, used, lost, and made anew."""

from __future__ import annotations

import pytest

from tests.bluez.home import Home, Play

pytestmark = [pytest.mark.deep, pytest.mark.asyncio(loop_scope="session")]

LOST = "no longer knows this computer: press its button and run stretchband pair"


async def test_a_new_band_is_paired_with_by_the_daemons_own_agent(home: Home) -> None:
    play = Play()
    async with home.band_on_air(*play.options) as band, home.daemon():
        await home.until_event("hold_started")
        assert (await band.say())["bonded"]
        assert "Bonded: yes" in await home.known_to_bluez()
        await home.until_event("session_ended")
        await home.all_there(play)


@pytest.mark.core
async def test_a_band_that_lost_its_bond_is_won_back_with_its_button(home: Home) -> None:
    play = Play()
    async with home.band_on_air(*play.options) as band, home.daemon() as running:
        await home.until_event("hold_started", 2)
        await band.say(forget=True)
        home.air.drop_links()
        await running.until_said(LOST)
        await band.say(button=True)
        done = await home.pair()
        assert (done.status, done.said) == (0, f"{home.band} is bonded to this computer now.\n")
        await home.until_event("session_ended")
        await home.all_there(play)
    assert running.said.count(LOST) == 1
