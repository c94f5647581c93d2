"""How does the breath move the leg inside a hold?

The exhale deepens the stretch, the inhale eases it: one micro-movement of 0.2 to 3 degrees every 3
to 15 s, on a leg that slowly deepens and sways. Rhythm.py says at each moment which rhythm there is
and when its cycle turns; then plain.py lays breaths over the last few, and they are dated
(dating.py) and told (telling.py). What the hold was as a whole is looked at once more at its end
(whole.py).
"""

from __future__ import annotations

import math

from tracker.detect.breath.beats import BEAT_S, Beat, Beats, Point
from tracker.detect.breath.dating import Dating
from tracker.detect.breath.habit import Habit
from tracker.detect.breath.movement import Span
from tracker.detect.breath.plain import Laid, Plain
from tracker.detect.breath.points import Points
from tracker.detect.breath.rhythm import Rhythm
from tracker.detect.breath.telling import BreathSeen, Telling
from tracker.detect.breath.whole import AFTER_S, SAME, Whole, plainest

# A breath that is told when it ends is told so long after it at most; an end that seems earlier is
# told as this old. Breaths before it that could not be told then keep their own times.
_PROMPT_S = 0.7
# The first one may be sway that deepens the stretch: the leg must have eased back by so much of it,
# and by so many degrees, and have been on its way out again for so many beats, else its end is not
# known and both its ends are dated too near.
_EASED, _PLAIN_DEG, _OUT_AGAIN = 0.5, 0.5, 2
# The turning points of the rhythm and of the row belong together within this share of a breath.
_NEAR = 0.35
# Who leaves the stretch with the end of an inhale has breathed a whole breath.
_NEARLY, _RATHER = 0.75, 0.2
# Where breath may show along any way, all of them are tried over so much of the hold; of a longer
# one its end tells the way where breath is plainest, which costs less.
_MANY_WAYS = round(60.0 / BEAT_S)
# Of a long hold a part is looked at when it is over, but for its last seconds.
_PART, _LATER_S = round(300.0 / BEAT_S), 40.0
_LEAST_BEATS = 5


