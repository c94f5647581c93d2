"""Which breaths of a row were unlike the others: held for some seconds, or cut short?

Who holds the breath, after the inhale or after the exhale, keeps the leg where it is for so long;
who swallows or speaks begins the next breath too soon. In a row of breaths that are all about as
long either looks like a breath more or less than there was. So rows are laid as in segments.py, but
with odd breaths among the others, at a price each.
"""

from __future__ import annotations

import math
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from tracker.detect.breath.bated import Bated, Group, Wave
from tracker.detect.breath.beats import BEAT_S
from tracker.detect.breath.kinds import PRICE, Kind, cut_short, even, held
from tracker.detect.breath.segments import Segments, gained, laid
from tracker.detect.breath.template import Matches, likely_beats, new_at_beats
from tracker.detect.breath.whitening import DEPENDENT, Whitened, total
from tracker.detect.samples import Floats

# A breath is held for so long, seconds, tried so many beats apart, beside these shares of the usual
# length that it moves.
_LEAST_S, _MOST_S, _APART, _MOVES = 2.4, 16.0, 3, (0.92, 1.08)
# One that is cut short lasts this share of the usual at least.
_SHORTEST, _LEAST_BEATS = 0.45, 3
# A row is sought at so much of the price, so that there is one to be judged at all of it.
_SOUGHT = 0.5
# Half of a row is like the others at least, and so many breaths.
_FEWEST = 2


class _Alike(NamedTuple):
    """Kinds of breaths that differ by their length alone, longest first, by as many beats each.

    unlikely: (kinds,) minus the log likelihood of each.
    """

    kinds: list[Kind]
    unlikely: Floats

    @property
    def longest(self) -> int:
        return self.kinds[0].beats

    @property
    def shortest(self) -> int:
        return self.kinds[-1].beats

    @property
    def fewer(self) -> int:
        return self.kinds[0].beats - self.kinds[1].beats

    def columns(self, most: int) -> slice:
        """Where they stand among all lengths from `most` beats on, longest first."""
        first = most - self.longest
        return slice(first, first + len(self.kinds) * self.fewer, self.fewer)

    def lasting(self, beats: int) -> int | None:
        """Which of them lasts so long."""
        k, between = divmod(self.longest - beats, self.fewer)
        return k if not between and 0 <= k < len(self.kinds) else None


class Odd(NamedTuple):
    """Breaths of every kind.

    lengths: in beats, longest first, without a gap.
    moving:  those that are not held; short: so many of them, the last ones, are cut short.
    held:    those that are, and the same as waves.
    """

    lengths: list[int]
    moving: _Alike
    short: int
    held: list[_Alike]
    bated: Bated

    def gained(
        self, movement: Whitened, matches: Matches, swing: float, noise: float
    ) -> list[Floats]:
        """(beats, kinds) log likelihoods of those moving, and of each of those held, from beat 0 on
        as of `segments.gained`; none of an odd one that began before, or that the end cuts short.
        """
        most = self.lengths[0]
        seen = gained(self.moving.unlikely, matches, swing, noise)[matches.most :]
        seen[-matches.most :, -self.short :] = -math.inf
        for k, kind in enumerate(self.moving.kinds[-self.short :], -self.short):
            seen[: kind.beats, k] = -math.inf
        moving = np.full((len(movement.rest) + most + 1, len(self.moving.kinds)), -math.inf)
        moving[: len(seen)] = seen
        by_along = swing / (noise * DEPENDENT)
        held = self.bated.gained(movement, most, by_along, 0.5 * swing * by_along)
        return [moving, *(all_of - a.unlikely for all_of, a in zip(held, self.held, strict=True))]

    def best(self, gains: list[Floats]) -> Floats:
        """(beats, lengths) log likelihoods of the best kind of each length, from those of each."""
        most = self.lengths[0]
        best = np.full((most + len(gains[0]), len(self.lengths)), -math.inf)
        for alike, each in zip([self.moving, *self.held], gains, strict=True):
            seen = best[most:, alike.columns(most)]
            np.maximum(seen, each, out=seen)
        return best

    def kind(self, gains: list[Floats], begin: int, end: int) -> Kind:
        """The best one between two beats, by the log likelihoods of each."""
        found = []
        for alike, each in zip([self.moving, *self.held], gains, strict=True):
            k = alike.lasting(end - begin)
            if k is not None:
                found.append((each.item(end, k), alike.kinds[k]))
        return max(found, key=lambda one: one[0])[1]


