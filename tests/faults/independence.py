"""Nobody waits for anybody: a frozen broker and a stored frame, a dead band and a heartbeat."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path

from tests.faults.home import LONG_S, Home, Play, home
from tests.faults.report import Report

LOOK_S = 0.05
AS_USUAL_S = 3.0


async def freeze_the_broker(folder: Path, play: Play, frozen_s: float) -> Report:
    """How far the history is behind the band, with a broker that answers and with one that hangs.

    If frames waited for the broker, all that were made meanwhile would be behind. A busy machine
    has a few of them under way.
    """
    frames_s = 2 * play.speed
    async with home(folder, play) as h, h.daemon() as running:
        await h.until_stored(20)
        usual = await _most_behind(h, AS_USUAL_S)
        h.broker.freeze()
        frozen = await _most_behind(h, frozen_s)
        h.broker.thaw()
        await h.until_over()
        assert await running.end() == 0, running.said
        return Report(
            "broker frozen, frames stored",
            tried=1,
            survived=int(frozen < frames_s * frozen_s / 4),
            log=h.tally_of_log(),
            heard=h.tally_of_house(),
            facts={
                "frozen for": f"{frozen_s:g} s",
                "frames behind": f"{frozen} at most, {usual} as usual, of {frames_s:g} a second",
            },
        )


async def _most_behind(h: Home, for_s: float) -> int:
    """The most frames that the band had made and the history did not have, stored and seen here."""
    until_s = asyncio.get_running_loop().time() + for_s
    most = 0
    while asyncio.get_running_loop().time() < until_s:
        made = await h.frames_made()
        await asyncio.sleep(LOOK_S)  # for what was made this very moment
        most = max(most, made - h.frames_stored())
    return most


async def freeze_the_band(folder: Path, play: Play, beats: int) -> Report:
    """A band whose process is stopped: the house hears the daemon's heart all the same.

    Each time the way to the broker is cut, because the daemon then tells its health at once and not
    only once a minute.
    """
    async with home(folder, play) as h, h.daemon() as running:
        await h.until_stored(20)
        h.band.send(signal.SIGSTOP)
        heard, slowest_s = 0, 0.0
        try:
            for number in range(1, beats + 1):
                began_s = asyncio.get_running_loop().time()
                h.door.shut()
                h.door.open()
                await h.house.until(lambda n=number: _reconnects(h) >= n, LONG_S)  # type: ignore[misc]
                slowest_s = max(slowest_s, asyncio.get_running_loop().time() - began_s)
                heard += 1
        finally:
            h.band.send(signal.SIGCONT)
        await h.until_over()
        assert await running.end() == 0, running.said
        return Report(
            "band dead, heart beats",
            tried=beats,
            survived=heard,
            log=h.tally_of_log(),
            heard=h.tally_of_house(),
            facts={"health within": f"{slowest_s:.1f} s of a lost connection"},
        )


def _reconnects(h: Home) -> int:
    told = h.house.on("bridge/health")
    return int(json.loads(told[-1])["mqtt_reconnects"]) if told else 0
