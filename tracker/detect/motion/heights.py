"""Did the leg rise to where it stopped, and does it sink when it leaves?

A leg that is raised is pushed up first and braked then; one that is lowered, the other way round.
Where the band is still at one end of a move, its height at the other end is the double integral of
the acceleration along gravity: to first order the length of what is felt less that of what is felt
at rest. What pulls across gravity adds to that: from where the band is still a move seems to lead
higher than it does, by up to a third of a metre where a leg is raised by 60 degrees within 0.8 s.
"""

from __future__ import annotations

from tracker.detect.motion.cells import Cells
from tracker.detect.motion.grid import CELL_S
from tracker.detect.motion.turning import GRAVITY, length
from tracker.detect.samples import Floats

# A longer look would see more of the move, and of what a sensor feels in one posture and not in the
# other: 10 mg of that are 3 cm.
_MOVE, _STILL = round(0.8 / CELL_S), round(0.5 / CELL_S)
# A bound may be dated within the move.
_SLACK = round(0.1 / CELL_S)


def rose_m(cells: Cells, start_s: float) -> float:
    """How far the band rose in eight tenths of a second until it was still at start_s."""
    at = round(start_s / CELL_S) + _SLACK
    move, still = _felt(cells, at - _MOVE + 1, at), _felt(cells, at + 1, at + _STILL)
    return -_height_m(move[::-1], still)


def rises_m(cells: Cells, end_s: float, last: int) -> float:
    """How far the band rises in eight tenths of a second after it was still at end_s.

    `last`: the last cell that may be looked at.
    """
    at = round(end_s / CELL_S) - _SLACK
    move, still = _felt(cells, at + 1, min(at + _MOVE, last)), _felt(cells, at - _STILL + 1, at)
    return _height_m(move, still)


def _felt(cells: Cells, first: int, last: int) -> Floats:
    _, acc = cells.span(first, last)
    return length(acc)


def _height_m(move: Floats, still: Floats) -> float:
    """Above where it is still, at the first of the cells, it is at the end of the last one."""
    if not len(move) or not len(still):
        return 0.0
    up = GRAVITY * (move - still.cumsum()[-1] / len(still))
    speed = up.cumsum() * CELL_S
    return float((speed - 0.5 * CELL_S * up).cumsum()[-1] * CELL_S)
