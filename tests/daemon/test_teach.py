"""A posture is taught to the running daemon by the command line, over the house's broker."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

from tests.daemon.parts import BAND, band, daemon
from tests.detect.leg import PIGEON, STANDING, Pose, write
from tests.mosquitto import Mosquitto
from tests.mqtt.contract import assert_documented
from tests.mqtt.house import subscriber

STAND, HELD = Pose(STANDING, 6.0), Pose(PIGEON, 16.0, move_s=3.0)
LONG_S = 180.0
TIMES = 30


async def teach(folder: Path, *arguments: str) -> tuple[int | None, str, str]:
    command = ("-m", "tracker", "teach", "--config", str(folder / "tracker.toml"), *arguments)
    asked = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=PIPE, stderr=PIPE)
    async with asyncio.timeout(LONG_S):
        said, errors = await asked.communicate()
    return asked.returncode, said.decode(), errors.decode()


async def test_a_posture_taught_to_the_running_daemon_is_reported_by_its_name(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    file = write(tmp_path / "pigeon.csv", (STAND, *((HELD, STAND) * TIMES)))
    played = ("--recording", str(file), "--start-on-connect", "--speed", "6")

    def is_known() -> bool:
        events = map(json.loads, house.on(f"band/{BAND}/event"))
        ends = [event for event in events if event["event"] == "hold_ended"]
        return any((end["stretch"], end["side"]) == ("pigeon", "left") for end in ends)

    async with subscriber(mosquitto.port) as house, band(tmp_path, *played) as one:
        async with daemon(tmp_path, mosquitto.port) as running:
            await house.until(lambda: bool(house.on("bridge/state")), LONG_S)
            status, said, errors = await teach(tmp_path, "pigeon", "--side", "left")
            assert (status, errors) == (0, "")
            assert said.splitlines()[0].startswith("Stand or lie still, take the posture on the")
            assert said.splitlines()[-1] == "learnt: pigeon on the left leg"
            await house.until(is_known, LONG_S)
            assert await running.end() == 0, running.said
        assert "bzz strong" in one.said

        async with daemon(tmp_path, mosquitto.port) as running:
            await house.until(lambda: house.on("bridge/state")[-1] == b"online", LONG_S)
            assert (await teach(tmp_path, "--list"))[1] == "pigeon\tleft\n"
            assert await teach(tmp_path, "--forget", "pigeon") == (0, "forgotten: pigeon\n", "")
            _, _, refused = await teach(tmp_path, "--forget", "pigeon")
            assert refused == "stretchband: pigeon is not taught\n"
            assert await running.end() == 0, running.said
    taught = [json.loads(payload) for payload in house.on(f"band/{BAND}/taught")]
    assert {"name": "pigeon", "side": "left"} in [
        one for state in taught for one in state["taught"]
    ]
    assert taught[-1]["taught"] == []
    states = [state["lesson"]["state"] for state in taught if state["lesson"]]
    assert states == ["waiting", "learnt", "forgotten", "failed"]
    assert assert_documented(house.heard) >= {"taught", "teach", "forget", "hold_ended"}
