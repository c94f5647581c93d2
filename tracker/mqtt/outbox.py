"""Where the publisher reads what happened: whoever keeps the event log provides this."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tracker.detect.events import Event


class Entry(Protocol):
    """One event in the outbox. at_s: its unix time, None where there is no wall clock."""

    @property
    def position(self) -> int: ...
    @property
    def band_id(self) -> str: ...
    @property
    def event(self) -> Event: ...
    @property
    def at_s(self) -> float | None: ...


class OutboxSource(Protocol):
    """The event log, read from a cursor that it keeps itself."""

    async def outbox(self, limit: int) -> Sequence[Entry]:
        """The first entries after the cursor, in order."""

    async def acknowledge(self, position: int) -> None:
        """All up to this position have been delivered."""
