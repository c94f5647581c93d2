"""The daemon lets Home Assistant find its bands, and takes back what is no more."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path

import aiomqtt

from tests.daemon.parts import BAND, WAIT_S, band, daemon
from tests.mosquitto import Mosquitto

FOUND = "homeassistant/device/+/config"
GONE = "homeassistant/device/gone/config"


@asynccontextmanager
async def listening(port: int) -> AsyncIterator[aiomqtt.Client]:
    """A Home Assistant that is there before the daemon is."""
    async with aiomqtt.Client("127.0.0.1", port) as client:
        await client.subscribe(FOUND, qos=1)
        yield client


async def heard(client: aiomqtt.Client, *, empty: bool) -> tuple[str, bytes]:
    """The next discovery that removes a device, or the next that brings one."""
    async with asyncio.timeout(WAIT_S):
        async for message in client.messages:
            if (message.payload == b"") is empty:
                return message.topic.value, bytes(message.payload)
    raise AssertionError("the connection ended")


async def announced(
    folder: Path, port: int, *, empty: bool, mqtt: Sequence[str] = ()
) -> tuple[str, bytes]:
    """What the daemon says when it starts; it is ended after."""
    async with listening(port) as client, daemon(folder, port, mqtt=mqtt) as running:
        told = await heard(client, empty=empty)
        assert await running.end() == 0, running.said
    return told


async def retained(port: int) -> dict[str, bytes]:
    """What a Home Assistant that starts now would find."""
    found: dict[str, bytes] = {}
    async with listening(port) as client:
        await client.subscribe("end", qos=1)
        await client.publish("end", b"", qos=1)  # comes after everything that is retained
        async for message in client.messages:
            if message.topic.matches("end"):
                return found
            found[message.topic.value] = bytes(message.payload)
    raise AssertionError("the connection ended")


async def test_a_band_is_found_and_taken_back(tmp_path: Path, mosquitto: Mosquitto) -> None:
    async with band(tmp_path):
        await found_and_taken_back(tmp_path, mosquitto)


async def found_and_taken_back(folder: Path, mosquitto: Mosquitto) -> None:
    topic, payload = await announced(folder, mosquitto.port, empty=False)
    told = json.loads(payload)
    assert told["device"]["name"] == f"Stretchband {BAND}"
    assert told["components"]["pain"]["command_topic"] == f"stretchband/band/{BAND}/set/pain"
    assert await retained(mosquitto.port) == {topic: payload}

    # An older version announced more of this band, and there was another one.
    more = {**told, "components": {**told["components"], "old": {"platform": "sensor"}}}
    with closing(sqlite3.connect(folder / "history.db")) as db, db:
        db.execute("UPDATE announcements SET payload = ?", (json.dumps(more).encode(),))
        db.execute("INSERT INTO announcements VALUES (?, ?)", (GONE, b"{}"))
    assert await announced(folder, mosquitto.port, empty=True) == (GONE, b"")
    now = json.loads((await retained(mosquitto.port))[topic])
    assert now["components"]["old"] == {"platform": "sensor"}
    del now["components"]["old"]
    assert now == told

    off = ("discovery = false",)
    assert (await announced(folder, mosquitto.port, empty=True, mqtt=off))[1] == b""
    assert await retained(mosquitto.port) == {}
