"""Which breaths are plain while a hold lasts?

At a turning point of the rhythm, and when the leg leaves, breaths are laid over the last of the
movement. They are told by where they explain it, the first one only where no other rhythm does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from tracker.detect.breath.beats import BEAT_S
from tracker.detect.breath.cycles import Cycles, likeliest
from tracker.detect.breath.movement import Movement
from tracker.detect.breath.points import Points
from tracker.detect.breath.rhythm import Rhythm
from tracker.detect.breath.whole import FLOOR_DEG

# So much of the movement is looked at: a few breaths of it.
_BREATHS, _LEAST_S = 3.5, 16.0
# Where this share of a breath is untold before those that were looked at, they are looked at too,
# a minute at most.
_UNTOLD, _FURTHEST = 1.2, round(60.0 / BEAT_S)
# Twice the log likelihood of no breath less that of the row, at most: before the first breath is
# told, and once the rhythm is known by it.
_FIRST_AGAINST, _AGAINST = 0.0, 6.0
# For the first one as many rhythms are tried; no other may explain the hold as well as the best,
# within this.
_FIRST_RHYTHMS, _AS_WELL = 4, 1.0


@dataclass(frozen=True, slots=True)
class Laid:
    """A row of breaths, and the movement that it was laid over."""

    movement: Movement
    row: Cycles

    def nearest_s(self, at_s: float, *, within: float) -> float | None:
        """The onset nearest to a time, None where it is further off than that share of a breath."""
        onset_s = min(self.row.onsets_s, key=lambda onset_s: abs(onset_s - at_s))
        return None if abs(onset_s - at_s) > within * self.row.period_s else onset_s


class Plain:
    """Lays breaths over the points of one hold."""

    def __init__(self, points: Points, rhythm: Rhythm) -> None:
        self._points, self._rhythm = points, rhythm

    def last(self, until: int, *, first: bool) -> Laid | None:
        """The last breaths before a beat, where they are plain; `first`: none was told yet."""
        period_s = self._rhythm.period_s
        span_s = max(_BREATHS * period_s, _LEAST_S)
        begin = max(until - math.ceil(span_s / BEAT_S), 0)
        movement = self._points.movement(begin, until, self._rhythm.way)
        row = self._first_row(movement) if first else movement.cycles(period_s)
        most_against = _FIRST_AGAINST if first else _AGAINST
        if row is None or row.swing_deg < FLOOR_DEG or row.against > most_against:
            return None
        return Laid(movement, row)

    def onsets(self, laid: Laid, onset_s: float, untold_s: float) -> tuple[Movement, list[float]]:
        """The onsets from untold_s up to this one of the row, and the movement they lie in."""
        movement, row = laid.movement, laid.row
        onsets_s = list(row.onsets_s[: row.onsets_s.index(onset_s) + 1])
        far = onsets_s[0] - untold_s > _UNTOLD * row.period_s
        if far and movement.first_s > self._points.first_s:
            movement = self._longer(untold_s)
            onsets_s = _before(row, movement.cycles(row.period_s)) + onsets_s
        return movement, [at_s for at_s in onsets_s[:-1] if at_s >= untold_s] + onsets_s[-1:]

    def _first_row(self, movement: Movement) -> Cycles | None:
        """The row of the rhythm that alone explains the movement."""
        rows = movement.rows(self._rhythm.likely(_FIRST_RHYTHMS))
        best = likeliest(rows)
        if best is None or best.margin(rows) < _AS_WELL:
            return None
        return best

    def _longer(self, from_s: float) -> Movement:
        count = len(self._points)
        begin = max(self._points.beat(from_s), count - _FURTHEST, 0)
        return self._points.movement(begin, count, self._rhythm.way)


def _before(row: Cycles, longer: Cycles | None) -> list[float]:
    """The onsets of a longer row before those of the row."""
    if longer is None:
        return []
    met_s = min(longer.onsets_s, key=lambda at_s: abs(at_s - row.onsets_s[0]))
    return [at_s for at_s in longer.onsets_s if at_s < met_s]
