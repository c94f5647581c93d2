"""Holds, breaths and frames to fill a history with: the detector's events as they are stored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from tracker.bands.stretchband import Frame
from tracker.clock import rfc3339
from tracker.detect.events import (
    Breath,
    EndReason,
    Event,
    HoldEnded,
    HoldStarted,
    Rep,
    SessionEnded,
    SessionStarted,
    Side,
    Strain,
    TargetReached,
)
from tracker.detect.stamps import Stamp, Stamps
from tracker.store import Store, StoredFrame

BAND = "band1"
ADDRESS = "F0:F1:F2:F3:F4:01"
START = datetime(2026, 11, 2, 17, 0, tzinfo=UTC).timestamp()  # a Monday: band second 0
STEP = 320  # 50 Hz
PER_FRAME = 25


class Dated(Stamp):
    """What an event begins with, and its wall time."""

    at: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """Events of one band and boot, `offset_s` its clock; None: no wall clock."""

    band_id: str = BAND
    boot_id: int = 1
    offset_s: float | None = START

    def stamped(self, t_s: float, kind: str) -> Dated:
        return {**Stamps(self.band_id, self.boot_id).at(t_s, kind), "at": self.at(t_s)}

    def clocked(self, t_s: float) -> str:
        return f"{self.band_id}-{self.boot_id:04x}-{round(t_s * 1000):09d}"

    def at(self, t_s: float) -> str | None:
        return None if self.offset_s is None else rfc3339(self.offset_s + t_s)

    def session_started(self, start_s: float) -> SessionStarted:
        t_s = start_s + 4
        return SessionStarted(
            **self.stamped(t_s, "session_started"),
            session_id=self.clocked(start_s),
        )

    def session_ended(self, start_s: float, t_s: float, holds: int, hold_s: float) -> SessionEnded:
        return SessionEnded(
            **self.stamped(t_s, "session_ended"),
            session_id=self.clocked(start_s),
            holds=holds,
            hold_s=hold_s,
        )

    def rep(self, start_s: float) -> Rep:
        t_s = start_s + 8
        return Rep(
            **self.stamped(t_s, "rep"),
            start_s=start_s,
            top_s=start_s + 4,
            end_s=start_s + 7,
            range_deg=35.0,
        )

    def hold_started(
        self, start_s: float, stretch: str = "hamstring", side: Side | None = "left"
    ) -> HoldStarted:
        t_s = start_s + 2.5
        return HoldStarted(
            **self.stamped(t_s, "hold_started"),
            hold_id=self.clocked(start_s),
            stretch=stretch,
            side=side,
            start_s=start_s,
            angle_deg=61.25,
        )

    def breath(self, hold_start_s: float, number: int) -> Breath:
        begin_s = hold_start_s + 10 * (number - 1) + 1
        t_s = begin_s + 10
        return Breath(
            **self.stamped(t_s, "breath"),
            hold_id=self.clocked(hold_start_s),
            number=number,
            exhale_start_s=begin_s,
            exhale_end_s=begin_s + 5.5,
            end_s=begin_s + 9.25,
            depth_deg=1.12,
        )

    def target_reached(self, hold_start_s: float) -> TargetReached:
        t_s = hold_start_s + 30
        return TargetReached(
            **self.stamped(t_s, "target_reached"),
            hold_id=self.clocked(hold_start_s),
            target_s=30.0,
        )

    def strain(self, hold_start_s: float) -> Strain:
        t_s = hold_start_s + 12
        return Strain(
            **self.stamped(t_s, "strain_bounce"),
            hold_id=self.clocked(hold_start_s),
            kind="bounce",
            size=6.5,
        )

    def hold_ended(
        self,
        start_s: float,
        duration_s: float,
        stretch: str = "hamstring",
        side: Side | None = "left",
        reason: EndReason = "released",
    ) -> HoldEnded:
        end_s = start_s + duration_s
        t_s = end_s + 1.5
        return HoldEnded(
            **self.stamped(t_s, "hold_ended"),
            hold_id=self.clocked(start_s),
            stretch=stretch,
            side=side,
            start_s=start_s,
            end_s=end_s,
            duration_s=duration_s,
            angle_deg=63.5,
            depth_gain_deg=3.75,
            breaths=int(duration_s // 10),
            breath_rate_bpm=6.1,
            exhale_inhale_ratio=1.4,
            steadiness_deg=0.42,
            twist_deg=None,
            reason=reason,
        )

    def hold(
        self,
        start_s: float,
        duration_s: float = 45.0,
        stretch: str = "hamstring",
        side: Side | None = "left",
    ) -> list[Event]:
        """A hold as the detector tells it, from start to end."""
        breaths = [self.breath(start_s, n) for n in range(1, int(duration_s // 10) + 1)]
        events: list[Event] = [
            self.hold_started(start_s, stretch, side),
            *breaths,
            self.hold_ended(start_s, duration_s, stretch, side),
        ]
        if duration_s >= 30:
            events.append(self.target_reached(start_s))
        return sorted(events, key=lambda event: event.t_s)

    def session(self, start_s: float) -> list[Event]:
        """Two straightenings, the same stretch on both legs, and the long time without."""
        return [
            self.session_started(start_s),
            self.rep(start_s),
            self.rep(start_s + 10),
            *self.hold(start_s + 20, 45.0, side="left"),
            *self.hold(start_s + 90, 50.5, side="right"),
            self.session_ended(start_s, start_s + 741, 2, 95.5),
        ]


def frame(seq: int, boot_id: int = 1, offset_s: float = START) -> StoredFrame:
    """Half a second of samples, different for each `seq`, at 0.5 s * seq on the band's clock."""
    counts = np.random.default_rng(seq).integers(-16384, 16384, (PER_FRAME, 3)).astype(np.int16)
    t_first_s = seq * PER_FRAME * STEP / 16000
    taken = Frame(boot_id, seq, round(t_first_s * 1000), STEP, 2, counts)
    return StoredFrame(taken, t_first_s, offset_s + t_first_s + 0.52)


def new_store(path: Path, *band_ids: str) -> Store:
    """A new history that knows its bands."""
    store = Store.open(path)
    for band_id in band_ids or (BAND,):
        store.register_band(band_id, ADDRESS, "stretch")
    return store


def weeks_of_sessions(days: int, seed: int = 1) -> Iterator[Event]:
    """One session a day for `days` days but every ninth: four stretches on both legs."""
    chance = np.random.default_rng(seed)
    told = Told()
    for day in range(days):
        if day % 9 == 5:
            continue
        start_s = day * 86400.0 + float(chance.integers(0, 7200))
        yield told.session_started(start_s)
        begin_s, held_s, holds = start_s + 20, 0.0, 0
        for stretch in ("hamstring", "inner_thigh", "prone_quad", "standing_quad"):
            sides: tuple[Side, Side] = ("left", "right")
            for side in sides:
                duration_s = round(float(chance.uniform(18, 75)), 2)
                yield from told.hold(begin_s, duration_s, stretch, side)
                begin_s, held_s, holds = begin_s + duration_s + 20, held_s + duration_s, holds + 1
        yield told.session_ended(start_s, begin_s + 600, holds, round(held_s, 2))
