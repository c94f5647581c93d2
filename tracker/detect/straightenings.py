"""Which straightenings count, since they lead towards a stretch and are no step of a walk?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from tracker.detect.events import OTHER, Event, Rep
from tracker.detect.motion.cells import Vector
from tracker.detect.motion.orientation import STEP_S
from tracker.detect.posture.naming import Postures
from tracker.detect.reps import LONGEST_S, Reps, RepSeen
from tracker.detect.samples import Floats
from tracker.detect.stamps import Stamps, ms
from tracker.detect.tally import Tally

# Any posture: who straightens a leg has let it rest, or straightened it, so long before at most. On
# foot a leg swings and sways without ever resting.
_FROM_REST_S = 10.0
# Each step jolts a leg by a g, and whoever moves the band to the other leg shakes it by 0.15 to 0.4
# with pauses in between; a leg that is straightened with the breath is calm all the way, as
# bounds/holds.py has it. Who walks may seem to rest between two steps.
_RESTLESS = 1.0 / 3.0
# A straightening is told so long after its start at most.
_TOLD_S = 3.0 * LONGEST_S


class Straightenings:
    """Folds steps into repetitions, the first of which begins a session.

    calm_s: until when a posture was kept, or the leg straightened.
    """

    def __init__(self, postures: Postures, tally: Tally, stamps: Stamps) -> None:
        self._postures, self._tally, self._stamps = postures, tally, stamps
        self._reps = Reps()
        self.calm_s = -math.inf
        self._restless_s: Floats = np.empty(0)

    def restless(self, times_s: Sequence[float]) -> None:
        """Steps at these times felt more than a calm leg does."""
        if times_s:
            old = int(self._restless_s.searchsorted(times_s[0] - _TOLD_S))
            self._restless_s = np.concatenate([self._restless_s[old:], times_s])

    def restart(self) -> None:
        """What was seen so far is no part of a straightening."""
        self._reps.restart()

    def feed(
        self, times_s: Sequence[float], ups: Sequence[Vector], up: Floats | None, rest: Vector
    ) -> list[Event]:
        """Directions at the ends of steps, the last rest being `rest`.

        up: the same, (3, n), where they may be many.
        """
        events: list[Event] = []
        for k, seen in self._reps.feed(times_s, ups, up, rest):
            events += self._counted(times_s[k], seen)
        return events

    def step(self, now_s: float, up: Vector, rest: Vector) -> Iterable[Event]:
        """As `feed`, one at a time."""
        seen = self._reps.step(now_s, up, rest)
        return () if seen is None else self._counted(now_s, seen)

    def _counted(self, now_s: float, seen: RepSeen) -> Iterator[Event]:
        name = self._postures.name_of_top(seen.top, now_s)
        if self._on_foot(seen, name):
            return
        self.calm_s = max(self.calm_s, seen.end_s)
        if name is not None:
            yield from self._tally.begun(now_s, seen.start_s)
            yield self._rep(now_s, seen)

    def _on_foot(self, seen: RepSeen, name: str | None) -> bool:
        """Did the leg swing while it walked, or was the band in hands?"""
        if name == OTHER and seen.start_s - self.calm_s > _FROM_REST_S:
            return True
        begin, end = self._restless_s.searchsorted((seen.start_s, seen.end_s)).tolist()
        restless_s: float = (end - begin) * STEP_S
        return restless_s > _RESTLESS * (seen.end_s - seen.start_s)

    def _rep(self, now_s: float, seen: RepSeen) -> Rep:
        return Rep(
            **self._stamps.at(now_s, "rep"),
            start_s=ms(seen.start_s),
            top_s=ms(seen.top_s),
            end_s=ms(seen.end_s),
            range_deg=round(seen.range_deg, 2),
        )
