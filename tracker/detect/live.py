"""What does a display show between the events?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Phase = Literal["rest", "moving", "exhale", "inhale"]


@dataclass(frozen=True, slots=True)
class Live:
    """A point for a display; nothing is decided from it.

    angle_deg:  of the stretch while one is held, otherwise from the last rest.
    breath_deg: how much deeper than at the start of the hold; None outside of a hold.
    """

    t_s: float
    angle_deg: float | None
    breath_deg: float | None
    phase: Phase
