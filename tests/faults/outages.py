"""A broker that is stopped, killed, frozen, emptied, slow or refuses: does the house miss anything?

Whenever the broker comes back the listener is let in first, as whoever was subscribed with a kept
session would be: what a broker takes while nobody listens is nobody's loss here.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.daemon.parts import WAIT_S, band_id
from tests.faults.home import BROKER, LONG_S, Home, Play, home
from tests.faults.report import Report
from tests.mqtt.house import subscriber

KINDS: Final = ("stopped", "killed", "frozen", "emptied", "slow", "refusing", "cut off")
RETAINED = ("availability", "state", "today")


async def break_brokers(
    folder: Path, play: Play, kinds: Sequence[str], fault_s: float, pause_s: float
) -> Report:
    """One fault after the other, each so long, with a pause between; then the session ends."""
    survived, slowest_s = 0, 0.0
    async with home(folder, play) as h, h.daemon() as running:
        await h.house.until(lambda: bool(h.heard()), LONG_S)
        for kind in kinds:
            await FAULTS[kind](h, fault_s)
            async with asyncio.timeout(LONG_S):
                began_s = asyncio.get_running_loop().time()
                await _is_heard_again(h)
                slowest_s = max(slowest_s, asyncio.get_running_loop().time() - began_s)
            survived += running.process.returncode is None
            await asyncio.sleep(pause_s)
        await h.soon_over()
        retained = await retained_topics(h)
        assert await running.end() == 0, running.said
        return Report(
            "broker " + ", ".join(dict.fromkeys(kinds)),
            tried=len(kinds),
            survived=survived if retained else 0,
            log=h.tally_of_log(),
            heard=h.tally_of_house(),
            facts={
                "each for": f"{fault_s:g} s",
                "on late": str(h.late()),
                "back within": f"{slowest_s:.1f} s",
            },
        )


async def _is_heard_again(h: Home) -> None:
    """The house has word from a daemon that is connected."""
    heard = len(h.house.heard)
    await h.house.until(
        lambda: (
            any(
                message.topic.endswith("bridge/state") and message.payload == b"online"
                for message in h.house.heard[heard:]
            )
            or len(h.house.heard) > heard + 20
        ),
        LONG_S,
    )


async def retained_topics(h: Home) -> bool:
    """Whether somebody new is told all that is kept, and that it is true."""
    wanted = {"bridge/state", "bridge/info", "bridge/health"} | {
        f"band/{band_id(number)}/{leaf}"
        for number in range(1, h.play.bands + 1)
        for leaf in RETAINED
    }
    async with subscriber(h.broker.port) as somebody:
        await somebody.until(lambda: all(somebody.on(suffix) for suffix in wanted), WAIT_S)
        kept = {message.topic for message in somebody.heard if message.retained}
        states = [json.loads(somebody.on(f"band/{band_id(1)}/state")[-1])]
    return {f"stretchband/{suffix}" for suffix in wanted} <= kept and states[0]["holding"] is False


async def _gone(h: Home, fault_s: float, *, kill: bool = False, empty: bool = False) -> None:
    h.house.connected.clear()
    h.door.shut()
    (h.broker.kill if kill else h.broker.stop)()
    h.door.open()  # the daemon finds that nobody listens behind it
    await asyncio.sleep(fault_s)
    h.door.shut()
    if empty:
        h.broker.forget()
    h.broker.start()
    await _house_first(h)


async def _house_first(h: Home) -> None:
    async with asyncio.timeout(WAIT_S):
        await h.house.connected.wait()
    h.door.open()


async def _killed(h: Home, fault_s: float) -> None:
    await _gone(h, fault_s, kill=True)


async def _emptied(h: Home, fault_s: float) -> None:
    await _gone(h, fault_s, empty=True)


async def _frozen(h: Home, fault_s: float) -> None:
    h.broker.freeze()
    await asyncio.sleep(fault_s)
    h.broker.thaw()


async def _slow(h: Home, fault_s: float) -> None:
    """Half a second there and half a second back, and less than a modem carries."""
    h.door.delay_s, h.door.bytes_s = 0.5, 4000.0
    await asyncio.sleep(fault_s)
    h.door.delay_s = h.door.bytes_s = 0.0
    h.door.shut()  # what had piled up goes over a fresh connection
    h.door.open()


async def _refusing(h: Home, fault_s: float) -> None:
    """It asks for a password that the daemon does not have."""
    h.house.connected.clear()
    h.door.shut()
    h.broker.stop()
    h.broker.configure("allow_anonymous false")
    h.broker.start()
    h.door.open()
    await asyncio.sleep(fault_s)
    h.door.shut()
    h.broker.stop()
    h.broker.configure(*BROKER)
    h.broker.start()
    await _house_first(h)


async def _cut_off(h: Home, fault_s: float) -> None:
    """The broker is well, the way to it is not."""
    h.door.shut()
    await asyncio.sleep(fault_s)
    h.door.open()


FAULTS: Final = {
    "stopped": _gone,
    "killed": _killed,
    "frozen": _frozen,
    "emptied": _emptied,
    "slow": _slow,
    "refusing": _refusing,
    "cut off": _cut_off,
}
