"""The event log as the publisher reads it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tracker.daemon.thread import StoreThread
from tracker.store import OutboxEntry, Store, StoreUnavailableError

CONSUMER = "mqtt"
WHO = "outbox"
ANSWER_S = 0.5


class Outbox:
    """Events after a cursor, which is here first and then in the store.

    While the store cannot be written what the broker has taken is not sent again; a process that
    ends before its cursor was stored sends it once more.
    """

    def __init__(self, thread: StoreThread, store: Store) -> None:
        self._thread, self._store = thread, store
        self._taken = 0
        self._is_kept = True
        self.depth = 0

    async def outbox(self, limit: int) -> Sequence[OutboxEntry]:
        """The first events after the cursor."""
        if not self._is_kept:
            await self.acknowledge(self._taken)
        return await self._thread.keep_trying(
            "reading", self._store.outbox, CONSUMER, limit, self._taken
        )

    async def acknowledge(self, position: int) -> None:
        """The broker has all up to here. Does not wait for a disk that hangs."""
        self._taken = max(self._taken, position)
        self._is_kept = False
        try:
            async with asyncio.timeout(ANSWER_S):
                await self._thread.run(self._store.acknowledge, CONSUMER, self._taken)
        except StoreUnavailableError as error:
            self._thread.refused(WHO, error)
        except TimeoutError:
            pass  # whoever waits for the disk says so
        else:
            self._is_kept = True
            self._thread.took(WHO)

    async def count(self) -> int:
        """How many events the broker has not taken; what it was when the store does not answer."""
        try:
            async with asyncio.timeout(ANSWER_S):
                self.depth = await self._thread.run(self._store.outbox_depth, CONSUMER, self._taken)
        except (StoreUnavailableError, TimeoutError):
            pass
        return self.depth
