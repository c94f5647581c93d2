"""A whole session is on MQTT as docs/asyncapi.json says: topic, payload, QoS and what is kept."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiomqtt
from paho.mqtt.subscribeoptions import SubscribeOptions

from tests.daemon.parts import BAND, band, daemon
from tests.daemon.test_chain import LONG_S, PLAYED
from tests.faults.home import REST_SPEED
from tests.mosquitto import Mosquitto
from tests.mqtt.contract import channel_of, channels, message_of
from tests.mqtt.house import cancelled, say

B = f"stretchband/band/{BAND}"
# As published: the broker hands on with which QoS and whether retained a message was sent.
AS_SENT = SubscribeOptions(qos=1, retainAsPublished=True)


class Ear:
    """Hears every message with how it was sent; tells when a payload has come."""

    def __init__(self) -> None:
        self.heard: list[aiomqtt.Message] = []
        self._news = asyncio.Condition()

    async def listen(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            async with self._news:
                self.heard.append(message)
                self._news.notify_all()

    async def until(self, topics: str, part: bytes) -> None:
        """A message on one of them (a filter) with this in it."""

        def has_come() -> bool:
            return any(m.topic.matches(topics) and part in bytes(m.payload) for m in self.heard)

        async with asyncio.timeout(LONG_S), self._news:
            await self._news.wait_for(has_come)


async def test_a_session_is_told_as_the_document_says(tmp_path: Path, mosquitto: Mosquitto) -> None:
    ear = Ear()
    async with connected(mosquitto.port) as client:
        await client.subscribe("stretchband/#", options=AS_SENT)
        listening = asyncio.create_task(ear.listen(client))
        target = ("[detector]", "target_s = 8.0")
        async with (
            band(tmp_path, *PLAYED, "40") as one,
            daemon(tmp_path, mosquitto.port, *target) as running,
        ):
            await ear.until(f"{B}/event", b'"event":"hold_started"')
            await say(mosquitto.port, f"{B}/set/teach", b'{"name": "pigeon"}')
            await ear.until(f"{B}/taught", b'"state":"waiting"')
            await ear.until(f"{B}/live", b"[")
            await one.say(speed=REST_SPEED)
            await ear.until(f"{B}/+", b'"event":"session_ended"')
            await say(mosquitto.port, f"{B}/set/forget", b"pigeon")
            await say(mosquitto.port, f"{B}/set/forget", b"pigeon")
            await ear.until(f"{B}/taught", b'"why":"pigeon is not taught"')
            assert await running.end() == 0, running.said
        await ear.until("stretchband/bridge/state", b"offline")
        await cancelled(listening)

    kinds = set()
    for message in ear.heard:
        channel = channel_of(message.topic.value)
        kinds.add(message_of(message.topic.value, bytes(message.payload)))
        assert (message.qos, message.retain) == (channel.qos, channel.retain), message.topic
    assert {channel_of(m.topic.value).name for m in ear.heard} >= {
        c.name for c in channels() if c.action == "send" and c.name != "late"
    } | {"set_teach", "set_forget"}
    # What a session brings; the other kinds are sent in tests/mqtt/test_asyncapi.py.
    assert kinds >= {"session_started", "rep", "hold_started", "breath", "target_reached"}
    assert kinds >= {"hold_ended", "session_ended", "live"}
    await retained_is_what_is_kept(mosquitto.port)


async def retained_is_what_is_kept(port: int) -> None:
    kept = set()
    async with connected(port) as client:
        await client.subscribe("stretchband/#", options=AS_SENT)
        await client.publish(f"{B}/set/end", b"", qos=1)  # comes after all that is retained
        async for message in client.messages:
            channel = channel_of(message.topic.value)
            if channel.name == "set_end":
                break
            assert message.retain
            kept.add(channel.name)
    assert kept == {c.name for c in channels() if c.retain}


def connected(port: int) -> aiomqtt.Client:
    return aiomqtt.Client("127.0.0.1", port, protocol=aiomqtt.ProtocolVersion.V5)
