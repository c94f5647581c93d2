"""The page on an address, until the process is told to end."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import signal
import socket
from collections.abc import Generator, Sequence
from pathlib import Path

import uvicorn
from rich.console import Console

from tracker.errors import StretchbandError
from tracker.mqtt.settings import MqttSettings, check
from tracker.systemd import Systemd
from tracker.web import access
from tracker.web.app import application
from tracker.web.feed import Feed

GRACE_S = 2  # an open page holds its connection for ever
ENDS = (signal.SIGTERM, signal.SIGINT)


def serve(
    mqtt: MqttSettings,
    db_path: Path,
    host: str,
    port: int,
    password: str | None,
    names: Sequence[str] = (),
) -> None:
    """Serve until SIGTERM or SIGINT; says on standard output where.

    port 0: any free one. names: under which the page is asked for beside its address and this
    machine's own name. Raises StretchbandError for an address that cannot be listened on, one
    that others reach without a password, and files that MQTT needs and that cannot be read.
    """
    access.check(host, password)
    check(mqtt)
    door = access.Door(password, names=access.own_names(host, *names))
    app = application(Feed(mqtt), db_path, door)
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    with _listening(host, port) as listener:
        shown = f"[{host}]" if ":" in host else host
        Console(soft_wrap=True).print(
            f"the page is on http://{shown}:{listener.getsockname()[1]}/", highlight=False
        )
        asyncio.run(_until_told(_Server(config, Systemd()), listener))


class _Server(uvicorn.Server):
    """Tells systemd when the page can be seen, and when it goes.

    Told to end is no error here, while uvicorn's own handlers die of the signal in the end.
    """

    def __init__(self, config: uvicorn.Config, systemd: Systemd) -> None:
        super().__init__(config)
        self.systemd = systemd

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """End in order when told to, instead of what uvicorn does."""
        loop = asyncio.get_running_loop()
        for number in ENDS:
            loop.add_signal_handler(number, self._end)
        yield

    def _end(self) -> None:
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.systemd.ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.systemd.stopping()
        await super().shutdown(sockets)


async def _until_told(server: _Server, listener: socket.socket) -> None:
    async with server.systemd.beating():
        await server.serve([listener])


def _listening(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise StretchbandError(
                f"port {port} on {host} is taken; --port 0 finds a free one"
            ) from None
        reason = error.strerror or str(error)
        raise StretchbandError(f"the page cannot listen on {host}:{port}: {reason}") from None
