"""How is a curve of a whole day drawn with as many points as a picture has columns?"""

from __future__ import annotations

import numpy as np

from tracker.detect.samples import Floats

# A curve is broken where its points are further apart.
_BREAK_S = 1.0


def between(t_s: Floats, values: Floats, from_s: float, to_s: float) -> tuple[Floats, Floats]:
    """The part of a curve that is in view."""
    inside = (t_s >= from_s) & (t_s <= to_s)
    return t_s[inside], values[inside]


def thinned(t_s: Floats, values: Floats, columns: int) -> tuple[Floats, Floats]:
    """At most four points a column: the least and the greatest of each, so that no peak is lost.

    The curve is broken (nan) where points are missing.
    """
    if len(t_s) > 2 * columns:
        edges = np.linspace(t_s[0], t_s[-1], columns + 1)[:-1]
        first = np.unique(t_s.searchsorted(edges))
        low, high = np.fmin.reduceat(values, first), np.fmax.reduceat(values, first)
        last = np.append(first[1:], len(t_s)) - 1
        t_s = np.column_stack([t_s[first], t_s[last]]).ravel()
        values = np.column_stack([low, high]).ravel()
        gap = max(_BREAK_S, 3.0 * float(edges[1] - edges[0]))
    else:
        gap = _BREAK_S
    broken = np.flatnonzero(np.diff(t_s) > gap) + 1
    return np.insert(t_s, broken, t_s[broken]), np.insert(values, broken, np.nan)
