"""A posture is taught to the running daemon by the command line, over the house's broker."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiomqtt

from tests import forked
from tests.daemon.parts import BAND, band, daemon
from tests.daemon.test_homeassistant import listening
from tests.detect.leg import PIGEON, STANDING, Pose, write
from tests.mosquitto import Mosquitto
from tests.mqtt.contract import assert_documented
from tests.mqtt.house import cancelled, subscriber

STAND, HELD = Pose(STANDING, 6.0), Pose(PIGEON, 16.0, move_s=3.0)
LONG_S = 180.0
TIMES = 30


def pigeons(folder: Path) -> Path:
    """A recording of someone who takes the posture again and again."""
    return write(folder / "pigeon.csv", (STAND, *((HELD, STAND) * TIMES)))


async def teach(folder: Path, *arguments: str) -> tuple[int | None, str, str]:
    done = await forked.run(
        "tracker", "teach", "--config", str(folder / "tracker.toml"), *arguments, wait_s=LONG_S
    )
    return done.returncode, done.stdout, done.stderr


class Discovery:
    """What a Home Assistant that was there from the beginning is told of one component."""

    def __init__(self, key: str) -> None:
        self._key = key
        self.told: list[dict[str, Any] | None] = []
        self._news = asyncio.Condition()

    async def listen(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            component = json.loads(bytes(message.payload))["components"].get(self._key)
            async with self._news:
                if self.told[-1:] != [component]:
                    self.told.append(component)
                self._news.notify_all()

    async def until(self, changes: int) -> None:
        async with asyncio.timeout(LONG_S), self._news:
            await self._news.wait_for(lambda: len(self.told) >= changes)


@asynccontextmanager
async def discovering(port: int, key: str) -> AsyncIterator[Discovery]:
    one = Discovery(key)
    async with listening(port) as client:
        task = asyncio.create_task(one.listen(client))
        try:
            yield one
        finally:
            await cancelled(task)


async def test_a_posture_taught_to_the_running_daemon_is_reported_by_its_name(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    played = ("--recording", str(pigeons(tmp_path)), "--start-on-connect", "--speed", "6")

    def is_known() -> bool:
        events = map(json.loads, house.on(f"band/{BAND}/event"))
        ends = [event for event in events if event["event"] == "hold_ended"]
        return any((end["stretch"], end["side"]) == ("pigeon", "left") for end in ends)

    async with (
        subscriber(mosquitto.port) as house,
        discovering(mosquitto.port, "today_pigeon_left") as found,
        band(tmp_path, *played) as one,
    ):
        async with daemon(tmp_path, mosquitto.port) as running:
            await house.until(lambda: bool(house.on("bridge/state")), LONG_S)
            status, said, errors = await teach(tmp_path, "pigeon", "--side", "left")
            assert (status, errors) == (0, "")
            assert said.splitlines()[0].startswith("Stand or lie still, take the posture on the")
            assert said.splitlines()[-1] == "learnt: pigeon on the left leg"
            await house.until(is_known, LONG_S)
            await found.until(2)
            assert await running.end() == 0, running.said
        assert "bzz strong" in one.said

        async with daemon(tmp_path, mosquitto.port) as running:
            await house.until(lambda: house.on("bridge/state")[-1] == b"online", LONG_S)
            assert (await teach(tmp_path, "--list"))[1] == "pigeon\tleft\n"
            assert await teach(tmp_path, "--forget", "pigeon") == (0, "forgotten: pigeon\n", "")
            _, _, refused = await teach(tmp_path, "--forget", "pigeon")
            assert refused == "stretchband: pigeon is not taught\n"
            await found.until(3)
            assert await running.end() == 0, running.said
    # Not there, found once learnt and all over the restart, taken back when it is forgotten.
    before, there, gone = found.told
    assert before is None
    assert there is not None
    assert there["name"] == "Pigeon left today"
    assert gone == {"platform": "sensor"}
    taught = [json.loads(payload) for payload in house.on(f"band/{BAND}/taught")]
    assert {"name": "pigeon", "side": "left"} in [
        one for state in taught for one in state["taught"]
    ]
    assert taught[-1]["taught"] == []
    states = [state["lesson"]["state"] for state in taught if state["lesson"]]
    assert states == ["waiting", "learnt", "forgotten", "failed"]
    assert assert_documented(house.heard) >= {"taught", "teach", "forget", "hold_ended"}