class Breaths:
    """Folds the points of one hold into breaths."""

    def __init__(self, start_s: float, habit: Habit, *, one_way: bool) -> None:
        """habit: how the wearer breathed in the holds before; it learns from this one.

        one_way: the breath moves the leg along the deepening; otherwise find out along what.
        """
        self._start_s = start_s
        self._one_way = one_way
        self._rhythm = Rhythm(one_way=one_way)
        self._beats = Beats()
        self._points = Points(start_s, habit)
        self._plain = Plain(self._points, self._rhythm)
        self._last_s = -math.inf
        self._away = False
        self._telling = Telling(start_s)
        self._dating = Dating(habit)
        self._whole = Whole(start_s, habit, one_way=one_way)

    @property
    def way(self) -> Point:
        """Which way, (deepening, sideways), the exhale moves the leg."""
        return self._rhythm.way

    @property
    def period_s(self) -> float:
        """The length of a breath by the rhythm that explains the hold best."""
        return self._rhythm.period_s

    @property
    def deepening(self) -> bool | None:
        """Is this an exhale? None while no rhythm is known."""
        return self._rhythm.deepening

    def step(self, t_s: float, point: Point | None) -> list[BreathSeen]:
        """`point`: (deepening, sideways) in degrees at t_s, None while the leg slips."""
        leaves = point is None and not self._away
        self._away = point is None
        seen = self._at_the_end(t_s) if leaves else []
        beat = self._beats.step(t_s, point)
        return seen if beat is None else seen + self._beat(beat)

    def silent_until_s(self, now_s: float) -> float:
        """Before then no breath will be told while the leg stays, as far as is known now."""
        return self._rhythm.turns_s(now_s)

    def finish(self, end_s: float) -> list[BreathSeen]:
        """What is still to be said when the leg has left at end_s."""
        seen = [] if self._away else self._at_the_end(end_s)
        self._points.leave(end_s)
        seen += self._telling.tell(self._look_back(end_s))
        self._whole.ended(end_s)
        return seen

    def count(self) -> int:
        """Breaths of the hold, once it is finished.

        May differ from the breaths told: most of those were told before all was seen.
        """
        return self._whole.count

    def rate_bpm(self) -> float | None:
        """Breaths a minute, or None when the breaths do not tell a rate, once it is finished."""
        return self._whole.rate_bpm()

    def exhale_inhale_ratio(self) -> float | None:
        """How long an exhale takes against an inhale, once it is finished."""
        return self._whole.exhale_inhale_ratio()

    def gain_deg(self) -> float | None:
        """How much deeper the end is than the start, without the breath, once it is finished."""
        return self._whole.gain_deg()

    def sway_deg(self) -> float | None:
        """Root mean square of the movement that is neither breath nor deepening."""
        return self._rhythm.sway_deg()

    # On the way: one beat after the other.

    def _beat(self, beat: Beat) -> list[BreathSeen]:
        t_s, point = beat.t_s, beat.point
        self._reach(t_s, point)
        self._points.add(point)
        if point is None:
            return []
        self._rhythm.look(t_s, point)
        if len(self._points) >= _PART:
            self._look_back(t_s, later_s=_LATER_S)
        turned_s = self._rhythm.turned_s(t_s)
        return [] if turned_s is None else self._turned(turned_s, t_s)

    def _reach(self, t_s: float, point: Point | None) -> None:
        """Move on to this beat, over beats that were not felt."""
        points, rhythm = self._points, self._rhythm
        if points.torn(t_s):
            self._look_back(points.end_s)
            points.clear()
            rhythm.stop()
        if point is not None and not rhythm.follows:
            rhythm.begin(point)
            points.clear()
        if not points:
            points.first_s = t_s
        elif rhythm.follows:
            rhythm.turn(points.reach(t_s) + 1)

    # A turning point: has a breath ended?

    def _turned(self, turned_s: float, now_s: float) -> list[BreathSeen]:
        if turned_s - self._last_s < SAME * self.period_s:
            return []
        laid = self._plain.last(len(self._points), first=not self._telling.seen)
        if laid is None:
            return []
        onset_s = laid.nearest_s(turned_s, within=_NEAR)
        if onset_s is None:
            return []
        return self._tell(laid, onset_s, (now_s - _PROMPT_S, now_s))

    def _at_the_end(self, t_s: float) -> list[BreathSeen]:
        """Who leaves the stretch with the end of an inhale has breathed a whole breath."""
        still = self._points.still(t_s)
        if not still:
            return []
        end_s = self._points.last_s(still)
        if end_s - max(self._last_s, self._start_s) < _NEARLY * self.period_s:
            return []
        laid = self._plain.last(still, first=not self._telling.seen)
        if laid is None:
            return []
        onset_s = laid.nearest_s(end_s, within=_RATHER)
        if onset_s is None:
            return []
        end_s = max(end_s, t_s - _PROMPT_S)
        return self._tell(laid, onset_s, (end_s, end_s), leaves=True)

    def _tell(
        self, laid: Laid, onset_s: float, ends_s: tuple[float, float], *, leaves: bool = False
    ) -> list[BreathSeen]:
        """The breath that ends with this onset of the row, and those before it that are untold.

        ends_s: the earliest and the latest that its end may be told to have been.
        """
        row, end_s = laid.row, _between(onset_s, ends_s)
        self._rhythm.confirmed = True
        untold_s = self._telling.untold_s(row.period_s)
        looked, onsets_s = self._plain.onsets(laid, onset_s, untold_s)
        if not self._telling.seen and len(onsets_s) == 2:
            top = looked.top(onsets_s[0], end_s)
            early = not leaves and looked.turned(top.t_s) < _OUT_AGAIN
            if early or top.eased_deg < max(_EASED * row.swing_deg, _PLAIN_DEG):
                self._rhythm.turning_s = onset_s if early else None
                return []
        self._last_s = end_s
        self._dating.look(laid.movement, row, len(onsets_s) - 1)
        late_s = self._dating.late() * row.usual_s
        begins_s = [at_s + late_s for at_s in onsets_s[:-1]]
        bounds_s = [*begins_s, _between(onset_s + late_s, ends_s)]
        return self._telling.tell(looked.spans(bounds_s, row.swing_deg))

    # Looking back at the whole of it, or of a part.

    def _look_back(self, end_s: float, *, later_s: float = 0.0) -> list[Span]:
        """Count the breaths of the movement; those of the last `later_s` are left for later."""
        points = self._points
        if len(points) < _LEAST_BEATS:
            return []
        movements = points.movements(0, len(points), self._ways())
        until_s = end_s - later_s if later_s else end_s + AFTER_S
        counted = self._whole.look(movements, self._rhythm.likely(), until_s)
        if later_s:
            points.forget(until_s - later_s)
            self._whole.forget(points.first_s)
        return counted

    def _ways(self) -> list[Point]:
        """Along which ways breath may show: first that of the rhythm."""
        points, first = self._points, self._rhythm.way
        if self._one_way:
            return [first]
        ways, begin = points.ways(first), len(points) - _MANY_WAYS
        if begin <= 0:
            return ways
        part = points.movements(begin, len(points), ways)
        plain = plainest(part, self._rhythm.likely())
        return [first, ways[plain]] if plain else [first]


def _between(at_s: float, least_most_s: tuple[float, float]) -> float:
    least_s, most_s = least_most_s
    return min(max(at_s, least_s), most_s)
