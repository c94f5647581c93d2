"""How has the wearer breathed in the holds before?

Everybody has a way to breathe that stays (Benchetrit 2000): the shape of a breath, and how long it
takes. So what one hold has shown says what is likely in the next. But some take another rhythm for
each stretch. Which of the two somebody does, the holds so far tell: the length of the next breath
has a prior that is a mixture of both, of which the one is learnt (Gelman et al. 2013, "Bayesian
Data Analysis", chapter 5).

And some have no rhythm, since they talk, or breathe too little to move the leg. In their holds one
of many rhythms stands out by chance as far as the right one does in a hold that sways. How often
the wearer's holds were plain tells how far a rhythm must stand out to be believed (empirical Bayes:
Efron 2010, "Large-Scale Inference", chapter 2).
"""

from __future__ import annotations

import math

import numpy as np

from tracker.detect.breath.shapes import shapes
from tracker.detect.samples import Floats

# Breaths in a stretch are mostly 3 to 10 s long: a log-normal spread.
_USUAL_S, _USUALLY = 5.0, 0.5
# Who keeps a rhythm breathes as fast in another hold, give or take this share. Before the first one
# it is as likely as not; somebody may change, so it is never surer than these odds.
_KEPT, _SUREST = 0.15, 20.0
# So much of what one hold has shown counts in the next, and so on: in another posture somebody may
# breathe otherwise. How long breaths take stays for longer than how they run.
_REMEMBERED, _SHAPE_REMEMBERED = 0.7, 0.4
# A rhythm is plain that explains so much more than any other (twice the log likelihood). So many
# holds are, and so many are not, before the first one.
_PLAIN, _PLAIN_ONES, _VAGUE_ONES = 6.0, 3.0, 1.0
# It is believed where it is right, not by chance, with odds of 20 to 1; and where no other explains
# as much, however plain the holds before were.
_BELIEVED, _LEAST = 2.0 * math.log(20.0), 2.0


class Habit:
    """Learns from hold after hold."""

    def __init__(self) -> None:
        self.fits: Floats = np.zeros(len(shapes().late))
        # Does the wearer keep a rhythm? Of the logarithm of such a one: the mean, and how sure it
        # is, one by its variance.
        self._odds = 1.0
        self._mean, self._surely = math.log(_USUAL_S), 1.0 / _USUALLY**2
        self._plain, self._vague = _PLAIN_ONES, _VAGUE_ONES

    def learn_shape(self, fits: Floats) -> None:
        """How well each shape fits a hold, or a part of a long one, that is over."""
        self.fits = _SHAPE_REMEMBERED * (self.fits + fits)

    def learn_length(self, length_s: float) -> None:
        """How long the breaths of a hold, or of a part of a long one, surely were."""
        odds = self._odds * self._likelier(length_s)
        self._odds = min(max(odds, 1.0 / _SUREST), _SUREST)
        surely = self._surely + 1.0 / _KEPT**2
        self._mean += (math.log(length_s) - self._mean) / (_KEPT**2 * surely)
        self._surely = _REMEMBERED * surely

    def believes(self, margin: float) -> bool:
        """Is a rhythm right that explains so much more than any other in a hold?"""
        by_chance = self._vague / self._plain
        return margin > max(_BELIEVED + 2.0 * math.log(by_chance), _LEAST)

    def learn_margin(self, margin: float) -> None:
        """By how much the rhythm of a hold that is over explained more than any other."""
        if margin > _PLAIN:
            self._plain += 1.0
        else:
            self._vague += 1.0

    def unlike(self, length_s: float) -> float:
        """Minus twice the log likelihood of breaths so long, beyond that for anybody."""
        likelier = (self._odds * self._likelier(length_s) + 1.0) / (self._odds + 1.0)
        return -2.0 * math.log(likelier)

    def _likelier(self, length_s: float) -> float:
        """How much likelier they are where the wearer keeps a rhythm than for anybody."""
        spread = math.sqrt(_KEPT**2 + 1.0 / self._surely)
        off = (math.log(length_s) - self._mean) / spread
        return _USUALLY / spread * math.exp(0.5 * (unusual(length_s) - off * off))


def unusual(length_s: float) -> float:
    """Minus twice the log likelihood of breaths so long for anybody, 0 for the usual ones."""
    return (math.log(length_s / _USUAL_S) / _USUALLY) ** 2
