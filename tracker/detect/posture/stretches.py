"""Which stretch is it, on which leg, how deep, and which way is deeper?

A direction alone does not tell: a raised left leg, a right knee bent on the belly and a knee bent
standing may look alike. The rest before the hold, and how far the leg turned from it, do. What fits
nothing is not named.

The band may have been put on turned about the leg (30 degrees either way) or tilted (8 degrees):
angles are measured against the rest where that is enough, and else as the band is found to sit
(donning.py).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tracker.detect.events import (
    HAMSTRING,
    INNER_THIGH,
    OTHER,
    PRONE_QUAD,
    STANDING_QUAD,
    Side,
)
from tracker.detect.motion.cells import Vector, angle_deg
from tracker.detect.posture.donning import EXACT, Donning, Seat
from tracker.detect.posture.taught import ALIKE_DEG, CLEARLY_DEG, Taught, nearest

# The lever between the joint that moves and the band: hip to ankle and knee to ankle of an adult of
# 1.7 m, less the few centimetres that the band sits above the ankle (thigh 0.245, shank 0.246 of
# the height: Winter, Biomechanics and Motor Control of Human Movement, 2009, table 4.1).
HIP_M, KNEE_M = 0.80, 0.35

Posture = Literal["upright", "lying", "other"]

# Upright: the shank within 28 degrees of vertical (8 tilted, 20 for a stance with feet apart).
_UPRIGHT = 0.88
# Lying: the leg within 24 degrees of level, and its front or back up: toes fall out by up to 24
# degrees and the band may be turned by 30, which leaves 54 degrees or 0.59.
_LEVEL, _FACE = 0.40, 0.55
# A leg on a cushion or an armrest is up to 30 degrees; a stretch begins above.
_LEAST_RAISE_DEG = 35.0
# Standing, the heel is pulled towards the buttock: 110 to 150 degrees. Lying down from standing
# turns the shank by 90, legs up on an armrest by up to 110; rolling over by 180. Of a leg that has
# just been stretched a band that sits tilted may show less: then 106 will do.
_LEAST_BEND_DEG, _KNOWN_BEND_DEG, _MOST_BEND_DEG = 110.0, 106.0, 158.0
# A knee that is bent from standing passes 60 degrees in the first second or two and stays beyond,
# also between straightenings; who walks, sits and lies down has the shank upright for longer. Only
# so far up may such a one be, who lay down with the legs up.
_UNDER_WAY, _LONGEST_BEND_S, _SURE_BEND_DEG = 0.5, 3.0, 115.0
# Raised straight, few legs pass the vertical by much; heel to buttock on the belly is 100 to 140.
_RAISE_OR_BEND_DEG, _PER_NAT_DEG = 104.0, 5.0
# Natural logarithms of odds. Most lie down on the back first; toes fall out on the back (z below
# 0), which a turned band may hide; how far the leg turned counts up to a limit; a hold that was
# named tells the leg for as long as nobody stands up.
_BACK_FIRST, _TOES, _TURN_LIMIT, _NAMED = 1.5, 4.0, 4.0, 8.0
# Rolling over takes 4 seconds; after longer the band may have been moved to the other leg instead,
# and of what was known little is left.
_ROLL_S, _LEFT_OVER = 8.0, 0.25
# Who sat up meanwhile may lie on the other side of the body with the band on the other leg, which
# looks the same but for the toes: z is as before within 0.15, or as on that side, within 0.35.
_SAT_UP, _TOES_AGAIN, _TOES_OTHER = 0.5, 0.15, 0.35
_TOES_ON_BACK, _TOES_ON_BELLY = -0.25, 0.1
# From standing, a knee bent to level looks like lying down. But a flat leg is level within 10
# degrees, and who lay down takes a breath before the next thing.
_FLAT, _LAID_S = -0.18, 2.5
# Bent further after such a pause, the knee turns by less than it does on the belly.
_MOST_FURTHER_DEG = 75.0
# On the belly the ankle lies up to 17 degrees above the knee, on its toes, and a tilted band shows
# more or less of it; no pause with the knee just beyond level takes so long.
_TOES_TUCKED, _LOW_S = -0.30, 5.0
# A posture that is no known rest changes what the rest was only when it lasts.
_STRANGE_S = 15.0
# Inner thigh: fallen out, with the leg still off the floor. A leg raised straight points its toes
# out by 5 degrees, give or take 15 with how the band sits; that turns z less the steeper it is. It
# is raised aside, and the band tilted, by 6. Fallen out, z is the sine of 20 to 55 degrees.
_RAISED, _MOST_FALLEN_DEG = -0.18, 120.0
_STRAIGHT, _TWIST, _ASIDE = (math.sin(math.radians(deg)) for deg in (5.0, 15.0, 6.0))
_FALLEN, _FALLEN_SPREAD = 0.6, 0.2
# Nearer to the rest than this the leg rests again, a little otherwise.
_RESTS_AGAIN_DEG = 25.0
# On an armrest, up to 30 degrees, a leg lies with its toes out by 35: there it has to be more,
# unless the leg was raised higher than that before it fell, and is not down again.
_LOW, _DOWN, _HIGH, _FALLEN_LOW_DEG = -0.5, -0.34, -0.64, 48.0
# `any_posture`: this far from the rest is another posture, not the same one taken again.
AWAY_DEG = 15.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """A posture that counts as a hold.

    lever_m: from the joint that moves to the band.
    deeper:  unit vector, the way `up` moves in band axes when the stretch deepens.
    rest:    direction of the rest before.
    seat:    how the band sits, as far as it is known.
    """

    name: str
    side: Side | None
    lever_m: float
    deeper: Vector
    rest: Vector
    seat: Seat = EXACT

    @property
    def way_known(self) -> bool:
        """Is `deeper` where the exhale leads? Of a posture of the wearer's own nobody knows."""
        return self.name in {HAMSTRING, INNER_THIGH, PRONE_QUAD, STANDING_QUAD}

    def angle_deg(self, up: Vector) -> float:
        """How deep, as the public contract defines it for the stretch."""
        x, y, z = self.seat.on_leg(up)
        across = math.hypot(x, z)
        if self.name == INNER_THIGH:
            return math.degrees(math.atan2(-z, math.hypot(x, y)))
        if self.name == STANDING_QUAD:
            return math.degrees(math.atan2(across, y))
        if self.name in {HAMSTRING, PRONE_QUAD}:
            forward = up[0] * self.rest[0] + up[2] * self.rest[2]
            return math.degrees(math.atan2(-y, math.copysign(across, forward)))
        return angle_deg(up, self.rest)


