"""Both ends of the publisher in tests: an event log in memory, and a subscriber in the house."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

import aiomqtt

from tracker.detect.events import Event, Gap, from_json
from tracker.mqtt.publisher import Publisher
from tracker.mqtt.status import Status

WAIT_S = 20.0


@dataclass(frozen=True)
class Logged:
    """An entry of the event log."""

    position: int
    band_id: str
    event: Event
    at_s: float | None


class MemoryOutbox:
    """An event log in memory. While `open` is not set, whoever reads it waits."""

    def __init__(self) -> None:
        self.entries: list[Logged] = []
        self.acknowledged = 0
        self.open = asyncio.Event()
        self.open.set()

    def add(
        self, count: int, *, bands: Sequence[str] = ("band1",), at_s: float | None = None
    ) -> None:
        """Append `count` events, the bands taking turns."""
        for _ in range(count):
            position = len(self.entries) + 1
            band_id = bands[position % len(bands)]
            event = Gap(
                event_id=f"{band_id}-{position:06d}",
                band_id=band_id,
                t_s=float(position),
                from_s=0.0,
                to_s=1.0,
            )
            self.entries.append(Logged(position, band_id, event, at_s))

    async def outbox(self, limit: int) -> Sequence[Logged]:
        await self.open.wait()
        return self.entries[self.acknowledged : self.acknowledged + limit]

    async def acknowledge(self, position: int) -> None:
        assert position > self.acknowledged, "the cursor never goes back"
        self.acknowledged = position

    def ids(self, band_id: str) -> list[str]:
        """Of every event of the band, in order."""
        return [e.event.event_id for e in self.entries if e.band_id == band_id]


@dataclass(frozen=True)
class Heard:
    """A message as the subscriber got it."""

    topic: str
    payload: bytes
    retained: bool


@dataclass
class Subscriber:
    """Hears everything below the base topic; comes back at once when the broker does."""

    heard: list[Heard] = field(default_factory=list)
    connected: asyncio.Event = field(default_factory=asyncio.Event)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)
    _ids: dict[str, dict[str, None]] = field(default_factory=dict)
    _looked_through: int = 0

    async def run(self, port: int, username: str | None, password: str | None) -> None:
        while True:
            with contextlib.suppress(aiomqtt.MqttError):
                async with aiomqtt.Client(
                    "127.0.0.1", port, username=username, password=password
                ) as client:
                    # QoS 0: the broker writes to the socket before it acknowledges to the sender.
                    await client.subscribe("stretchband/#", qos=0)
                    self.connected.set()
                    async for message in client.messages:
                        await self._hear(message)
            self.connected.clear()
            await asyncio.sleep(0.02)

    async def _hear(self, message: aiomqtt.Message) -> None:
        async with self.news:
            payload = bytes(message.payload)
            self.heard.append(Heard(message.topic.value, payload, message.retain))
            self.news.notify_all()

    async def until(self, condition: Callable[[], bool], timeout_s: float = WAIT_S) -> None:
        """Wait until the condition holds; looked at whenever a message has come."""
        async with asyncio.timeout(timeout_s), self.news:
            await self.news.wait_for(condition)

    def on(self, suffix: str) -> list[bytes]:
        """Payloads on one topic, in the order they came."""
        return [h.payload for h in self.heard if h.topic == f"stretchband/{suffix}"]

    def ids(self, band_id: str) -> list[str]:
        """Event ids of a band on `event` and `late`, each where it came first."""
        for heard in self.heard[self._looked_through :]:  # asked after each message: only the new
            match heard.topic.split("/"):
                case ["stretchband", "band", band, "event" | "late"]:
                    self._ids.setdefault(band, {})[from_json(heard.payload).event_id] = None
        self._looked_through = len(self.heard)
        return list(self._ids.get(band_id, ()))

    def has_all(self, outbox: MemoryOutbox, *bands: str) -> bool:
        """Whether every event of the bands has come."""
        return all(len(self.ids(band)) >= len(outbox.ids(band)) for band in bands)


@contextlib.asynccontextmanager
async def subscriber(
    port: int, username: str | None = None, password: str | None = None
) -> AsyncIterator[Subscriber]:
    """A subscriber that is connected."""
    one = Subscriber()
    task = asyncio.create_task(one.run(port, username, password))
    try:
        async with asyncio.timeout(WAIT_S):
            await one.connected.wait()
        yield one
    finally:
        await cancelled(task)


async def say(port: int, topic: str, payload: bytes, *, retain: bool = False) -> None:
    """Publish one message as anybody in the house would."""
    async with aiomqtt.Client("127.0.0.1", port) as client:
        await client.publish(topic, payload, qos=1, retain=retain)


@contextlib.asynccontextmanager
async def running(publisher: Publisher) -> AsyncIterator[Publisher]:
    """The publisher at work; a bug in it fails the test."""
    task = asyncio.create_task(publisher.run())
    try:
        yield publisher
    finally:
        await cancelled(task)


async def cancelled(task: asyncio.Task[None]) -> None:
    """Cancel and wait; other exceptions are raised."""
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=WAIT_S)
    assert done, f"{task.get_name()} does not end when it is cancelled"
    if not task.cancelled():
        task.result()


async def status_of(
    publisher: Publisher, condition: Callable[[Status], bool], timeout_s: float = WAIT_S
) -> Status:
    """The publisher's status once the condition holds, looked at every 10 ms."""
    deadline = time.monotonic() + timeout_s
    while not condition(publisher.status):
        assert time.monotonic() < deadline, publisher.status
        await asyncio.sleep(0.01)
    return publisher.status
