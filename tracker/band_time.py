"""When did a band take a sample: in seconds of its own clock, and by the clock on the wall?

    milliseconds, modulo 2**32 --the nearest turn--> band's second --the boot's clock--> wall time

A band counts from zero after each boot. How far its samples are folded is kept here, because that
tells which turn of the counter the next one is in; how each boot's second lies to ours is worked
out by `tracker.clock`, from when things came and from nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from tracker.bands.arrivals import Arrival, Greeting
from tracker.clock import BandClock, ClockNews
from tracker.detect.events import Event
from tracker.host_time import HOST_RUN
from tracker.replay import NO_BOOT
from tracker.store import Store, StoredFrame

WRAP_S = 2**32 / 1000  # the band's milliseconds are 32 bits wide


class BandTime:
    """One band's clocks, a boot each, and how far its samples are folded.

    boot_id, last_s: the boot and the second of the last sample; minus infinity before any.
    backwards:       frames that were not believed, because they go back within their boot.
    heard:           what was heard of a boot's clock and is not stored yet.
    """

    def __init__(self, store: Store, band_id: str) -> None:
        self._store = store
        self._band_id = band_id
        self._ticking_boot: int | None = None  # the boot that the band is in
        self.backwards = 0
        self.forget()

    def forget(self) -> None:
        """Nothing is folded; what is known of the clocks is what is stored."""
        self.boot_id = NO_BOOT
        self.last_s = -math.inf
        self.heard: list[tuple[int, ClockNews]] = []
        self._clocks: dict[int, BandClock] = {}

    def dated(self, arrival: Arrival) -> StoredFrame | None:
        """The frame with its time unwrapped; None when its clock went backwards within a boot."""
        frame = arrival.frame
        after_s = self._folded_to_s(frame.boot_id)
        t_first_s = unwrapped(frame.t_first_ms, after_s)
        if t_first_s <= after_s:
            self.backwards += 1
            return None
        if frame.boot_id == self._ticking_boot:
            # What an earlier boot took is read late by an unknown time: it says nothing of clocks.
            self._observe(frame.boot_id, t_first_s + frame.duration_s, arrival)
        return StoredFrame(frame, t_first_s, arrival.host_s)

    def greeted(self, greeting: Greeting) -> None:
        """The band itself said what time it has."""
        status = greeting.status
        self._ticking_boot = status.boot_id
        now_s = unwrapped(status.now_ms, self._folded_to_s(status.boot_id))
        self._observe(status.boot_id, now_s, greeting)

    def at_the_wall(self, events: Sequence[Event]) -> list[Event]:
        """Events of the boot that is folded, each with its wall time, where that is known."""
        clock = self._clock(self.boot_id)
        return [msgspec.structs.replace(event, at=clock.at(event.t_s)) for event in events]

    def _folded_to_s(self, boot_id: int) -> float:
        return self.last_s if boot_id == self.boot_id else -math.inf

    def _observe(self, boot_id: int, band_s: float, came: Arrival | Greeting) -> None:
        clock, prompt = self._clock(boot_id), isinstance(came, Greeting)
        if came.ahead_s is None:
            news = clock.observe(band_s, came.host_s, prompt=prompt)
        else:
            news = clock.observe(band_s, came.host_s, came.ahead_s, HOST_RUN, prompt=prompt)
        self.heard += [(boot_id, one) for one in news]

    def _clock(self, boot_id: int) -> BandClock:
        if boot_id not in self._clocks:
            wanted = (self.boot_id, self._ticking_boot)
            self._clocks = {boot: kept for boot, kept in self._clocks.items() if boot in wanted}
            self._clocks[boot_id] = self._store.clock(self._band_id, boot_id)
        return self._clocks[boot_id]


def unwrapped(milliseconds: int, after_s: float) -> float:
    """Seconds of a 32-bit count of milliseconds, the turn that is nearest to `after_s`."""
    t_s = milliseconds / 1000
    if after_s == -math.inf:
        return t_s
    return t_s + WRAP_S * max(0, round((after_s - t_s) / WRAP_S))
