"""How the connection to the broker stands."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Status:
    """How things stand.

    fault:      why there is no connection, or what the broker refuses; None when all is well.
    protocol:   "5" or "3.1.1", the last one spoken.
    reconnects: connections after the first.
    refused:    commands refused, by reason.
    """

    connected: bool = False
    fault: str | None = None
    protocol: str | None = None
    reconnects: int = 0
    sent: int = 0
    late: int = 0
    live_dropped: int = 0
    commands: int = 0
    refused: tuple[tuple[str, int], ...] = ()
