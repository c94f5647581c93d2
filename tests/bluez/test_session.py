"""A session over the kernel's Bluetooth and bluetoothd, as a home has it."""

from __future__ import annotations

import pytest

from tests.bluez.home import ANYBODYS, Home, Play

pytestmark = [pytest.mark.deep, pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.core
async def test_a_session_is_stored_and_told_as_it_was(home: Home) -> None:
    """By an ordinary user's daemon, which Debian's BlueZ allows."""
    play = Play()
    async with home.band_on_air(*play.options), home.daemon(ANYBODYS, user="nobody"):
        await home.until_event("session_ended")
        await home.all_there(play, ANYBODYS)
