"""A door between the daemon and its broker: shut, slow, or open, and it notes who passes when."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

HOST = "127.0.0.1"
_PUBLISH, _PUBACK = 3, 4
_CHUNK = 2048


@dataclass
class Door:
    """Settings may change at any time.

    shut:     whoever knocks is turned away, who is inside is put out.
    delay_s:  each piece waits so long, both ways.
    bytes_s:  so many pass in a second, each way; 0: as many as come.
    sent_s:   when each event was first handed in, by event_id; acknowledged_s: its first PUBACK.
    """

    port: int = 0
    delay_s: float = 0.0
    bytes_s: float = 0.0
    sent_s: dict[str, float] = field(default_factory=dict)
    acknowledged_s: dict[str, float] = field(default_factory=dict)
    connections: int = 0
    _shut: bool = False
    _inside: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def unanswered(self) -> set[str]:
        """Events that were handed in, by event_id, without a PUBACK yet."""
        return self.sent_s.keys() - self.acknowledged_s.keys()

    def shut(self) -> None:
        self._shut = True
        for writer in list(self._inside):
            writer.transport.abort()

    def open(self) -> None:
        self._shut = False

    async def let_in(
        self, broker: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Bring one client to the broker and back."""
        upstream: asyncio.StreamWriter | None = None
        self._inside.add(writer)
        try:
            if self._shut:
                return
            answers, upstream = await asyncio.open_connection(HOST, broker)
            self._inside.add(upstream)
            self.connections += 1
            notes = _Notes(self)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._carry(reader, upstream, notes.from_client))
                tasks.create_task(self._carry(answers, writer, notes.from_broker))
        except* OSError:
            pass  # an end that was lost ends the other too
        finally:
            for one in filter(None, (writer, upstream)):
                self._inside.discard(one)
                one.transport.abort()

    async def _carry(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        note: Callable[[bytes], None],
    ) -> None:
        while data := await reader.read(_CHUNK):
            if self.delay_s or self.bytes_s:
                rate_s = len(data) / self.bytes_s if self.bytes_s else 0.0
                await asyncio.sleep(self.delay_s + rate_s)
            note(data)
            writer.write(data)
            await writer.drain()
        raise ConnectionResetError


@asynccontextmanager
async def door(broker: int) -> AsyncIterator[Door]:
    """An open door to the broker at this port."""
    one = Door()

    async def knock(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await one.let_in(broker, reader, writer)

    server = await asyncio.start_server(knock, HOST, 0)
    one.port = server.sockets[0].getsockname()[1]
    try:
        yield one
    finally:
        server.close()
        one.shut()


class _Notes:
    """Reads MQTT (3.1.1 or 5) far enough to know which event was acknowledged when."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._up, self._down = bytearray(), bytearray()
        self._under_way: dict[int, str] = {}

    def from_client(self, data: bytes) -> None:
        self._up += data
        for kind, flags, body in _packets(self._up):
            if kind == _PUBLISH and flags & 0b0110:
                length = int.from_bytes(body[:2], "big")
                topic = body[2 : 2 + length]
                if topic.endswith((b"/event", b"/late")):
                    number = int.from_bytes(body[2 + length : 4 + length], "big")
                    event_id = json.loads(body[body.index(b"{", 4 + length) :])["event_id"]
                    self._under_way[number] = event_id
                    self._door.sent_s.setdefault(event_id, time.time())

    def from_broker(self, data: bytes) -> None:
        self._down += data
        for kind, _, body in _packets(self._down):
            if kind == _PUBACK:
                event_id = self._under_way.pop(int.from_bytes(body[:2], "big"), None)
                if event_id is not None:
                    self._door.acknowledged_s.setdefault(event_id, time.time())


def _packets(stream: bytearray) -> list[tuple[int, int, bytes]]:
    """Whole packets, taken from the stream: type, flags, and what follows the length."""
    found: list[tuple[int, int, bytes]] = []
    while True:
        length, at = 0, 1
        while True:
            if at >= len(stream):
                return found
            length |= (stream[at] & 0x7F) << 7 * (at - 1)
            at += 1
            if not stream[at - 1] & 0x80:
                break
        if len(stream) < at + length:
            return found
        found.append((stream[0] >> 4, stream[0] & 0x0F, bytes(stream[at : at + length])))
        del stream[: at + length]
