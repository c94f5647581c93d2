"""What runs: bands on one side, the house on the other, the log between them.

    link --queue--> recorder (on the store's thread) --> buzz, house --> publisher --> broker
    broker --commands--> recorder, buzz

Every task is named and owns its own reconnection. A dead broker does not touch a band, a dead band
does not touch the broker, and neither waits for the disk. Any error that is nobody's connection
ends the process, and the service manager starts it again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tracker.bands.link import Arrival, BandLink, Greeting, Limits, LinkState
from tracker.bands.radio import Radio
from tracker.bands.stretchband import Haptic
from tracker.config import BandConfig, Config
from tracker.daemon.buzzes import Buzzes
from tracker.daemon.house import House
from tracker.daemon.thread import Outbox, StoreThread
from tracker.detect.events import Event, HoldEnded, HoldStarted, event_name
from tracker.mqtt.commands import Buzz, BuzzPattern, Command, End, Note, Pain, SetSide
from tracker.recorder import Recorder
from tracker.store import Store

QUEUE = 512  # frames: four minutes of a live band; while it is full the band keeps the rest
BATCH = 64  # frames a transaction, so that reading hours of ring does not write them one by one
HEARTBEAT_S = 60.0
SETTLE_S = 2.0  # what comes and goes within it is told once
# To end takes at most 5 s, whatever does not answer: BlueZ was seen to take 2.7 s to disconnect;
# the publisher takes leave within one more.
DISCONNECT_S = 2.8
FLUSH_S = 0.6
CLOSE_S = 0.4

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Band:
    """What belongs to one band while the daemon runs."""

    id: str
    recorder: Recorder
    link: BandLink
    arrivals: asyncio.Queue[Arrival | Greeting]
    buzzes: Buzzes = field(default_factory=Buzzes)


class Daemon:
    """Everything that runs, tied together."""

    def __init__(self, config: Config, radio: Radio) -> None:
        self._config = config
        self._radio = radio
        self._thread = StoreThread()
        self._bands: dict[str, Band] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then finish what is in hand.

        Raises StretchbandError for a database that cannot be used or without any radio.
        """
        try:
            self._store = await self._thread.run(Store.open, self._config.db_path)
            try:
                await self._serve(stop)
            finally:
                await self._thread.run(self._store.close)
        finally:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_S):
                    await self._radio.close()
            self._thread.close()

    async def _serve(self, stop: asyncio.Event) -> None:
        self._outbox = Outbox(self._thread, self._store)
        self._house = House(self._config, self._outbox)
        for config in self._config.bands:
            self._bands[config.id] = await self._prepare(config)
        self._house.announce()
        async with asyncio.TaskGroup() as tasks:
            links = [
                tasks.create_task(band.link.run(), name=f"link {band.id}")
                for band in self._bands.values()
            ]
            others = [
                tasks.create_task(self._record(band), name=f"record {band.id}")
                for band in self._bands.values()
            ]
            others += [
                tasks.create_task(self._house.publisher.run(), name="publisher"),
                tasks.create_task(self._heartbeat(), name="heartbeat"),
                tasks.create_task(self._obey(), name="commands"),
            ]
            await stop.wait()
            await self._finish(links)
            for task in others:
                task.cancel()

    async def _prepare(self, config: BandConfig) -> Band:
        run = self._thread.run
        settings = self._config.settings(config)
        recorder = Recorder(self._store, config.id, config.turn(), settings)
        await run(self._store.register_band, config.id, config.address, None, config.axes)
        events = await run(recorder.restart)
        self._house.remember(config.id, await run(self._store.last_hold, config.id), events)
        arrivals: asyncio.Queue[Arrival | Greeting] = asyncio.Queue(QUEUE)

        def changed(link: LinkState) -> None:
            self._house.link_changed(config.id, link)

        link = BandLink(
            config.id,
            config.address,
            self._radio,
            cursor=lambda: run(self._store.cursor, config.id),
            arrivals=arrivals,
            on_change=changed,
            limits=Limits(silence_s=self._config.bluetooth.silence_s),
        )
        return Band(config.id, recorder, link, arrivals)

    async def _finish(self, links: Sequence[asyncio.Task[None]]) -> None:
        """Bands first, so that nothing new comes; what came is stored; then the house hears."""
        for task in links:
            task.cancel()
        _, hanging = await asyncio.wait(links, timeout=DISCONNECT_S)
        for task in hanging:
            task.cancel()  # the second time ends the wait for an answer
        self._house.farewell()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_S):
                for band in self._bands.values():
                    await band.arrivals.join()
                self._house.publisher.wake()
                await self._house.publisher.caught_up.wait()

    async def _record(self, band: Band) -> None:
        """Store and fold what the link brings, in batches when it brings much."""
        await self._count_today(band.id)
        while True:
            batch = [await band.arrivals.get()]
            while len(batch) < BATCH and not band.arrivals.empty():
                batch.append(band.arrivals.get_nowait())
            outcome = await self._thread.run(band.recorder.receive, batch)
            self._house.feel(band.id, outcome.live)
            await self._happened(band, outcome.events)
            for level in band.buzzes.due(outcome):
                await band.link.buzz(level)
            for _ in batch:
                band.arrivals.task_done()

    async def _happened(self, band: Band, events: Sequence[Event]) -> None:
        self._house.happened(band.id, events, band.recorder.worn)
        for event in events:
            _log.info("%s: %s", band.id, in_short(event))
        if any(isinstance(event, HoldEnded) for event in events):
            await self._count_today(band.id)

    async def _count_today(self, band_id: str) -> None:
        day = datetime.now().astimezone().date()
        totals = await self._thread.run(self._store.day_totals, band_id, day, None)
        self._house.today(band_id, totals)

    async def _heartbeat(self) -> None:
        """Once a minute, and soon after a connection came or went."""
        while True:
            self._house.health(await self._outbox.depth())
            for band_id in self._bands:
                await self._count_today(band_id)  # a new day begins by itself
            await asyncio.sleep(SETTLE_S)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT_S):
                    await self._house.news.wait()
            self._house.news.clear()

    async def _obey(self) -> None:
        """What the wearer says over MQTT."""
        while True:
            command = await self._house.publisher.commands.get()
            await self._carry_out(self._bands[command.band_id], command)

    async def _carry_out(self, band: Band, command: Command) -> None:
        match command.action:
            case Buzz(level):
                await band.link.buzz(level)
            case BuzzPattern(pulses, on_s, off_s):
                await band.link.haptic(Haptic(pulses, on_s, off_s))
            case SetSide() | Pain() | End() | Note():
                payload = command.payload.decode()
                outcome = await self._thread.run(band.recorder.command, command.name, payload)
                await self._happened(band, outcome.events)


def in_short(event: Event) -> str:
    """An event in one line of the log."""
    match event:
        case HoldStarted():
            return f"hold started: {event.stretch} {event.side or ''}".rstrip()
        case HoldEnded():
            side = f" {event.side}" if event.side else ""
            return f"hold ended: {event.stretch}{side} {event.duration_s:.1f} s"
        case _:
            return event_name(event).replace("_", " ")
