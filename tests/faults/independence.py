"""Nobody waits for anybody: a frozen broker and a stored frame, a dead band and a heartbeat."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path

from tests.faults.home import LONG_S, Home, Play, eventually, home
from tests.faults.report import Report

LOOK_S = 0.05
# Nothing but its PUBACK tells the daemon that a frozen broker hangs, which takes it 30 s.
PATIENT = ("keepalive_s = 300",)


async def freeze_the_broker(folder: Path, play: Play) -> Report:
    """How far the history is behind the band: as usual, beside a broker that hangs, and without it.

    A quarter of the session each, the last two beside a frozen broker: it does not answer what it
    was sent, then it does not answer who knocks. If frames waited for it, none would be stored
    until it was given up; all are while it is still hoped for. A busy machine has a few frames
    under way.
    """
    async with home(folder, play) as h, h.daemon(mqtt=PATIENT) as running:
        await h.until_stored(1)
        usual = await _most_behind(h, play.total_s / 4)
        h.broker.freeze()
        came_in = h.door.connections
        hung = await _most_behind(h, play.total_s / 2)
        await eventually(lambda: bool(h.door.unanswered))
        waits = h.door.connections == came_in
        h.door.shut()
        h.door.open()
        knocked = await _most_behind(h, 3 * play.total_s / 4)
        h.broker.thaw()
        await h.soon_over()
        assert await running.end() == 0, running.said
        return Report(
            "broker frozen, frames stored",
            tried=1,
            survived=int(waits),
            log=h.tally_of_log(),
            heard=h.tally_of_house(),
            facts={
                "frames behind": f"{usual} as usual, {hung} while it hangs,"
                f" {knocked} while it does not let in, of {2 * play.speed:g} a second",
            },
        )


async def _most_behind(h: Home, moment_s: float) -> int:
    """Up to this moment of the band's clock: the most frames made and not stored, seen here.

    Returns when all that were made by then are stored.
    """
    most, made = 0, await h.frames_made()
    while await h.now_s() < moment_s:
        made = await h.frames_made()
        await asyncio.sleep(LOOK_S)  # for what was made this very moment
        most = max(most, made - h.frames_stored())
    await h.until_stored(made)
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
        await h.soon_over()
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
