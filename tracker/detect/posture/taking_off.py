"""Was there time to take the band off since a leg was surely in it?

A leg may rest as still as a table for a minute. But who takes a band off moves it without a stop:
reaches for it, undoes the strap, lays it down. A leg that was stretched is laid down sooner, and
lies where it is.
"""

from __future__ import annotations

import math

# To sit up, undo the strap and lay the band down takes longer; a leg is lowered in two to five.
TAKES_S = 5.0
# Nobody who stretches rests like this for longer without moving the leg.
_SURE_S = 300.0


class TakingOff:
    """Remembers when a leg was surely in the band, and forgets it as soon as that may be over."""

    def __init__(self) -> None:
        self._leg_s = -math.inf
        # It was off the leg, and no leg was stretched in it since.
        self._was_off = False

    def held(self, end_s: float) -> None:
        """A leg was stretched until then, and showed that it is one."""
        self._leg_s = end_s
        self._was_off = False

    def found(self, *, worn: bool) -> None:
        """The band was found to be worn, or not to be."""
        self._was_off = self._was_off or not worn

    def surely(self, *, worn: bool | None) -> bool | None:
        """Is it, as it was found? None where what was off the leg may be carried about instead."""
        return None if worn and self._was_off else worn

    def moved(self, from_s: float, to_s: float) -> None:
        """What was kept until then was moving without a stop up to there."""
        if to_s - from_s >= TAKES_S:
            self.lose_sight()

    def lose_sight(self) -> None:
        """Nothing is known of what was done with the band."""
        self._leg_s = -math.inf

    def possible(self, now_s: float) -> bool:
        """May the band be off the leg by now?"""
        return now_s - self._leg_s > _SURE_S
