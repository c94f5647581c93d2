"""How is a band's link, as it is told to whoever asks?"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TypedDict


@dataclass(frozen=True, slots=True)
class LinkState:
    """How the link is.

    rssi:         dBm when the band was last found; None before.
    battery:      percent; None while not known, or where the band tells what is no level.
    firmware:     the band's own word for it; None while not known.
    reconnects:   connections after the first.
    faults:       how often each was seen: those of LogReader, and `not_seen`, `busy`, `failed` (to
                  connect, or a request), `no_answer`, `disconnected`, `silent`, `overflow`,
                  `mtu_too_small`, `status`, `battery`, `not_a_stretchband`, `no_radio`,
                  `bond_lost`, `pairing_refused`, `keys`.
    last_frame_s: when the last frame came, seconds since 1970; told about once a second.
    trouble:      one sentence while it is not as it should be, else None.
    """

    connected: bool = False
    rssi: int | None = None
    battery: int | None = None
    firmware: str | None = None
    reconnects: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    last_frame_s: float | None = None
    trouble: str | None = None


class Changes(TypedDict, total=False):
    """Fields of LinkState."""

    connected: bool
    rssi: int | None
    battery: int | None
    firmware: str | None
    reconnects: int
    last_frame_s: float | None
    trouble: str | None