class Postures:
    """Remembers the rest before, and names what is kept after it."""

    def __init__(
        self, *, any_posture: bool, side: Side | None, taught: tuple[Taught, ...] = ()
    ) -> None:
        self.side, self.taught = side, taught
        self._any = any_posture
        self._rest: Vector | None = None
        self._rest_end_s = 0.0
        self._upright_until_s = 0.0
        self._standing = self._bent = False
        # The stance before, where the last rest may have been a pause with the knee bent level.
        self._stance: Vector | None = None
        # Logarithm of the odds that it is the right leg, as far as lying has shown it.
        self._right: float | None = None
        self._front = 0.0
        self._lay_until_s = 0.0
        self._was_right: float | None = None
        self._donning = Donning()
        self._named_up: Vector = (0.0, 1.0, 0.0)
        # Lying: since the last rest was left, the lowest y (how high the leg was raised) and the
        # highest (with the knee up, or sitting).
        self._highest = self._knee_up = 0.0
        self._toes = 0.0

    @property
    def seat(self) -> Seat:
        """How the band sits, as far as it is known."""
        return self._donning.seat

    @property
    def rest(self) -> Vector | None:
        """The direction of the last rest."""
        return self._rest

    def passed(self, times_s: Sequence[float], ups: Sequence[Vector]) -> None:
        """The leg was like this at these times, on its way or not."""
        if not self._standing:
            ys = [y for _, y, _ in ups]
            self._highest, self._knee_up = min(self._highest, *ys), max(self._knee_up, *ys)
            return
        for t_s, up in zip(reversed(times_s), reversed(ups), strict=True):
            if up[1] > _UNDER_WAY:
                self._upright_until_s = t_s
                return

    def pause_s(self, up: Vector) -> float:
        """How long this posture has to be kept to be a rest rather than a pause on the way."""
        kind = posture(up)
        if kind == "lying" and self._standing:
            at_once, low = self._bent_at_once(), up[1]
            if low <= _TOES_TUCKED or (at_once and self._bent):
                return _STRANGE_S
            if low <= _FLAT:
                return _LOW_S
            return _LAID_S if at_once else 0.0
        return _STRANGE_S if kind == "other" else 0.0

    def at_rest(self, up: Vector, start_s: float) -> None:
        """The leg has come to rest like this."""
        kind = posture(up)
        paused = kind == "lying" and self._standing and self._bent_at_once()
        self._stance = self._rest if paused else None
        self._rest = up
        self._standing, self._bent = kind == "upright", False
        match kind:
            case "upright":
                # Upright the band may go to the other leg; what was known may be over.
                self._was_right, self._right = self._right or self._was_right, None
                self._donning.turn_again()
                self._donning.stood(up)
            case "lying":
                self._learn_from_lying(up, start_s)

    def rest_left(self, up: Vector, end_s: float) -> None:
        """The rest, like this at last, is over."""
        if end_s - self._rest_end_s > _LOW_S + _LONGEST_BEND_S:
            self._stance = None
        self._rest, self._rest_end_s = up, end_s
        self._lay_until_s, self._highest, self._knee_up = end_s, 0.0, 0.0

    def forget_rest(self) -> None:
        """The last rest was none of a leg: nothing is held until there is another."""
        self._rest = self._stance = None
        self._standing = self._bent = False

    def counted(self, stretch: Stretch, end_s: float) -> None:
        """The hold was one; its side stands for the leg until the wearer is upright again."""
        self._lay_until_s = end_s
        if stretch.name in {HAMSTRING, PRONE_QUAD, STANDING_QUAD}:
            self._donning.stretched(self._named_up)
        if stretch.name == STANDING_QUAD:
            self._right = None  # it was no lying down
        elif stretch.side is not None and stretch.name in {HAMSTRING, INNER_THIGH, PRONE_QUAD}:
            self._right = _NAMED if stretch.side == "right" else -_NAMED

    def name(self, up: Vector) -> Stretch | None:
        """The stretch that is kept with this direction, or None: a rest."""
        rest = self._rest
        if rest is None:
            return None
        known = self._known(up, rest)
        self._named_up = up
        own = self._own(up, rest, ALIKE_DEG if known is None else CLEARLY_DEG)
        if own is not None:
            return self._stretch(own.name, own.side, up, rest)
        if known is None and self._any and angle_deg(up, rest) > AWAY_DEG:
            return self._stretch(OTHER, self.side, up, rest)
        return known

    def name_of_top(self, up: Vector) -> str | None:
        """Where a straightening from the rest turned back: the stretch it led to, if any."""
        if self._rest is None:
            return None
        known = self._known(up, self._rest)
        if known is not None and (known.name != STANDING_QUAD or self._bent_at_once()):
            self._bent = known.name == STANDING_QUAD
            return known.name
        own = self._own(up, self._rest, ALIKE_DEG)
        if own is not None:
            return own.name
        return OTHER if self._any else None

    def _own(self, up: Vector, rest: Vector, within_deg: float) -> Taught | None:
        if not self.taught:
            return None
        seat = self._donning.seat
        return nearest(self.taught, seat.on_leg(up), seat.on_leg(rest), self.side, within_deg)

    def _known(self, up: Vector, rest: Vector) -> Stretch | None:
        match posture(rest):
            case "upright":
                return self._from_upright(up, rest)
            case "lying":
                return self._bent_further(up, rest) or self._from_lying(up, rest)
        return None

    def _bent_further(self, up: Vector, paused: Vector) -> Stretch | None:
        """The knee, bent at once from standing, paused at level; in its way it was bent further.

        A leg raised from lying looks the same, but nobody has lain down so soon and so shortly.
        """
        further_deg = angle_deg(up, paused)
        if self._stance is None or not _LEAST_RAISE_DEG < further_deg < _MOST_FURTHER_DEG:
            return None
        return self._from_upright(up, self._stance)

    def _bent_at_once(self) -> bool:
        """Did the knee bend straight from standing, and has it been bent since?"""
        return self._upright_until_s - self._rest_end_s <= _LONGEST_BEND_S

    def _from_upright(self, up: Vector, rest: Vector) -> Stretch | None:
        x, y, z = self._donning.seat.straight(up)
        bend = math.degrees(math.atan2(math.hypot(x, z), y))
        side = self.side or ("left" if x > 0 else "right")
        least_deg = _KNOWN_BEND_DEG if self._stretched() == side else _LEAST_BEND_DEG
        sideways = abs(z) > abs(x)
        if sideways or not least_deg < bend < _MOST_BEND_DEG:
            return None
        if bend < _SURE_BEND_DEG and not self._bent_at_once():
            return None
        return self._stretch(STANDING_QUAD, side, up, rest)

    def _stretched(self) -> Side | None:
        """Which leg was stretched before the wearer stood up; lying alone shows less of it."""
        right = self._was_right or 0.0
        return None if abs(right) < _NAMED / 2 else "right" if right > 0 else "left"

    def _from_lying(self, up: Vector, rest: Vector) -> Stretch | None:
        front = math.copysign(1.0, rest[0])
        x, y, z = self._donning.seat.on_leg(up)
        again = angle_deg(up, rest) < _RESTS_AGAIN_DEG
        if not again and self._fell_out((x * front, y, z)):
            return self._stretch(INNER_THIGH, self._on_back(front), up, rest)
        across = math.hypot(x, z)
        forward = up[0] * rest[0] + up[2] * rest[2]
        turned = math.degrees(math.atan2(-y, math.copysign(across, forward)))
        if not _LEAST_RAISE_DEG < turned < _MOST_BEND_DEG:
            return None
        if self._back_odds(front, turned) >= 0.0:
            return self._stretch(HAMSTRING, self._on_back(front), up, rest)
        return self._stretch(PRONE_QUAD, _other(self._on_back(front)), up, rest)

    def _fell_out(self, on_leg: Vector) -> bool:
        """Has a raised leg fallen out? x forwards."""
        x, y, z = on_leg
        fallen_deg = math.degrees(math.atan2(-z, x))
        if y > _RAISED or fallen_deg > _MOST_FALLEN_DEG:
            return False
        if y > _LOW and (self._highest > _HIGH or y > _DOWN):
            return fallen_deg > _FALLEN_LOW_DEG
        return _fallen_odds(math.hypot(x, z), z) > 0.0

    def _on_back(self, front: float) -> Side:
        return "right" if front > 0 else "left"

    def _learn_from_lying(self, up: Vector, start_s: float) -> None:
        """Which leg it is if this is the back; rolled over, it is still the same leg."""
        front = math.copysign(1.0, up[0])
        toes, first = -front * _TOES * up[2], front * _BACK_FIRST
        if self._right is None:
            self._right = first + toes
            if self._was_right is not None and (self._was_right > 0) != (self._right > 0):
                self._donning.renew()
        elif front != self._front:
            rolled = start_s - self._lay_until_s < _ROLL_S
            self._right = toes + (self._right if rolled else first + _LEFT_OVER * self._right)
            if not rolled:
                self._donning.renew()
        elif start_s - self._lay_until_s > _ROLL_S and self._knee_up > _SAT_UP:
            same = self._same_leg_odds(self._right, front, up[2])
            self._right = math.copysign(1.0, self._right) * min(same, abs(self._right))
            if same < 0.0:
                self._donning.renew()
        self._front, self._toes = front, up[2]
        right = self._right > 0 if self.side is None else self.side == "right"
        self._donning.lay(up, right=right, back=right == (front > 0))

    def _same_leg_odds(self, right: float, front: float, toes: float) -> float:
        """Is the band still on the leg that it was on, lying as before? Logarithm of the odds."""
        on_back = front * right > 0
        other = (toes - (_TOES_ON_BELLY if on_back else _TOES_ON_BACK)) / _TOES_OTHER
        again = (toes - self._toes) / _TOES_AGAIN
        looks = (other**2 - again**2) / 2.0 + math.log(_TOES_OTHER / _TOES_AGAIN)
        return looks + (_BACK_FIRST if on_back else -_BACK_FIRST)

    def _back_odds(self, front: float, turned_deg: float) -> float:
        """Is the wearer on the back (above 0) or on the belly (below)? Logarithm of the odds."""
        right = self._right or 0.0
        if self.side is not None:
            right = _NAMED if self.side == "right" else -_NAMED
        turn = (_RAISE_OR_BEND_DEG - turned_deg) / _PER_NAT_DEG
        return front * right + max(-_TURN_LIMIT, min(_TURN_LIMIT, turn))

    def _stretch(self, name: str, side: Side | None, up: Vector, rest: Vector) -> Stretch:
        lever = HIP_M if name in {HAMSTRING, INNER_THIGH} else KNEE_M
        way = (
            (0.0, 0.0, -1.0)
            if name == INNER_THIGH
            else (up[0] - rest[0], up[1] - rest[1], up[2] - rest[2])
        )
        told = side if self.side is None else self.side  # the wearer is not contradicted
        return Stretch(name, told, lever, _tangent(way, up), rest, self._donning.seat)


