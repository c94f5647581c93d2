"""What does a display show between the events?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from tracker.detect.motion.cells import Vector, angle_deg
from tracker.detect.motion.orientation import STEP_S
from tracker.detect.posture.stretches import Stretch
from tracker.detect.stamps import ms

# `hold`: held, and the rhythm of the breath is not known yet.
Phase = Literal["rest", "moving", "hold", "exhale", "inhale"]


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


class Glimpse(NamedTuple):
    """Steps as they were seen. Most are never shown, so points are made only when asked for.

    first: the number of the first one.
    since: what the angle is measured by, the stretch or the direction of the last rest.
    """

    first: int
    ups: list[Vector]
    since: Stretch | Vector | None
    breath_deg: float | None
    phase: Phase

    def points(self) -> Iterator[Live]:
        for j, up in enumerate(self.ups, self.first):
            if isinstance(self.since, Stretch):
                angle: float | None = self.since.angle_deg(up)
            else:
                angle = None if self.since is None else angle_deg(up, self.since)
            yield Live(ms(j * STEP_S), _shown(angle), _shown(self.breath_deg), self.phase)


def points(before: Live | None, steps: Iterable[Live]) -> Iterator[Live]:
    """Ten a second: each step, and the one halfway from the step before where that follows."""
    for point in steps:
        if before is not None and 0.0 < point.t_s - before.t_s < 2 * STEP_S:
            yield before.halfway_to(point)
        yield point
        before = point


def _between(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else _shown((a + b) / 2)


def _shown(deg: float | None) -> float | None:
    return None if deg is None or math.isnan(deg) else round(deg, 2)
