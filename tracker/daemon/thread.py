"""The one thread that touches the database, so that nothing else waits for the disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from tracker.store import OutboxEntry, Store

CONSUMER = "mqtt"
P = ParamSpec("P")
T = TypeVar("T")


class StoreThread:
    """Calls into the store, one after the other; detection runs here too."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")

    async def run(self, do: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call `do` there; calls are carried out in the order they were made."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: do(*args, **kwargs))

    def close(self) -> None:
        """Wait for what is under way."""
        self._thread.shutdown()


@dataclass(frozen=True, slots=True)
class Outbox:
    """The event log as the publisher reads it."""

    thread: StoreThread
    store: Store

    async def outbox(self, limit: int) -> Sequence[OutboxEntry]:
        """The first events after the cursor."""
        return await self.thread.run(self.store.outbox, CONSUMER, limit)

    async def acknowledge(self, position: int) -> None:
        """The broker has all up to here."""
        await self.thread.run(self.store.acknowledge, CONSUMER, position)

    async def depth(self) -> int:
        """How many events the broker has not taken yet."""
        return await self.thread.run(self.store.outbox_depth, CONSUMER)
