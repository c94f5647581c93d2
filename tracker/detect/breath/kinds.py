"""How does one breath of a row run: as the others, held for some seconds, or cut short?"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from tracker.detect.breath.beats import BEAT_S
from tracker.detect.breath.template import uneven
from tracker.detect.samples import Floats

# Of so many breaths one is held, and one is cut short: twice the logarithm of that is the price.
PRICE = 2.0 * math.log(90.0)
# For so long, in seconds: about, and a log-normal spread.
_HELD_S, _HELD_SPREAD = 5.0, 0.7
# Where in a breath it is held: after the exhale, deep, or after the inhale.
_DEEP, _EASED = 0.575, 0.985


class Kind(NamedTuple):
    """How one breath runs.

    moves:    beats that it lasts but for those that it is held.
    held:     beats that it is held; `deep`: after the exhale.
    odd:      it is held, or cut short.
    unlikely: minus twice the log likelihood.
    """

    moves: int
    held: int
    deep: bool
    odd: bool
    unlikely: float

    @property
    def beats(self) -> int:
        return self.moves + self.held

    @property
    def still_from(self) -> float:
        """How many beats after its beginning it may be held."""
        return (_DEEP if self.deep else _EASED) * self.moves

    def phases(self, beats: Floats) -> Floats:
        """Where in the breath it is so long after its beginning; the same all the while it is
        held."""
        at = self.still_from
        phases: Floats = np.where(beats < at, beats, np.maximum(beats - self.held, at)) / self.moves
        return phases


def even(beats: int, usual: float) -> Kind:
    """One as the others, which last `usual` beats."""
    return Kind(beats, 0, deep=False, odd=False, unlikely=uneven(beats, usual))


def held(moves: int, beats: int, usual: float, *, deep: bool) -> Kind:
    """One that is held for so many beats."""
    off = math.log(beats * BEAT_S / _HELD_S) / _HELD_SPREAD
    return Kind(moves, beats, deep, odd=True, unlikely=uneven(moves, usual) + PRICE + off * off)


def cut_short(beats: int) -> Kind:
    return Kind(beats, 0, deep=False, odd=True, unlikely=PRICE)
