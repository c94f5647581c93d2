"""Did the leg sink deeper at once, as after a push against the belt?

Who contracts and relaxes (Sady, Wortman and Blanke 1982) lets the leg sink by four degrees and
more within some seconds, and it stays there. That is no breath, however much larger than one, and
hides all of them: so the beats in which it sinks count as not felt, and what comes after as lifted
by as much.
"""

from __future__ import annotations

import numpy as np

from tracker.detect.breath.beats import BEAT_S, Point
from tracker.detect.samples import Floats

# It sinks within so long, and is looked at for so long before and after: a breath or more, half a
# breath at least.
_SINKS = tuple(round(s / BEAT_S) for s in (2.0, 3.2, 4.8, 6.4))
_AROUND, _LEAST = round(10.0 / BEAT_S), round(4.0 / BEAT_S)
# Breath and creep move what is before and after by less than this, and by less than so many times
# what they mostly do.
_SINKS_DEG, _MOSTLY = 3.5, 3.0
# It does not come back: until then it was not half so deep, and is not again from then on.
_STAYS = 0.5
# Of the ways to see it, the shortest that shows nearly all of it.
_NEARLY = 0.9
# Nobody does it more often in one part of a hold.
_MOST = 4


def without_sinking(moved: Floats) -> tuple[Floats, Point]:
    """(n, 2) the movement without it, nan while the leg sank; and by how much it did in all."""
    lifted, sunk = moved.copy(), np.zeros(2)
    for _ in range(_MOST):
        found = _sink(lifted)
        if found is None:
            break
        begin, end, by = found
        lifted[begin:end] = np.nan
        lifted[end:] -= by
        sunk += by
    return lifted, (float(sunk[0]), float(sunk[1]))


def _sink(moved: Floats) -> tuple[int, int, Floats] | None:
    """From which beat to which the leg sank most, and by how much; None where it did not."""
    felt = np.isfinite(moved[:, :1])
    sums = np.zeros((len(moved) + 1, 3))
    sums[1:] = np.cumsum(np.hstack([np.where(felt, moved, 0.0), felt]), axis=0)
    found, most_deg = None, 0.0
    for width in _SINKS:
        begins = np.arange(_LEAST, len(moved) - width - _LEAST + 1)
        ends = begins + width
        before = sums[begins] - sums[np.maximum(begins - _AROUND, 0)]
        after = sums[np.minimum(ends + _AROUND, len(moved))] - sums[ends]
        enough = np.minimum(before[:, 2], after[:, 2]) >= _LEAST
        if not enough.any():
            continue
        begins, before, after = begins[enough], before[enough], after[enough]
        by = after[:, :2] / after[:, 2:] - before[:, :2] / before[:, 2:]
        sizes_deg = np.hypot(by[:, 0], by[:, 1])
        k = int(sizes_deg.argmax())
        size_deg = float(sizes_deg[k])
        if size_deg < _SINKS_DEG or size_deg * _NEARLY <= most_deg:
            continue
        if size_deg >= _MOSTLY * float(np.median(sizes_deg)):
            found, most_deg = (int(begins[k]), int(begins[k]) + width, by[k]), size_deg
    return found if found is not None and _stays(moved, *found) else None


def _stays(moved: Floats, begin: int, end: int, by: Floats) -> bool:
    """Is all that is around before less deep, and all after deeper, than half way?"""
    along = moved @ by / float(by @ by)
    before, after = along[max(begin - _AROUND, 0) : begin], along[end : end + _AROUND]
    shallow, deep = float(np.nanmean(before)), float(np.nanmean(after))
    early, late = float(np.nanmax(before)) - shallow, deep - float(np.nanmin(after))
    return max(early, late) < _STAYS
