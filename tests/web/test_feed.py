"""What the page is told of the broker's words: whoever may publish fills no memory with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import aiomqtt
import pytest

from tests.mosquitto import Mosquitto
from tests.mosquitto import mosquitto as mosquitto  # noqa: PLC0414 - a fixture
from tests.mqtt.house import cancelled
from tracker.mqtt.settings import MqttSettings
from tracker.web.feed import BANDS, Feed, NotConnectedError, Told

WAIT_S = 30.0
HOUSE = "stretchband/bridge/state"
THERE = Told("bridge/state", "", "online")


@asynccontextmanager
async def heard(broker: Mosquitto) -> AsyncIterator[tuple[Feed, AsyncGenerator[Told]]]:
    """A feed that is subscribed, and what a page that is open hears of it."""
    feed = Feed(MqttSettings(port=broker.port))
    running = asyncio.create_task(feed.run())
    told = feed.follow()
    try:
        await until(told, Told("broker", "", "online"))
        yield feed, told
    finally:
        await told.aclose()
        await cancelled(running)


async def until(told: AsyncGenerator[Told], last: Told) -> list[Told]:
    """All that is told up to `last`."""
    came: list[Told] = []
    async with asyncio.timeout(WAIT_S):
        while last not in came:
            came.append(await anext(told))
    return came


async def test_bands_that_somebody_makes_up_fill_no_memory(
    mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        heard(mosquitto) as (feed, told),
        aiomqtt.Client(mosquitto.host, mosquitto.port) as hand,
    ):
        for number in range(3 * BANDS):
            await hand.publish(f"stretchband/band/made-up-{number}/state", "{}", qos=1)
        await hand.publish("stretchband/band/no band/state", "{}", qos=1)
        await hand.publish("stretchband/band/made-up-0/today", "{}", qos=1)
        await hand.publish(HOUSE, "online", qos=1)
        came = await until(told, THERE)
        bands = {one.band_id for one in came if one.band_id}
        assert bands == {f"made-up-{number}" for number in range(BANDS)}
        assert Told("today", "made-up-0", "{}") in came
        newcomer = feed.follow()
        known = await until(newcomer, THERE)
        await newcomer.aclose()
        assert {one.band_id for one in known if one.band_id} == bands
    assert caplog.text.count("is not shown") == 1


async def test_a_payload_of_megabytes_is_not_passed_on(mosquitto: Mosquitto) -> None:
    async with (
        heard(mosquitto) as (_, told),
        aiomqtt.Client(mosquitto.host, mosquitto.port) as hand,
    ):
        await hand.publish("stretchband/band/band1/state", bytes(2_000_000), qos=1)
        await hand.publish(HOUSE, "online", qos=1)
        assert [one for one in await until(told, THERE) if one.kind == "state"] == []


async def test_a_word_that_the_broker_refuses_is_told_as_refused(mosquitto: Mosquitto) -> None:
    rules = mosquitto.folder / "rules.acl"
    rules.write_text("topic read stretchband/#\n", "utf-8")
    mosquitto.kill()
    mosquitto.configure("allow_anonymous true", f"acl_file {rules}")
    mosquitto.start()
    async with heard(mosquitto) as (feed, _):
        with pytest.raises(NotConnectedError, match=r"refuses .*set/pain"):
            await feed.say("band1", "pain", "{}")
