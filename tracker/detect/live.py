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

    def halfway_to(self, later: Live) -> Live:
        """The point between two steps: what is shown has nothing faster than 1.5 Hz in it."""
        return Live(
            round((self.t_s + later.t_s) / 2, 3),
            _between(self.angle_deg, later.angle_deg),
            _between(self.breath_deg, later.breath_deg),
            self.phase,
        )


def _between(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else round((a + b) / 2, 2)
