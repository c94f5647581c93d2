"""Whatever the broker does, every event arrives, in order for each band."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

import aiomqtt
import pytest

from tests.mosquitto import Mosquitto
from tests.mqtt.house import MemoryOutbox, running, status_of, subscriber
from tracker.mqtt.connection import Connection
from tracker.mqtt.publisher import Publisher
from tracker.mqtt.settings import MqttSettings

BANDS = ("left", "right")


def publisher_for(broker: Mosquitto, outbox: MemoryOutbox) -> Publisher:
    return Publisher(MqttSettings(port=broker.port, keepalive_s=1), outbox, bands=BANDS)


def nobody(where: str) -> str:
    """What is said when the port is closed."""
    return f"nothing listens at {where}: start the broker there, or set mqtt.host and mqtt.port"


async def test_every_event_arrives_once_and_in_order(mosquitto: Mosquitto) -> None:
    outbox = MemoryOutbox()
    outbox.add(500, bands=BANDS)
    async with subscriber(mosquitto.port) as house, running(publisher_for(mosquitto, outbox)):
        await house.until(lambda: house.has_all(outbox, *BANDS))
        for band in BANDS:
            assert house.ids(band) == outbox.ids(band)
            assert len(house.on(f"band/{band}/event")) == len(outbox.ids(band))


@pytest.mark.parametrize("end", [Mosquitto.kill, Mosquitto.stop])
async def test_a_broker_that_goes_and_comes_back_misses_nothing(
    mosquitto: Mosquitto, end: Callable[[Mosquitto], None]
) -> None:
    outbox = MemoryOutbox()
    outbox.add(2000, bands=BANDS)
    publisher = publisher_for(mosquitto, outbox)
    async with subscriber(mosquitto.port) as house, running(publisher):
        for round_ in range(1, 4):
            await house.until(lambda n=round_: len(house.heard) > 300 * n)  # type: ignore[misc]
            end(mosquitto)
            # The subscriber has to be back first: what a broker takes with nobody there is gone.
            outbox.open.clear()
            await status_of(publisher, lambda s: not s.connected)
            house.connected.clear()
            mosquitto.start()
            async with asyncio.timeout(10):
                await house.connected.wait()
            outbox.open.set()
        await house.until(lambda: house.has_all(outbox, *BANDS))
        assert publisher.status.reconnects >= 3
    for band in BANDS:
        assert house.ids(band) == outbox.ids(band)


async def test_a_frozen_broker_is_noticed_and_misses_nothing(mosquitto: Mosquitto) -> None:
    outbox = MemoryOutbox()
    outbox.add(200, bands=BANDS)
    publisher = publisher_for(mosquitto, outbox)
    async with subscriber(mosquitto.port) as house, running(publisher):
        await house.until(lambda: len(house.heard) > 100)
        mosquitto.freeze()
        outbox.add(200, bands=BANDS)
        publisher.wake()
        status = await status_of(publisher, lambda s: not s.connected and s.fault is not None, 5)
        assert status.fault == f"the broker at 127.0.0.1:{mosquitto.port} stopped answering"
        mosquitto.thaw()
        await house.until(lambda: house.has_all(outbox, *BANDS))
        assert publisher.status.protocol == "5"
    for band in BANDS:
        assert house.ids(band) == outbox.ids(band)


async def test_a_broker_that_starts_late_gets_what_happened_before(mosquitto: Mosquitto) -> None:
    mosquitto.kill()
    outbox = MemoryOutbox()
    outbox.add(100)
    outbox.open.clear()
    publisher = publisher_for(mosquitto, outbox)
    async with running(publisher):
        status = await status_of(publisher, lambda s: s.fault is not None)
        where = f"127.0.0.1:{mosquitto.port}"
        assert status.fault == nobody(where)
        mosquitto.start()
        async with subscriber(mosquitto.port) as house:
            outbox.open.set()
            await house.until(lambda: house.has_all(outbox, "band1"))
            assert house.ids("band1") == outbox.ids("band1")
            assert publisher.status.fault is None


async def test_a_broker_restarted_empty_has_its_retained_topics_back(mosquitto: Mosquitto) -> None:
    publisher = publisher_for(mosquitto, MemoryOutbox())
    expected = {"bridge/state": b"online"} | {f"band/{b}/state": b'{"n":1}' for b in BANDS}
    for suffix in list(expected)[1:]:
        publisher.set_retained(suffix, expected[suffix])
    async with running(publisher):
        await status_of(publisher, lambda s: s.connected)
        mosquitto.restart(empty=True)
        await status_of(publisher, lambda s: s.reconnects == 1)
        async with subscriber(mosquitto.port) as house:
            await house.until(lambda: all(house.on(suffix) for suffix in expected))
            assert {s: house.on(s)[-1] for s in expected} == expected


async def test_a_retained_topic_is_sent_when_it_changes_and_only_then(
    mosquitto: Mosquitto,
) -> None:
    publisher = publisher_for(mosquitto, MemoryOutbox())
    async with subscriber(mosquitto.port) as house, running(publisher):
        for payload in (b"1", b"1", b"2", b"2", b"1"):
            publisher.set_retained("bridge/info", payload)
            await house.until(lambda p=payload: house.on("bridge/info")[-1:] == [p])  # type: ignore[misc]
        assert house.on("bridge/info") == [b"1", b"2", b"1"]


SCRIPT = """
import asyncio, sys
from tests.mqtt.house import MemoryOutbox
from tracker.mqtt.publisher import Publisher
from tracker.mqtt.settings import MqttSettings
settings = MqttSettings(port=int(sys.argv[1]))
async def main():
    await Publisher(settings, MemoryOutbox(), bands=()).run()
