"""The door for other processes: HCI on a socket, a virtual controller for each who connects."""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
from pathlib import Path

from bumble.core import InvalidPacketError
from bumble.transport.common import PacketParser

from firmware_sim.air import Air
from firmware_sim.controller import VirtualController


class Hub:
    """Serves one air on sockets of this machine.

    Every client gets a fresh controller, as if it had plugged in a dongle; when it goes, however it
    goes, its controller is unplugged. Nothing but this machine's own user (a 0600 socket) or this
    machine (127.0.0.1) can connect.
    """

    def __init__(self, air: Air) -> None:
        self.air = air
        self._numbers = itertools.count(1)
        self._servers: list[asyncio.Server] = []
        self._paths: list[Path] = []
        self._clients: set[_Client] = set()

    async def listen(self, where: str) -> str:
        """Listen at `unix:PATH` or `tcp:127.0.0.1:PORT`; port 0 takes a free one.

        Returns the name by which Bumble's open_transport() reaches it. Raises ValueError for
        another place, OSError when it cannot be had.
        """
        kind, _, place = where.partition(":")
        host, _, port = place.rpartition(":")
        if kind == "unix" and place:
            return await self._listen_unix(Path(place))
        if kind == "tcp" and host == "127.0.0.1" and port.isdecimal() and int(port) < 2**16:
            return await self._listen_tcp(int(port))
        raise ValueError(f'"{where}" is neither unix:PATH nor tcp:127.0.0.1:PORT')

    async def _listen_tcp(self, port: int) -> str:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(self._client, "127.0.0.1", port)
        self._servers.append(server)
        return f"tcp-client:127.0.0.1:{server.sockets[0].getsockname()[1]}"

    async def _listen_unix(self, path: Path) -> str:
        listener = _bind_private(path)
        self._paths.append(path)
        server = await asyncio.get_running_loop().create_unix_server(self._client, sock=listener)
        self._servers.append(server)
        return f"unix:{path}"

    def _client(self) -> _Client:
        return _Client(self.air, next(self._numbers), self._clients)

    async def close(self) -> None:
        """Stop listening and unplug everyone."""
        for server in self._servers:
            server.close()
        for client in list(self._clients):
            client.hang_up()
        for server in self._servers:
            await server.wait_closed()
        for path in self._paths:
            path.unlink(missing_ok=True)


def _bind_private(path: Path) -> socket.socket:
    """A listening socket that its owner alone may use; takes the place of a dead one."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _remove_dead(path)
        mask = os.umask(0o177)  # a chmod afterwards would leave a moment for others
        try:
            listener.bind(str(path))
        finally:
            os.umask(mask)
    except OSError:
        listener.close()
        raise
    return listener


def _remove_dead(path: Path) -> None:
    """Remove a socket file whose process was killed; one that answers stays."""
    if not path.is_socket():
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()


class _Client(asyncio.Protocol):
    """One process's HCI stream and its controller."""

    def __init__(self, air: Air, number: int, clients: set[_Client]) -> None:
        self._air = air
        self._clients = clients
        self._name = f"client {number}"
        # Locally administered (second bit of the first byte), so nobody's real address.
        self._address = f"02:53:42:00:{number >> 8 & 0xFF:02X}:{number & 0xFF:02X}"
        self._parser = PacketParser()
        self._full = False
        self._transport: asyncio.Transport | None = None
        self._controller: VirtualController | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError(f"{transport!r} is no stream")
        self._transport = transport
        self._controller = VirtualController(
            self._name, self._air, sink=self, public_address=self._address
        )
        self._controller.congested = lambda: self._full
        self._parser.set_packet_sink(self._controller)
        self._clients.add(self)

    def on_packet(self, packet: bytes) -> None:
        """The controller has something for its host."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(packet)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except InvalidPacketError:  # not HCI: a stream that has lost its step never finds it again
            self.hang_up()

    def pause_writing(self) -> None:
        self._full = True  # the host does not read: what is for it waits in the air

    def resume_writing(self) -> None:
        self._full = False
        self._air.carry_on()

    def connection_lost(self, _exc: Exception | None) -> None:
        self._clients.discard(self)
        if self._controller is not None:
            self._controller.leave()
            self._controller = None

    def hang_up(self) -> None:
        if self._transport is not None:
            self._transport.abort()
