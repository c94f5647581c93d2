"""What the broker tells, as every open page hears it: first all that is known, then what is new.

    broker --> Feed.latest (retained topics) --> a page that opens
                     |
                     +--> one bounded queue a page --> server-sent events

A page that does not keep up loses live points first; one that loses more is closed, and its browser
comes back for all that is known. Who may publish may make bands up: of the first BANDS all is told,
of more nothing, and of no payload more than a packet.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator, Iterator
from dataclasses import replace
from secrets import token_hex
from typing import NamedTuple

import aiomqtt

from tracker.errors import StretchbandError
from tracker.mqtt.backoff import Backoff
from tracker.mqtt.connection import PACKET_BYTES, Connection
from tracker.mqtt.dialect import Dialect
from tracker.mqtt.faults import sentence
from tracker.mqtt.settings import MqttSettings, tls_context
from tracker.mqtt.topics import Topics, is_band_id

RETAINED = ("bridge/state", "bridge/info", "bridge/health")
OF_A_BAND = ("availability", "state", "today")
PASSING = ("event", "late", "live")
BANDS = 32  # a household has some; beyond that somebody makes them up
QUEUE = 200  # half a minute of live points and a session's events in one go
SAY_S = 5.0

_log = logging.getLogger(__name__)


class Told(NamedTuple):
    """A message for a page.

    kind:    `clock`, `broker`, `bridge/state`, or the end of a band's topic such as `live`.
    band_id: empty where it is of no band.
    data:    the payload as the broker has it.
    """

    kind: str
    band_id: str
    data: str


def clock() -> Told:
    """What time it is here: a tablet's clock may be minutes off."""
    return Told("clock", "", f"{time.time():.3f}")


class NotConnectedError(StretchbandError):
    """The broker cannot be told anything now."""


class Feed:
    """One subscription for all pages."""

    def __init__(self, settings: MqttSettings) -> None:
        # The daemon's own name would throw the daemon out.
        self._settings = replace(settings, client_id=f"stretchband-page-{token_hex(4)}")
        self._dialect = Dialect()
        self._topics = Topics(settings.base_topic)
        self._latest: dict[tuple[str, str], Told] = {}
        self._pages: set[asyncio.Queue[Told | None]] = set()
        self._bands: set[str] = set()
        self._crowded = False
        self._client: Connection | None = None
        self._tell(Told("broker", "", "offline"))

    async def run(self) -> None:
        """Stay subscribed for ever; ended by cancellation."""
        backoff, said = Backoff(), ""
        while True:
            try:
                await self._listen(backoff)
            except (aiomqtt.MqttError, StretchbandError) as error:
                self._tell(Told("broker", "", "offline"))
                if self._dialect.another(error):
                    continue
                fault = sentence(error, self._settings)
                if fault != said:
                    said = fault
                    _log.warning("%s; trying again", fault)
            await asyncio.sleep(backoff.next_s())

    async def _listen(self, backoff: Backoff) -> None:
        tls = await asyncio.to_thread(tls_context, self._settings)
        settings, dialect = self._settings, self._dialect
        async with Connection(settings, dialect.version, None, tls, dialect.answer_s) as client:
            dialect.answered()
            base = settings.base_topic
            for known in (f"{base}/bridge/+", f"{base}/band/+/+"):
                await client.subscribe(known, qos=1)
            backoff.reset()
            self._client = client
            self._tell(Told("broker", "", "online"))
            try:
                async for message in client.messages:
                    self._take(message)
            finally:
                self._client = None

    def _take(self, message: aiomqtt.Message) -> None:
        suffix = message.topic.value.removeprefix(self._settings.base_topic + "/")
        payload = bytes(message.payload)
        if len(payload) >= PACKET_BYTES:
            return
        data = payload.decode("utf-8", "replace")
        if suffix in RETAINED:
            self._tell(Told(suffix, "", data))
            return
        parts = suffix.split("/")
        if len(parts) != 3 or parts[0] != "band" or parts[2] not in (*OF_A_BAND, *PASSING):
            return
        if self._is_one(parts[1]):
            self._tell(Told(parts[2], parts[1], data))

    def _is_one(self, band_id: str) -> bool:
        if band_id in self._bands:
            return True
        if not is_band_id(band_id):
            return False
        if len(self._bands) == BANDS:
            if not self._crowded:
                self._crowded = True
                _log.warning("more than %d bands on the broker: %s is not shown", BANDS, band_id)
            return False
        self._bands.add(band_id)
        return True

    def _tell(self, told: Told) -> None:
        if told.kind not in PASSING:
            self._latest[told.kind, told.band_id] = told
        for page in list(self._pages):
            if not page.full():
                page.put_nowait(told)
            elif told.kind != "live":
                page.get_nowait()
                page.put_nowait(None)
                self._pages.discard(page)

    @contextlib.contextmanager
    def _page(self) -> Iterator[asyncio.Queue[Told | None]]:
        page: asyncio.Queue[Told | None] = asyncio.Queue(QUEUE)
        self._pages.add(page)
        try:
            yield page
        finally:
            self._pages.discard(page)

    async def follow(self) -> AsyncGenerator[Told]:
        """All that is known, then what comes; ends when the page does not keep up."""
        with self._page() as page:
            yield clock()
            for told in list(self._latest.values()):
                yield told
            while (told_now := await page.get()) is not None:
                yield told_now

    async def say(self, band_id: str, command: str, payload: str) -> None:
        """Tell a band. Raises NotConnectedError when the broker did not take it."""
        client = self._client
        if client is None:
            raise NotConnectedError(f"the broker at {self._settings.where} cannot be reached")
        topic = self._topics.band(band_id, f"set/{command}")
        try:
            async with asyncio.timeout(SAY_S):
                reason = await client.acknowledged(client.send(topic, payload.encode()))
        except (aiomqtt.MqttError, TimeoutError) as error:
            raise NotConnectedError(sentence(error, self._settings)) from None
        if reason.is_failure:
            raise NotConnectedError(
                f"the broker at {self._settings.where} refuses ({reason}) to take {topic}"
            )
