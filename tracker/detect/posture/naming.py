"""Which stretch is it, and on which leg?

A direction alone does not tell: a raised left leg, a right knee bent on the belly and a knee bent
standing may look alike. The rest before the hold, and how far the leg turned from it, do. What fits
nothing is not named.

The band may have been put on turned about the leg (30 degrees either way) or tilted (8 degrees):
angles are measured against the rest where that is enough, and else as the band is found to sit
(donning.py).
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from tracker.detect.events import (
    HAMSTRING,
    INNER_THIGH,
    OTHER,
    PRONE_QUAD,
    STANDING_QUAD,
    Side,
)
from tracker.detect.motion.cells import Vector, angle_deg
from tracker.detect.motion.orientation import STEP_S
from tracker.detect.posture.bending import MOST_BEND_DEG, Bending, bent_leg
from tracker.detect.posture.donning import Donning, Seat
from tracker.detect.posture.falling import fell_out
from tracker.detect.posture.knees import Knees
from tracker.detect.posture.legs import Legs, leg
from tracker.detect.posture.raises import STRAIGHTENED_DEG, Raises
from tracker.detect.posture.rolling import Rolling
from tracker.detect.posture.stretches import Stretch, stretch, turned_deg
from tracker.detect.posture.taught import ALIKE_DEG, CLEARLY_DEG, Taught, nearest
from tracker.detect.posture.upright import Posture, posture
from tracker.detect.posture.walking import Swung

# Nearer to the rest than this the leg rests again, a little otherwise.
_RESTS_AGAIN_DEG = 25.0
# `any_posture`: this far from the rest is another posture, not the same one taken again.
ANOTHER_POSTURE_DEG = 15.0
# Lying on the back few raise a straight leg past 100 degrees, and a dancer's is at 140.
_MOST_RAISE_DEG = 145.0
# A knee that is bent by less stretches no quad, of the stiffest neither, who reach some 90 degrees
# with a belt: it is someone who reads on the belly with the feet up.
_LEAST_BEND_DEG = 70.0
# Of an upright shank, and of a foot on the floor with the knee up.
_STOOD = 0.9
_NOT_RAISED: Vector = (0.0, 0.0, 0.0)
# A leg that turns by less than 6 degrees a step is not thrown about: there up is up.
_SLOW_COS = math.cos(math.radians(6.0))


class _Least(NamedTuple):
    """How far a leg that lay is turned at least, raised on the back or bent on the belly."""

    raise_deg: float
    bend_deg: float


_ON_THE_WAY = _Least(STRAIGHTENED_DEG, STRAIGHTENED_DEG)


class Postures:
    """Remembers the rest before, and names what is kept after it."""

    def __init__(
        self,
        *,
        any_posture: bool,
        side: Side | None,
        taught: tuple[Taught, ...] = (),
        ahead: deque[Swung] | None = None,
    ) -> None:
        """ahead: what swung the band, which is taken from there when its time has come."""
        self.side, self.taught = side, taught
        self._ahead: deque[Swung] = deque() if ahead is None else ahead
        # The leg was seen to walk with the band on its head: nothing is known of how it lies.
        self.upside_down = False
        self._any = any_posture
        self._rest: Vector | None = None
        self._bending, self._knees, self._raises = Bending(), Knees(), Raises()
        self._legs, self._rolling, self._donning = Legs(), Rolling(), Donning()
        self._named_up: Vector = (0.0, 1.0, 0.0)
        # Lying: since the last rest was left, the direction with the lowest y (where the leg was
        # raised most), and the highest y (with the knee up, or sitting).
        self._raised = self._last = _NOT_RAISED
        self._knee_up = 0.0

    @property
    def seat(self) -> Seat:
        """How the band sits, as far as it is known."""
        return self._donning.seat

    @property
    def rest(self) -> Vector | None:
        """The direction of the last rest."""
        return self._rest

    def passed(
        self, times_s: Sequence[float], ups: Sequence[Vector], low: float, high: float
    ) -> None:
        """The leg was like this at these times, on its way or not, its y between the two."""
        self._knees.passed(times_s, ups, low, high)
        self._rolling.passed(ups)
        if self._bending.standing:
            self._bending.passed(times_s, ups)
            return
        self._knee_up = max(self._knee_up, high)
        if low < self._raised[1]:
            self._raised = self._raised_most(ups)
        self._last = ups[-1]

    def _raised_most(self, ups: Sequence[Vector]) -> Vector:
        slow = [
            up
            for before, up in pairwise((self._last, *ups))
            if math.fsum(b * u for b, u in zip(before, up, strict=True)) > _SLOW_COS
        ]
        return min(self._raised, *slow, key=lambda up: up[1]) if slow else self._raised

    def swung_until(self, now_s: float) -> None:
        """By now the leg has walked, or the band was thrown about, as was seen ahead."""
        ahead = self._ahead
        while ahead and ahead[0].step * STEP_S <= now_s:
            step, walked = ahead.popleft()
            if walked is None:
                self._legs.thrown()
            else:
                self._legs.walked(self.seat.straight(walked)[0], step * STEP_S)

    def pause_s(self, up: Vector, start_s: float) -> float:
        """How long this posture, kept since start_s, is but a pause on the way, not a rest."""
        if self._kind(up, start_s) == "knee_up":
            return self._knees.pause_s(up, start_s)
        return self._bending.pause_s(up)

    def at_rest(self, up: Vector, start_s: float) -> None:
        """The leg has come to rest like this."""
        kind = self._kind(up, start_s)
        self._bending.at_rest(kind, self._rest, start_s, self.side or self._legs.upright())
        if not self._knees.on_back:
            self._legs.knee_was_not_up()
        self._knees.at_rest(kind, start_s, nearly_upright=posture(up) == "upright")
        self._raises.at_rest(start_s, upright=kind == "upright")
        self._legs.at_rest(start_s)
        self._rest = up
        match kind:
            case "upright":
                self._legs.stood()
                self._donning.turn_again()
                self._donning.stood(up)
            case "lying":
                rolled = self._rolling.over()
                if not self._legs.lay(up, start_s, knee_up=self._knee_up, rolled=rolled):
                    self._donning.renew()
                right = (self.side or self._legs.lying()) == "right"
                self._donning.lay(up, right=right, back=right == (up[0] > 0))
            case "knee_up":
                front = _front(up)
                if not self._legs.knee_up(front, start_s):
                    self._donning.renew()
                self._donning.knee_up(up, right=leg(front, back=True) == "right")

    def rest_left(self, up: Vector, end_s: float) -> None:
        """The rest, like this at last, is over."""
        self._bending.rest_left(end_s)
        self._knees.rest_left(end_s)
        self._raises.rest_left(end_s)
        self._legs.rest_left(end_s)
        self._rest, self._raised, self._knee_up = up, _NOT_RAISED, 0.0

    def forget_rest(self) -> None:
        """The last rest was none of a leg: nothing is held until there is another."""
        self._rest, self._rolling = None, Rolling()
        self._bending.forget_rest()
        self._knees.forget_rest()

    def handled(self) -> None:
        """The band was in a hand on the way here."""
        self.forget_rest()
        self._legs.handled()

    def counted(self, held: Stretch, end_s: float) -> None:
        """The hold was one."""
        self._legs.held(held.name, held.side, end_s, held.angle_deg(self._named_up))
        if held.name in {HAMSTRING, PRONE_QUAD, STANDING_QUAD}:
            self._donning.stretched(self._named_up)

    def name(self, up: Vector) -> Stretch | None:
        """The stretch that is kept with this direction; None where it has no name, as a rest."""
        rest = self._rest
        if rest is None:
            return None
        known = self._known(up, rest, _Least(self._raises.least_deg, _LEAST_BEND_DEG))
        self._named_up = up
        own = self._own(up, rest, ALIKE_DEG if known is None else CLEARLY_DEG)
        return known if own is None else self._stretch(own.name, own.side, up, rest)

    def nameless(self, up: Vector, rest: Vector) -> Stretch:
        """Any posture: what is kept away from this rest, and has no name."""
        held = self._stretch(OTHER, self.side, up, rest)
        return replace(held, rest_known=angle_deg(up, rest) > ANOTHER_POSTURE_DEG)

    def name_of_top(self, up: Vector, now_s: float) -> str | None:
        """Where a straightening from the rest turned back: the stretch it led to, if any."""
        self.swung_until(now_s)
        anyhow = OTHER if self._any else None
        if self._rest is None:
            return anyhow
        known = self._known(up, self._rest, _ON_THE_WAY)
        if known is not None and (known.name != STANDING_QUAD or self._bending.at_once):
            self._bending.straightened = known.name == STANDING_QUAD
            if known.name == HAMSTRING:
                self._raises.straightened(known.angle_deg(up))
            return known.name
        own = self._own(up, self._rest, ALIKE_DEG)
        return anyhow if own is None else own.name

    def _own(self, up: Vector, rest: Vector, within_deg: float) -> Taught | None:
        if not self.taught:
            return None
        seat = self.seat
        return nearest(self.taught, seat.on_leg(up), seat.on_leg(rest), self.side, within_deg)

    def _known(self, up: Vector, rest: Vector, least: _Least) -> Stretch | None:
        if self.upside_down:
            return None
        match posture(rest):
            case "upright" if not self._knees.on_back:
                return self._from_upright(up, rest)
            case "lying":
                return self._bent_further(up, rest) or self._from_lying(up, rest, least)
            case "upright" | "knee_up" if self._knees.on_back:
                return self._from_lying(up, rest, least)
        return None

    def _bent_further(self, up: Vector, paused: Vector) -> Stretch | None:
        stance = self._bending.stance_before(up, paused)
        return None if stance is None else self._from_upright(up, stance)

    def _from_upright(self, up: Vector, rest: Vector) -> Stretch | None:
        straight = self.seat.straight(up)
        side = self.side or bent_leg(straight)
        if not self._bending.bent(straight, known=self._legs.upright() == side):
            return None
        return self._stretch(STANDING_QUAD, side, up, rest)

    def _from_lying(self, up: Vector, rest: Vector, least: _Least) -> Stretch | None:
        front = _front(rest)
        again = angle_deg(up, rest) < _RESTS_AGAIN_DEG
        x, y, z = self.seat.on_leg(up)
        raised = self.seat.on_leg(self._raised)
        on_belly = self._legs.surely_on_belly(front, self.side)
        if not (again or on_belly) and fell_out((x * front, y, z), raised):
            return self._stretch(INNER_THIGH, leg(front, back=True), up, rest)
        turned = turned_deg(up, rest, self.seat)
        if not least.raise_deg < turned < MOST_BEND_DEG:
            return None
        back = self._knees.on_back or self._legs.on_back(front, turned, self.side)
        if back and turned > _MOST_RAISE_DEG:
            return None
        if not back and turned < least.bend_deg:
            # Who has stood up meanwhile, too shortly to be seen at rest there, bends it standing.
            return self._from_upright(up, rest) if self._knee_up > _STOOD else None
        return self._stretch(HAMSTRING if back else PRONE_QUAD, leg(front, back=back), up, rest)

    def _kind(self, up: Vector, start_s: float) -> Posture:
        """What a rest since start_s is; with the knee up only on a leg that may have it up so."""
        kind = posture(up)
        if kind == "upright":
            return "knee_up" if self._drawn_up(up, start_s) else kind
        if kind != "knee_up":
            return kind
        return kind if self._may_have_knee_up(up, start_s) else "other"

    def _drawn_up(self, up: Vector, start_s: float) -> bool:
        """Is it no stance, but the knee up on the back, with the heel near the buttock?"""
        x, _, z = self.seat.straight(up)
        if self._rest is None or abs(z) > abs(x):
            return False
        lean = x * _front(self._rest)
        return self._knees.drawn_up(lean, start_s) and self._may_have_knee_up(up, start_s)

    def _may_have_knee_up(self, up: Vector, start_s: float) -> bool:
        front = _front(up)
        told = self.side is None or self.side == leg(front, back=True)
        return told and self._legs.may_have_knee_up(front, start_s)

    def _stretch(self, name: str, side: Side | None, up: Vector, rest: Vector) -> Stretch:
        told = side if self.side is None else self.side  # the wearer is not contradicted
        return stretch(name, told, up, rest, self.seat)


def _front(rest: Vector) -> float:
    """1 where the front of the band is up, -1 where it is down."""
    return math.copysign(1.0, rest[0])
