"""How a limb wanders that nobody moves: smooth random paths through evenly spaced knots.

They are what SciPy's `lfilter` and `CubicSpline` give. To import those two packages takes half a
second at each start of a band, and this is all that is used of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firmware_sim.script import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """A cubic polynomial from each knot to the next, in the time since that knot.

    powers: shape (4, pieces, channels), from the constant upwards.
    """

    step_s: float
    powers: Floats

    def at(self, t_s: Floats) -> Floats:
        """The values at the times, shape (n, channels); the outermost pieces go on for ever."""
        piece = np.clip((t_s / self.step_s).astype(np.intp), 0, self.powers.shape[1] - 1)
        since = (t_s - piece * self.step_s)[:, None]
        constant, slope, square, cube = self.powers[:, piece]
        value: Floats = constant + since * (slope + since * (square + since * cube))
        return value


def wander(
    rng: np.random.Generator, until_s: float, *, channels: int, knot_s: float, memory_s: float
) -> Path:
    """Smooth random paths of unit size that forget within `memory_s`."""
    keep = np.exp(-knot_s / memory_s)
    knots = rng.standard_normal((int(until_s / knot_s) + 4, channels)) * np.sqrt(1 - keep**2)
    knots[0] /= np.sqrt(1 - keep**2)
    for i in range(1, len(knots)):
        knots[i] += keep * knots[i - 1]
    return through(knots, knot_s)


def through(knots: Floats, step_s: float) -> Path:
    """The cubic spline through knots of shape (n, channels), n > 3, the first at time 0.

    Of the many it is the "not-a-knot" one: the first two pieces are one polynomial, and the last
    two (de Boor, A Practical Guide to Splines, chapter IV).
    """
    rise = np.diff(knots, axis=0) / step_s
    slope = _slopes(rise)
    bent = slope[:-1] + slope[1:] - 2.0 * rise
    square = (rise - slope[:-1] - bent) / step_s
    return Path(step_s, np.stack([knots[:-1], slope[:-1], square, bent / step_s**2]))


def _slopes(rise: Floats) -> Floats:
    """The slope at each knot, such that the second derivative makes no step there.

    Three neighbours each make a row: 1 4 1, in the first 1 2 and in the last 2 1. Eliminated from
    the top, what stands on the diagonal tends to 3.73 and is never small, so no rows are exchanged.
    """
    slope = np.empty((len(rise) + 1, rise.shape[1]))
    slope[0], slope[-1] = (5.0 * rise[0] + rise[1]) / 2.0, (5.0 * rise[-1] + rise[-2]) / 2.0
    slope[1:-1] = 3.0 * (rise[:-1] + rise[1:])
    last = len(rise)
    diagonal, above = [1.0], 2.0
    for i in range(1, last + 1):
        below = (2.0 if i == last else 1.0) / diagonal[-1]
        diagonal.append((1.0 if i == last else 4.0) - below * above)
        slope[i] -= below * slope[i - 1]
        above = 1.0
    slope[last] /= diagonal[last]
    for i in range(last - 1, -1, -1):
        slope[i] = (slope[i] - (2.0 if i == 0 else 1.0) * slope[i + 1]) / diagonal[i]
    return slope
