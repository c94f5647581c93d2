"""What runs: bands on one side, the house on the other, the log between them.

    link --queue--> recorder (on the store's thread) --> buzz, house --> publisher --> broker
    broker --commands--> recorder, buzz

Every task is named and owns its own reconnection. A dead broker does not touch a band, a dead band
touches neither the broker nor another band, and nobody but the frames waits for the disk. Any error
that is nobody's connection ends the process, and the service manager starts it again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Coroutine, Sequence
from typing import Any, TypeVar

from tracker.bands.radio import Radio
from tracker.config import Config
from tracker.daemon.band import Band
from tracker.daemon.house import House, mqtt_settings
from tracker.daemon.outbox import Outbox
from tracker.daemon.thread import StoreThread
from tracker.mqtt.settings import check
from tracker.store import Store
from tracker.systemd import Systemd

HEARTBEAT_S = 60.0
SETTLE_S = 2.0  # what comes and goes within it is told once
READY_S = 5.0  # so long the house waits to hear what the history knows of the bands
# To end takes at most 5 s, whatever does not answer: BlueZ was seen to take 2.7 s to disconnect;
# the publisher takes leave within one more.
DISCONNECT_S = 2.8
FLUSH_S = 0.6
CLOSE_S = 0.4

OPENING = "the history is being opened"

T = TypeVar("T")


class Daemon:
    """Everything that runs, tied together."""

    def __init__(self, config: Config, radio: Radio, systemd: Systemd | None = None) -> None:
        """systemd: by default there is none that wants to know."""
        self._config = config
        self._radio = radio
        self._systemd = systemd or Systemd({})

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then finish what is in hand.

        Raises StretchbandError for a file that MQTT needs and that cannot be used, a database that
        cannot be used, or without any radio.
        """
        check(mqtt_settings(self._config))
        async with self._systemd.beating():
            await self._run(stop)

    async def _run(self, stop: asyncio.Event) -> None:
        self._systemd.status(OPENING)
        self._thread = StoreThread(on_change=self._store_changed)
        self._house: House | None = None
        try:
            path = self._config.db_path
            opening = self._thread.keep_trying("opening", Store.open, path)
            store = await _unless(stop, opening)
            if store is not None:
                try:
                    await self._serve(store, stop)
                finally:
                    await _within(CLOSE_S, self._thread.run(store.close))
        finally:
            await _within(CLOSE_S, self._radio.close())
            self._thread.close(CLOSE_S)

    async def _serve(self, store: Store, stop: asyncio.Event) -> None:
        outbox = Outbox(self._thread, store)
        house = self._house = House(self._config, outbox)
        bands = {
            config.id: Band(config, self._config, self._radio, store, self._thread)
            for config in self._config.bands
        }
        async with asyncio.TaskGroup() as tasks:

            def start(work: Coroutine[None, None, None], name: str) -> asyncio.Task[None]:
                return tasks.create_task(work, name=name)

            others = [
                start(work, name)
                for band in bands.values()
                for name, work in band.tasks(house).items()
            ]
            ready = asyncio.gather(*(band.ready.wait() for band in bands.values()))
            await _unless(stop, _within(READY_S, ready))
            house.announce()
            links = [start(band.link.run(), f"link {band.id}") for band in bands.values()]
            others += [
                start(house.publisher.run(), "publisher"),
                start(self._announce(house, store, bands), "announcements"),
                start(self._heartbeat(house, outbox), "heartbeat"),
                start(self._say_ready(bands), "ready"),
                start(_hand_out(house, bands), "commands"),
                start(_turn_days(house, bands), "days"),
            ]
            await stop.wait()
            self._systemd.stopping()
            await _finish(house, list(bands.values()), links)
            # The radio goes while the house is taken leave of.
            start(_within(CLOSE_S, self._radio.close()), "radio")
            for task in others:
                task.cancel()

    async def _announce(self, house: House, store: Store, bands: dict[str, Band]) -> None:
        """What Home Assistant is to find; remembered first, because it may have to be unsaid.

        Not before it is known what was taught: that would be taken back and come again.
        """
        keep_trying = self._thread.keep_trying
        for band in bands.values():
            await band.ready.wait()
        while True:
            house.found_news.clear()
            announced = house.discovery(await keep_trying("announcing", store.announced))
            await keep_trying("announcing", store.announce, announced)
            house.be_found(announced)
            await house.found_news.wait()

    async def _heartbeat(self, house: House, outbox: Outbox) -> None:
        """Once a minute, and soon after something came or went."""
        while True:
            house.health(await outbox.count(), self._thread.trouble)
            self._systemd.status(house.in_words(self._thread.trouble))
            await asyncio.sleep(SETTLE_S)
            await _within(HEARTBEAT_S, house.news.wait())
            house.news.clear()

    async def _say_ready(self, bands: dict[str, Band]) -> None:
        """The history can be written, and the radio looks for the bands."""
        for band in bands.values():
            await band.ready.wait()
        await self._radio.searches.wait()
        self._systemd.ready()

    def _store_changed(self) -> None:
        if self._house is not None:
            self._house.news.set()
        else:
            self._systemd.status(self._thread.trouble or OPENING)


async def _hand_out(house: House, bands: dict[str, Band]) -> None:
    """What the wearer says over MQTT, each word to its band."""
    while True:
        command = await house.publisher.commands.get()
        bands[command.band_id].take(command)


async def _turn_days(house: House, bands: dict[str, Band]) -> None:
    """A new day begins by itself."""
    while True:
        await asyncio.sleep(HEARTBEAT_S)
        for band in bands.values():
            await band.count_today(house)


async def _finish(house: House, bands: Sequence[Band], links: Sequence[asyncio.Task[None]]) -> None:
    """Bands first, so that nothing new comes; what came is stored; then the house hears."""
    for task in links:
        task.cancel()
    _, hanging = await asyncio.wait(links, timeout=DISCONNECT_S)
    for task in hanging:
        task.cancel()  # the second time ends the wait for an answer
    house.farewell()
    await _within(FLUSH_S, _flush(house, bands))


async def _flush(house: House, bands: Sequence[Band]) -> None:
    for band in bands:
        await band.arrivals.join()
    house.publisher.wake()
    await house.publisher.caught_up.wait()


async def _within(limit_s: float, work: Awaitable[Any]) -> None:
    """`work`, but not longer than this."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(limit_s):
            await work


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """What `work` gives; None when `stop` is set before."""
    working, stopped = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((working, stopped), return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        working.cancel()
        stopped.cancel()
