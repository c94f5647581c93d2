"""The daemon: bands on one side, the house on the other, the log between them.

    link --queue--> recorder (on the store's thread) --> state, buzz, wake --> publisher
    broker --commands--> recorder, buzz

Every task is named and owns its own reconnection. A dead broker does not touch a band, a dead band
does not touch the broker, and neither waits for the disk: SQLite has a thread of its own. Any error
that is nobody's connection ends the process, and the service manager starts it again.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import resource
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import ParamSpec, TypeVar

import msgspec

from tracker.bands.link import Arrival, BandLink, Greeting, Limits, LinkState
from tracker.bands.radio import Radio
from tracker.bands.stretchband import Haptic
from tracker.clock import rfc3339
from tracker.config import BandConfig, Config
from tracker.detect.events import Event, HoldEnded, HoldStarted, TargetReached
from tracker.mqtt import payloads
from tracker.mqtt.commands import Buzz, BuzzPattern, Command, End, Note, Pain, SetSide
from tracker.mqtt.publisher import Publisher
from tracker.mqtt.settings import MqttSettings
from tracker.mqtt.topics import BRIDGE_HEALTH, BRIDGE_INFO, band_topic
from tracker.recorder import Outcome, Recorder
from tracker.store import OutboxEntry, Store

CONSUMER = "mqtt"
QUEUE = 512  # frames: four minutes of a live band; a full queue makes the link ask again later
BATCH = 64  # frames a transaction, so that reading hours of ring does not write them one by one
HEARTBEAT_S = 60.0
OFFLINE_AFTER_S = 30.0  # a band that is back sooner was never away for the house
FRESH_S = 5.0  # a buzz for what is longer ago would only puzzle
DISCONNECT_S = 3.0  # BlueZ was seen to take 2.7 s
FLUSH_S = 1.0

# Immediate Alert: mild when the hold begins, high at the target.
BUZZ_STARTED = 1
BUZZ_TARGET = 2

_log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")


class StoreThread:
    """The one thread that touches the database; also where detection runs."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")

    async def run(self, do: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call `do` there; calls are carried out in the order they were made."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: do(*args, **kwargs))

    def close(self) -> None:
        """Wait for what is under way."""
        self._thread.shutdown()


@dataclass(slots=True)
class Outbox:
    """The event log as the publisher reads it."""

    thread: StoreThread
    store: Store

    async def outbox(self, limit: int) -> Sequence[OutboxEntry]:
        """The first events after the cursor."""
        return await self.thread.run(self.store.outbox, CONSUMER, limit)

    async def acknowledge(self, position: int) -> None:
        """The broker has all up to here."""
        await self.thread.run(self.store.acknowledge, CONSUMER, position)


@dataclass(slots=True)
class Band:
    """What belongs to one band while the daemon runs."""

    config: BandConfig
    target_s: float
    recorder: Recorder
    link: BandLink
    arrivals: asyncio.Queue[Arrival | Greeting]
    state: payloads.BandState = field(default_factory=payloads.BandState)
    link_state: LinkState = field(default_factory=LinkState)
    lost_at: float | None = None


class Daemon:
    """Everything that runs, tied together."""

    def __init__(self, config: Config, radio: Radio) -> None:
        self._config = config
        self._radio = radio
        self._thread = StoreThread()
        self._bands: dict[str, Band] = {}
        self._started_at = rfc3339(time.time())

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
            self._thread.close()

    async def _serve(self, stop: asyncio.Event) -> None:
        self._publisher = Publisher(
            mqtt_settings(self._config),
            Outbox(self._thread, self._store),
            bands=[band.id for band in self._config.bands],
        )
        for config in self._config.bands:
            self._bands[config.id] = await self._prepare(config)
        self._announce()
        async with asyncio.TaskGroup() as tasks:
            links = [
                tasks.create_task(band.link.run(), name=f"link {band_id}")
                for band_id, band in self._bands.items()
            ]
            others = [
                tasks.create_task(self._record(band), name=f"record {band_id}")
                for band_id, band in self._bands.items()
            ]
            others += [
                tasks.create_task(self._publisher.run(), name="publisher"),
                tasks.create_task(self._heartbeat(), name="heartbeat"),
                tasks.create_task(self._obey(), name="commands"),
            ]
            await stop.wait()
            await self._finish(links)
            for task in others:
                task.cancel()

    async def _finish(self, links: Sequence[asyncio.Task[None]]) -> None:
        """Bands first, so that nothing new comes; what came is stored; then the house hears."""
        for task in links:
            task.cancel()
        await asyncio.wait(links, timeout=DISCONNECT_S)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_S):
                for band in self._bands.values():
                    await band.arrivals.join()
                self._publisher.wake()
                await self._publisher.caught_up.wait()

    async def _prepare(self, config: BandConfig) -> Band:
        settings = self._config.settings(config)
        recorder = Recorder(self._store, config.id, config.turn(), settings)
        await self._thread.run(
            self._store.register_band, config.id, config.address, None, config.axes
        )
        events = await self._thread.run(recorder.restart)
        arrivals: asyncio.Queue[Arrival | Greeting] = asyncio.Queue(QUEUE)
        link = BandLink(
            config.id,
            config.address,
            self._radio,
            cursor=lambda: self._thread.run(self._store.cursor, config.id),
            arrivals=arrivals,
            on_change=lambda state: self._link_changed(config.id, state),
            limits=Limits(silence_s=self._config.bluetooth.silence_s),
        )
        band = Band(config, settings.target_s, recorder, link, arrivals)
        last = await self._thread.run(self._store.last_hold, config.id)
        if last is not None:
            band.state = msgspec.structs.replace(band.state, last_hold=payloads.stored(last))
        for event in events:
            band.state = payloads.after(band.state, event, band.target_s)
        return band

    def _announce(self) -> None:
        info = payloads.Info(
            version=version("stretchband"), started_at=self._started_at, bands=list(self._bands)
        )
        self._publisher.set_retained(BRIDGE_INFO, info.to_json())
        for band_id, band in self._bands.items():
            self._publisher.set_retained(band_topic(band_id, "availability"), b"offline")
            self._show(band)

    async def _record(self, band: Band) -> None:
        """Store and fold what the link brings, in batches when it brings much."""
        await self._show_today(band)
        while True:
            batch = [await band.arrivals.get()]
            while len(batch) < BATCH and not band.arrivals.empty():
                batch.append(band.arrivals.get_nowait())
            outcome = await self._thread.run(band.recorder.receive, batch)
            await self._pass_on(band, outcome)
            for _ in batch:
                band.arrivals.task_done()

    async def _pass_on(self, band: Band, outcome: Outcome) -> None:
        if outcome.live:
            self._publisher.live(band.config.id, payloads.live(outcome.live))
        worn = band.recorder.worn
        if band.state.worn != worn:
            band.state = msgspec.structs.replace(band.state, worn=worn)
        await self._happened(band, outcome.events)

    async def _happened(self, band: Band, events: Sequence[Event]) -> None:
        for event in events:
            _log.info("%s %s", band.config.id, in_short(event))
            band.state = payloads.after(band.state, event, band.target_s)
        self._show(band)
        if not events:
            return
        self._publisher.wake()
        if any(isinstance(event, HoldEnded) for event in events):
            await self._show_today(band)
        for event in events:
            await self._buzz_for(band, event)

    async def _buzz_for(self, band: Band, event: Event) -> None:
        """The wearer has no screen: the band tells that a hold runs, and when it is long enough."""
        level = {HoldStarted: BUZZ_STARTED, TargetReached: BUZZ_TARGET}.get(type(event))
        if level is None or event.at is None:
            return
        age_s = time.time() - datetime.fromisoformat(event.at).timestamp()
        if age_s < FRESH_S:
            await band.link.buzz(level)

    def _link_changed(self, band_id: str, state: LinkState) -> None:
        band = self._bands.get(band_id)
        if band is None:
            return
        band.link_state = state
        band.state = msgspec.structs.replace(
            band.state,
            connected=state.connected,
            battery=state.battery,
            rssi_dbm=payloads.signal(state.rssi),
            firmware=state.firmware,
        )
        self._show(band)
        topic = band_topic(band_id, "availability")
        if state.connected:
            band.lost_at = None
            self._publisher.set_retained(topic, b"online")
        elif band.lost_at is None:
            band.lost_at = time.monotonic()
            loop = asyncio.get_running_loop()
            loop.call_later(OFFLINE_AFTER_S, self._still_away, band)

    def _still_away(self, band: Band) -> None:
        if band.lost_at is not None and time.monotonic() - band.lost_at >= OFFLINE_AFTER_S - 0.1:
            self._publisher.set_retained(band_topic(band.config.id, "availability"), b"offline")

    def _show(self, band: Band) -> None:
        self._publisher.set_retained(band_topic(band.config.id, "state"), band.state.to_json())

    async def _show_today(self, band: Band) -> None:
        day = datetime.now().astimezone().date()
        totals = await self._thread.run(self._store.day_totals, band.config.id, day, None)
        today = payloads.today(day, totals.stretches, totals.streak_days)
        self._publisher.set_retained(band_topic(band.config.id, "today"), today.to_json())

    async def _heartbeat(self) -> None:
        while True:
            depth = await self._thread.run(self._store.outbox_depth, CONSUMER)
            self._publisher.set_retained(BRIDGE_HEALTH, self._health(depth).to_json())
            await asyncio.sleep(HEARTBEAT_S)
            for band in self._bands.values():
                await self._show_today(band)  # a new day begins by itself

    def _health(self, outbox_depth: int) -> payloads.Health:
        mqtt = self._publisher.status
        bands = {
            band_id: payloads.BandHealth(
                connected=band.link_state.connected,
                last_sample_age_s=age_s(band.link_state.last_frame_s),
                reconnects=band.link_state.reconnects,
                faults=dict(band.link_state.faults),
            )
            for band_id, band in self._bands.items()
        }
        ages = [health.last_sample_age_s for health in bands.values()]
        known = [age for age in ages if age is not None]
        return payloads.Health(
            outbox_depth=outbox_depth,
            last_sample_age_s=min(known, default=None),
            memory_mb=memory_mb(),
            mqtt_protocol=mqtt.protocol,
            mqtt_reconnects=mqtt.reconnects,
            mqtt_fault=mqtt.fault,
            commands_refused=dict(mqtt.refused),
            bands=bands,
        )

    async def _obey(self) -> None:
        """What the wearer says over MQTT."""
        while True:
            command = await self._publisher.commands.get()
            await self._carry_out(self._bands[command.band_id], command)

    async def _carry_out(self, band: Band, command: Command) -> None:
        match command.action:
            case Buzz(level):
                await band.link.buzz(level)
            case BuzzPattern(pulses, on_s, off_s):
                await band.link.haptic(Haptic(pulses, on_s, off_s))
            case SetSide(side):
                await self._thread.run(band.recorder.command, "side", side or "auto")
            case Pain() | End() | Note():
                payload = command.payload.decode()
                events = await self._thread.run(band.recorder.command, command.name, payload)
                await self._happened(band, events)


