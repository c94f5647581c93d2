"""Which leg is the band on, and so: does the wearer lie on the back or on the belly?

A left leg on its back looks like a right one on its belly, but for the toes. All of it is weighed,
in natural logarithms of odds.
"""

from __future__ import annotations

import math

from tracker.detect.events import HAMSTRING, INNER_THIGH, PRONE_QUAD, STANDING_QUAD, Side
from tracker.detect.motion.cells import Vector

# Most lie down on the back first; toes fall out on the back (z below 0), which a turned band may
# hide; how far the leg turned counts up to a limit; a hold tells the leg, as surely as it was named
# and up to a limit, for as long as nobody stands up.
_BACK_FIRST, _TOES, _TURN_LIMIT, _NAMED, _NAMED_LEAST = 1.5, 4.0, 4.0, 8.0, 1.0
# On the back with the knee up the front of the leg is up; on a chair, a foot may be drawn back.
_KNEE_UP = 4.0
# A knee bends one way only, so that a walking leg leans with its ankle behind most of the time: the
# mean of its front is 0.13 to 0.4 down (four models of a body, two of them after Winter 1991). So
# much of it stands for one more, and for so many at most. A band goes to the other leg in no less.
_WALK_PER_NAT, _WALK_LIMIT, _MOVED_S = 0.03, 8.0, 20.0
# Raised straight, few legs pass the vertical by much; heel to buttock on the belly is 100 to 140.
_RAISE_OR_BEND_DEG, _PER_NAT_DEG = 104.0, 5.0
# Away for longer, and not seen to roll over, the band may have been moved to the other leg instead,
# and of what was known little is left.
_ROLL_S, _LEFT_OVER = 8.0, 0.25
# Who sat up meanwhile may lie on the other side of the body with the band on the other leg, which
# looks the same but for the toes: z is as before within 0.15, or as on that side, within 0.35.
_SAT_UP, _TOES_AGAIN, _TOES_OTHER = 0.5, 0.15, 0.35
_TOES_ON_BACK, _TOES_ON_BELLY = -0.25, 0.1