def posture(up: Vector) -> Posture:
    """What a rest with this direction is."""
    x, y, _ = up
    if y > _UPRIGHT:
        return "upright"
    if abs(y) < _LEVEL and abs(x) > _FACE:
        return "lying"
    return "other"


def _fallen_odds(across: float, z: float) -> float:
    """Has the leg fallen out (above 0), or is it raised straight? Logarithm of the odds."""
    spread = math.hypot(across * _TWIST, _ASIDE)
    straight = (z + across * _STRAIGHT) / spread
    fallen = (z + _FALLEN) / _FALLEN_SPREAD
    return (straight**2 - fallen**2) / 2.0 + math.log(spread / _FALLEN_SPREAD)


def _other(side: Side) -> Side:
    return "left" if side == "right" else "right"


def _tangent(way: Vector, up: Vector) -> Vector:
    """The part of `way` that turns `up`, as a unit vector."""
    along = sum(w * u for w, u in zip(way, up, strict=True))
    x, y, z = (w - along * u for w, u in zip(way, up, strict=True))
    length = math.sqrt(x * x + y * y + z * z)
    if length < 1e-6:
        return _tangent((0.0, -1.0, 0.0) if abs(up[1]) < 0.9 else (1.0, 0.0, 0.0), up)
    return (x / length, y / length, z / length)


def unknown(up: Vector, side: Side | None) -> Stretch:
    """Something held of which nothing before is known."""
    return Stretch(OTHER, side, KNEE_M, _tangent((0.0, -1.0, 0.0), up), up)
