"""What happens on the air between bluetoothd and the band, and what is left of it: nothing."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from firmware_sim.air import of_notifications
from firmware_sim.flash import Flash
from tests.bluez.home import Home, Play, health_of
from tests.daemon.parts import Part
from tracker.bands.stretchband import decode_frame

pytestmark = [pytest.mark.deep, pytest.mark.asyncio(loop_scope="session")]


async def test_a_dropped_link_is_made_anew_and_loses_nothing(home: Home) -> None:
    play = Play()
    async with home.band_on_air(*play.options), home.daemon():
        for drops in (1, 2, 3):
            await home.until_event("hold_started", drops)
            home.air.drop_links()
            await home.until(lambda: health_of(home)["reconnects"] == drops)  # noqa: B023
        await home.until_event("session_ended")
        await home.all_there(play)
    assert health_of(home)["faults"].get("disconnected") == 3


@pytest.mark.core
async def test_a_band_out_of_range_is_read_on_when_it_is_back(home: Home) -> None:
    play = Play()
    async with home.band_on_air(*play.options) as band, home.daemon():
        await home.until_event("hold_started", 2)
        home.air.silence()
        await band.told("ended")  # the rest of the session is in its ring alone
        await home.until(lambda: health_of(home)["faults"].get("not_seen", 0) >= 1)
        home.air.restore()
        await home.until_event("session_ended")
        await home.all_there(play)


async def test_a_short_silence_is_not_even_a_reconnect(home: Home) -> None:
    play = Play()
    async with home.band_on_air(*play.options), home.daemon():
        await home.until_event("hold_started", 2)
        home.air.silence()
        await asyncio.sleep(home.air.supervision_timeout_s / 2)
        home.air.restore()
        await home.until_event("session_ended")
        await home.all_there(play)
    assert health_of(home)["reconnects"] == 0


async def test_a_half_open_link_is_ended_and_made_anew(home: Home) -> None:
    play = Play()
    async with home.band_on_air(*play.options), home.daemon():
        await home.until_event("hold_started", 2)
        home.air.fault = of_notifications(lambda _frame: [])
        await home.until(lambda: health_of(home)["faults"].get("silent", 0) >= 1)
        home.air.fault = None
        await home.until_event("session_ended")
        await home.all_there(play)


async def test_a_band_that_is_started_anew_goes_on_with_its_ring(
    home: Home, tmp_path: Path
) -> None:
    flash = tmp_path / "band.flash"
    play = Play()
    options = (*play.options, "--flash", str(flash))
    async with home.daemon():
        async with home.band_on_air(*options) as first:
            await home.until_event("hold_started", 2)
            await killed(first)
        async with home.band_on_air(*options):
            await home.until_event("session_ended", 2)
        history = await home.history()
    with closing(Flash(flash, 100_000)) as kept:
        frames = [decode_frame(data) for data in kept.frames]
    assert {frame.boot_id for frame in frames} == {1, 2}
    assert stored_frames(history) == [(frame.boot_id, frame.seq) for frame in frames]


async def killed(band: Part) -> None:
    assert await band.end(signal.SIGKILL) == -signal.SIGKILL


def stored_frames(history: Path) -> list[tuple[int, int]]:
    with closing(sqlite3.connect(f"file:{history}?mode=ro", uri=True)) as db:
        return list(db.execute("SELECT boot_id, seq FROM frames ORDER BY seq"))
