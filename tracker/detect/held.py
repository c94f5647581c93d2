"""What happens while a stretch is held, and what is there to say about it at its end?"""

from __future__ import annotations

import math
from collections.abc import Iterator

from tracker.detect.breath.breaths import Breaths
from tracker.detect.breath.habit import Habit
from tracker.detect.breath.telling import BreathSeen
from tracker.detect.events import (
    Breath,
    DropReason,
    EndReason,
    Event,
    HoldDropped,
    HoldEnded,
    HoldStarted,
    LateBreath,
    Strain,
    TargetReached,
)
from tracker.detect.motion.cells import Vector
from tracker.detect.motion.orientation import GRAVITY_DELAY_S
from tracker.detect.posture.life import Life
from tracker.detect.posture.stretches import Stretch
from tracker.detect.stamps import Stamps, centi, ms
from tracker.detect.strain import Strains, StrainSeen

# The end of the move into the stretch still rings in the low-pass so long after the start.
SETTLING_S = 0.8
# What is told so long after a breath's end still belongs to the wearer's present one.
_AT_ONCE_S = 1.0
# Beside breath and deepening a leg that is stretched sways by half a degree, 1.5 at most (484 holds
# of three models of a body, a third of them trembling); what is carried about, by more.
_MOST_SWAY_DEG = 2.0
# Two of them swayed by more than this: a band that was off the leg is then still in a hand.
_MUCH_SWAY_DEG = 1.0
# The turn about the leg shows in gravity only where the leg is 20 degrees or more from vertical.
_TWIST_SIN = math.sin(math.radians(20.0))


