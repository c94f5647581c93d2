"""Which part of a recording is in view, and what has room in it?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter

from tracker.plot.clock import written
from tracker.plot.look import FAINT

# A letter of the labels' size is so wide; a label that has no room is left to the cards.
_LETTER_IN = 0.066
# Marks of the axis of time, in seconds; the first that gives no more than so many is taken.
_STEPS_S, _MOST_STEPS = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200), 24


@dataclass(frozen=True, slots=True)
class View:
    """From when to when, and how wide that is drawn."""

    from_s: float
    to_s: float
    width_in: float

    def has(self, start_s: float, end_s: float) -> bool:
        return start_s <= self.to_s and end_s >= self.from_s

    def letters(self, start_s: float, end_s: float) -> int:
        """How many letters have room between the two."""
        seen_s = min(end_s, self.to_s) - max(start_s, self.from_s)
        return int(seen_s / (self.to_s - self.from_s) * self.width_in / _LETTER_IN)

    def middle(self, start_s: float, end_s: float) -> float:
        return (min(end_s, self.to_s) + max(start_s, self.from_s)) / 2


def time_axis(axes: Axes, view: View) -> None:
    axes.set_xlim(view.from_s, view.to_s)
    span = view.to_s - view.from_s
    whole_days = 86400 * int(np.ceil(span / 86400 / _MOST_STEPS))
    step = next((s for s in _STEPS_S if span / s <= _MOST_STEPS), whole_days)
    first = np.ceil(view.from_s / step) * step
    axes.xaxis.set_major_locator(FixedLocator(np.arange(first, view.to_s + 1e-9, step).tolist()))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda t_s, _: written(t_s)))
    axes.grid(visible=True, axis="x", color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
