"""The one thread that touches the database, so that nothing else waits for the disk."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import ParamSpec, TypeVar

from tracker.mqtt.backoff import Backoff
from tracker.store import StoreUnavailableError

LONGEST_PAUSE_S = 5.0  # between two tries of what the store refused
HANGS_S = 30.0  # two hours of a band are folded in less

_log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")


class StoreThread:
    """Calls into the store, one after the other; detection runs here too.

    A daemon thread: a disk that does not answer cannot keep the process from ending.
    """

    def __init__(self, on_change: Callable[[], None] = lambda: None) -> None:
        """on_change: called when `trouble` has changed."""
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="store", daemon=True)
        self._thread.start()
        self._on_change = on_change
        self._refused: dict[str, str] = {}
        self._began_s: float | None = None  # of the call under way, on the monotonic clock

    @property
    def trouble(self) -> str | None:
        """What keeps the history from being written, in one sentence; None when nothing does."""
        began_s = self._began_s
        if began_s is not None and time.monotonic() - began_s > HANGS_S:
            return "the disk of the history does not answer"
        return next(iter(self._refused.values()), None)

    async def run(self, do: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call `do` there; calls are carried out in the order they were made.

        One that nobody waits for any more when its turn comes is not made.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()

        def tell(result: T | None, error: BaseException | None) -> None:
            if not answer.done():
                answer.set_result(result) if error is None else answer.set_exception(error)  # type: ignore[arg-type]  # T may be None

        def call() -> None:
            if answer.cancelled():
                return
            result, error = None, None
            try:
                result = do(*args, **kwargs)
            except BaseException as raised:  # noqa: BLE001 - it belongs to whoever called
                error = raised
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(tell, result, error)

        self._calls.put(call)
        return await answer

    async def keep_trying(
        self, who: str, do: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The same, again and again while the store cannot be written for a while.

        who: whose trouble it is; it has to be told once, not once by each.
        """
        pause = Backoff(LONGEST_PAUSE_S)
        while True:
            try:
                result = await self.run(do, *args, **kwargs)
            except StoreUnavailableError as error:
                self.refused(who, error)
                await asyncio.sleep(pause.next_s())
            else:
                self.took(who)
                return result

    def refused(self, who: str, error: StoreUnavailableError) -> None:
        """The store did not take something of `who`, who will try again."""
        sentence = str(error)
        if sentence not in self._refused.values():
            _log.error("%s; trying again, the bands keep what is not stored", sentence)
        self._tell(lambda: self._refused.update({who: sentence}))

    def took(self, who: str) -> None:
        """The store took it."""
        if who not in self._refused:
            return
        self._tell(lambda: self._refused.pop(who))
        if not self._refused:
            _log.info("the history is written again")

    def close(self, patience_s: float) -> None:
        """Wait for what is under way, but not longer than this."""
        self._calls.put(None)
        self._thread.join(patience_s)

    def _tell(self, change: Callable[[], object]) -> None:
        before = self.trouble
        change()
        if self.trouble != before:
            self._on_change()

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            self._began_s = time.monotonic()
            call()
            self._began_s = None
