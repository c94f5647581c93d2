"""How did the leg move along the way of the breath, and which breaths can be laid over that?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from tracker.detect.breath.beats import BEAT_S
from tracker.detect.breath.cycles import Cycles, judged
from tracker.detect.breath.habit import Habit
from tracker.detect.breath.odd import odd_breaths, oddly_segmented
from tracker.detect.breath.segments import segmented
from tracker.detect.breath.template import Matches, matched, templates
from tracker.detect.breath.whitening import DEPENDENT, Whitened, product
from tracker.detect.samples import Floats

# The top of a breath does not lie within this share of its ends.
_EDGE = 0.15
# An exhale takes this share of a breath. Where it ends the leg pauses, and sway decides when in the
# pause it is deepest: by so much of what that is off the usual, the exhale ends earlier or later.
_OUT, _SEEN = 0.52, 0.3


class Top(NamedTuple):
    """Where a breath is deepest: deeper than its beginning, than its end, than a line from the one
    to the other."""

    t_s: float
    deeper_deg: float
    eased_deg: float
    above_deg: float


class Span(NamedTuple):
    """A breath between two onsets, where it is deepest, and how far its row moves the leg.

    held_s: for how long of it the breath was held.
    """

    begin_s: float
    end_s: float
    top: Top
    swing_deg: float
    held_s: float = 0.0

    @property
    def moves_s(self) -> float:
        """How long it lasts but for that."""
        return self.end_s - self.begin_s - self.held_s

    @property
    def exhale_end_s(self) -> float:
        """When the leg no longer deepens."""
        usual_s = self.begin_s + _OUT * self.moves_s
        if self.held_s:  # the leg may be deepest anywhere in it
            return usual_s
        return usual_s + _SEEN * (self.top.t_s - usual_s)

    @property
    def depth_deg(self) -> float:
        """How far it moves the leg: half as it shows, with the sway at its top, half as its row."""
        return 0.5 * (self.top.above_deg + self.swing_deg)


class Movement:
    """The movement of a leg along the way of the breath; rows of breaths can be laid over it."""

    def __init__(
        self, first_s: float, moved_deg: Floats, start_s: float | None, habit: Habit
    ) -> None:
        """moved_deg: (n,) one a beat from first_s on, nan where unknown.

        start_s: when the hold began, None where the movement begins in the middle of one.
        habit: how long breaths usually are.
        """
        self.first_s, self.moved_deg = first_s, moved_deg
        # How much deeper the leg sank at once, where that was left out.
        self.sunk_deg = 0.0
        self._held_s = None if start_s is None else first_s - start_s
        self._habit = habit
        self._smoothed: Floats | None = None
        self._see(Whitened(moved_deg))

    def _see(self, white: Whitened) -> None:
        self._white = white
        self._matches: Matches | None = None

    @property
    def lasts_s(self) -> float:
        return BEAT_S * len(self.moved_deg)

    @property
    def smooth(self) -> int:
        """So often its beats were smoothed, since they went to and fro."""
        return self._white.smooth

    def smooth_less(self, most: int) -> None:
        """Smooth its beats so often at most."""
        if self.smooth > most:
            self._see(Whitened(self.moved_deg, most))

    def cycles(self, period_s: float) -> Cycles | None:
        """The best row of breaths about so long, None where there is none."""
        return self.rows([period_s])[0]

    def rows(self, periods_s: Sequence[float]) -> list[Cycles | None]:
        """The best row of breaths about so long, for each of the periods."""
        white = self._white
        if not white.enough:
            return [None] * len(periods_s)
        breaths = [templates(period_s, white.smooth) for period_s in periods_s]
        # Of all their lengths at once, so that each row finds its own at hand.
        most = max(each.lengths[0] for each in breaths)
        self._matched(most, min(each.lengths[-1] for each in breaths))
        rows = [
            segmented(white, each, self._matched(each.lengths[0], each.lengths[-1]), self._held_s)
            for each in breaths
        ]
        return judged(rows, white, self.first_s, periods_s, self._habit)

    def odd_cycles(self, period_s: float, found: Cycles) -> Cycles | None:
        """The best row with odd breaths among others about so long, None where there is none.

        found: the best one without.
        """
        if not self._white.enough:
            return None
        odd = odd_breaths(period_s, self._white.smooth)
        matches = self._matched(odd.moving.longest, odd.moving.shortest)
        row = oddly_segmented(self._white, odd, matches, self._held_s, found.swing_deg, found.share)
        return judged([row], self._white, self.first_s, [period_s], self._habit)[0]

    def _matched(self, most: int, least: int) -> Matches:
        """How breaths of these lengths fit; what was asked for before is at hand."""
        matches = self._matches and self._matches.of(most, least)
        if matches is None:
            matches = self._matches = matched(most, least, self._white)
        return matches

    def fits(self, waves: Floats, sizes: Floats) -> Floats:
        """(n,) log likelihoods of breaths that are so much, (k, n), of each wave, (k, beats).

        Each is as large as fits best.
        """
        seen = self._white.quick(self._white.white(waves))
        along = np.maximum((seen @ self._white.rest) @ sizes, 0.0)
        energy = np.add.reduce(product(seen @ seen.T, sizes) * sizes, axis=0)
        share = along * along / np.maximum(energy * self._white.power, 1e-12)
        share = np.minimum(share, 1.0 - 1e-6)
        fits: Floats = -0.5 * self._white.beats / DEPENDENT * np.log1p(-share)
        return fits

    def times_s(self) -> Floats:
        """When each beat is."""
        t_s: Floats = self.first_s + BEAT_S * np.arange(float(len(self.moved_deg)))
        return t_s

    def spans(self, onsets_s: Sequence[float], swing_deg: float) -> list[Span]:
        """The breaths between the onsets of a row of such a swing."""
        return [self.span(begin_s, end_s, swing_deg) for begin_s, end_s in pairwise(onsets_s)]

    def span(self, begin_s: float, end_s: float, swing_deg: float, held_s: float = 0.0) -> Span:
        """The breath between the two, held for so long of it."""
        return Span(begin_s, end_s, self.top(begin_s, end_s), swing_deg, held_s)

    def top(self, begin_s: float, end_s: float) -> Top:
        """Where the breath between the two is deepest; in the middle where nothing is known."""
        t_s, smooth = self.times_s(), self._smooth()
        edge_s = _EDGE * (end_s - begin_s)
        inside = (t_s > begin_s + edge_s) & (t_s < end_s - edge_s)
        if smooth is None or not inside.any():
            return Top(0.5 * (begin_s + end_s), 0.0, 0.0, 0.0)
        low, high = np.interp([begin_s, end_s], t_s, smooth).tolist()
        tilt = (high - low) / (end_s - begin_s)
        above = np.where(inside, smooth - low - tilt * (t_s - begin_s), -math.inf)
        k = int(above.argmax())
        deep = float(smooth[k])
        return Top(float(t_s[k]), deep - low, deep - high, float(above[k]))

    def _smooth(self) -> Floats | None:
        """The movement at each beat, a mean with those beside it, also where it is not known.

        None where hardly anything is known.
        """
        if self._smoothed is not None:
            return self._smoothed
        known = np.isfinite(self.moved_deg)
        if np.count_nonzero(known) >= 3:
            t_s = self.times_s()
            smooth = np.interp(t_s, t_s[known], self.moved_deg[known])
            smooth[1:-1] = (smooth[:-2] + smooth[1:-1] + smooth[2:]) / 3.0
            self._smoothed = smooth
        return self._smoothed

    def turned(self, after_s: float) -> int:
        """How many beats ago the leg was least deep since then."""
        since = self.moved_deg[max(round((after_s - self.first_s) / BEAT_S), 0) :]
        known = np.where(np.isfinite(since), since, math.inf)
        return len(known) - 1 - int(known.argmin()) if len(known) else 0