asyncio.run(main())
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
async def test_the_house_hears_offline_when_the_process_ends(
    mosquitto: Mosquitto, how: signal.Signals
) -> None:
    async with subscriber(mosquitto.port) as house:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", SCRIPT, str(mosquitto.port), stderr=asyncio.subprocess.DEVNULL
        )
        try:
            await house.until(lambda: house.on("bridge/state") == [b"online"])
            os.kill(process.pid, how)
            await house.until(lambda: house.on("bridge/state") == [b"online", b"offline"])
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def test_who_leaves_a_lost_connection_for_another_reason_leaves_no_error_behind(
    mosquitto: Mosquitto,
) -> None:
    """asyncio would log it with a traceback, long after."""
    said: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, told: said.append(told))
    settings = MqttSettings(port=mosquitto.port)
    connection = Connection(settings, aiomqtt.ProtocolVersion.V5, None, None)
    with suppress(LookupError):
        async with connection:
            mosquitto.kill()
            async with asyncio.timeout(10):
                await asyncio.wait({connection._disconnected})
            raise LookupError
    del connection
    gc.collect()
    await asyncio.sleep(0)
    assert not said


async def test_a_second_client_of_the_same_id_is_told(mosquitto: Mosquitto) -> None:
    one, two = (publisher_for(mosquitto, MemoryOutbox()) for _ in range(2))
    async with running(one):
        await status_of(one, lambda s: s.connected)
        async with running(two):
            status = await status_of(one, lambda s: s.fault is not None)
            assert "another client has the client id 'stretchband' too" in str(status.fault)


async def test_a_broken_event_log_ends_the_publisher(mosquitto: Mosquitto) -> None:
    class Broken(MemoryOutbox):
        async def acknowledge(self, position: int) -> None:
            raise RuntimeError(f"a bug at {position}")

    outbox = Broken()
    outbox.add(1)
    with pytest.raises(ExceptionGroup) as caught:
        async with asyncio.timeout(10):
            await publisher_for(mosquitto, outbox).run()
    assert caught.group_contains(RuntimeError, match="a bug")
    async with subscriber(mosquitto.port) as house:
        await house.until(lambda: house.on("bridge/state") == [b"offline"])


async def test_a_fault_that_stays_is_said_once_in_the_log(
    mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    mosquitto.kill()
    publisher = publisher_for(mosquitto, MemoryOutbox())
    told: list[tuple[bool, str | None]] = []
    publisher._on_change = lambda status: told.append((status.connected, status.fault))
    async with running(publisher):
        await status_of(publisher, lambda _: publisher._backoff._tries >= 3)
        mosquitto.start()
        await status_of(publisher, lambda s: s.connected)
    fault = nobody(f"127.0.0.1:{mosquitto.port}")
    assert told == [(False, fault), (True, None)]
    assert [r.getMessage() for r in caplog.records if r.levelname == "WARNING"] == [
        f"{fault}; events wait in the log, trying again"
    ]
