"""What goes where: `event` or `late`, the written form, live points, and amqtt as the broker."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import aiomqtt
import pytest
from aiomqtt import ProtocolVersion

from tests.mosquitto import Mosquitto
from tests.mqtt.house import MemoryOutbox, cancelled, running, status_of, subscriber
from tracker.detect.events import to_json
from tracker.errors import StretchbandError
from tracker.mqtt.backoff import Backoff
from tracker.mqtt.connection import Connection
from tracker.mqtt.dialect import FIRST_ANSWER_S, Dialect
from tracker.mqtt.embedded import embedded_broker
from tracker.mqtt.publisher import LATE_S, Publisher
from tracker.mqtt.settings import MqttSettings


async def test_old_events_go_to_late_and_the_written_form_is_kept(mosquitto: Mosquitto) -> None:
    outbox = MemoryOutbox()
    now_s = time.time()
    for at_s in (now_s - 86400, now_s - LATE_S - 1, now_s - 1, now_s + 3600, None):
        outbox.add(1, at_s=at_s)
    publisher = Publisher(MqttSettings(port=mosquitto.port), outbox, bands=["band1"])
    async with subscriber(mosquitto.port) as house, running(publisher):
        await house.until(lambda: house.has_all(outbox, "band1"))
        written = [to_json(entry.event) for entry in outbox.entries]
        assert house.on("band/band1/late") == written[:2]
        assert house.on("band/band1/event") == written[2:]
        assert not any(h.retained for h in house.heard if h.topic.endswith(("late", "event")))
        status = await status_of(publisher, lambda s: s.sent == 5)
        assert status.late == 2


async def test_waking_sends_at_once_and_catching_up_is_told(mosquitto: Mosquitto) -> None:
    outbox = MemoryOutbox()
    publisher = Publisher(MqttSettings(port=mosquitto.port), outbox, bands=["band1"])
    async with running(publisher):
        await status_of(publisher, lambda s: s.connected)
        for _ in range(20):
            outbox.add(3)
            publisher.wake()
            async with asyncio.timeout(5):
                await publisher.caught_up.wait()
            assert outbox.acknowledged == len(outbox.entries)


async def test_live_points_are_dropped_when_nobody_is_connected(mosquitto: Mosquitto) -> None:
    publisher = Publisher(MqttSettings(port=mosquitto.port), MemoryOutbox(), bands=["band1"])
    publisher.live("band1", b"lost")
    async with subscriber(mosquitto.port) as house, running(publisher):
        await status_of(publisher, lambda s: s.connected)
        publisher.live("band1", b"seen")
        await house.until(lambda: bool(house.on("band/band1/live")))
        for _ in range(1000):  # in one go: more than the queue holds
            publisher.live("band1", b"many")
        assert publisher.status.live_dropped > 900
        assert house.on("band/band1/live") == [b"seen"]


def test_the_state_of_the_bridge_belongs_to_the_last_will() -> None:
    publisher = Publisher(MqttSettings(), MemoryOutbox(), bands=[])
    with pytest.raises(ValueError, match="last will"):
        publisher.set_retained("bridge/state", b"online")


async def test_the_embedded_broker_gets_everything_and_forgets_nothing_of_ours() -> None:
    outbox = MemoryOutbox()
    outbox.add(300, bands=["left", "right"])
    async with embedded_broker() as port:
        settings = MqttSettings(port=port, keepalive_s=1)
        publisher = Publisher(settings, outbox, bands=["left", "right"])
        publisher.set_retained("bridge/info", b"{}")
        async with subscriber(port) as house, running(publisher):
            await house.until(lambda: house.has_all(outbox, "left", "right"))
            assert house.ids("left") == outbox.ids("left")
            assert publisher.status.protocol == "3.1.1"
        async with subscriber(port) as house:
            await house.until(lambda: house.on("bridge/info") == [b"{}"])
            await house.until(lambda: house.on("bridge/state") == [b"offline"])
    outbox.add(100, bands=["left", "right"])
    async with running(publisher):
        await status_of(publisher, lambda s: s.fault is not None)
        async with embedded_broker(port), subscriber(port) as house:
            await house.until(lambda: house.on("bridge/info") == [b"{}"])
            await status_of(publisher, lambda s: s.sent == 400)


async def test_the_embedded_broker_closes_a_connection_that_ends_before_it_says_anything() -> None:
    async with embedded_broker() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write_eof()
        async with asyncio.timeout(5):
            assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()


async def test_a_taken_port_is_said_in_one_sentence() -> None:
    async with embedded_broker() as port:
        with pytest.raises(StretchbandError, match=rf"^port {port} on 127\.0\.0\.1 is taken"):
            async with embedded_broker(port):
                pass


def test_a_broker_that_refuses_mqtt_5_is_spoken_to_in_the_older_one_for_good() -> None:
    dialect = Dialect()
    assert dialect.refused()
    dialect.lost()
    assert dialect.version is ProtocolVersion.V311
    assert not dialect.refused()


def test_a_broker_that_is_silent_gets_both_in_turn_until_it_spoke_mqtt_5() -> None:
    dialect = Dialect()
    assert dialect.answer_s == FIRST_ANSWER_S
    assert dialect.silent()
    assert dialect.name == "3.1.1"
    assert not dialect.silent()
    assert dialect.name == "5"
    dialect.answered()
    assert dialect.answer_s > FIRST_ANSWER_S
    assert not dialect.silent()
    assert dialect.name == "5"


def test_waits_double_up_to_half_a_minute_and_begin_anew() -> None:
    backoff = Backoff()
    for longest in (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0):
        assert longest / 2 <= backoff.next_s() <= longest
    backoff.reset()
    assert backoff.next_s() <= 0.5


async def test_a_connection_that_is_lost_while_it_is_cancelled_still_ends(
    mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher = Publisher(MqttSettings(port=mosquitto.port), MemoryOutbox(), bands=[])
    lost = asyncio.Event()

    async def hear_until_lost(_connection: object) -> None:
        await lost.wait()
        raise aiomqtt.MqttError("connection lost")

    monkeypatch.setattr(publisher, "_hear", hear_until_lost)
    task = asyncio.create_task(publisher.run())
    await status_of(publisher, lambda status: status.connected)
    lost.set()  # in the same tick, as when broker and daemon are told to end together
    await cancelled(task)
    assert task.cancelled()


async def test_a_connection_that_is_cancelled_as_the_broker_answers_still_ends(
    mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher = Publisher(MqttSettings(port=mosquitto.port), MemoryOutbox(), bands=[])
    task = asyncio.create_task(publisher.run())
    answer = Connection._on_connect

    def cancel_with_the_answer(*connack: Any) -> None:
        answer(*connack)
        task.cancel()

    monkeypatch.setattr(Connection, "_on_connect", cancel_with_the_answer)
    await asyncio.wait([task], timeout=5)
    assert task.cancelled()
