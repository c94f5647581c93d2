"""One connection to the broker: aiomqtt with what it leaves out.

aiomqtt 2.5 ignores the reason in a PUBACK, waits its whole time limit when the broker hangs up
instead of answering a CONNECT, leaves the socket open when connecting is given up, and forgets a
cancellation that comes with an answer. The four are put right here, by overriding its methods;
`tests/mqtt` holds them against real brokers.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Awaitable
from types import TracebackType
from typing import Any, Self, TypeVar

import aiomqtt
import paho.mqtt.client as paho
from aiomqtt.exceptions import MqttConnectError
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from tracker.mqtt.settings import MqttSettings

# Messages on their way at once: Mosquitto's own default (max_inflight_messages).
WINDOW = 20
# Connecting, subscribing and taking leave; a broker on the home's network answers in milliseconds.
ANSWER_S = 5.0
# Without any PUBACK for so long the connection is not believed in, although it answers pings.
PUBACK_S = 30.0
LEAVE_S = 1.0
# What is waited for: at most so many, each at most so many bytes. The largest that is of use are a
# command and what `doctor` reads, which take a few hundred.
PACKET_BYTES = 65536
_INBOX = 100

_T = TypeVar("_T")

# What the libraries below say at each try, the publisher says once.
_silent = logging.getLogger("tracker.mqtt.paho")
_silent.setLevel(logging.CRITICAL)


def _limits(protocol: aiomqtt.ProtocolVersion) -> Properties | None:
    """What the broker keeps from us; before MQTT 5 there is no word for it."""
    if protocol is not aiomqtt.ProtocolVersion.V5:
        return None
    limits = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho's
    limits.MaximumPacketSize = PACKET_BYTES
    return limits


class NoConnackError(aiomqtt.MqttError):
    """The broker took the connection and does not answer.

    hung_up: it closed the connection, also without a word.
    """

    def __init__(self, *, hung_up: bool) -> None:
        super().__init__("no CONNACK")
        self.hung_up = hung_up


class NoPubackError(aiomqtt.MqttError):
    """The broker does not acknowledge."""


class _Inbox(asyncio.Queue[aiomqtt.Message]):
    """What came and waits; more than it holds is dropped and counted.

    A broker without MQTT 5 passes messages of any size on: of each only so much is kept that it is
    still too long for whoever reads it.
    """

    overflow = 0

    def put_nowait(self, item: aiomqtt.Message) -> None:
        if self.full():
            self.overflow += 1
            return
        if isinstance(item.payload, bytes | bytearray):
            item.payload = item.payload[:PACKET_BYTES]
        super().put_nowait(item)


class Connection(aiomqtt.Client):
    """One connection, from CONNECT to DISCONNECT; a lost one is not used again."""

    def __init__(
        self,
        settings: MqttSettings,
        protocol: aiomqtt.ProtocolVersion,
        will: aiomqtt.Will | None,
        tls: ssl.SSLContext | None,
        answer_s: float = ANSWER_S,
    ) -> None:
        super().__init__(
            settings.host,
            settings.port,
            username=settings.username,
            password=settings.password,
            identifier=settings.client_id,
            protocol=protocol,
            keepalive=settings.keepalive_s,
            will=will,
            timeout=answer_s,
            tls_context=tls,
            max_inflight_messages=WINDOW,
            queue_type=_Inbox,
            max_queued_incoming_messages=_INBOX,
            properties=_limits(protocol),
            logger=_silent,
            # An event is one small packet: waiting to fill a bigger one only costs time.
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        )
        self._client.connect_timeout = ANSWER_S - 1
        self._acks: dict[int, asyncio.Future[ReasonCode]] = {}
        self._opened = self._given_up = False
        self.speaks_5 = protocol is aiomqtt.ProtocolVersion.V5

    def send(
        self, topic: str, payload: bytes, *, retain: bool = False
    ) -> asyncio.Future[ReasonCode]:
        """Send at QoS 1, at once and in the order of the calls; see `acknowledged`.

        Raises aiomqtt.MqttError when the connection is gone.
        """
        info = self._client.publish(topic, payload, qos=1, retain=retain)
        if info.rc != paho.MQTT_ERR_SUCCESS:
            raise aiomqtt.MqttCodeError(info.rc, "the connection is gone")
        ack: asyncio.Future[ReasonCode] = self._loop.create_future()
        self._acks[info.mid] = ack
        return ack

    async def acknowledged(self, ack: asyncio.Future[ReasonCode]) -> ReasonCode:
        """The reason in the PUBACK: a failure (`is_failure`) means that the broker did not take it.

        MQTT 3.1.1 has no reasons: there a broker drops what it forbids without a word.
        Raises NoPubackError after PUBACK_S seconds. A lost connection is not noticed here but where
        `messages` is read.
        """
        done, _ = await asyncio.wait((ack,), timeout=PUBACK_S)
        if not done:
            raise NoPubackError(f"no PUBACK within {PUBACK_S:g} s")
        return ack.result()

    @property
    def expires_s(self) -> float | None:
        """Unix time at which the broker's certificate ends; None without TLS."""
        stream = self._client.socket()
        certificate = stream.getpeercert() if isinstance(stream, ssl.SSLSocket) else None
        ends = (certificate or {}).get("notAfter")
        return ssl.cert_time_to_seconds(ends) if isinstance(ends, str) else None

    async def listen(self, topic_filter: str) -> bool:
        """Subscribe at QoS 1, without what is retained there. False when the broker forbids it."""
        if self.speaks_5:
            options = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_DO_NOT_SEND)
            granted = await self.subscribe(topic_filter, options=options)
        else:
            granted = await self.subscribe(topic_filter, qos=1)
        return all((g if isinstance(g, int) else g.value) < 0x80 for g in granted)

    async def _wait_for(
        self,
        fut: Awaitable[_T],
        timeout: float | None,  # noqa: ASYNC109 - aiomqtt's signature
    ) -> _T:
        """A cancellation counts also in the moment of the answer; Python 3.11's wait_for drops it.

        Raises aiomqtt.MqttError when there is no answer in time.
        """
        try:
            async with asyncio.timeout(self.timeout if timeout is None else timeout):
                return await fut
        except TimeoutError:
            raise aiomqtt.MqttError("Operation timed out") from None

    def take_overflow(self) -> int:
        """How many messages were dropped since the last call because too many came at once."""
        assert isinstance(self._queue, _Inbox)
        dropped, self._queue.overflow = self._queue.overflow, 0
        return dropped

    async def __aenter__(self) -> Self:
        """Connect. Raises aiomqtt.MqttError, leaving nothing open."""
        try:
            return await super().__aenter__()
        except UnicodeError as error:  # a host name that cannot be one
            self._give_up()
            raise aiomqtt.MqttError(str(error)) from error
        except (MqttConnectError, NoConnackError):
            self._give_up()
            raise
        except aiomqtt.MqttError as error:
            self._give_up()
            if self._opened:
                raise NoConnackError(hung_up=False) from error
            raise
        except BaseException:
            self._give_up()
            raise

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Take leave; a broker that does not read any more is left without."""
        try:
            async with asyncio.timeout(LEAVE_S):
                await super().__aexit__(exc_type, exc, tb)
        except (aiomqtt.MqttError, TimeoutError):
            pass
        finally:
            self._give_up()

    def _give_up(self) -> None:
        self._given_up = True
        if self._disconnected.done() and not self._disconnected.cancelled():
            self._disconnected.exception()  # seen: who left for another reason did not ask for it
        self._client._sock_close()  # paho has no public way to close without writing first

    def _on_socket_open(self, client: paho.Client, userdata: Any, sock: Any) -> None:
        # Runs in the thread that connects, which cannot be cancelled: too late means not wanted.
        if self._given_up:
            sock.close()
            return
        self._opened = True
        super()._on_socket_open(client, userdata, sock)

    def _on_socket_register_write(self, client: paho.Client, userdata: Any, sock: Any) -> None:
        # Runs in the thread that connects as well: a socket that was given up has no number.
        if sock.fileno() >= 0:
            super()._on_socket_register_write(client, userdata, sock)

    def _on_publish(
        self,
        client: paho.Client,
        userdata: Any,
        mid: int,
        reason_code: ReasonCode,
        properties: Properties,
    ) -> None:
        super()._on_publish(client, userdata, mid, reason_code, properties)
        ack = self._acks.pop(mid, None)
        if ack is not None and not ack.done():
            ack.set_result(reason_code)

    def _on_disconnect(
        self,
        client: paho.Client,
        userdata: Any,
        flags: paho.DisconnectFlags,
        reason_code: ReasonCode,
        properties: Properties | None = None,
    ) -> None:
        super()._on_disconnect(client, userdata, flags, reason_code, properties)
        # May run in the thread that connects; the future belongs to the loop.
        self._loop.call_soon_threadsafe(self._closed_before_answer)

    def _closed_before_answer(self) -> None:
        if not self._connected.done():
            self._connected.set_exception(NoConnackError(hung_up=True))
            self._connected.exception()  # seen: whoever connects may have given up already
