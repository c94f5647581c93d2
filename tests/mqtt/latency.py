"""How long an event takes from the outbox to its PUBACK: `python -m tests.mqtt.latency`."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from tests.mosquitto import Mosquitto
from tests.mqtt.house import MemoryOutbox, running, subscriber
from tracker.mqtt.publisher import Publisher
from tracker.mqtt.settings import MqttSettings

EVENTS = 2000
EVERY_S = 0.01
BACKLOG = 20_000


class Stopwatch(MemoryOutbox):
    """Notes when each event was added and when it was acknowledged."""

    def __init__(self) -> None:
        super().__init__()
        self.added_s: list[float] = []
        self.acknowledged_s: list[float] = []

    async def acknowledge(self, position: int) -> None:
        self.acknowledged_s += [time.perf_counter()] * (position - self.acknowledged)
        await super().acknowledge(position)

    def note(self, count: int) -> None:
        self.add(count)
        self.added_s += [time.perf_counter()] * count


async def measure(broker: Mosquitto) -> str:
    outbox = Stopwatch()
    publisher = Publisher(MqttSettings(port=broker.port), outbox, bands=["band1"])
    async with subscriber(broker.port), running(publisher):
        await publisher.caught_up.wait()
        for _ in range(EVENTS):
            outbox.note(1)
            publisher.wake()
            await asyncio.sleep(EVERY_S)
        await publisher.caught_up.wait()
        pairs = zip(outbox.added_s, outbox.acknowledged_s, strict=True)
        took_ms = [(done - added) * 1000 for added, done in pairs]
        cuts = statistics.quantiles(took_ms, n=100)
        began = time.perf_counter()
        outbox.add(BACKLOG)
        publisher.wake()
        await publisher.caught_up.wait()
        rate = BACKLOG / (time.perf_counter() - began)
    return (
        f"p50 {cuts[49]:.2f} ms, p99 {cuts[98]:.2f} ms, max {max(took_ms):.1f} ms "
        f"({EVENTS} events); backlog {rate:.0f} events/s"
    )


def main() -> None:
    for lines in (("set_tcp_nodelay true",), ()):
        with tempfile.TemporaryDirectory() as folder:
            broker = Mosquitto(Path(folder), "allow_anonymous true", *lines)
            broker.start()
            try:
                print(lines or "as installed", asyncio.run(measure(broker)))  # noqa: T201 - a tool's output
            finally:
                broker.kill()


if __name__ == "__main__":
    main()
