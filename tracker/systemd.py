"""What systemd is told of a service: that it is ready, how it goes, that it lives, that it ends.

sd_notify(3): lines in a datagram to the socket that the environment names. Where none is named,
nobody is told anything.

    begins --beat: "give me more time"--> ready --beat: "I live"--> stopping
       '--no beat-------------------------> ended and started again by systemd
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from tracker.plain import plain

_US: Final = 1_000_000
# Three within the time that systemd waits, so that one that is late does no harm.
_BEATS: Final = 3
# What a service that has not begun yet may ask for, where systemd watches it only later.
_BEGINNING_S: Final = 60.0
# A socket that is full empties in milliseconds, or systemd itself hangs.
_SEND_S: Final = 0.2

_log = logging.getLogger(__name__)


class Systemd:
    """Tells it, from the event loop of the service: a loop that hangs says nothing.

    limit_s: without a beat for so long it is taken to hang.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._place = environment.get("NOTIFY_SOCKET", "")
        self._socket: socket.socket | None = None
        watched = environment.get("WATCHDOG_PID") in (None, str(os.getpid()))
        watchdog_s = int(environment.get("WATCHDOG_USEC", 0)) / _US if watched else 0.0
        self.limit_s = watchdog_s or _BEGINNING_S
        self._is_ready = False
        self._is_heard = True
        self._status = ""

    @asynccontextmanager
    async def beating(self) -> AsyncIterator[None]:
        """Meanwhile it is told what there is to tell, and that the event loop turns."""
        told = _connected(self._place)
        if told is None:
            yield
            return
        with told:
            self._socket = told
            beats = asyncio.create_task(self._beat(), name="systemd")
            try:
                yield
            finally:
                beats.cancel()
                await asyncio.wait({beats})
                self._socket = None

    def ready(self) -> None:
        """What the service is for can be had."""
        if not self._is_ready:
            self._is_ready = True
            self._tell("READY=1")

    def status(self, sentence: str) -> None:
        """How it goes, for `systemctl status`."""
        if sentence != self._status:
            self._status = sentence
            self._tell(f"STATUS={plain(sentence)}")

    def stopping(self) -> None:
        """It ends by itself."""
        self._tell("STOPPING=1")

    async def _beat(self) -> None:
        asks_for_time = f"EXTEND_TIMEOUT_USEC={self.limit_s * _US:.0f}"
        while True:
            self._tell("WATCHDOG=1" if self._is_ready else asks_for_time)
            await asyncio.sleep(self.limit_s / _BEATS)

    def _tell(self, line: str) -> None:
        if self._socket is None:
            return
        try:
            self._socket.send(line.encode())
        except OSError as error:  # a full socket too
            if self._is_heard:
                _log.warning("systemd does not hear what it is told: %s", error)
            self._is_heard = False
        else:
            self._is_heard = True


def _connected(place: str) -> socket.socket | None:
    """place: a path, or a name in Linux's abstract namespace after an @."""
    if not place.startswith(("/", "@")):
        return None
    told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    told.settimeout(_SEND_S)
    try:
        told.connect(f"\0{place[1:]}" if place.startswith("@") else place)
    except OSError as error:
        told.close()
        _log.warning("systemd's socket %s cannot be used: %s", place, error.strerror)
        return None
    return told