def mqtt_settings(config: Config) -> MqttSettings:
    """The broker as the config names it; the client id is always the same for one history."""
    m = config.mqtt

    def path(name: str | None) -> str | None:
        return None if name is None else str(config.path_of(name))

    return MqttSettings(
        host=m.host,
        port=m.port,
        username=m.username,
        password=config.mqtt_password(),
        ca_file=path(m.ca_file),
        cert_file=path(m.cert_file),
        key_file=path(m.key_file),
        base_topic=m.base_topic,
        client_id=f"stretchband-{instance_id(config.db_path)}",
        keepalive_s=m.keepalive_s,
    )


def instance_id(db_path: Path) -> str:
    """Ten hexadecimal digits that name this history on this host."""
    try:
        machine = Path("/etc/machine-id").read_bytes()
    except OSError:
        machine = b""
    path = str(db_path.absolute()).encode()
    return hashlib.blake2s(machine + b"\0" + path, digest_size=5).hexdigest()


def in_short(event: Event) -> str:
    """An event in one line of the log."""
    match event:
        case HoldStarted():
            return f"hold started: {event.stretch} {event.side or ''}".rstrip()
        case HoldEnded():
            side = event.side or ""
            return f"hold ended: {event.stretch} {side} {event.duration_s:.1f} s"
        case _:
            return str(type(event).__struct_config__.tag).replace("_", " ")


def age_s(moment_s: float | None) -> int | None:
    """Whole seconds since a moment of the host's clock."""
    return None if moment_s is None else max(0, round(time.time() - moment_s))


def memory_mb() -> int:
    """The most memory this process ever held; Linux counts in KiB, macOS in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10))