def oddly_segmented(
    movement: Whitened,
    odd: Odd,
    matches: Matches,
    held_s: float | None,
    swing: float,
    share: float,
) -> Segments | None:
    """The best row of breaths with odd ones among them, None where none or most are.

    matches: of those that are not held with the movement.
    held_s: how long the hold had lasted at the first beat, None where that does not tell when the
    first exhale begins.
    swing, share: how large breaths are, and how much of the movement they explain.
    """
    noise = (1.0 - share) * movement.power / movement.beats
    gains = odd.gained(movement, matches, swing, noise)
    most = odd.lengths[0]
    bounds = [bound - most for bound in laid(odd.best(gains), odd.lengths, held_s)]
    kinds = [odd.kind(gains, begin, end) for begin, end in pairwise(bounds)]
    odd_ones = [kind.odd for kind in kinds].count(True)
    if not 0 < odd_ones <= min(len(kinds) / 2, len(kinds) - _FEWEST):
        return None
    return Segments(bounds, [0.0] * len(bounds), kinds)


@cache
def odd_breaths(period_s: float, smooth: int) -> Odd:
    """Breaths about so long, and odd ones, in a row of which each beat is smoothed so often."""
    usual = period_s / BEAT_S
    least, most = likely_beats(period_s)
    shortest = max(round(_SHORTEST * usual), _LEAST_BEATS)
    moving = [even(beats, usual) for beats in range(most, least - 1, -1)]
    moving += [cut_short(beats) for beats in range(least - 1, shortest - 1, -1)]
    held_ones = _held(usual)
    longest = max(kinds[0].beats for kinds in held_ones)
    return Odd(
        list(range(max(longest, most), shortest - 1, -1)),
        _alike(moving),
        least - shortest,
        [_alike(kinds) for kinds in held_ones],
        _bated(held_ones, round(usual), smooth),
    )


def _held(usual: float) -> list[list[Kind]]:
    """Those that are held, each list of such that move alike, longest first."""
    lasts = range(round(_LEAST_S / BEAT_S), round(_MOST_S / BEAT_S) + 1, _APART)
    return [
        [held(moves, beats, usual, deep=deep) for beats in reversed(lasts)]
        for moves in sorted({max(round(share * usual), _LEAST_BEATS) for share in _MOVES})
        for deep in (True, False)
    ]


def _alike(kinds: list[Kind]) -> _Alike:
    unlikely = [kind.unlikely - (1.0 - _SOUGHT) * PRICE * kind.odd for kind in kinds]
    return _Alike(kinds, 0.5 * np.array(unlikely))


def _bated(held_ones: list[list[Kind]], usual: int, smooth: int) -> Bated:
    # What is slow is taken out of a row as a whole: of one that is held as of the others.
    level = total(_wave(even(usual, usual), smooth)) / usual
    return Bated(
        [
            Group(kinds[0].beats, _APART, len(kinds), _parts(kinds[0], smooth, level))
            for kinds in held_ones
        ]
    )


def _parts(kind: Kind, smooth: int, level: float) -> Wave:
    wave = _wave(kind, smooth) - level
    # Smoothed, the pause begins later and ends sooner.
    first = math.ceil(kind.still_from) + smooth
    last = kind.beats - (kind.moves - math.floor(kind.still_from)) - smooth
    return Wave(wave[:first], wave.item((first + last) // 2), wave[last:])


def _wave(kind: Kind, smooth: int) -> Floats:
    """What is new at each beat of one in a row of its like."""
    beats = np.mod(np.arange(-smooth, kind.beats + 1 + smooth), kind.beats)
    return new_at_beats(kind.phases(beats), smooth)
