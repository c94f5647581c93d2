"""Nobody waits for what does not answer: not for a hanging disk, not for a dead band."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from bleak import BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData

from tests.daemon.parts import WAIT_S
from tests.mosquitto import Mosquitto
from tests.mqtt.house import subscriber
from tracker.bands.link import BandLink
from tracker.bands.radio import Radio
from tracker.config import load
from tracker.daemon import Daemon, thread
from tracker.daemon.thread import StoreThread
from tracker.store import Store, StoreUnavailableError

CONFIG = """
[store]
path = "history.db"
[mqtt]
port = {port}
[[bands]]
id = "dead"
address = "F0:F1:F2:F3:F4:01"
[[bands]]
id = "near"
address = "F0:F1:F2:F3:F4:02"
"""


class Deaf(Radio):
    """A radio that hears nobody."""

    async def _start_scanner(
        self,
        heard: Callable[[BLEDevice, AdvertisementData], None],  # noqa: ARG002 - nobody
    ) -> BleakScanner:
        return Silent()  # type: ignore[return-value]  # only stopped


class Silent:
    async def stop(self) -> None:
        pass


@asynccontextmanager
async def running(folder: Path, port: int) -> AsyncIterator[asyncio.Event]:
    """The daemon in this process; set the event to end it, which has to take 5 s at most."""
    file = folder / "tracker.toml"
    file.write_text(CONFIG.format(port=port), "utf-8")
    stop = asyncio.Event()
    task = asyncio.create_task(Daemon(load(file), Deaf("none")).run(stop))
    try:
        yield stop
        stop.set()
        async with asyncio.timeout(6.0):  # 5 s, and what a loaded machine adds
            await task
    finally:
        task.cancel()


async def say(port: int, *words: tuple[str, str]) -> None:
    async with aiomqtt.Client("127.0.0.1", port) as client:
        for topic, payload in words:
            await client.publish(f"stretchband/band/{topic}", payload, qos=1)


async def test_a_band_that_does_not_answer_delays_no_other_ones_buzz_and_no_command(
    tmp_path: Path, mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    buzzed: asyncio.Queue[str] = asyncio.Queue()

    async def buzz(link: BandLink, _level: int) -> bool:
        buzzed.put_nowait(link.band_id)
        if link.band_id == "dead":
            await asyncio.Event().wait()
        return True

    monkeypatch.setattr(BandLink, "buzz", buzz)
    async with subscriber(mosquitto.port) as house, running(tmp_path, mosquitto.port):
        await house.until(lambda: bool(house.on("band/near/today")))
        words = [("dead/set/buzz", "1")] * 6 + [("dead/set/note", "n"), ("near/set/buzz", "2")]
        await say(mosquitto.port, *words)
        async with asyncio.timeout(WAIT_S):
            assert [await buzzed.get() for _ in range(2)] == ["dead", "near"]
            while (notes := stored_notes(tmp_path)) != ["n"]:
                assert notes == []
                await asyncio.sleep(0.02)


def stored_notes(folder: Path) -> list[str]:
    reader = sqlite3.connect(f"file:{folder / 'history.db'}?mode=ro", uri=True)
    try:
        return [payload for (payload,) in reader.execute("SELECT payload FROM commands")]
    finally:
        reader.close()


@pytest.fixture
def hanging_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """While the event is set, whatever is stored hangs in the store's thread."""
    hangs, over = threading.Event(), threading.Event()
    add = Store.add

    def slow_add(self: Store, *args: Any, **kwargs: Any) -> list[int]:
        if hangs.is_set():
            over.wait()
        return add(self, *args, **kwargs)

    monkeypatch.setattr(Store, "add", slow_add)
    yield hangs
    over.set()


async def test_a_disk_that_hangs_stops_neither_heartbeat_nor_buzz_nor_the_end(
    tmp_path: Path,
    mosquitto: Mosquitto,
    hanging_disk: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    buzzed: asyncio.Queue[str] = asyncio.Queue()

    async def buzz(link: BandLink, _level: int) -> bool:
        buzzed.put_nowait(link.band_id)
        return True

    monkeypatch.setattr(BandLink, "buzz", buzz)
    monkeypatch.setattr(thread, "HANGS_S", 0.5)
    monkeypatch.setattr("tracker.daemon.tasks.HEARTBEAT_S", 0.2)
    monkeypatch.setattr("tracker.daemon.tasks.SETTLE_S", 0.1)
    async with subscriber(mosquitto.port) as house, running(tmp_path, mosquitto.port):
        await house.until(lambda: bool(house.on("band/near/today")))
        hanging_disk.set()
        await say(mosquitto.port, ("near/set/note", "n"), ("near/set/buzz", "1"))
        async with asyncio.timeout(WAIT_S):
            assert await buzzed.get() == "near"

        def faults() -> list[str | None]:
            return [json.loads(health)["store_fault"] for health in house.on("bridge/health")]

        await house.until(lambda: "the disk of the history does not answer" in faults())
        assert house.on("bridge/state")[-1] == b"online"
    # `running` has seen that it ended in time although the disk still hangs.


async def test_calls_are_carried_out_in_order_and_one_given_up_is_not_made() -> None:
    store, made = StoreThread(), list[int]()
    begun, go_on = threading.Event(), threading.Event()

    def first() -> None:
        begun.set()
        go_on.wait()
        made.append(0)

    calls = [asyncio.create_task(store.run(first))]
    calls += [asyncio.create_task(store.run(made.append, i)) for i in (1, 2, 3)]
    await asyncio.to_thread(begun.wait)
    calls[2].cancel()
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.wait(calls)
    assert made == [0, 1, 3]
    store.close(WAIT_S)


async def test_trouble_is_told_when_it_comes_and_when_it_goes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    told: list[str | None] = []
    store = StoreThread(on_change=lambda: told.append(store.trouble))
    tries = {"a": 2, "b": 1}

    def write(who: str) -> str:
        tries[who] -= 1
        if tries[who] >= 0:
            raise StoreUnavailableError("history is full")
        return who

    with caplog.at_level("INFO"):
        calls = [store.keep_trying(who, write, who) for who in tries]
        assert await asyncio.gather(*calls) == ["a", "b"]
    assert told == ["history is full", None]
    assert [record.getMessage() for record in caplog.records] == [
        "history is full; trying again, the bands keep what is not stored",
        "the history is written again",
    ]
    store.close(WAIT_S)


async def test_an_error_of_another_kind_is_the_callers() -> None:
    store = StoreThread()
    with pytest.raises(ZeroDivisionError):
        await store.keep_trying("me", lambda: 1 / 0)
    assert store.trouble is None
    store.close(WAIT_S)
