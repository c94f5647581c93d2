"""What is an event called? The same samples give the same names."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypedDict


class Stamp(TypedDict):
    """Which event, of which band, when; as keyword arguments of every event."""

    event_id: str
    band_id: str
    t_s: float


@dataclass(frozen=True, slots=True)
class Stamps:
    """Names events, holds and sessions of one boot of one band by their time."""

    band_id: str
    boot_id: int

    def at(self, t_s: float, kind: str) -> Stamp:
        """What every event of this moment begins with."""
        return {
            "event_id": f"{self.reference(t_s)}-{kind}",
            "band_id": self.band_id,
            "t_s": ms(t_s),
        }

    def reference(self, t_s: float) -> str:
        """The id of a hold or a session that began at t_s."""
        return f"{self.band_id}-{self.boot_id:04x}-{round(t_s * 1000):09d}"


def ms(t_s: float) -> float:
    """Times are written to the millisecond, and as such also where they are whole numbers."""
    return round(float(t_s), 3)


def centi(value: float | None) -> float | None:
    """Degrees and rates are written to a hundredth."""
    return None if value is None or math.isnan(value) else round(value, 2)
