"""What goes into the store and what comes back: frozen records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from tracker.bands.stretchband import Frame
from tracker.detect.events import Event, Side


@dataclass(frozen=True, slots=True, eq=False)
class StoredFrame:
    """A frame of the band's ring, as received.

    t_first_s:  seconds on the band's clock of its first sample, unwrapped (no modulo 2**32 ms).
    received_s: unix time on the host when it arrived.
    """

    frame: Frame
    t_first_s: float
    received_s: float

    @property
    def t_s(self) -> NDArray[np.float64]:
        """When each sample was taken, in seconds on the band's clock."""
        return self.t_first_s + self.frame.offsets_s


@dataclass(frozen=True, slots=True)
class Resume:
    """Where the detector has to begin again after a restart: frames from `seq`, samples from `t_s`.

    t_s: seconds on the clock of `boot_id`.
    """

    boot_id: int
    seq: int
    t_s: float


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """An event that a consumer has not acknowledged yet.

    position: its place in the event log; rises, has holes, is never used twice.
    at_s:     unix time of the event, None where there is no wall clock.
    """

    position: int
    band_id: str
    event: Event
    at_s: float | None


@dataclass(frozen=True, slots=True)
class StoredCommand:
    """What the wearer asked for at `t_s` on the band's clock, to be replayed when folding again."""

    boot_id: int
    t_s: float
    name: str
    payload: str | None


@dataclass(frozen=True, slots=True)
class Hold:
    """One row of `holds`; times are RFC 3339 UTC, None where there is no wall clock.

    end_s, ended_at, duration_s, reason: None while the hold lasts, or when its end never came.
    target_s: the target that was reached, None when none was.
    strains:  how often it bounced, was forced or trembled.
    """

    hold_id: str
    band_id: str
    session_id: str | None
    boot_id: int
    stretch: str
    side: Side | None
    start_s: float
    end_s: float | None
    started_at: str | None
    ended_at: str | None
    duration_s: float | None
    angle_deg: float | None
    depth_gain_deg: float | None
    breaths: int | None
    breath_rate_bpm: float | None
    exhale_inhale_ratio: float | None
    steadiness_deg: float | None
    twist_deg: float | None
    target_s: float | None
    strains: int
    reason: str | None


@dataclass(frozen=True, slots=True)
class StretchTotal:
    """Holds of one stretch on one side, together `hold_s` seconds."""

    stretch: str
    side: Side | None
    holds: int
    hold_s: float


@dataclass(frozen=True, slots=True)
class DayTotals:
    """What was held on one day in the wearer's time zone; a hold belongs to the day it began.

    streak_days: days in a row with a hold, up to this day; a day not over yet breaks nothing.
    """

    day: date
    stretches: tuple[StretchTotal, ...]
    streak_days: int

    @property
    def holds(self) -> int:
        """How many holds."""
        return sum(total.holds for total in self.stretches)

    @property
    def hold_s(self) -> float:
        """Seconds held, both sides and the unknown."""
        return sum((total.hold_s for total in self.stretches), 0.0)

    @property
    def left_s(self) -> float:
        """Seconds held on the left leg."""
        return side_s(self.stretches, "left")

    @property
    def right_s(self) -> float:
        """Seconds held on the right leg."""
        return side_s(self.stretches, "right")

    @property
    def balance(self) -> float | None:
        """The left leg's share of the seconds whose leg is known: 0.5 is even. None without any."""
        return balance(self.left_s, self.right_s)


def side_s(totals: tuple[StretchTotal, ...], side: Side) -> float:
    """Seconds held on one side."""
    return sum((total.hold_s for total in totals if total.side == side), 0.0)


def balance(left_s: float, right_s: float) -> float | None:
    """The left leg's share, 0.5 is even; None when there is nothing to share."""
    both = left_s + right_s
    return left_s / both if both > 0 else None