class Held:
    """One hold from its start to its end.

    origin:   the direction at its start, which depth is measured from.
    sideways: unit vector across `stretch.deeper`.
    habit:    how the wearer breathed in the holds before; it learns from this one.
    coarse:   the sensor does not tell apart what happens in a hold: only the hold is stated.
    life:     is told how it goes, and tells whether a leg is in it.
    """

    def __init__(
        self,
        stretch: Stretch,
        up: Vector,
        start_s: float,
        stamps: Stamps,
        habit: Habit,
        *,
        coarse: bool = False,
        life: Life | None = None,
    ) -> None:
        self.stretch, self.start_s, self.hold_id = stretch, start_s, stamps.reference(start_s)
        self._stamps = stamps
        self.origin = up
        self._coarse = coarse
        self.sideways = _cross(up, stretch.deeper)
        self.breaths = Breaths(start_s, habit, one_way=stretch.way_known)
        self._strains = Strains()
        self._reached = False
        self._n = 0
        self._sum: Vector = (0.0, 0.0, 0.0)
        self._first_way: float | None = None
        self._last_way = 0.0
        self._life = life or Life()
        self.depth_deg = 0.0

    def started(self, now_s: float) -> HoldStarted:
        return HoldStarted(
            **self._stamps.at(now_s, "hold_started"),
            hold_id=self.hold_id,
            stretch=self.stretch.name,
            side=self.stretch.side,
            start_s=ms(self.start_s),
            angle_deg=centi(self.stretch.angle_deg(self.origin)),
        )

    def step(self, now_s: float, up: Vector, unrest_g: float, *, slipping: bool) -> list[Event]:
        """A fifth of a second of the hold; `now_s` is its end."""
        events: list[Event] = []
        at_s = now_s - GRAVITY_DELAY_S
        if at_s < self.start_s + SETTLING_S:
            return events
        point = None if slipping else self._point(up)
        if not self._coarse:
            events += [self._breath(seen, now_s) for seen in self.breaths.step(at_s, point)]
        if point is not None:
            self._remember(up, point)
            strain = None if self._coarse else self._strains.step(now_s, point[0], unrest_g)
            if strain is not None:
                events.append(self._strain(strain, now_s))
        return events

    def step_unseen(self, now_s: float, sure_s: float) -> Iterator[Event]:
        """A fifth of a second that was not seen: the breath that may have ended before it.

        sure_s: when the leg was seen again, which is when that is told.
        """
        at_s = now_s - GRAVITY_DELAY_S
        if at_s >= self.start_s + SETTLING_S and not self._coarse:
            for seen in self.breaths.step(at_s, None):
                yield self._breath(seen, sure_s)

    def target(self, now_s: float, target_s: float) -> TargetReached | None:
        """TargetReached, once, when the hold has lasted target_s."""
        if self._reached or now_s - self.start_s < target_s:
            return None
        self._reached = True
        return TargetReached(
            **self._stamps.at(now_s, "target_reached"),
            hold_id=self.hold_id,
            target_s=ms(target_s),
        )

    def silent_until_s(self, now_s: float, target_s: float) -> float:
        """Before then neither a breath is told nor that the hold was long enough."""
        told_s = math.inf if self._reached else self.start_s + target_s
        if self._coarse:
            return told_s
        breath_s = self.breaths.silent_until_s(now_s - GRAVITY_DELAY_S) + GRAVITY_DELAY_S
        return min(told_s, breath_s)

    def lifeless(self, *, off: bool) -> bool:
        """So still, or swaying so much, that the band cannot be on a leg that is stretched.

        off: it was known to be off the leg.
        """
        if self._life.none:
            return True
        sway_deg = self.breaths.sway_deg()
        if not self.stretch.way_known or sway_deg is None:
            return False
        return sway_deg > (_MUCH_SWAY_DEG if off else _MOST_SWAY_DEG)

    def rests(self) -> bool:
        """It looks like a stretch and keeps as still as a leg that lies, on an armrest."""
        return self.stretch.way_known and self._life.lies

    def shows_life(self) -> bool:
        """It moves as a leg does: more, over whole seconds, than noise and trembling explain."""
        return self._life.shown

    def dropped(self, now_s: float, reason: DropReason) -> HoldDropped:
        """What was told as a hold was none."""
        return HoldDropped(
            **self._stamps.at(now_s, "hold_dropped"),
            hold_id=self.hold_id,
            reason=reason,
        )

    def ended(self, now_s: float, end_s: float, reason: EndReason) -> Iterator[Event]:
        """The breaths that are still untold, and the end."""
        for seen in self.breaths.finish(end_s):
            yield self._breath(seen, now_s)
        breaths = self.breaths
        yield HoldEnded(
            **self._stamps.at(now_s, "hold_ended"),
            hold_id=self.hold_id,
            stretch=self.stretch.name,
            side=self.stretch.side,
            start_s=ms(self.start_s),
            end_s=ms(end_s),
            duration_s=ms(end_s - self.start_s),
            angle_deg=centi(self.stretch.angle_deg(self._middle())),
            depth_gain_deg=centi(breaths.gain_deg()),
            breaths=breaths.count(),
            breath_rate_bpm=centi(breaths.rate_bpm()),
            exhale_inhale_ratio=centi(breaths.exhale_inhale_ratio()),
            steadiness_deg=centi(breaths.sway_deg()),
            twist_deg=centi(self._twist_deg()),
            reason=reason,
        )

    def _breath(self, seen: BreathSeen, now_s: float) -> Breath:
        late = now_s - seen.end_s > _AT_ONCE_S
        kind = LateBreath if late else Breath
        name = "late_breath" if late else "breath"
        return kind(
            **self._stamps.at(now_s, f"{name}-{seen.number}"),
            hold_id=self.hold_id,
            number=seen.number,
            exhale_start_s=ms(seen.exhale_start_s),
            exhale_end_s=ms(seen.exhale_end_s),
            end_s=ms(seen.end_s),
            depth_deg=round(seen.depth_deg, 2),
        )

    def _strain(self, seen: StrainSeen, now_s: float) -> Strain:
        return Strain(
            **self._stamps.at(now_s, f"strain-{seen.kind}"),
            hold_id=self.hold_id,
            kind=seen.kind,
            size=round(seen.size, 2),
        )

    def _point(self, up: Vector) -> tuple[float, float]:
        """How far deeper and how far sideways than at the start, in degrees."""
        x, y, z = _less(up, self.origin)
        deep, side = self.stretch.deeper, self.sideways
        return (
            math.degrees(x * deep[0] + y * deep[1] + z * deep[2]),
            math.degrees(x * side[0] + y * side[1] + z * side[2]),
        )

    def _remember(self, up: Vector, point: tuple[float, float]) -> None:
        self._n += 1
        (x, y, z), (up_x, up_y, up_z) = self._sum, up
        self._sum = (x + up_x, y + up_y, z + up_z)
        self._life.feed(point, up)
        self.depth_deg = point[0]
        # The way sideways, averaged over the first and over the last seconds (a breath or so).
        if self._first_way is None:
            self._first_way = self._last_way = point[1]
        share = max(1.0 / self._n, 0.04)
        if share > 0.04:
            self._first_way += share * (point[1] - self._first_way)
        self._last_way += share * (point[1] - self._last_way)

    def _middle(self) -> Vector:
        x, y, z = self._sum if self._n else self.origin
        n = math.sqrt(x * x + y * y + z * z) or 1.0
        return (x / n, y / n, z / n)

    def _twist_deg(self) -> float | None:
        """How far the leg turned about itself: sideways motion, as seen from its long axis."""
        across = math.hypot(self.origin[0], self.origin[2])
        known = self.stretch.way_known and abs(self.stretch.deeper[1]) > 0.3
        if self._first_way is None or across < _TWIST_SIN or not known or self._coarse:
            return None
        return (self._last_way - self._first_way) / across


def _less(a: Vector, b: Vector) -> Vector:
    return (a[0] - b[0], a[1] - b[1], a[2] - b[2])


def _cross(a: Vector, b: Vector) -> Vector:
    return (
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    )
