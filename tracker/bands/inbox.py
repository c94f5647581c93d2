"""Where the callbacks of one connection end, between the Bluetooth library and the link's task."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import Final

from tracker.bands.stretchband import FrameError, decode_battery
from tracker.host_time import HostTime, host_time

# At 10,000 notifications a second, the most that was ever measured, the task may be late by 50 ms.
INBOX: Final = 512


class Inbox:
    """Keeps what came until the task has time for it.

    notifications: as bytes with their time of arrival; at most INBOX.
    overflows:     how many more came and were dropped.
    battery:       the last level told, percent; None where it was none.
    no_battery:    why the last one was none; None where it was.
    gone:          the connection has ended.
    """

    def __init__(self) -> None:
        self.notifications: deque[tuple[bytes, HostTime]] = deque()
        self.overflows = 0
        self.battery: int | None = None
        self.no_battery: FrameError | None = None
        self.gone = False
        self._news = asyncio.Event()

    def on_notification(self, data: bytes) -> None:
        """A frame, or what should be one."""
        if len(self.notifications) < INBOX:
            self.notifications.append((data, host_time()))
        else:
            self.overflows += 1
        self._news.set()

    def on_battery(self, data: bytes) -> None:
        """A battery level, or what should be one."""
        try:
            self.battery, self.no_battery = decode_battery(data), None
        except FrameError as error:
            self.battery, self.no_battery = None, error
        self._news.set()

    def on_gone(self) -> None:
        """The connection has ended."""
        self.gone = True
        self._news.set()

    def clear(self) -> None:
        """Let go what came and was not read."""
        self.notifications.clear()
        self.overflows = 0

    async def wait(self, until_s: float) -> None:
        """Until something has come, or the event loop's clock shows this."""
        with suppress(TimeoutError):
            async with asyncio.timeout_at(until_s):
                await self._news.wait()
        self._news.clear()
