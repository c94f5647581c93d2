"""A broker inside this process, for the demo: nothing to install, on 127.0.0.1 only.

amqtt speaks MQTT 3.1.1 and forgets retained messages when it ends. Homes use Mosquitto.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
from collections.abc import AsyncIterator, Iterator

from tracker.errors import StretchbandError, extra_missing

ADDRESS = "127.0.0.1"


@contextlib.asynccontextmanager
async def embedded_broker(port: int = 0) -> AsyncIterator[int]:
    """Serve MQTT on 127.0.0.1; gives the port, which the system chooses for 0.

    Raises StretchbandError when amqtt is not installed or the port is taken.
    """
    try:
        from amqtt.broker import Broker
        from amqtt.errors import BrokerError
    except ImportError:
        raise extra_missing("the broker of the demo", "amqtt", "demo") from None

    class ClosingBroker(Broker):  # type: ignore[misc]  # amqtt says nothing of its types
        """amqtt 0.12.1 leaves a connection open that ends before its CONNECT was read.

        And it shuts one down that a client has closed on hearing that MQTT 5 is not spoken here.
        """

        async def stream_connected(
            self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener_name: str
        ) -> None:
            try:
                await super().stream_connected(reader, writer, listener_name)
            except OSError as error:
                if error.errno != errno.ENOTCONN:
                    raise
            finally:
                writer.close()

    with _quiet():
        broker = ClosingBroker(
            {
                "listeners": {"default": {"type": "tcp", "bind": f"{ADDRESS}:{port}"}},
                "plugins": {
                    "amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}
                },
            }
        )
        try:
            await broker.start()
        except BrokerError as error:
            raise StretchbandError(_why_not(port, error.__cause__)) from None
        try:
            yield broker._servers["default"].instance.sockets[0].getsockname()[1]
        finally:
            await broker.shutdown()


def _why_not(port: int, error: BaseException | None) -> str:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return f"port {port} on {ADDRESS} is taken; --broker-port 0 finds a free one"
    return f"the broker of the demo cannot serve {ADDRESS}:{port}: {error}"


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Only what is broken: amqtt tells of each connection, transitions of each state."""
    loggers = [logging.getLogger(name) for name in ("amqtt", "transitions")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
