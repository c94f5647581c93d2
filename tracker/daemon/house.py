"""What the house is told: the retained topics of the bands and of the bridge."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import resource
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import msgspec

from tracker.bands.link_state import LinkState
from tracker.clock import rfc3339
from tracker.config import Config
from tracker.detect.events import Event, Side
from tracker.detect.posture.taught import Taught
from tracker.detect.session import Live
from tracker.mqtt import payloads, telling
from tracker.mqtt.homeassistant import Announced, Place, announcements
from tracker.mqtt.outbox import OutboxSource
from tracker.mqtt.publisher import Publisher
from tracker.mqtt.settings import MqttSettings
from tracker.mqtt.topics import BRIDGE_HEALTH, BRIDGE_INFO, Topics, band_topic
from tracker.store import DayTotals, Hold

_log = logging.getLogger(__name__)

OFFLINE_AFTER_S = 30.0  # a band that is back sooner was never away for the house


class House:
    """Knows how each band stands and keeps the broker's retained topics true."""

    def __init__(self, config: Config, outbox: OutboxSource) -> None:
        self._band_ids = [band.id for band in config.bands]
        self._targets_s = {band.id: config.settings(band).target_s for band in config.bands}
        self._states = {band_id: payloads.BandState() for band_id in self._band_ids}
        self._links = {band_id: LinkState() for band_id in self._band_ids}
        self._offline: dict[str, asyncio.TimerHandle] = {}
        # A connection, to a band or to the broker, came or went.
        self.news = asyncio.Event()
        self._places = {place.band_id: place for place in places(config)}
        # What Home Assistant is to find has changed: something was taught or forgotten.
        self.found_news = asyncio.Event()
        birth = f"{config.mqtt.discovery_prefix}/status" if self._places else None
        self.publisher = Publisher(
            mqtt_settings(config),
            outbox,
            bands=self._band_ids,
            birth=birth,
            on_change=lambda _status: self.news.set(),
        )

    def announce(self) -> None:
        """Say who is here; no band is, until its link says so."""
        info = payloads.Info(
            version=version("stretchband"), started_at=rfc3339(time.time()), bands=self._band_ids
        )
        self.publisher.set_retained(BRIDGE_INFO, info.to_json())
        for band_id in self._band_ids:
            self._available(band_id, b"offline")
            self._show(band_id)

    def discovery(self, before: Mapping[str, bytes]) -> list[Announced]:
        """What Home Assistant is to find, after what it was told `before`."""
        return announcements(self._places.values(), before)

    def be_found(self, announced: Iterable[Announced]) -> None:
        """Keep the payloads of `discovery` on their topics."""
        for topic, payload in announced:
            self.publisher.set_retained_at(topic, payload)

    def remember(
        self, band_id: str, last: Hold | None, events: Iterable[Event], side: Side | None
    ) -> None:
        """What the history knows of a band before it is heard again."""
        self._change(band_id, leg=side or "auto")
        if last is not None:
            self._change(band_id, last_hold=telling.stored(last))
        self._follow(band_id, events)

    def happened(
        self, band_id: str, events: Sequence[Event], *, worn: bool | None, side: Side | None
    ) -> None:
        """Events that have just been stored, and how the band is worn."""
        self._follow(band_id, events)
        self._change(band_id, worn=worn, leg=side or "auto")
        self._show(band_id)
        if events:
            self.publisher.wake()

    def feel(self, band_id: str, points: Sequence[Live]) -> None:
        """Points for a page."""
        if points:
            self.publisher.live(band_id, telling.live(points))

    def link_changed(self, band_id: str, link: LinkState) -> None:
        """A band came, went, or told of itself."""
        before = self._links[band_id]
        if (link.connected, link.trouble) != (before.connected, before.trouble):
            self.news.set()
        if link.trouble is not None and link.trouble != before.trouble:
            _log.warning("%s", link.trouble)
        self._links[band_id] = link
        self._change(
            band_id,
            connected=link.connected,
            battery=link.battery,
            rssi_dbm=telling.signal(link.rssi),
            firmware=link.firmware,
        )
        self._show(band_id)
        if link.connected:
            timer = self._offline.pop(band_id, None)
            if timer is not None:
                timer.cancel()
            self._available(band_id, b"online")
        elif band_id not in self._offline:
            loop = asyncio.get_running_loop()
            self._offline[band_id] = loop.call_later(
                OFFLINE_AFTER_S, self._available, band_id, b"offline"
            )

    def farewell(self) -> None:
        """The bands are out of our hands: say so, for as long as nobody takes over."""
        for timer in self._offline.values():
            timer.cancel()
        for band_id, state in self._states.items():
            self._states[band_id] = msgspec.structs.replace(state, connected=False)
            self._show(band_id)
            self._available(band_id, b"offline")

    def today(self, band_id: str, totals: DayTotals) -> None:
        """The day's totals of a band."""
        today = telling.today(totals.day, totals.stretches, totals.streak_days)
        self.publisher.set_retained(band_topic(band_id, "today"), today.to_json())

    def taught(
        self,
        band_id: str,
        taught: Iterable[Taught],
        lesson: payloads.LessonState | None = None,
    ) -> None:
        """The wearer's own postures, and how the last lesson goes."""
        names = [payloads.TaughtName(name=one.name, side=one.side) for one in taught]
        state = payloads.TaughtState(taught=names, lesson=lesson)
        self.publisher.set_retained(band_topic(band_id, "taught"), state.to_json())
        place = self._places.get(band_id)
        known = tuple(sorted({one.name for one in names}))
        if place is not None and place.taught != known:
            self._places[band_id] = replace(place, taught=known)
            self.found_news.set()

    def health(self, outbox_depth: int, store_fault: str | None) -> None:
        """How the bridge does."""
        mqtt = self.publisher.status
        bands = {
            band_id: payloads.BandHealth(
                connected=link.connected,
                last_sample_age_s=_age_s(link.last_frame_s),
                reconnects=link.reconnects,
                faults=dict(link.faults),
                trouble=link.trouble,
            )
            for band_id, link in self._links.items()
        }
        ages = [b.last_sample_age_s for b in bands.values() if b.last_sample_age_s is not None]
        health = payloads.Health(
            outbox_depth=outbox_depth,
            last_sample_age_s=min(ages, default=None),
            memory_mb=_memory_mb(),
            mqtt_protocol=mqtt.protocol,
            mqtt_reconnects=mqtt.reconnects,
            mqtt_fault=mqtt.fault,
            store_fault=store_fault,
            commands_refused=dict(mqtt.refused),
            bands=bands,
        )
        self.publisher.set_retained(BRIDGE_HEALTH, health.to_json())

    def in_words(self, store_fault: str | None) -> str:
        """How it goes, in a line: what is not as it should be, and who is connected."""
        said = [
            link.trouble or f"{band_id} is {'connected' if link.connected else 'looked for'}"
            for band_id, link in self._links.items()
        ]
        mqtt = self.publisher.status
        is_connected = "connected" if mqtt.connected else "not connected"
        said.append(mqtt.fault or f"the broker is {is_connected}")
        if store_fault is not None:
            said.append(store_fault)
        return " ".join(f"{part.rstrip('.')}." for part in said)

    def _follow(self, band_id: str, events: Iterable[Event]) -> None:
        for event in events:
            self._states[band_id] = telling.after(
                self._states[band_id], event, self._targets_s[band_id]
            )

    def _change(self, band_id: str, **fields: object) -> None:
        self._states[band_id] = msgspec.structs.replace(self._states[band_id], **fields)

    def _show(self, band_id: str) -> None:
        payload = self._states[band_id].to_json()
        self.publisher.set_retained(band_topic(band_id, "state"), payload)

    def _available(self, band_id: str, word: bytes) -> None:
        self._offline.pop(band_id, None)
        self.publisher.set_retained(band_topic(band_id, "availability"), word)


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
        tls=m.tls,
    )


def places(config: Config) -> list[Place]:
    """Where Home Assistant finds the bands; nowhere, where it is not to."""
    if not config.mqtt.discovery:
        return []
    topics, instance = Topics(config.mqtt.base_topic), instance_id(config.db_path)
    prefix = config.mqtt.discovery_prefix
    return [Place(topics, instance, band.id, prefix) for band in config.bands]


def instance_id(db_path: Path) -> str:
    """Ten hexadecimal digits that name this history on this host."""
    try:
        machine = Path("/etc/machine-id").read_bytes()
    except OSError:
        machine = b""
    path = str(db_path.absolute()).encode()
    return hashlib.blake2s(machine + b"\0" + path, digest_size=5).hexdigest()


def _age_s(moment_s: float | None) -> int | None:
    return None if moment_s is None else max(0, round(time.time() - moment_s))


def _memory_mb() -> int:
    """The most memory this process ever held; Linux counts in KiB, macOS in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10))