class Legs:
    """Remembers what lying, and the stretches that were held, have shown of the leg.

    `front` is 1 where the front of the band is up, and -1 where it is down.
    """

    def __init__(self) -> None:
        # Logarithm of the odds that it is the right leg: since the wearer lay down, and before.
        self._right: float | None = None
        self._was_right: float | None = None
        # That it is the right leg, by the knee that was up, since nobody got up.
        self._by_knee = 0.0
        # And by the last knee that was bent standing or walking, since nobody lay down.
        self._by_stance = 0.0
        # Which one was stretched lying, when somebody lay last.
        self._stretched: Side | None = None
        self._front = self._toes = 0.0
        self._lay_until_s = 0.0
        # Since the leg lay last the band was in a hand.
        self._handled = False

    def stood(self) -> None:
        """Upright the band may go to the other leg; what was known may be over."""
        self._was_right, self._right = self._right or self._was_right, None
        self._by_knee = 0.0

    def walked(self, front: float, now_s: float) -> None:
        """The leg has walked, with its front up by so much in the mean, as the band sees it."""
        self.stood()
        self._by_stance = max(-_WALK_LIMIT, min(_WALK_LIMIT, -front / _WALK_PER_NAT))
        self._lay_until_s = now_s

    def at_rest(self, start_s: float) -> None:
        """Whatever rest it is since start_s: the band may have been moved on the way there."""
        if start_s - self._lay_until_s > _MOVED_S:
            self._by_stance *= _LEFT_OVER

    def thrown(self) -> None:
        """The band was in a hand, or the leg moved otherwise than in a walk."""
        self._by_stance *= _LEFT_OVER

    def handled(self) -> None:
        """The band was in a hand: who has stretched one leg with it puts it on the other."""
        self._handled = True

    def may_have_knee_up(self, front: float, start_s: float) -> bool:
        """Since start_s the knee is up, as on the back: may it be the leg that is known?"""
        return front * self._known(start_s) + _KNEE_UP > 0.0

    def knee_up(self, front: float, start_s: float) -> bool:
        """On the back with the knee up since start_s; is it the leg that it was before?"""
        right, self._by_knee = self._right or 0.0, front * _KNEE_UP
        if front * right >= 0.0:
            return True
        self._right = self._known(start_s)
        return False

    def knee_was_not_up(self) -> None:
        """The wearer got up since, or the last rest was another one."""
        self._by_knee = 0.0

    def _known(self, start_s: float) -> float:
        """What is left of what was known of the leg."""
        right = self._right or 0.0
        return right if start_s - self._lay_until_s < _ROLL_S else _LEFT_OVER * right

    def lay(self, up: Vector, start_s: float, *, knee_up: float, rolled: bool) -> bool:
        """Flat since start_s; is it the leg that it was before, as far as that was known?

        knee_up: the highest y since the last rest: with the knee up, or sitting.
        rolled:  the wearer was seen to roll over.
        """
        front, toes, away_s = math.copysign(1.0, up[0]), up[2], start_s - self._lay_until_s
        same = True
        if self._right is None:
            same = self._lay_down(front, toes)
        elif front != self._front:
            rolled = rolled or away_s < _ROLL_S
            same = self._turned_over(self._right, front, toes, rolled=rolled)
        elif away_s > _ROLL_S and knee_up > _SAT_UP:
            same = self._lay_again(self._right, front, toes)
        self._front, self._toes, self._handled = front, toes, False
        return same

    def rest_left(self, end_s: float) -> None:
        """The rest is over."""
        self._lay_until_s = end_s

    def held(self, name: str, side: Side | None, end_s: float, turned_deg: float) -> None:
        """The side of a hold stands for the leg until the wearer is upright again.

        turned_deg: how far the leg was turned from lying.
        """
        self._lay_until_s = end_s
        if name == STANDING_QUAD:
            self._right = None  # it was no lying down
            self._by_stance += 0.0 if side is None else _LEFT_OVER * _odds(side)
        elif side is not None and name == INNER_THIGH:
            self._stretched, self._right = side, _odds(side)
        elif side is not None and name in {HAMSTRING, PRONE_QUAD}:
            self._stretched = side
            own, turn = _odds(side) / _NAMED, _turn_odds(turned_deg)
            sure = own * (self._right or 0.0) + (turn if name == HAMSTRING else -turn)
            self._right = own * max(_NAMED_LEAST, min(_NAMED, sure))

    def lying(self) -> Side:
        """The leg, as far as lying has shown it."""
        return "right" if (self._right or 0.0) > 0 else "left"

    def upright(self) -> Side | None:
        """Which leg has walked, or was stretched before the wearer stood up."""
        if abs(self._by_stance) < _NAMED / 2.0:
            return self._stretched
        return "right" if self._by_stance > 0.0 else "left"

    def surely_on_belly(self, front: float, side: Side | None) -> bool:
        """Does the wearer lie on the belly, as the leg that is known shows?"""
        right = (self._right or 0.0) if side is None else _odds(side)
        return front * right < -_NAMED / 2.0

    def on_back(self, front: float, turned_deg: float, side: Side | None) -> bool:
        """Is the wearer on the back, not on the belly, with the leg turned so far from there?

        side: the leg, where the wearer has said it.
        """
        right = (self._right or 0.0) if side is None else _odds(side)
        return front * right + _turn_odds(turned_deg) >= 0.0

    def _lay_down(self, front: float, toes: float) -> bool:
        """Which leg it is if this is the back."""
        right = front * _BACK_FIRST + _toes_odds(front, toes) + self._by_knee + self._by_stance
        if self._handled:
            right += self._left_over(self._was_right or 0.0)
        right = max(-_NAMED, min(_NAMED, right))
        self._right, self._by_stance, self._stretched = right, 0.0, None
        return self._was_right is None or (self._was_right > 0) == (right > 0)

    def _turned_over(self, right: float, front: float, toes: float, *, rolled: bool) -> bool:
        """Rolled over, it is still the same leg."""
        known = right if rolled else front * _BACK_FIRST + self._left_over(right)
        self._right = _toes_odds(front, toes) + known + self._by_knee
        return rolled

    def _left_over(self, right: float) -> float:
        """What a leg that was known tells of the one that the band is on by now."""
        known = _LEFT_OVER * max(-_NAMED, min(_NAMED, right))
        return -known if self._handled else known

    def _lay_again(self, right: float, front: float, toes: float) -> bool:
        """As before, but the wearer had sat up."""
        same = self._same_leg_odds(right, front, toes)
        self._right = math.copysign(1.0, right) * min(same, abs(right))
        return same >= 0.0

    def _same_leg_odds(self, right: float, front: float, toes: float) -> float:
        """Is the band still on the leg that it was on, lying as before?"""
        on_back = front * right > 0
        other = (toes - (_TOES_ON_BELLY if on_back else _TOES_ON_BACK)) / _TOES_OTHER
        again = (toes - self._toes) / _TOES_AGAIN
        looks = (other**2 - again**2) / 2.0 + math.log(_TOES_OTHER / _TOES_AGAIN)
        return looks + (_BACK_FIRST if on_back else -_BACK_FIRST)


def leg(front: float, *, back: bool) -> Side:
    """The leg whose band has its front so, where the wearer lies on the back or on the belly."""
    return "right" if (front > 0) == back else "left"


def _toes_odds(front: float, toes: float) -> float:
    """That it is the right leg, by where its toes point."""
    return -front * _TOES * toes


def _turn_odds(turned_deg: float) -> float:
    """That a leg which turned so far from lying was raised, on the back, and no knee was bent."""
    turn = (_RAISE_OR_BEND_DEG - turned_deg) / _PER_NAT_DEG
    return max(-_TURN_LIMIT, min(_TURN_LIMIT, turn))


def _odds(side: Side) -> float:
    return _NAMED if side == "right" else -_NAMED
