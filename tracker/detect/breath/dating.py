"""Where in the breaths of a row do the exhales begin?

A row of breaths is laid with one shape (template.py). Who rests after the inhale, or breathes out
in less time than it does, has all exhales dated too early or too late by the same share of a
breath. So other shapes (shapes.py) are laid over the same breaths, each shifted either way. What is
told is the mean shift over all of them, weighed by how well they fit and how usual they are
(Bayesian model averaging: Hoeting et al. 1999), so that it stays small where little is seen. A few
breaths of a hold show little, but everybody has a way to breathe that stays (Benchetrit 2000): what
the holds before have shown counts too.
"""

from __future__ import annotations

import numpy as np

from tracker.detect.breath.cycles import Cycles
from tracker.detect.breath.habit import Habit
from tracker.detect.breath.movement import Movement
from tracker.detect.breath.shapes import shapes, waves
from tracker.detect.breath.whitening import total
from tracker.detect.samples import Floats

# Sway is no white noise, even when it is whitened: less than what the likelihood claims.
_BELIEVED = 0.8


class Dating:
    """Learns from row after row of a hold how much later exhales begin than rows have them."""

    def __init__(self, habit: Habit) -> None:
        self._habit = habit
        self._fits = np.zeros(len(shapes().late))

    def look(self, movement: Movement, row: Cycles, breaths: float) -> None:
        """A row, of which so many breaths have not been looked at yet."""
        share = min(breaths / (len(row.onsets_s) - 1), 1.0)
        self._fits = self._fits + share * movement.fits(_laid(movement, row), shapes().sizes)

    def late(self) -> float:
        """In shares of a breath; less than nothing where they begin earlier."""
        known = shapes()
        fits = self._habit.fits + self._fits
        chances = known.usual * np.exp(_BELIEVED * (fits - fits.max()))
        return total(chances * known.late) / total(chances)

    def remember(self) -> None:
        """The hold is over, or a part of it."""
        self._habit.learn_shape(self._fits)


def _laid(movement: Movement, row: Cycles) -> Floats:
    """(waves, beats) the waves of its breaths at each beat, none outside of the row."""
    t_s = movement.times_s()
    within = row.within(t_s)
    found = waves(row.phases(t_s[within]))
    laid = np.zeros((len(found), len(t_s)))
    laid[:, within] = found
    return laid
