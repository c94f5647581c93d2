"""The event log to the broker: every event at least once, in order, whatever the broker does.

    waiting --CONNACK--> greeting --online, subscribed--> connected
       ^                     |                                |
       +---- backoff --------+------- connection lost --------+

The cursor of the outbox moves after PUBACK only. Retained topics are kept here and sent again at
each connection, so a broker that was restarted empty knows them again. Live points are dropped.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import Callable, Collection, Sequence

import aiomqtt

from tracker.detect.events import to_json
from tracker.errors import StretchbandError
from tracker.mqtt import faults
from tracker.mqtt.backoff import Backoff
from tracker.mqtt.commands import Command, Gate
from tracker.mqtt.connection import LEAVE_S, PUBACK_S, WINDOW, Connection
from tracker.mqtt.dialect import Dialect
from tracker.mqtt.outbox import Entry, OutboxSource
from tracker.mqtt.retained import Retained
from tracker.mqtt.settings import MqttSettings, tls_context
from tracker.mqtt.status import Status
from tracker.mqtt.topics import BRIDGE_STATE, OFFLINE, ONLINE, Topics

LATE_S = 30.0  # an older event goes to `late`, so that no automation fires hours late
POLL_S = 30.0  # the outbox is looked at so often even if nobody calls `wake`
SETTLED_S = 5.0  # a connection that lasted so long makes the next wait short again
_LIVE_QUEUE = 32
_COMMAND_QUEUE = 64

_log = logging.getLogger(__name__)


class Publisher:
    """Sends what the outbox holds, keeps retained topics, hears commands."""

    def __init__(
        self,
        settings: MqttSettings,
        outbox: OutboxSource,
        *,
        bands: Collection[str],
        birth: str | None = None,
        on_change: Callable[[Status], None] | None = None,
    ) -> None:
        """bands: whose commands are heard. on_change: called when connected or fault change.

        birth: a topic on which a newcomer says `online`; it is sent all that is retained again.
        Raises TopicError for a base topic that is none.
        """
        self._settings = settings
        self._outbox = outbox
        self._topics = Topics(settings.base_topic)
        self._gate = Gate(self._topics, bands)
        self._birth = birth
        self._on_change = on_change
        self._dialect = Dialect()
        self._backoff = Backoff()
        self._leaving = False
        self._woken = asyncio.Event()
        self._retained = Retained()
        self._live: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue(_LIVE_QUEUE)
        self._connections = 0
        self._protocol: str | None = None
        self._connected = False
        self._connected_s: float | None = None  # since when, on the monotonic clock
        self._fault: str | None = None
        self._said: str | None = None  # the fault in the log, until a connection lasts
        self._told: tuple[bool, str | None] = (False, None)
        self._refused_topics: dict[str, str] = {}
        self._sent = self._late = self._live_dropped = self._commands_heard = 0
        # Full: further commands are refused and counted.
        self.commands: asyncio.Queue[Command] = asyncio.Queue(_COMMAND_QUEUE)
        # Set while nothing in the outbox waits: `wake()`, then wait for it, to have all delivered.
        self.caught_up = asyncio.Event()

    @property
    def status(self) -> Status:
        """How things stand now."""
        refused = next(iter(self._refused_topics.values()), None)
        return Status(
            connected=self._connected,
            fault=self._fault or refused,
            protocol=self._protocol,
            reconnects=max(0, self._connections - 1),
            sent=self._sent,
            late=self._late,
            live_dropped=self._live_dropped,
            commands=self._commands_heard,
            refused=tuple(sorted(self._gate.refused.items())),
        )

    def wake(self) -> None:
        """Something new is in the outbox."""
        self.caught_up.clear()
        self._woken.set()

    def set_retained(self, suffix: str, payload: bytes) -> None:
        """Keep `payload` on the topic: sent now and after each reconnect, not when unchanged.

        Only the latest is sent when several come before the broker took one. An empty payload
        removes the topic. Raises TopicError for a suffix with a wildcard.
        """
        if suffix == BRIDGE_STATE:
            raise ValueError(f"{BRIDGE_STATE} belongs to the connection and its last will")
        self.set_retained_at(self._topics.at(suffix), payload)

    def set_retained_at(self, topic: str, payload: bytes) -> None:
        """The same on a whole topic, outside of the base topic."""
        self._retained.keep(topic, payload)

    def live(self, band_id: str, payload: bytes) -> None:
        """Points for a page: dropped when not connected or when the broker does not keep up."""
        topic = self._topics.band(band_id, "live")
        if not self._connected or self._live.full():
            self._live_dropped += 1
            return
        self._live.put_nowait((topic, payload))

    async def run(self) -> None:
        """Stay connected for ever; only a bug or a cancellation ends it.

        The work has a task of its own: where a connection is lost in the very moment of a
        cancellation, Python 3.11's TaskGroup raises the loss alone, and nothing on the task tells
        that it was also cancelled.
        """
        self._leaving = False
        work = asyncio.create_task(self._stay_connected(), name="mqtt connection")
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            self._leaving = True
            work.cancel()
            await asyncio.wait((work,))
            if not work.cancelled() and (error := work.exception()) is not None:
                raise error from None
            raise

    async def _stay_connected(self) -> None:
        while True:
            retry_at_once = False
            self._connected_s = None
            try:
                await self._connect_and_serve()
            except* aiomqtt.MqttError as group:
                if self._settled():
                    self._backoff.reset()
                    self._said = None
                retry_at_once = self._lost(_first(group))
            if self._leaving:
                raise asyncio.CancelledError
            if not retry_at_once:
                await asyncio.sleep(self._backoff.next_s())

    def _settled(self) -> bool:
        since_s = self._connected_s
        return since_s is not None and time.monotonic() - since_s > SETTLED_S

    async def _connect_and_serve(self) -> None:
        try:
            tls = await asyncio.to_thread(tls_context, self._settings)
        except StretchbandError as error:
            raise aiomqtt.MqttError(str(error)) from error
        will = aiomqtt.Will(self._topics.at(BRIDGE_STATE), OFFLINE, qos=1, retain=True)
        dialect = self._dialect
        async with Connection(
            self._settings, dialect.version, will, tls, dialect.answer_s
        ) as connection:
            dialect.answered()
            try:
                await self._serve(connection)
            finally:
                self._connected = False
                await self._take_leave(connection)

    async def _greet(self, connection: Connection) -> None:
        self._refused_topics.clear()
        await self._deliver(connection, {self._topics.at(BRIDGE_STATE): ONLINE})
        if not await connection.listen(self._topics.commands):
            self._refuse(self._topics.commands, "forbids to subscribe to commands on")
        if self._birth is not None and not await connection.listen(self._birth):
            self._refuse(self._birth, "forbids to hear of newcomers on")

    async def _serve(self, connection: Connection) -> None:
        async with asyncio.TaskGroup() as tasks:
            # First, because it is the one that notices a lost connection.
            tasks.create_task(self._hear(connection), name="mqtt commands")
            await self._greet(connection)
            self._set_connected()
            tasks.create_task(self._send_retained(connection), name="mqtt retained")
            tasks.create_task(self._send_events(connection), name="mqtt events")
            tasks.create_task(self._send_live(connection), name="mqtt live")

    async def _take_leave(self, connection: Connection) -> None:
        """A connection that ends in order sends no last will: say `offline` here."""
        try:
            ack = connection.send(self._topics.at(BRIDGE_STATE), OFFLINE, retain=True)
        except aiomqtt.MqttError:
            return  # it is lost already, and the broker says it
        await asyncio.wait((ack,), timeout=LEAVE_S)

    async def _send_events(self, connection: Connection) -> None:
        refusals = Backoff()
        proven: set[str] = set()
        while True:
            self._woken.clear()
            entries = await self._outbox.outbox(WINDOW)
            if not entries:
                self.caught_up.set()
                await self._wait_for_more()
            elif await self._send_some(connection, entries, proven):
                refusals.reset()
            else:
                await asyncio.sleep(refusals.next_s())

    async def _wait_for_more(self) -> None:
        try:
            async with asyncio.timeout(POLL_S):
                await self._woken.wait()
        except TimeoutError:
            pass

    async def _send_some(
        self, connection: Connection, entries: Sequence[Entry], proven: set[str]
    ) -> bool:
        """Send and move the cursor; False when the broker refused one, which stays at the cursor.

        The first event on a topic goes alone, and so does a refused one: a topic that is forbidden
        is found before any later event has passed it. Those that are on their way together with
        one that is refused for another reason do pass it, once.
        """
        now_s = time.time()
        addressed = [(self._event_topic(entry, now_s), entry) for entry in entries]
        batch = list(itertools.takewhile(lambda pair: pair[0] in proven, addressed))
        batch = batch or addressed[:1]
        acks = [connection.send(topic, to_json(entry.event)) for topic, entry in batch]
        done: int | None = None
        try:
            for (topic, entry), ack in zip(batch, acks, strict=True):
                reason = await connection.acknowledged(ack)
                if reason.is_failure:
                    proven.discard(topic)
                    self._refuse(topic, f"refuses ({reason}) events on")
                    return False
                self._accept(topic)
                proven.add(topic)
                done = entry.position
                self._sent += 1
                self._late += topic.endswith("/late")
            return True
        finally:
            if done is not None:
                await self._outbox.acknowledge(done)

    def _event_topic(self, entry: Entry, now_s: float) -> str:
        late = entry.at_s is not None and now_s - entry.at_s > LATE_S
        return self._topics.band(entry.band_id, "late" if late else "event")

    async def _send_retained(self, connection: Connection) -> None:
        while True:
            await self._deliver(connection, await self._retained.take(WINDOW))

    async def _deliver(self, connection: Connection, retained: dict[str, bytes]) -> None:
        """Retained payloads to the broker; a refused one is told and tried at its next change."""
        acks = [(t, connection.send(t, payload, retain=True)) for t, payload in retained.items()]
        for topic, ack in acks:
            reason = await connection.acknowledged(ack)
            if reason.is_failure:
                self._refuse(topic, f"refuses ({reason}) to take")
            else:
                self._accept(topic)

    async def _send_live(self, connection: Connection) -> None:
        while True:
            topic, payload = await self._live.get()
            await connection.publish(topic, payload, qos=0, timeout=PUBACK_S)

    async def _hear(self, connection: Connection) -> None:
        async for message in connection.messages:
            if message.topic.value == self._birth:
                if bytes(message.payload) == ONLINE:
                    self._retained.tell_all()
                continue
            admitted = self._gate.admit(
                message.topic.value,
                bytes(message.payload),
                retained=message.retain,
                received_s=time.time(),
                now_s=time.monotonic(),
            )
            if dropped := connection.take_overflow():
                self._gate.refused["too many"] += dropped
            if isinstance(admitted, Command):
                self._take(admitted)
            elif admitted is not None:
                _log.warning("%s", admitted)

    def _take(self, command: Command) -> None:
        if self.commands.full():
            self._gate.refused["busy"] += 1
            _log.warning("command for band %r refused: too many wait already", command.band_id)
            return
        self._commands_heard += 1
        self.commands.put_nowait(command)

    def _refuse(self, topic: str, what: str) -> None:
        told = f"the broker at {self._settings.where} {what} {topic}: check its access rules"
        if self._refused_topics.get(topic) != told:
            self._refused_topics[topic] = told
            _log.error("%s", told)
            self._tell()

    def _accept(self, topic: str) -> None:
        if self._refused_topics.pop(topic, None) is not None:
            _log.info("the broker takes %s again", topic)
            self._tell()

    def _set_connected(self) -> None:
        self._connections += 1
        self._connected = True
        self._connected_s = time.monotonic()
        self._retained.tell_all()
        while not self._live.empty():
            self._live.get_nowait()
        self._fault = None
        self._protocol = self._dialect.name
        _log.info(
            "connected to the broker at %s over MQTT %s", self._settings.where, self._protocol
        )
        self._tell()

    def _lost(self, error: BaseException) -> bool:
        """Note why; True when it is worth trying again at once, in the older protocol."""
        if self._dialect.another(error):
            return True
        fault = faults.sentence(error, self._settings)
        self._fault = fault
        if fault != self._said:
            self._said = fault
            _log.warning("%s; events wait in the log, trying again", fault)
        self._tell()
        return False

    def _tell(self) -> None:
        status = self.status
        told, self._told = self._told, (status.connected, status.fault)
        if self._on_change is not None and told != self._told:
            self._on_change(status)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first of the errors; the others follow from the same lost connection."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
