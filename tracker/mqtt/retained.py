"""Which retained topics are still to be told to the broker? Of each only its latest payload."""

from __future__ import annotations

import asyncio
from itertools import islice


class Retained:
    """Kept for ever and told anew at each connection, to a broker that may have forgotten them."""

    def __init__(self) -> None:
        self._payloads: dict[str, bytes] = {}
        self._untold: dict[str, None] = {}  # topics, in the order of their last change
        self._news = asyncio.Event()

    def keep(self, topic: str, payload: bytes) -> None:
        """To be told, unless it is what was kept before."""
        if self._payloads.get(topic) == payload:
            return
        self._payloads[topic] = payload
        self._untold.pop(topic, None)
        self._untold[topic] = None
        self._news.set()

    def tell_all(self) -> None:
        """Whoever listens has heard nothing yet."""
        self._untold = dict.fromkeys(self._payloads)
        self._news.set()

    async def take(self, most: int) -> dict[str, bytes]:
        """The next that are to be told, at least one; waits for it."""
        while not self._untold:
            self._news.clear()
            await self._news.wait()
        topics = list(islice(self._untold, most))
        for topic in topics:
            del self._untold[topic]
        return {topic: self._payloads[topic] for topic in topics}
